package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/federation/consent"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
	"releve/senml"
)

// counter is a session that a provider offers its commands to, and a poster whose recipients acknowledge at once.
type counter struct {
	commands map[string]xmpp.Command
	posted   chan string // "address: values"

	mu   sync.Mutex // guards everything below
	away bool       // nothing can be posted
}

var _ quoalise.Session = (*counter)(nil)

func (c *counter) Offer(list ...xmpp.Command) {
	for _, command := range list {
		c.commands[command.Node] = command
	}
}
func (c *counter) HandleItems(string, xmpp.Items)                       {}
func (c *counter) Announce(...string)                                   {}
func (c *counter) Features(context.Context, xmpp.JID) ([]string, error) { return nil, nil }
func (c *counter) isAway() bool                                         { c.mu.Lock(); defer c.mu.Unlock(); return c.away }
func (c *counter) goAway()                                              { c.mu.Lock(); defer c.mu.Unlock(); c.away = true }

// Post notes who was sent which values.
func (c *counter) Post(_ context.Context, to xmpp.JID, payload *xmpp.Element, _ bool) (*xmpp.Receipt, error) {
	if c.isAway() {
		return nil, xmpp.ErrAway
	}
	var values []string
	for _, record := range payload.Child("", "data").Child("", "sensml").Children {
		values = append(values, record.Attr("v"))
	}
	c.posted <- to.String() + ": " + strings.Join(values, " ")
	return acknowledged(), nil
}

// acknowledged is a receipt that came at once.
func acknowledged() *xmpp.Receipt {
	r := xmpp.NewReceipt(func() {}, nil)
	r.Settle(nil)
	return r
}

