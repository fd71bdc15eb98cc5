package notice

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
)

// wiped is the erasure of two series from a day on.
var wiped = Erasure{
	Consent: gone.Consent, At: gone.At, From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
	Series: []string{"urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1", "urn:dev:org:60060-1f2e3d4c5b6a7988_current/1"},
}

// An erasure is told like a withdrawal, and only its own answer counts.
func TestTellErasure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer *xmpp.Element
		said   int
	}{
		{"one that knows", xmpp.NewElement(NS, "erasing"), 1},
		{"one that takes it for a withdrawal", xmpp.NewElement(NS, "revoked"), 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := &line{answer: test.answer}
			if acked, err := Tell(t.Context(), l, server, wiped); !acked || err != nil || len(l.said) != test.said {
				t.Errorf("acknowledged %t, %v, said %q", acked, err, l.said)
			}
		})
	}
}

// What is heard is what was told; from a source only, and kept before it is answered.
func TestHearErasure(t *testing.T) {
	t.Parallel()
	many := wiped
	many.Series = make([]string, MostSeries+1)
	for i := range many.Series {
		many.Series[i] = "urn:dev:org:60060-1_a"
	}
	const names = "bad-request: read an erasure: it names more than 100 series, or one by no name or by more than 256 bytes"
	for _, test := range []struct {
		name string
		from xmpp.JID
		x    *xmpp.Element
		full error
		err  string
		want []Erasure
	}{
		{"a source", house, wiped.Element(), nil, "", []Erasure{wiped, wiped}},
		{"of all", house, Erasure{Consent: "a"}.Element(), nil, "", []Erasure{{Consent: "a"}, {Consent: "a"}}},
		{"somebody else", server, wiped.Element(), nil, "forbidden: no source names serveur@breizh-sen2.example", nil},
		{"of no consent", house, xmpp.NewElement(NS, "erase"), nil, "bad-request: read an erasure: consent is not an identifier of 1 to 64 letters and digits", nil},
		{"of no time", house, xmpp.NewElement(NS, "erase", "consent", "a", "to", "soon"), nil, "bad-request: read an erasure: to is not a time such as 2026-11-27T04:00:00Z", nil},
		{"of too much", house, many.Element(), nil, names, nil},
		{"of what has no name", house, Erasure{Consent: "a", Series: []string{""}}.Element(), nil, names, nil},
		{"with a full disk", house, wiped.Element(), errors.New("disk full"), "internal-server-error: an erasure could not be noted; tell it again later", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []Erasure
			d := newDesk()
			h := &Hearer{From: []xmpp.JID{house.Bare()}, Log: quiet, Erase: func(_ xmpp.JID, e Erasure) error {
				if test.full == nil {
					got = append(got, e)
				}
				return test.full
			}}
			h.Register(d)
			answer, iq, message := d.hear(test.from, test.x)
			if test.err == "" && answer.String() != `<erasing xmlns="urn:releve:consent:0"/>` {
				t.Errorf("answer %s", answer)
			}
			for _, err := range []error{iq, message} {
				if said := errorText(err); said != test.err {
					t.Errorf("error %q, want %q", said, test.err)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzParseErasure(f *testing.F) {
	f.Add("23289931e73244d3", "2026-11-27T04:00:00Z", "2026-11-27T04:00:00Z", "urn:dev:org:60060-1_a")
	f.Add("", "x", "", "")
	f.Fuzz(func(t *testing.T, consent, from, to, name string) {
		x := xmpp.NewElement(NS, "erase", "consent", consent, "from", from, "to", to).Add(xmpp.NewElement("", "series", "name", name))
		e, err := ParseErasure(x)
		if err != nil {
			return
		}
		again, err := ParseErasure(e.Element())
		e.From, e.To = e.From.Truncate(time.Second), e.To.Truncate(time.Second)
		if diff := cmp.Diff(e, again); diff != "" || err != nil {
			t.Errorf("%v (-read +again):\n%s", err, diff)
		}
	})
}
