package peer

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

func request(t *testing.T, from xmpp.JID, p senml.Pack) xmpp.IQ {
	t.Helper()
	element, err := Element(p, senml.XML)
	if err != nil {
		t.Fatal(err)
	}
	x, err := xmpp.ParseElement([]byte(element.String()))
	if err != nil {
		t.Fatal(err)
	}
	return xmpp.IQ{Type: "set", From: from, Payload: x}
}

func TestReceiver(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	for _, tt := range []struct {
		name   string
		from   xmpp.JID
		pack   senml.Pack
		take   error
		answer string
		stats  ReceiverStats
		taken  int
	}{
		{"stored", maison, records(3), nil, `<stored xmlns="urn:releve:pack:0"/>`, ReceiverStats{Records: 3}, 3},
		{"a stranger", voisin, records(3), nil, "auth forbidden: no source names voisin@breizh-sen2.example", ReceiverStats{Forbidden: 1}, 0},
		{"nothing in it", maison, senml.Pack{}, nil, "modify bad-request: read a pack: it holds no record", ReceiverStats{Refused: 1}, 0},
		{"not durable", maison, records(2), full, "wait internal-server-error: the pack could not be stored; send it again later", ReceiverStats{}, 2},
		{
			"never taken", maison, records(2), fmt.Errorf("%w: names no meter", federation.ErrRefused),
			"modify bad-request: refused for good: names no meter", ReceiverStats{Refused: 1}, 2,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			taken, c := 0, &counter{}
			r := &Receiver{From: []xmpp.JID{maison.Bare()}, Log: quiet, Take: func(_ context.Context, from xmpp.JID, p senml.Pack) error {
				if !from.Equal(maison.Bare()) {
					t.Errorf("from %s", from)
				}
				taken += len(p)
				return tt.take
			}}
			r.Register(c)
			answer, err := c.handler(t.Context(), request(t, tt.from, tt.pack))
			if got := spoken(answer, err); got != tt.answer {
				t.Errorf("answer is %s, want %s", got, tt.answer)
			}
			if diff := cmp.Diff(tt.stats, r.Stats()); diff != "" {
				t.Errorf("stats (-want +got):\n%s", diff)
			}
			if taken != tt.taken {
				t.Errorf("%d records were to be stored, want %d", taken, tt.taken)
			}
			if diff := cmp.Diff([]string{NS, NSCBOR}, c.features); diff != "" {
				t.Errorf("features (-want +got):\n%s", diff)
			}
		})
	}
}

func spoken(answer *xmpp.Element, err error) string {
	var told *xmpp.StanzaError
	if errors.As(err, &told) {
		return told.Type + " " + told.Error()
	}
	return answer.String()
}

// While one pack of a sender is being stored, its next has to wait; that of another sender has not.
func TestReceiverOneAtATime(t *testing.T) {
	t.Parallel()
	c, storing, goOn := &counter{}, make(chan struct{}), make(chan struct{})
	r := &Receiver{From: []xmpp.JID{maison.Bare(), voisin.Bare()}, Log: quiet, Take: func(_ context.Context, from xmpp.JID, _ senml.Pack) error {
		if from.Equal(maison.Bare()) {
			close(storing)
			<-goOn
		}
		return nil
	}}
	r.Register(c)
	first := make(chan string)
	go func() { first <- spoken(c.handler(t.Context(), request(t, maison, records(1)))) }()
	<-storing
	if got := spoken(c.handler(t.Context(), request(t, maison, records(1)))); got != "wait resource-constraint: one pack at a time; the one before is being stored" {
		t.Errorf("the second of one sender: %s", got)
	}
	if got := spoken(c.handler(t.Context(), request(t, voisin, records(1)))); got != `<stored xmlns="urn:releve:pack:0"/>` {
		t.Errorf("that of another: %s", got)
	}
	close(goOn)
	if got := <-first; got != `<stored xmlns="urn:releve:pack:0"/>` {
		t.Errorf("the first: %s", got)
	}
}
