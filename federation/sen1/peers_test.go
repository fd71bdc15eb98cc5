package sen1

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

// proxy is a proxy of the proof of concept as a sender sees it: messages vanish or come back, and its server answers pings.
type proxy struct {
	most   int   // data in a message; 0 for any
	bounce error // what becomes of each message; nil is nothing
	pong   error

	mu   sync.Mutex // guards everything below
	came []Message
	log  []string
}

func (p *proxy) PostChat(_ context.Context, to xmpp.JID, payload *xmpp.Element) (*xmpp.Receipt, error) {
	m, err := ParseMessage(payload, time.UTC)
	if err != nil {
		return nil, err
	}
	if p.most > 0 && len(m.Data) > p.most {
		return nil, xmpp.ErrTooBig
	}
	p.mu.Lock()
	p.came = append(p.came, m)
	p.log = append(p.log, fmt.Sprint(to, " ", len(m.Data)))
	p.mu.Unlock()
	r := xmpp.NewReceipt(func() {}, nil)
	if p.bounce != nil {
		r.Settle(p.bounce)
	}
	return r, nil
}

func (p *proxy) Query(_ context.Context, _ string, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error) {
	p.mu.Lock()
	p.log = append(p.log, fmt.Sprint(to, " ", payload.Name.Local))
	p.mu.Unlock()
	return nil, p.pong
}

func recipient(p *proxy) *Recipient {
	return &Recipient{Session: p, To: jid.MustParse("bmhs@sen2.example"), Username: "foyer", Source: "releve", Target: "bmhs", Location: time.UTC}
}

func number1(name, unit string, n, at float64) senml.Record {
	return senml.Record{Name: name, Unit: unit, Value: senml.NumberValue(n), Time: at}
}

// A pack goes as one message a series and type, under the names of its routes, and a ping behind all of them.
func TestRecipientSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &proxy{}
		routed := federation.Place{Device: "voisin@example.org/linky", Item: "base", URN: "urn:dev:org:60060-1", Path: "x"}.Name()
		text := senml.Record{Name: "urn:dev:org:60060-1_tariff/label", Value: senml.TextValue("HC"), Time: 1}
		pack := senml.Pack{
			number1("urn:dev:org:60060-1_voltage/1", "V", 230, 1), number1(routed, "Wh", 5, 1), text, number1("urn:dev:org:60060-1_voltage/1", "V", 231, 2.5),
			{Name: "urn:dev:org:60060-1_raw", Value: senml.DataValue([]byte{1}), Time: 1},
		}
		if err := recipient(p).Send(t.Context(), pack); err != nil {
			t.Fatal(err)
		}
		one := Message{Username: "foyer", Name: "urn:dev:org:60060-1", Metaname: "voltage/1", Unit: "V", Type: "dt_numeric", Source: "releve", To: "bmhs"}
		two, three := one, one
		one.Data = []Datum{{senml.NumberValue(230), time.Unix(1, 0)}, {senml.NumberValue(231), time.UnixMilli(2500)}}
		two.Username, two.Name, two.Metaname, two.Unit, two.Data = "voisin@example.org", "linky", "base", "Wh", []Datum{{senml.NumberValue(5), time.Unix(1, 0)}}
		three.Metaname, three.Unit, three.Type, three.Data = "tariff/label", "", "dt_string", []Datum{{senml.TextValue("HC"), time.Unix(1, 0)}}
		if diff := cmp.Diff([]Message{one, two, three}, p.came, compare); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"bmhs@sen2.example 2", "bmhs@sen2.example 1", "bmhs@sen2.example 1", "bmhs@sen2.example ping"}, p.log); diff != "" {
			t.Errorf("stanzas (-want +got):\n%s", diff)
		}
		short := &proxy{most: 200}
		var long senml.Pack
		for i := range 501 {
			long = append(long, number1("urn:dev:x_a", "V", 1, float64(i)))
		}
		if err := recipient(short).Send(t.Context(), long); err != nil || len(short.came) != 5 {
			t.Errorf("%d messages of 501 values, %v", len(short.came), err)
		}
	})
}

