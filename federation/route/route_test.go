package route

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/senml"
)

// granted is a gate that lets through all but what is under hidden/, and renames it.
type granted struct{}

func name(local string) string {
	meter, path, _ := strings.Cut(local, "/")
	if strings.HasPrefix(path, "hidden/") {
		return ""
	}
	return "urn:dev:org:60060-" + strings.ReplaceAll(meter, ".", "-") + "_" + path
}

func (granted) Pass(p senml.Pack) senml.Pack {
	var passed senml.Pack
	for _, r := range p {
		r.Name = name(r.Name)
		if strings.HasSuffix(r.Name, "/coarse") { // as the gate of consents does
			r.Name += "/mean/PT30M"
		}
		if r.Name != "" {
			passed = append(passed, r)
		}
	}
	return passed
}

func (granted) Settled(bool)                                  {}
func (granted) Leaving(senml.Pack, func(string) string) error { return nil }
func (granted) Scope() string                                 { return "" }

func number(name, unit string, n, at float64) senml.Record {
	return senml.Record{Name: name, Unit: unit, Value: senml.NumberValue(n), Time: at}
}

func place(meter, path, device, item string) string {
	return federation.Place{URN: "urn:dev:org:60060-" + meter, Path: path, Device: device, Item: item}.Name()
}

// Every record goes along every route that wants it, under its name and in its unit, and along no other; what is not
// granted goes nowhere.
func TestPass(t *testing.T) {
	t.Parallel()
	g := &Gate{Gate: granted{}, Name: name, Routes: []Route{
		{Meter: "linky", Series: []string{"consumption/energy/*", "hidden/*"}, Device: "maison 12", Unit: "kWh"},
		{Meter: "linky", Series: []string{"consumption/energy/index"}, Item: "tic[EAST]"},
		{Meter: "zabbix.*", Series: []string{"tic[EAS*]"}, Device: "b8:27:eb", Item: "base", Unit: "Wh"},
		{Meter: "zabbix.0123456789", Series: []string{"*"}},
		{Meter: "linky", Series: []string{"power/coarse"}, Device: "maison 12"},
		{Meter: "linky", Series: []string{"consumption/enregy/*"}},
		{Meter: "linky", Series: []string{"hidden/*"}},
	}}
	if n := g.Idle(); n != len(g.Routes) {
		t.Errorf("%d idle before anything came", n)
	}
	text := senml.Record{Name: "linky/consumption/energy/label", Value: senml.TextValue("HC"), Time: 1}
	got := g.Pass(senml.Pack{
		number("linky/consumption/energy/index", "Wh", 1100, 1), text,
		number("linky/consumption/energy/power", "W", 5, 1), number("linky/hidden/x", "Wh", 5, 1), number("linky/voltage/1", "V", 230, 1), number("shed/consumption/energy/index", "Wh", 1, 1),
		number("zabbix.0123456789/tic:5BEAST:5D", "", 7, 1), number("zabbix.ffffffffff/tic:5BURMS1:5D", "V", 7, 1),
		number("linky/power/coarse", "W", 7, 1),
	})
	text.Name = place("linky", "consumption/energy/label", "maison 12", "")
	want := senml.Pack{
		number(place("linky", "consumption/energy/index", "maison 12", ""), "kWh", 1.1, 1),
		number(place("linky", "consumption/energy/index", "", "tic[EAST]"), "Wh", 1100, 1),
		text,
		number(place("zabbix-0123456789", "tic:5BEAST:5D", "b8:27:eb", "base"), "Wh", 7, 1),
		number(place("zabbix-0123456789", "tic:5BEAST:5D", "", ""), "", 7, 1),
		number(place("linky", "power/coarse/mean/PT30M", "maison 12", ""), "W", 7, 1),
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(senml.Value{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := g.Idle(); n != 2 { // one that is mistyped, and one for what is not granted
		t.Errorf("%d idle", n)
	}
	if n := g.Mismatched.Load(); n != 1 { // W is no kWh
		t.Errorf("%d mismatched", n)
	}
}

// A route with a rhythm takes the first record of each period, the same ones when a pack comes again.
func TestRhythm(t *testing.T) {
	t.Parallel()
	g := &Gate{Gate: granted{}, Name: name, Routes: []Route{{Meter: "*", Series: []string{"*"}, Every: 10 * time.Minute}, {Meter: "*", Series: []string{"a"}}}}
	times := func(p senml.Pack) (all []float64) {
		for _, r := range g.Pass(p) {
			all = append(all, r.Time)
		}
		return all
	}
	var pack senml.Pack
	for at := 590.0; at < 2000; at += 100 {
		pack = append(pack, number("m/b", "W", at, at))
	}
	first := times(pack)
	again := times(pack)
	next := times(senml.Pack{number("m/b", "W", 1, 1990), number("m/b", "W", 1, 2390), number("m/b", "W", 1, 2400)})
	want := []float64{590, 690, 1290, 1890}
	if !slices.Equal(first, want) || !slices.Equal(again, want) || !slices.Equal(next, []float64{2400}) {
		t.Errorf("%v, again %v, then %v", first, again, next)
	}
	if got := len(g.Pass(senml.Pack{number("m/a", "W", 1, 3000), number("m/a", "W", 1, 3001)})); got != 3 {
		t.Errorf("%d along two routes, of which one has a rhythm", got)
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from string
		n    float64
		to   string
		want float64
		ok   bool
	}{
		{"Wh", 13427301, "kWh", 13427.301, true}, {"Wh", 100, "kWh", 0.1, true}, {"VA", 1190, "kVA", 1.19, true}, {"W", 7, "", 7, true},
		{"Wh", 1, "J", 3600, true}, {"Cel", 20, "Cel", 20, true}, {"W", 1, "Wh", 1, false}, {"furlong", 1, "m", 1, false}, {"", 3, "W", 3, true},
	} {
		r := number("a", tt.from, tt.n, 0)
		ok := convert(&r, tt.to)
		if n, _ := r.Value.Number(); n != tt.want || ok != tt.ok {
			t.Errorf("%g %s in %s is %g, %t", tt.n, tt.from, tt.to, n, ok)
		}
	}
}
