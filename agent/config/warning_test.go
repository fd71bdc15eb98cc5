package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/consent"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	meter := []Meter{{Name: "linky"}}
	tests := []struct {
		name string
		c    Config
		want []string
	}{
		{"nothing to say", Config{Meters: meter, Status: Status{Listen: "127.0.0.1:8080"}}, nil},
		{"no page", Config{Meters: meter}, nil},
		{"no meter", Config{}, []string{"there is no [[meter]] and no [[source]]: nothing will be read"}},
		{
			"grants in vain", Config{Meters: meter, Grants: []consent.Grant{{To: "a@b"}}},
			[]string{"there are grants but no [federation] and no [[recipient]]: nothing will be sent"},
		},
		{
			"an ended grant", Config{Meters: meter, Federation: &Federation{}, Grants: []consent.Grant{{To: "a@b", Until: now.Add(time.Second)}, {To: "c@d", Until: now}}},
			[]string{"grant 2 to c@d has ended: nothing will be sent under it"},
		},
		{
			"an open page", Config{Meters: meter, Status: Status{Listen: ":8080"}},
			[]string{"status.view: other machines that reach :8080 can look at the page without a password"},
		},
		{"a page behind the password", Config{Meters: meter, Status: Status{Listen: ":8080", Closed: true}}, nil},
		{"a meter shared on this machine", Config{Meters: []Meter{{Name: "linky", Share: "localhost:7970"}}}, nil},
		{
			"a meter shared with the house", Config{Meters: []Meter{{Name: "linky", Share: "192.168.1.2:7970"}}},
			[]string{"share of meter linky: other machines can read all that the meter says, its address included, at 192.168.1.2:7970"},
		},
		{"a page on this machine", Config{Meters: meter, Status: Status{Listen: "localhost:8080"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.c.Warnings(now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
