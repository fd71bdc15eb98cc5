package pubsub

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/federation"
	"releve/federation/lab"
	"releve/federation/peer"
	"releve/federation/xmpp"
	"releve/senml"
)

const (
	secret = "pw"
	device = "urn:dev:org:60060-1f2e3d4c5b6a7988" // invented
)

var (
	maison = jid.MustParse("maison@breizh-sen1.example/releve")
	alice  = jid.MustParse("alice@breizh-sen2.example/board")
	voisin = jid.MustParse("voisin@breizh-sen2.example/desk")
	cousin = jid.MustParse("cousin@breizh-sen1.example/desk") // of the agent's own server
	quiet  = slog.New(slog.NewTextHandler(io.Discard, nil))
)

// circle is who may read, as the test wants it.
type circle struct {
	mu      sync.Mutex // guards everything below
	members []string
}

func (c *circle) Members() []string { c.mu.Lock(); defer c.mu.Unlock(); return slices.Clone(c.members) }
func (c *circle) Scope() string     { return fmt.Sprint(c.Members()) }
func (c *circle) Terms(string) []string {
	return []string{"retention", "P1Y", "origin", "meter"}
}

func (c *circle) set(members ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = members
}

// house publishes from one server, and its readers are on the other.
type house struct {
	t      *testing.T
	fed    *lab.Federation
	client *xmpp.Client
	circle *circle
	*Recipient
}

func newHouse(t *testing.T, own lab.Kind) *house {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	other := lab.Prosody
	if own == lab.Prosody {
		other = lab.Ejabberd
	}
	account := func(j xmpp.JID) lab.Account { return lab.Account{User: j.Localpart(), Password: secret} }
	h := &house{t: t, circle: &circle{}, fed: lab.New(t, lab.Options{Domains: []lab.Domain{
		{Name: maison.Domainpart(), Kind: own, Accounts: []lab.Account{account(maison), account(cousin)}},
		{Name: alice.Domainpart(), Kind: other, Accounts: []lab.Account{account(alice), account(voisin)}},
	}})}
	h.client = h.join(maison)
	h.restart()
	return h
}

// restart is an agent that remembers nothing of its nodes.
func (h *house) restart() {
	h.Recipient = &Recipient{
		Name: "tableau", Session: h.client, Account: maison.Bare(), Circle: h.circle, Log: quiet,
		Devices: func() []string { return []string{device} },
	}
}

func (h *house) join(j xmpp.JID) *xmpp.Client {
	h.t.Helper()
	c := h.dial(j)
	h.run(c)
	return c
}

func (h *house) dial(j xmpp.JID) *xmpp.Client {
	h.t.Helper()
	pem, err := os.ReadFile(h.fed.CAFile())
	if err != nil {
		h.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return xmpp.New(xmpp.Config{
		JID: j, Address: h.fed.Server(j.Domainpart()).Addr(), Log: quiet,
		RootCAs:  func() (*x509.CertPool, error) { return roots, nil },
		Password: func() (string, error) { return secret, nil },
		Identity: xmpp.Identity{Category: "client", Type: "bot", Name: "Relève", Version: "test", Node: "urn:releve"},
	})
}

func (h *house) run(c *xmpp.Client) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Run(ctx) }()
	h.t.Cleanup(func() { cancel(); <-done })
	h.until("a session", func() bool { return c.State().Up })
}

