package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/consent"
	"releve/federation/route"
	"releve/federation/sen1"
	"releve/senml"
)

// slate keeps what was about to leave last.
type slate struct{ left []consent.Batch }

func (s *slate) Leaving(_ string, all ...consent.Batch) error {
	s.left = all
	return nil
}

func (*slate) Settled(string, bool) {}

// Under whatever names what was let through goes, and however often: what is counted is what goes, each record under the
// consent that allows it.
func TestLeavingIsWhatGoes(t *testing.T) {
	t.Parallel()
	const to = "conseil@breizh-sen2.example"
	live := func(series string) consent.Grant {
		return consent.Grant{To: to, Series: []string{series}, Purpose: "test", Resolution: consent.Live, Identity: series == "voltage/*"}
	}
	power, voltage := live("power/*"), live("voltage/*")
	pack := senml.Pack{
		{Name: "linky/power/raw", Unit: "W", Time: 1, Value: senml.NumberValue(1)}, {Name: "linky/voltage/1", Unit: "V", Time: 1, Value: senml.NumberValue(230)},
		{Name: "linky/power/raw", Unit: "W", Time: 2, Value: senml.NumberValue(2)}, {Name: "linky/tariff", Time: 2, Value: senml.TextValue("HC")},
		{Name: "linky/power/PT30M", Unit: "W", Time: 2, Value: senml.NumberValue(3)}, // it only seems to be a period
	}
	for _, test := range []struct {
		name    string
		through func(*consent.Book, federation.Gate) federation.Gate
		want    map[string]int // by consent
	}{
		{"the gate itself", func(_ *consent.Book, g federation.Gate) federation.Gate { return g }, map[string]int{power.ID(): 3, voltage.ID(): 1}},
		{"SEN1 names", func(_ *consent.Book, g federation.Gate) federation.Gate {
			return &sen1.Gate{Gate: g, App: "maison", Server: "breizh-sen1.example"}
		}, map[string]int{power.ID(): 3, voltage.ID(): 1}},
		{"names of the configuration", func(b *consent.Book, g federation.Gate) federation.Gate {
			return &placing{Gate: g, book: b, grantee: to, devices: map[string]string{"linky": "linky-12"}}
		}, map[string]int{power.ID(): 3, voltage.ID(): 1}},
		{"routes, of which one wants less, two the same and one another unit", func(b *consent.Book, g federation.Gate) federation.Gate {
			name := func(local string) string { return b.Name(to, local) }
			return &route.Gate{Gate: g, Name: name, Routes: []route.Route{
				{Meter: "linky", Series: []string{"power/raw"}, Device: "maison", Every: 60e9},
				{Meter: "linky", Series: []string{"voltage/*"}, Device: "maison"}, {Meter: "linky", Series: []string{"voltage/*"}, Item: "u"},
				{Meter: "linky", Series: []string{"power/PT30M"}, Unit: "V"},
			}}
		}, map[string]int{power.ID(): 1, voltage.ID(): 2}},
		{"a route and SEN1 names", func(b *consent.Book, g federation.Gate) federation.Gate {
			name := func(local string) string { return b.Name(to, local) }
			routes := &route.Gate{Gate: g, Name: name, Routes: []route.Route{{Meter: "linky", Series: []string{"voltage/*"}}}}
			return &sen1.Gate{Gate: routes, App: "maison", Server: "breizh-sen1.example"}
		}, map[string]int{voltage.ID(): 1}},
	} {
		s := &slate{}
		book := &consent.Book{
			Grants: []consent.Grant{power, voltage}, Key: bytes.Repeat([]byte{7}, 32), Tally: s,
			PRM: func(string) string { return "01234567890123" },
		}
		gate := test.through(book, book.Gate(to, "place", nil))
		goes := gate.Pass(pack)
		must(t, gate.Leaving(goes, func(name string) string { return name }))
		said, counted := map[string]int{}, map[string]int{}
		for _, b := range s.left {
			said[b.Consent] = len(b.Pack)
			for _, r := range b.Pack {
				counted[string(sentLine(nil, r))]++
			}
		}
		for _, r := range goes {
			counted[string(sentLine(nil, r))]--
		}
		for line, n := range counted {
			if n != 0 {
				t.Errorf("%s: %q is counted %+d times more than it goes", test.name, line, n)
			}
		}
		if diff := cmp.Diff(test.want, said); diff != "" {
			t.Errorf("%s (-want +counted):\n%s", test.name, diff)
		}
	}
}
