package lognact

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"releve/federation"
	"releve/senml"
)

// Supplier is a Zabbix that is asked for the history of its items. A series is an item, HOST:KEY: no host has a colon.
type Supplier struct {
	API   *API
	Hosts []string // globs; * stands for any run of characters but /
	Keys  []string // globs; [ and ] stand for themselves

	mu    sync.Mutex // guards everything below
	items map[string]supplied
}

// supplied is what is known of an item that is collected.
type supplied struct {
	known
	last int64 // its newest value's time, Unix seconds; 0 when that is older than a day, or not known
}

var _ federation.Supplier = (*Supplier)(nil)

func (s *Supplier) String() string { return s.API.URL }

// Series lists the items whose host and key are wanted. It notes when each had its newest value: what has nothing new is
// not asked for.
func (s *Supplier) Series(ctx context.Context) ([]string, error) {
	var found []struct {
		known
		LastClock number `json:"lastclock"`
	}
	params := map[string]any{
		"output": []string{"itemid", "key_", "value_type", "units", "lastclock"}, "selectHosts": []string{"host"}, "filter": map[string]any{"flags": []int{0, 4}},
	}
	if err := s.API.call(ctx, "item.get", params, &found); err != nil {
		return nil, err
	}
	items := map[string]supplied{}
	var names []string
	for _, one := range found {
		one.Type = valueType(one.RawType)
		if !wanted(s.Hosts, one.host()) || !wanted(s.Keys, one.Key) {
			continue
		}
		name := one.host() + ":" + one.Key
		items[name] = supplied{one.known, int64(one.LastClock)}
		names = append(names, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = items
	slices.Sort(names)
	return names, nil
}

// wanted says whether a name is one of those that globs stand for; without globs all are.
func wanted(globs []string, name string) bool {
	name = strings.ReplaceAll(name, "/", "\x00") // * crosses it
	return len(globs) == 0 || slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := path.Match(strings.NewReplacer("/", "\x00", "[", `\[`, "]", `\]`).Replace(glob), name)
		return ok && err == nil
	})
}

// perFetch is how many values are asked for at once.
const perFetch = 5_000

// Fetch asks for the values of an item. A page that is full ends within a second, with which the next begins again.
func (s *Supplier) Fetch(ctx context.Context, series string, from time.Time) (federation.Page, error) {
	s.mu.Lock()
	one, there := s.items[series]
	s.mu.Unlock()
	switch {
	case !there:
		return federation.Page{}, fmt.Errorf("%w: there is no such item any more", federation.ErrRefused)
	case one.last > 0 && one.last < from.Unix():
		return federation.Page{Next: from}, nil
	}
	for limit := perFetch; ; limit *= 2 {
		rows, err := historyPage(ctx, s.API, []string{one.ID}, one.Type, from.Unix(), 0, limit)
		switch {
		case err != nil:
			return federation.Page{}, err
		case len(rows) == 0:
			return federation.Page{Next: from}, nil
		}
		last := int64(rows[len(rows)-1].Clock)
		more := len(rows) == limit
		if more && last <= from.Unix() { // all of one second
			continue
		}
		return federation.Page{Records: records(one, rows), Next: time.Unix(last, 0), More: more}, nil
	}
}

func records(one supplied, rows []kept) senml.Pack {
	name := nameOf(one)
	unit := ""
	if u, known := senml.LookupUnit(strings.TrimPrefix(one.Units, "!")); known {
		unit = u.Symbol
	}
	p := make(senml.Pack, 0, len(rows))
	for _, row := range rows {
		r := senml.Record{Name: name, Unit: unit, Value: valueOf(one.Type, row.Value), Time: float64(row.Clock) + float64(row.NS/1_000_000)/1000}
		p = append(p, r)
	}
	return p
}

// nameOf is that of a record of an item: its path as the key says it, or else the key itself.
func nameOf(one supplied) string {
	if p, ok := pathOf(one.Key); ok && p != "" {
		return federation.Outside(one.host(), p)
	}
	return federation.Outside(one.host(), one.Key)
}

// valueOf reads a value by the type of its item.
func valueOf(t valueType, text string) senml.Value {
	if t == typeFloat || t == typeUnsigned {
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return senml.NumberValue(n)
		}
	}
	return senml.TextValue(text)
}