// desk is the subscribers of a house with a real buffer, as they run.
type desk struct {
	t       *testing.T
	session *counter
	buffer  *buffer.Buffer
	book    *consent.Book
	said    *bytes.Buffer
	file    string
	*subscribers
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	b, err := buffer.Open(buffer.Options{Dir: filepath.Join(t.TempDir(), "buffer")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return &desk{
		t: t, buffer: b, said: &bytes.Buffer{}, file: filepath.Join(t.TempDir(), "subscriptions.json"),
		book: &consent.Book{
			Grants: []consent.Grant{{To: "sen2.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: "test"}},
			Key:    bytes.Repeat([]byte{1}, 32), PRM: func(string) string { return "" },
		},
	}
}

// open reads the subscriptions and runs the deliveries; what it returns ends them.
func (d *desk) open() (end func()) {
	d.t.Helper()
	subscriptions, err := quoalise.OpenSubscriptions(d.file)
	if err != nil {
		d.t.Fatal(err)
	}
	d.session = &counter{commands: map[string]xmpp.Command{}, posted: make(chan string, 100)}
	describe := func(string) quoalise.Measurement { return quoalise.Measurement{Name: "test"} }
	provider := &quoalise.Provider{
		Session: d.session, Archive: archive{buffer: d.buffer, now: time.Now}, Consent: d.book, Subscriptions: subscriptions, Describe: describe, Log: quiet,
	}
	provider.Offer()
	known := make(chan struct{})
	close(known)
	d.subscribers = &subscribers{
		known:         known,
		subscriptions: subscriptions, session: d.session, buffer: d.buffer, book: d.book, describe: describe, slow: slow,
		rhythm: time.Millisecond, slowRhythm: time.Hour, log: slog.New(slog.NewTextHandler(d.said, nil)), running: map[string]*running{},
	}
	ctx, cancel := context.WithCancel(d.t.Context())
	ended := make(chan error)
	go func() { ended <- d.subscribers.Run(ctx) }()
	return func() {
		d.t.Helper()
		cancel()
		if err := <-ended; err != nil {
			d.t.Error(err)
		}
		if n := len(d.deliveries()); n != 0 {
			d.t.Errorf("%d deliveries still run", n)
		}
	}
}

// asks sends a command as a subscriber does, with further fields by name and value.
func (d *desk) asks(command, jid, identifier string, pairs ...string) {
	d.t.Helper()
	form := &xmpp.Form{Type: "submit", Fields: []xmpp.Field{{Var: "identifier", Values: []string{identifier}}}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Fields = append(form.Fields, xmpp.Field{Var: pairs[i], Values: []string{pairs[i+1]}})
	}
	from, err := xmpp.ParseJID(jid)
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = d.session.commands[command].Run(d.t.Context(), xmpp.Step{From: from, Form: form})
	if err != nil {
		d.t.Fatal(err)
	}
}

// device is what a subscriber calls the meter.
func (d *desk) device(jid string) string {
	device, _, _ := strings.Cut(d.book.Name(jid, "linky/n"), "_")
	return device
}

func (d *desk) put(from, to int) {
	d.t.Helper()
	if _, err := d.buffer.Put(counted(from, to)); err != nil {
		d.t.Fatal(err)
	}
}

// next is what is posted next.
func (d *desk) next() string {
	d.t.Helper()
	select {
	case line := <-d.session.posted:
		return line
	case <-time.After(30 * time.Second):
		d.t.Fatal("nothing is posted")
		return ""
	}
}

// until waits for what the deliveries do in their own time.
func (d *desk) until(what string, is func() bool) {
	d.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			d.t.Fatalf("%s never came; log:\n%s", what, d.said)
		}
		time.Sleep(time.Millisecond)
	}
}

func (d *desk) cursors() []string {
	var names []string
	for _, c := range d.buffer.Cursors() {
		names = append(names, c.Name)
	}
	return names
}

func (d *desk) served() []string {
	var names []string
	for _, r := range d.deliveries() {
		names = append(names, r.subscription.JID)
	}
	return names
}

const (
	anne = "anne@sen2.example"
	bob  = "bob@sen2.example"
)

func TestSubscribersFollow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(0, 1) // before anybody subscribed: nobody's
	end := d.open()
	d.asks("subscribe", anne+"/desk", d.device(anne))
	d.until("anne", func() bool { return cmp.Equal(d.served(), []string{anne}) && len(d.cursors()) == 2 })
	d.put(1, 3)
	if got, want := d.next(), anne+": 1 2"; got != want {
		t.Errorf("posted %q, want %q", got, want)
	}
	d.asks("subscribe", bob+"/desk", d.device(bob)+"_n")
	d.until("bob", func() bool { return cmp.Equal(d.served(), []string{anne, bob}) })
	d.put(3, 4)
	got := []string{d.next(), d.next()}
	if got[0] > got[1] {
		got[0], got[1] = got[1], got[0]
	}
	if diff := cmp.Diff([]string{anne + ": 3", bob + ": 3"}, got); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	d.asks("unsubscribe", anne+"/desk", d.device(anne))
	d.until("the end of anne", func() bool { return cmp.Equal(d.served(), []string{bob}) })
	d.until("the end of her cursor", func() bool { return cmp.Equal(d.cursors(), []string{cursorPrefix + bob, slowPrefix + bob}) })
	d.put(4, 5)
	if got, want := d.next(), bob+": 4"; got != want {
		t.Errorf("posted %q, want %q", got, want)
	}
	end()
	if diff := cmp.Diff([]string{cursorPrefix + bob, slowPrefix + bob}, d.cursors()); diff != "" {
		t.Errorf("cursors after a stop (-want +got):\n%s", diff)
	}
}

// A subscriber keeps its place over a restart of the agent, and what came meanwhile is sent.
func TestSubscribersRestart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(0, 1)
	end := d.open()
	d.asks("subscribe", anne, d.device(anne))
	d.until("anne", func() bool { return len(d.served()) == 1 })
	d.put(1, 2)
	d.next()
	d.until("the acknowledgement", func() bool { return d.buffer.Cursors()[0].Pending == 0 })
	d.session.goAway()
	d.put(2, 3)
	d.until("the attempt", func() bool { return errors.Is(d.deliveries()[0].delivery.Stats().Err, xmpp.ErrAway) })
	end()
	d.put(3, 4)
	end = d.open()
	if got, want := d.next(), anne+": 2 3"; got != want {
		t.Errorf("after the restart %q is posted, want %q", got, want)
	}
	end()
}

// Who subscribes anew, as a client does that came back, is served at once although the delivery was waiting.
func TestSubscribersAskAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(0, 1)
	defer d.open()()
	d.asks("subscribe", anne, d.device(anne))
	d.until("anne", func() bool { return len(d.served()) == 1 })
	before := d.deliveries()[0]
	d.asks("subscribe", anne, d.device(anne))
	d.until("another delivery", func() bool { all := d.deliveries(); return len(all) == 1 && all[0] != before })
	select {
	case <-before.done:
	case <-time.After(30 * time.Second):
		t.Error("the former delivery still runs")
	}
}

// The place of somebody who unsubscribed just before a crash is not kept: who comes back begins with what comes then.
func TestSubscribersForgetOrphans(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, name := range []string{cursorPrefix + anne, slowPrefix + anne, "lognact lorient"} {
		if _, err := d.buffer.Cursor(name, buffer.Now()); err != nil {
			t.Fatal(err)
		}
	}
	d.put(0, 1)
	end := d.open()
	d.until("the end of the orphan", func() bool { return cmp.Equal(d.cursors(), []string{"lognact lorient"}) })
	d.asks("subscribe", anne, d.device(anne))
	d.until("anne", func() bool { return len(d.served()) == 1 })
	d.put(1, 2)
	if got, want := d.next(), anne+": 1"; got != want {
		t.Errorf("posted %q, want %q", got, want)
	}
	end()
}

