package quoalise

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/federation/xmpp"
	"releve/senml"
)

// A message is acknowledged when take returns nil: then, and only then, what it carried is safe.
func TestListenerTake(t *testing.T) {
	t.Parallel()
	e, err := Data{Name: current, Measurement: describe("current/1"), Records: senml.Pack{record(current, 1, 1_700_000_000)}}.Element()
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	tests := []struct {
		name, from string
		payload    *xmpp.Element
		take       error
		err        string
		taken      int
	}{
		{"from the provider", "maison@breizh-sen1.example/releve", e, nil, "", 1},
		{"from another client of the provider's address", "maison@breizh-sen1.example/other", e, nil, "", 1},
		{"from somebody else", "evil@breizh-sen1.example/releve", e, nil, "for another client", 0},
		{"from the provider's server", "breizh-sen1.example", e, nil, "for another client", 0},
		{"not understood", "maison@breizh-sen1.example/releve", xmpp.NewElement(NS, "quoalise"), nil, "bad-request: read quoalise data: there is no sensml element", 0},
		{"not kept", "maison@breizh-sen1.example/releve", e, full, "disk full", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var taken senml.Pack
			f := newFollower(t, nil, func(_ context.Context, p senml.Pack) error { taken = p; return tt.take })
			f.prepare()
			l := &Listener{Followers: []*Follower{f}}
			m := xmpp.Message{From: jid.MustParse(tt.from), Children: []*xmpp.Element{wire(t, tt.payload)}}
			if err := settled(func(settle func(error)) { l.take(t.Context(), m, settle) }); text(err) != tt.err {
				t.Errorf("got %v, want %s", err, tt.err)
			}
			if len(taken) != tt.taken {
				t.Fatalf("took %v", taken)
			}
			if tt.taken > 0 {
				if diff := cmp.Diff(fmt.Sprint(senml.Pack{record(current, 1, 1_700_000_000)}), fmt.Sprint(taken)); diff != "" {
					t.Errorf("took (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// settled is what something was settled with, which has to be at once.
func settled(begin func(settle func(error))) error {
	var fates []error
	begin(func(err error) { fates = append(fates, err) })
	if len(fates) != 1 {
		return fmt.Errorf("settled %d times", len(fates))
	}
	return fates[0]
}
