package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"releve/agent/config"
	"releve/agent/series"
	"releve/federation/consent"
	"releve/federation/lognact"
	"releve/senml"
)

type lognactVerbs struct {
	Template  lognactTemplateVerb  `cmd:"" help:"Print the Zabbix template of what a meter says, to import from 6.0 on."`
	Provision lognactProvisionVerb `cmd:"" help:"Import the template into the Zabbix of a recipient, and make the hosts of its meters."`
}

type lognactTemplateVerb struct{}

// Run prints the template.
func (lognactTemplateVerb) Run(t terminal) error {
	text, err := zabbixTemplate()
	if err != nil {
		return err
	}
	_, err = t.out.Write(text)
	return err
}

type lognactProvisionVerb struct {
	configFile
	Recipient string   `arg:"" help:"Name of the [[recipient]]."`
	Hosts     []string `arg:"" optional:"" help:"Technical names of hosts to make besides those of the household's own meters."`
	TokenFile string   `required:"" help:"File whose first line is an API token that may import and make hosts; it is not kept." placeholder:"FILE"`
}

// Run makes what is not there and says so.
func (v lognactProvisionVerb) Run(ctx context.Context, t terminal) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	way, err := lognactNamed(c, v.Recipient)
	if err != nil {
		return err
	}
	hosts, err := hostsFor(c, v.Recipient, way)
	if err != nil {
		return err
	}
	text, err := zabbixTemplate()
	if err != nil {
		return err
	}
	api := theAPI(way.Zabbix)
	api.Token = func() (string, error) { return password("--token-file", v.TokenFile) }
	made, err := lognact.Provision(ctx, api, text, append(hosts, v.Hosts...))
	for _, host := range made {
		fmt.Fprintf(t.out, "%s\n", host)
	}
	return err
}

func lognactNamed(c config.Config, name string) (config.ToLognact, error) {
	i := slices.IndexFunc(c.Recipients, func(r config.Recipient) bool { return r.Name == name })
	if i < 0 {
		return config.ToLognact{}, fmt.Errorf("there is no recipient %q", name)
	}
	way, ok := c.Recipients[i].Way.(config.ToLognact)
	switch {
	case !ok:
		return way, fmt.Errorf("recipient %s is of kind %s, not %s", name, c.Recipients[i].Kind, config.KindLognact)
	case way.URL == "":
		return way, fmt.Errorf("recipient %s has no url: provisioning goes by the API", name)
	}
	return way, nil
}

// hostsFor are the hosts of the household's own meters. Their pseudonyms need the key that a first run makes.
func hostsFor(c config.Config, recipient string, way config.ToLognact) ([]string, error) {
	file := c.Agent.State + "/pseudonym.key"
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("%w: releve run makes it; the hosts are named after it", err)
	}
	key, err := consent.LoadKey(file)
	if err != nil {
		return nil, err
	}
	circle := (&consent.Book{Key: key}).Circle(recipient, nil)
	var hosts []string
	for _, m := range c.Meters {
		host := way.Hosts[m.Name]
		if host == "" {
			if host, err = lognact.DefaultHost(circle.Device(m.Name)); err != nil {
				return nil, err
			}
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

// zabbixTemplate is made of the dictionary.
func zabbixTemplate() ([]byte, error) {
	var all []lognact.Described
	for _, s := range series.NewDictionary().All() {
		all = append(all, lognact.Described{Path: s.Path, Title: s.Title.FR, Unit: s.Unit, Kind: valueKind(s), Index: isIndex(s)})
	}
	return lognact.Template(all, lognact.Watched{
		Power: series.PathPower, Injected: series.PathInjected, Subscribed: series.PathSubscribed, Index: series.PathDrawn,
		InjectedIndex: series.PathInjectedIndex, OverPower: "status/over-power", Overvoltage: "status/overvoltage", Breaker: "status/breaker",
		Voltages: []string{"voltage/1", "voltage/2", "voltage/3"}, Currents: []string{"current/1", "current/2", "current/3"},
	})
}

// isIndex tells a register of energy, which counts whole watt-hours.
func isIndex(s series.Series) bool { return s.Unit == "Wh" || s.Unit == "varh" }

// valueKind is what kind of value a series has. What has a unit is a number; of the others the dictionary does not say.
func valueKind(s series.Series) senml.Kind {
	switches := []string{
		"status/overvoltage", "status/over-power", "status/producer", "status/injecting", "status/clock/degraded",
		"status/plc/synchronised", "status/power/implausible", "derived/injecting",
	}
	numbers := []string{
		"tariff/index", "tariff/index/distributor", "tariff/peak/notice", "tariff/peak/current", "tariff/day/today", "tariff/day/tomorrow",
	}
	switch {
	case s.Unit != "" || slices.Contains(numbers, s.Path):
		return senml.Number
	case slices.Contains(switches, s.Path), strings.HasPrefix(s.Path, "status/relay/"), strings.HasPrefix(s.Path, "status/phase/"):
		return senml.Bool
	}
	return senml.Text
}
