package consent_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/consent"
	"releve/senml"
)

// What binds every reader of one copy is the least that each agreed to, and names nobody's consent but one's own.
func TestTermsOfCircle(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	grant := func(to, purpose, retention string, until time.Time) consent.Grant {
		g := agreed(to, until, false, "voltage/*")
		g.Purpose, g.Retention = purpose, retention
		return g
	}
	one := grant(alice, "advice", "P1Y", noon.AddDate(1, 0, 0))
	for _, row := range []struct {
		name   string
		grants []consent.Grant
		want   []string
	}{
		{"nobody", nil, nil},
		{"one", []consent.Grant{one}, []string{"consent", one.ID(), "purpose", "advice", "retention", "P1Y", "until", "2027-06-01T12:00:00Z", "origin", "meter"}},
		{"two of the same", []consent.Grant{one, grant(bob, "advice", "", time.Time{})},
			[]string{"consent", "", "purpose", "advice", "retention", "P1Y", "until", "2027-06-01T12:00:00Z", "origin", "meter"}},
		{"two", []consent.Grant{one, grant(bob, "research", "P6M2W", noon.AddDate(0, 1, 0))},
			[]string{"consent", "", "purpose", "", "retention", "P6M2W", "until", "2026-07-01T12:00:00Z", "origin", "meter"}},
	} {
		b := &consent.Book{Grants: row.grants, Key: bytes.Repeat([]byte{1}, 32), PRM: func(string) string { return "" }, Now: func() time.Time { return noon }}
		c := b.Circle("tableau", []string{bob, alice})
		c.Pass(senml.Pack{{Name: "linky/voltage/1", Time: 1_780_000_000}})
		if diff := cmp.Diff(row.want, c.Terms(c.Device("linky")+"_voltage/1")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
		if got := c.Terms(c.Device("linky") + "_current/1"); got != nil {
			t.Errorf("%s: of what did not pass: %v", row.name, got)
		}
	}
}

// A name that something behind the gate gave has the terms of all that passed, where these are one.
func TestTermsOfRenamed(t *testing.T) {
	t.Parallel()
	live, daily := agreed(alice, time.Time{}, false, "voltage/*"), agreed(alice, time.Time{}, false, "current/*")
	daily.Purpose = "research"
	b := &consent.Book{Grants: []consent.Grant{live, daily}, Key: bytes.Repeat([]byte{1}, 32), PRM: func(string) string { return "" }}
	g := b.Gate(alice, "place", nil)
	g.Pass(senml.Pack{{Name: "linky/voltage/1", Time: 1_780_000_000}, {Name: "linky/voltage/2", Time: 1_780_000_000}})
	want := []string{"consent", live.ID(), "purpose", "test", "retention", "", "until", "", "origin", "meter"}
	if diff := cmp.Diff(want, g.Terms("zabbix/item")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	g.Pass(senml.Pack{{Name: "linky/voltage/1", Time: 1_780_000_000}, {Name: "linky/current/1", Time: 1_780_000_000}})
	if got := g.Terms("zabbix/item"); got != nil {
		t.Errorf("of two consents: %v", got)
	}
}
