package consent_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/consent"
	"releve/senml"
)

// slate writes down what it is told, or fails.
type slate struct {
	said []string
	err  error
}

func (s *slate) Leaving(place string, all ...consent.Batch) error {
	for _, b := range all {
		s.said = append(s.said, fmt.Sprintf("%q to %s under %s: %d", place, b.Recipient, b.Consent, len(b.Pack)))
	}
	return s.err
}

func (s *slate) Settled(place string, arrived bool) {
	s.said = append(s.said, fmt.Sprintf("%q arrived %t", place, arrived))
}

func same(name string) string { return name }

// Whatever leaves is noted first, under the consent that allows it: through a gate, as an answer, and shown live. What
// cannot be noted does not leave, and what was not about to leave is not settled.
func TestTally(t *testing.T) {
	t.Parallel()
	power, voltage := grant(false, "power/*"), grant(true, "voltage/*")
	power.Resolution, voltage.Resolution = consent.Live, consent.Live
	pack := senml.Pack{{Name: "linky/power/raw", Time: 1}, {Name: "linky/power/raw", Time: 2}, {Name: "linky/voltage/1", Time: 1}, {Name: "linky/tariff", Time: 1}}
	s := &slate{}
	b := book(power, voltage)
	b.Tally = s
	g := b.Gate(client, "place", nil)
	g.Pass(pack)
	g.Settled(true) // none of it was about to leave
	for _, err := range []error{g.Leaving(g.Pass(pack), same), b.Answered(client, "linky/power/raw", pack[:2])} {
		if err != nil {
			t.Error(err)
		}
	}
	g.Settled(true)
	shown, err := b.Shown(client, pack)
	if err != nil || len(shown) != 3 || shown[2].Name != "urn:dev:prm:"+prm+"_voltage/1" {
		t.Errorf("shown %v, %v", shown, err)
	}
	batch := func(place string, g consent.Grant, n int) string {
		return fmt.Sprintf("%q to %s under %s: %d", place, client, g.ID(), n)
	}
	both := func(place string) []string {
		if power.ID() < voltage.ID() {
			return []string{batch(place, power, 2), batch(place, voltage, 1)}
		}
		return []string{batch(place, voltage, 1), batch(place, power, 2)}
	}
	want := append(append(both("place"), batch("", power, 2), `"place" arrived true`), both("")...)
	if diff := cmp.Diff(want, s.said); diff != "" {
		t.Errorf("(-want +noted):\n%s", diff)
	}
	if err := g.Leaving(g.Pass(pack), func(string) string { return "urn:dev:ow:1_power" }); err == nil || len(s.said) != len(want) {
		t.Errorf("what passed under no such name gives %v, and %v is noted", err, s.said[len(want):])
	}
	s.err = errors.New("the card is full")
	_, err = b.Shown(client, pack)
	for _, err := range []error{err, g.Leaving(g.Pass(pack), same), b.Answered(client, "linky/power/raw", pack[:2])} {
		if !errors.Is(err, s.err) {
			t.Errorf("what cannot be noted gives %v", err)
		}
	}
}