func (h *house) until(what string, is func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !is() {
		if time.Now().After(deadline) {
			h.t.Fatalf("%s: not within a minute", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (h *house) patience() context.Context {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	h.t.Cleanup(cancel)
	return ctx
}

// publish sends values, one a pack, and fails the test unless all are acknowledged.
func (h *house) publish(values ...float64) {
	h.t.Helper()
	for _, v := range values {
		if err := h.Send(h.patience(), pack(v)); err != nil {
			h.t.Fatalf("publish %v: %v", v, err)
		}
	}
}

func pack(v float64) senml.Pack {
	return senml.Pack{{Name: device + "_current/1", Unit: "A", Value: senml.NumberValue(v), Time: 1_700_000_000 + v}}
}

// reader is somebody who asks the service for the node.
type reader struct {
	*xmpp.Client
	h    *house
	jid  xmpp.JID
	came chan float64 // values of events
}

func (h *house) reader(j xmpp.JID) *reader {
	h.t.Helper()
	r := &reader{Client: h.dial(j), h: h, jid: j, came: make(chan float64, 100)}
	r.HandleMessage(nsPubSub+"#event", "event", func(_ context.Context, m xmpp.Message) error {
		for _, item := range childrenOf(m.Child(nsPubSub+"#event", "event").Child("", "items"), "item") {
			p, err := peer.Parse(item.Child(peer.NS, "pack"))
			if err != nil {
				h.t.Error(err)
				continue
			}
			v, _ := p[0].Value.Number()
			r.came <- v
		}
		return nil
	})
	h.run(r.Client)
	return r
}

func (r *reader) ask(typ string, inner *xmpp.Element) (*xmpp.Element, error) {
	r.h.t.Helper()
	r.h.mu.Lock()
	service := r.h.services[0]
	r.h.mu.Unlock()
	return r.Query(r.h.patience(), typ, service, xmpp.NewElement(nsPubSub, "pubsub").Add(inner))
}

func (r *reader) subscribe() error {
	_, err := r.ask("set", xmpp.NewElement("", "subscribe", "node", device, "jid", r.jid.Bare().String()))
	return err
}

// items fetches what lies on the node.
func (r *reader) items() (values []float64, err error) {
	answer, err := r.ask("get", xmpp.NewElement("", "items", "node", device))
	if err != nil {
		return nil, err
	}
	for _, item := range childrenOf(answer.Child("", "items"), "item") {
		p, err := peer.Parse(item.Child(peer.NS, "pack"))
		if err != nil {
			return nil, err
		}
		v, _ := p[0].Value.Number()
		values = append(values, v)
	}
	slices.Sort(values)
	return values, nil
}

// next waits for an event.
func (r *reader) next(want float64) {
	r.h.t.Helper()
	select {
	case got := <-r.came:
		if got != want {
			r.h.t.Errorf("an event with %v, want %v", got, want)
		}
	case <-time.After(time.Minute):
		r.h.t.Fatalf("no event with %v", want)
	}
}

func (r *reader) sees(want ...float64) {
	r.h.t.Helper()
	got, err := r.items()
	if err != nil {
		r.h.t.Errorf("%s fetches: %v", r.jid, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.h.t.Errorf("%s sees (-want +got):\n%s", r.jid, diff)
	}
}

// keptOut says that a stranger is refused whatever it asks for.
func (r *reader) keptOut() {
	r.h.t.Helper()
	if err := r.subscribe(); !isStanzaError(err) {
		r.h.t.Errorf("%s subscribes: %v", r.jid, err)
	}
	if got, err := r.items(); len(got) > 0 || err != nil && !isStanzaError(err) {
		r.h.t.Errorf("%s sees %v, %v", r.jid, got, err)
	}
	if len(r.came) > 0 {
		r.h.t.Errorf("%s was sent %v", r.jid, <-r.came)
	}
}

func isStanzaError(err error) bool {
	var told *xmpp.StanzaError
	return errors.As(err, &told)
}

// The nodes of a house on either server: who may read does, and nobody else, whatever changes.
func TestIntegrationNodes(t *testing.T) {
	t.Parallel()
	for _, own := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(own.String(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, own)
			a, stranger, neighbour := h.reader(alice), h.reader(voisin), h.reader(cousin)
			h.circle.set(alice.Bare().String())
			h.publish(1)
			t.Logf("the nodes are at %s", h.services[0])
			if err := a.subscribe(); err != nil {
				t.Fatal(err)
			}
			h.publish(2, 3)
			a.next(2)
			a.next(3)
			a.sees(1, 2, 3)
			stranger.keptOut()
			neighbour.keptOut()

			// Somebody joins, and sees nothing of what was there before.
			h.circle.set(alice.Bare().String(), cousin.Bare().String())
			h.Greet(h.patience())
			neighbour.sees()
			if err := neighbour.subscribe(); err != nil {
				t.Fatal(err)
			}
			h.publish(4)
			a.next(4)
			neighbour.next(4)

			// Who leaves gets nothing more, neither sent nor on asking.
			h.circle.set(cousin.Bare().String())
			if err := h.care(h.patience()); err != nil {
				t.Fatal(err)
			}
			h.publish(5)
			neighbour.next(5)
			neighbour.sees(5)
			a.keptOut()

			// An agent that was killed goes on, and what it publishes twice is there once.
			h.restart()
			h.publish(5, 6)
			neighbour.next(5)
			neighbour.next(6)
			neighbour.sees(5, 6)

			// Under another name all begins anew, and what lay under the old one is gone before.
			h.Former = &former{names: []string{device}}
			if err := h.care(h.patience()); err != nil {
				t.Fatal(err)
			}
			if values, err := neighbour.items(); !isStanzaError(err) {
				t.Errorf("under the old name there are still %v, %v", values, err)
			}
			h.publish(7)
			if err := neighbour.subscribe(); err != nil {
				t.Fatal(err)
			}
			h.publish(6)
			neighbour.next(6)

			checkRepairs(t, h, neighbour)
			checkRestart(t, h)
		})
	}
}

// checkRepairs lets somebody open the node, then delete it.
func checkRepairs(t *testing.T, h *house, member *reader) {
	t.Helper()
	n := node{h.client, h.services[0], device}
	if err := n.configure(h.patience(), accessModel, "open"); err != nil {
		t.Fatal(err)
	}
	if err := h.Send(h.patience(), pack(7)); err == nil || errors.Is(err, federation.ErrRefused) {
		t.Errorf("published on an open node: %v", err)
	}
	h.publish(7)
	if now, err := n.settings(h.patience()); err != nil || !isClosed(now) {
		t.Errorf("the node was left open: %+v, %v", now, err)
	}
	member.next(7)
	if _, err := n.query(h.patience(), "set", n.owner("delete")); err != nil {
		t.Fatal(err)
	}
	h.until("the node is back", func() bool { return h.Send(h.patience(), pack(8)) == nil })
	h.Greet(h.patience())
	h.publish(9)
	if got, err := member.items(); err != nil || !slices.Contains(got, 9) {
		t.Errorf("after the node was deleted its member sees %v, %v", got, err)
	}
}

// checkRestart stops the server of the house for a moment.
func checkRestart(t *testing.T, h *house) {
	t.Helper()
	server := h.fed.Server(maison.Domainpart())
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Send(h.patience(), pack(10)); err == nil {
		t.Error("published without a server")
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.until("a session again", func() bool { return h.client.State().Up })
	h.Greet(h.patience())
	h.publish(10)
}