// What a bounce or the silence of the proxy's server means.
func TestRecipientVerdicts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		told := func(typ, condition string) error { return &xmpp.StanzaError{Type: typ, Condition: condition} }
		for _, tt := range []struct {
			bounce, pong error
			verdict      string
		}{
			{nil, nil, "taken"},
			{nil, told("cancel", "service-unavailable"), "taken"}, // the answer of a server that knows no pings
			{nil, told("cancel", "remote-server-not-found"), "again"},
			{nil, told("wait", "remote-server-timeout"), "again"},
			{nil, errors.New("the link was lost"), "again"},
			{told("cancel", "service-unavailable"), nil, "again"}, // nobody there, nothing kept
			{told("wait", "resource-constraint"), nil, "again"},
			{told("modify", "policy-violation"), nil, "refused"},
			{errors.New("the link was lost"), nil, "again"},
		} {
			err := recipient(&proxy{bounce: tt.bounce, pong: tt.pong}).Send(t.Context(), senml.Pack{number1("urn:dev:x_a", "V", 1, 1)})
			verdict := "again"
			switch {
			case err == nil:
				verdict = "taken"
			case errors.Is(err, federation.ErrRefused):
				verdict = "refused"
			}
			if verdict != tt.verdict {
				t.Errorf("bounce %v, pong %v: %s: %v", tt.bounce, tt.pong, verdict, err)
			}
		}
		if err := recipient(&proxy{most: -1}).Send(t.Context(), nil); err != nil {
			t.Errorf("nothing to send: %v", err)
		}
	})
}

// kept is where a receiver puts what came.
type kept struct {
	mu    sync.Mutex // guards everything below
	names []string
	aside []string
	full  error
}

func (k *kept) take(_ context.Context, p senml.Pack) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.full != nil {
		return k.full
	}
	for _, r := range p {
		k.names = append(k.names, r.Name+" "+r.Value.String()+" "+r.Unit)
	}
	return nil
}

func (k *kept) stored() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	names := k.names
	k.names = nil
	return names
}

func (k *kept) put(_ *xmpp.Element, why error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.aside = append(k.aside, why.Error())
	return nil
}

func receiver(k *kept) *Receiver {
	r := &Receiver{
		From: jid.MustParse("bmhs@sen2.example"), Source: "bmhs", Location: time.UTC, Take: k.take, Aside: k.put, Log: slog.New(slog.DiscardHandler),
	}
	r.Prepare()
	return r
}

func message(t testing.TB, text string) xmpp.Message {
	t.Helper()
	return xmpp.Message{From: jid.MustParse("bmhs@sen2.example/x"), Children: []*xmpp.Element{element(t, text)}}
}

// A message is stored under names of a source outside the federation; one that says to be of somebody else, or cannot be
// read, is set aside; nothing is lost while nothing can be stored.
func TestReceiver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &kept{full: errors.New("disk full")}
		r := receiver(k)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = r.Run(ctx) }()
		r.receive(message(t, byJava))
		r.receive(message(t, byPython)) // of another application
		r.receive(message(t, "<Sen1Message xmlns='http://xmpp.rocks'/>"))
		time.Sleep(10 * time.Second)
		if s := r.Stats(); s.Messages != 0 || s.Poison != 2 || fmt.Sprint(s.Err) != "disk full" {
			t.Errorf("stats are %+v", s)
		}
		k.mu.Lock()
		k.full = nil
		k.mu.Unlock()
		time.Sleep(2 * time.Minute)
		want := []string{
			"device:foyer.test:40example.org:2Flinky_base 13427301 Wh", "device:foyer.test:40example.org:2Flinky_base 13427310 Wh", "device:foyer.test:40example.org:2Flinky_base 42 Wh",
		}
		if diff := cmp.Diff(want, k.stored()); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		if s := r.Stats(); s.Messages != 1 || s.Err != nil || !s.Newest.Equal(at(t, "2026-11-23T08:13:04Z")) {
			t.Errorf("stats are %+v", s)
		}
		if diff := cmp.Diff([]string{errForeignSource.Error(), "read a Sen1Message: there is no username"}, k.aside); diff != "" {
			t.Errorf("aside (-want +got):\n%s", diff)
		}
		r.Usernames = []string{"somebody else"}
		r.receive(message(t, byJava))
		if s := r.Stats(); s.Poison != 3 || !errors.Is(s.Why, errForeignUser) {
			t.Errorf("stats are %+v", s)
		}
		r.Usernames = nil
		stop()
		<-done
		r.receive(message(t, byJava)) // while all ends
		r.drain()
		if n := len(k.stored()); n != 3 {
			t.Errorf("%d stored at the end", n)
		}
	})
}

// What is held is bounded; what cannot be stored at the end is counted.
func TestReceiverBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &kept{full: errors.New("disk full")}
		r := receiver(k)
		for range most + 3 {
			r.receive(message(t, byJava))
		}
		if s := r.Stats(); s.Dropped != 3 {
			t.Errorf("%d dropped", s.Dropped)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := r.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if s := r.Stats(); s.Dropped != most+3 {
			t.Errorf("%d dropped in the end", s.Dropped)
		}
	})
}
