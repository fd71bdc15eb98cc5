package lognact

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
)

// known is what the API says of an item.
type known struct {
	ID    string    `json:"itemid"`
	Key   string    `json:"key_"`
	Name  string    `json:"name"`
	Type  valueType `json:"-"`
	Units string    `json:"units"`

	RawType number `json:"value_type"`
	Kind    number `json:"type"`
	Status  number `json:"status"`
	History string `json:"history"`
	Hosts   []struct {
		Host        string `json:"host"`
		Status      number `json:"status"`
		Maintenance number `json:"maintenance_status"`
		Without     number `json:"maintenance_type"`
	} `json:"hosts"`
}

// kindTrapper is the type of items that values are sent to.
const kindTrapper = 2

// host is the host of an item, "" when the API does not say.
func (k known) host() string {
	if len(k.Hosts) == 0 {
		return ""
	}
	return k.Hosts[0].Host
}

// why says what keeps an item from taking values, as far as the API shows it.
func (k known) why() string {
	switch {
	case k.Kind != kindTrapper:
		return "the item is not a Zabbix trapper"
	case k.Status != 0:
		return "the item is disabled"
	case len(k.Hosts) > 0 && k.Hosts[0].Status != 0:
		return "the host is disabled"
	case len(k.Hosts) > 0 && k.Hosts[0].Maintenance == 1 && k.Hosts[0].Without == 1:
		return "the host is in maintenance without data collection"
	}
	return ""
}

// keeps is how long an item keeps values; 0 when that is not told, or for ever. stores is false of one that keeps none.
func (k known) keeps() (period time.Duration, stores bool) {
	text := k.History
	if text == "0" {
		return 0, false
	}
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	for suffix, unit := range units {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			n, err := strconv.Atoi(number)
			if err != nil {
				return 0, true // a macro
			}
			return time.Duration(n) * unit, true
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, true
	}
	return time.Duration(n) * time.Second, true
}

// catalogue is what is known of items, host by host, for a while.
type catalogue struct {
	api *API
	now func() time.Time

	mu    sync.Mutex // guards everything below
	hosts map[string]shelf
}

// shelf is the items of one host.
type shelf struct {
	items map[string]known // by key
	at    time.Time
}

// How long what is known of a host stands, and how soon an item that was not there is looked for again.
const (
	shelfLife  = 10 * time.Minute
	lookAgain  = 30 * time.Second
	perRequest = 100 // hosts of one question
)

// learn makes sure that what is known of these hosts is fresh enough.
func (c *catalogue) learn(ctx context.Context, items map[item]bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	stale := map[string]bool{}
	for i := range items {
		shelf, there := c.hosts[i.host]
		_, found := shelf.items[i.key]
		age := c.now().Sub(shelf.at)
		if !there || age >= shelfLife || !found && age >= lookAgain {
			stale[i.host] = true
		}
	}
	var batch []string
	for host := range stale {
		if batch = append(batch, host); len(batch) == perRequest {
			if err := c.fetch(ctx, batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return c.fetch(ctx, batch)
}

// fetch asks for all items of hosts. The caller holds mu.
func (c *catalogue) fetch(ctx context.Context, hosts []string) error {
	found, err := itemsOf(ctx, c.api, hosts)
	if err != nil {
		return err
	}
	if c.hosts == nil {
		c.hosts = map[string]shelf{}
	}
	for _, host := range hosts {
		c.hosts[host] = shelf{map[string]known{}, c.now()}
	}
	for _, k := range found {
		if shelf, asked := c.hosts[k.host()]; asked {
			shelf.items[k.Key] = k
		}
	}
	return nil
}

// forget makes the next question about a host be asked.
func (c *catalogue) forget(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.hosts, host)
}

func (c *catalogue) find(i item) (known, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.hosts[i.host].items[i.key]
	return k, ok
}

// itemsOf asks for the items of hosts; of all that the token may see for none.
func itemsOf(ctx context.Context, api *API, hosts []string) ([]known, error) {
	params := map[string]any{
		"output":      []string{"itemid", "key_", "name", "value_type", "type", "status", "history", "units"},
		"selectHosts": []string{"host", "status", "maintenance_status", "maintenance_type"},
	}
	if len(hosts) > 0 {
		params["filter"] = map[string]any{"host": hosts}
	}
	var found []known
	if err := api.call(ctx, "item.get", params, &found); err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Type = valueType(found[i].RawType)
	}
	return found, nil
}
