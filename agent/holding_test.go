package main

import (
	"cmp"
	"slices"
	"strconv"

	"releve/federation/lab/bmhs"
	"releve/federation/lab/warp10"
)

// chainItems are the items of Zabbix: host, key, type (0: numbers, 3: whole numbers).
var chainItems = []struct {
	host, key string
	of        int
}{{"Mairie", "tic[EAST]", 3}, {"Mairie", "tic[CCASN]", 0}, {"Serre", "sensor.temp", 0}}

// datum is a value as a system has it, whichever it is.
type datum struct {
	Millis int64
	Value  float64
}

// holding is what a system has of each series.
type holding map[string][]datum

func (k holding) count() (n int) {
	for _, all := range k {
		n += len(all)
	}
	return n
}

func (c *chain) ofPride() holding {
	k := holding{}
	for name, g := range map[string]warp10.GTS{
		"index":       {Class: "pride.index", Labels: map[string]string{"site": chainPoint}},
		"power":       {Class: "pride.cdc", Labels: map[string]string{"site": chainPoint}},
		"temperature": {Class: "pride.temp", Labels: map[string]string{"site": "serre"}},
	} {
		for _, p := range c.pride.Points(g.Class, g.Labels) {
			k[name] = append(k[name], datum{p.Tick / 1000, p.Value.(float64)})
		}
	}
	return k
}

// ofBMHS is in the order in which the server was given it.
func ofBMHS(server *bmhs.Server, suffix string) holding {
	k := holding{}
	for name, at := range map[string][2]string{"index": {"mairie", "base"}, "power": {"mairie", "puissance"}, "temperature": {"serre", "temperature"}} {
		for _, row := range server.Rows(at[0]+suffix, at[1]) {
			k[name] = append(k[name], datum{row.At.UnixMilli(), row.Value})
		}
	}
	return k
}

func (c *chain) ofZabbix() holding {
	c.t.Helper()
	k := holding{}
	for i, name := range []string{"index", "power", "temperature"} {
		one := chainItems[i]
		var items []struct {
			ID string `json:"itemid"`
		}
		must(c.t, c.zabbix.Call(c.t.Context(), "item.get", map[string]any{"output": []string{"itemid"}, "filter": map[string]any{"host": one.host, "key_": one.key}}, &items))
		var rows []struct{ Clock, NS, Value string }
		must(c.t, c.zabbix.Call(c.t.Context(), "history.get", map[string]any{"output": "extend", "history": one.of, "itemids": items[0].ID}, &rows))
		for _, row := range rows {
			clock, errClock := strconv.ParseInt(row.Clock, 10, 64)
			ns, errNS := strconv.ParseInt(row.NS, 10, 64)
			value, err := strconv.ParseFloat(row.Value, 64)
			must(c.t, cmp.Or(errClock, errNS, err))
			k[name] = append(k[name], datum{clock*1000 + ns/1_000_000, value})
		}
		slices.SortFunc(k[name], func(a, b datum) int { return cmp.Compare(a.Millis, b.Millis) })
	}
	return k
}
