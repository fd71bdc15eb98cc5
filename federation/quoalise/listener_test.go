package quoalise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

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

// FuzzListener holds: whatever a provider pushes, its message is settled once, and with a printable line when it is told
// something; what is taken is resolved and was asked for; and the marks can be kept, and are not of the future, from which
// on nothing would be asked for any more.
func FuzzListener(f *testing.F) {
	for _, sensml := range []string{
		``,
		`<senml bn="urn:dev:prm:01234567890123_consumption/power/active/raw" bt="1600041600.0" t="0.0" v="100.0" bu="W"/><senml t="1800.0" v="101.0"/>`,
		`<senml n="urn:dev:prm:01234567890123_current/1" t="1e12" v="1"/>`,
		`<senml n="urn:dev:prm:01234567890123_current/1" t="1e300" v="1"/>`,
		`<senml n="urn:dev:ow:10e2073a01080063" bt="1600041600" v="1"/><senml n="_x" vs="a&#10;b"/>`,
		`<senml bn="urn:dev:prm:01234567890123_current/1" bt="1600041600" bver="99" v="1"/>`,
		`<senml bn="urn:dev:prm:01234567890123_current/1" bt="1600041600" v="&#x202E;x"/>`,
	} {
		f.Add([]byte(quoalise(sensml)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := xmpp.ParseElement(text)
		if err != nil {
			t.Skip()
		}
		follower := newFollower(t, nil, func(_ context.Context, p senml.Pack) error {
			for _, r := range p {
				if !names(device, r.Name) || r.BaseName != "" || r.BaseTime != 0 || r.Time < senml.FirstAbsolute {
					t.Errorf("taken: %+v", r)
				}
			}
			return nil
		})
		follower.Identifiers = []string{device}
		follower.prepare()
		follower.login = t.Context()
		for _, series := range []string{power, current} {
			follower.Progress.mark(series, now)
			follower.whole[series] = true
		}
		l := &Listener{Followers: []*Follower{follower}}
		m := xmpp.Message{From: maison, Children: []*xmpp.Element{e}}
		err = settled(func(settle func(error)) { l.take(t.Context(), m, settle) })
		var told *xmpp.StanzaError
		if err != nil && (!errors.As(err, &told) || told.Condition != "bad-request" || printable(told.Text) != told.Text) {
			t.Errorf("settled with %v", err)
		}
		for series, mark := range follower.Progress.marks {
			if mark.Heard.After(time.Now()) {
				t.Errorf("%s is had until %s", series, mark.Heard)
			}
		}
		if _, err := json.Marshal(follower.Progress.marks); err != nil {
			t.Error(err)
		}
	})
}