// One subscriber who cannot be served, here for an address longer than a cursor's name, takes nothing from the others.
func TestSubscribersLeaveOneOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(0, 1)
	end := d.open()
	long := strings.Repeat("x", 250) + "@sen2.example"
	d.asks("subscribe", anne, d.device(anne))
	d.asks("subscribe", long, d.device(long))
	d.until("anne", func() bool { return cmp.Equal(d.served(), []string{anne}) })
	d.put(1, 2)
	if got, want := d.next(), anne+": 1"; got != want {
		t.Errorf("posted %q, want %q", got, want)
	}
	end()
	if !strings.Contains(d.said.String(), "subscribers not all served") {
		t.Errorf("log is %q", d.said)
	}
}

// What seldom changes waits for more, and delays nothing else; a restart sends what waited.
func TestSubscribersGatherSlowSeries(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(0, 1)
	end := d.open()
	d.asks("subscribe", anne, d.device(anne))
	d.until("anne", func() bool { return len(d.served()) == 1 })
	put := func(n int) {
		contract := senml.Record{Name: "linky/contract/power/subscribed", Unit: "kVA", Value: senml.NumberValue(float64(100 + n)), Time: float64(1_750_000_000 + n)}
		if _, err := d.buffer.Put(append(counted(n, n+1), contract)); err != nil {
			t.Fatal(err)
		}
	}
	put(1)
	got := []string{d.next(), d.next()}
	slices.Sort(got)
	put(2)
	got = append(got, d.next())
	put(3)
	got = append(got, d.next())
	d.until("the acknowledgement", func() bool { return d.buffer.Cursors()[0].Pending == 0 })
	end()
	end = d.open()
	got = append(got, d.next())
	end()
	want := []string{anne + ": 1", anne + ": 101", anne + ": 2", anne + ": 3", anne + ": 102 103"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
}

// Who asks for less is sent less, also of what waited over a restart.
func TestSubscribersThinOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(0, 1)
	end := d.open()
	d.asks("subscribe", anne, d.device(anne)+"_n", "dead_band", "10")
	d.until("anne", func() bool { return len(d.served()) == 1 })
	d.put(1, 30) // of the same hour as 0, which went before anybody asked
	got := []string{d.next()}
	d.session.goAway()
	d.put(30, 35)
	d.put(35, 50)
	d.until("the attempt", func() bool { return errors.Is(d.deliveries()[0].stats().Err, xmpp.ErrAway) })
	end()
	end = d.open()
	got = append(got, d.next())
	end()
	if diff := cmp.Diff([]string{anne + ": 10 20", anne + ": 30 40"}, got); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
}

// What is not granted stays, also when it was before: the gate is asked at each attempt.
func TestSubscribersGate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.book.Grants[0].Series = []string{"n"}
	d.put(0, 1)
	end := d.open()
	d.asks("subscribe", anne, d.device(anne))
	d.until("anne", func() bool { return len(d.served()) == 1 })
	secret := senml.Record{Name: "linky/tariff/label", Value: senml.NumberValue(99), Time: 1_750_000_000}
	if _, err := d.buffer.Put(append(counted(1, 2), secret)); err != nil {
		t.Fatal(err)
	}
	if got, want := d.next(), anne+": 1"; got != want {
		t.Errorf("posted %q, want %q", got, want)
	}
	d.until("the count", func() bool {
		stats := d.deliveries()[0].delivery.Stats()
		return stats.Withheld == 1 && stats.Records == 1
	})
	end()
}

// The page shows how each recipient is doing.
func TestRecipientsShown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(0, 1)
	defer d.open()()
	d.session.goAway()
	d.asks("subscribe", anne, d.device(anne))
	d.until("anne", func() bool { return len(d.served()) == 1 })
	d.put(1, 2)
	a := &agent{buffer: d.buffer, subscribers: d.subscribers}
	d.until("the attempt", func() bool { return a.recipientsShown()[0].Text.EN != "" })
	got := fmt.Sprintf("%+v", a.recipientsShown())
	want := "[{Name:" + anne + " State:waiting Pending:1 LastSent:0001-01-01 00:00:00 +0000 UTC Text:Its readings wait for the connection to the federation.}]"
	if got != want {
		t.Errorf("shown is %s, want %s", got, want)
	}
	if !errors.Is(d.deliveries()[0].delivery.Stats().Err, xmpp.ErrAway) {
		t.Error("the delivery does not say why")
	}
}
