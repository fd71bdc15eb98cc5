package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"releve/agent/config"
	"releve/federation/lab"
	"releve/federation/peer"
	"releve/federation/xmpp"
	"releve/senml"
)

// guest is somebody on the other domain who is handed readings without having subscribed, in this process.
type guest struct {
	h        *household
	session  *xmpp.Client
	received *received
}

// newGuest prepares a session of a new account.
func (h *household) newGuest(user string) *guest {
	h.t.Helper()
	account := lab.Account{User: user, Password: "pw"}
	h.register(consumerDomain, account)
	h.write(user+".toml", session(addressOf(account, consumerDomain)+"/releve", h.path("password"),
		h.servers.Server(consumerDomain).Addr(), h.servers.CAFile()))
	c, err := config.Load(h.path(user + ".toml"))
	must(h.t, err)
	return &guest{h: h, session: newSession(c, 0, quiet), received: &received{}}
}

func (g *guest) run() {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = g.session.Run(ctx) })
	g.h.t.Cleanup(func() { cancel(); done.Wait() })
	g.h.until("a session of a guest", patience, func() bool { return g.session.State().Up })
}

func (g *guest) take(p senml.Pack) {
	g.received.mu.Lock()
	defer g.received.mu.Unlock()
	for _, r := range p {
		g.received.arrivals = append(g.received.arrivals, arrival{r, time.Now()})
	}
}

// check holds what the guest has against what the household stored.
func (g *guest) check() {
	g.h.t.Helper()
	(&household{t: g.h.t, dir: g.h.dir, began: g.h.began, received: g.received}).check()
}

func (g *guest) arrives(n int) {
	g.h.t.Helper()
	had := g.received.count()
	g.h.until("records at a guest", patience, func() bool { return g.received.count() >= had+n })
}

// acknowledging is a guest that answers each pack once it has it.
func (h *household) acknowledging(user string) *guest {
	g := h.newGuest(user)
	house, err := xmpp.ParseJID(addressOf(h.house, houseDomain))
	must(h.t, err)
	r := &peer.Receiver{From: []xmpp.JID{house}, Log: quiet, Take: func(_ context.Context, _ xmpp.JID, p senml.Pack) error {
		g.take(p)
		return nil
	}}
	r.Register(g.session)
	g.run()
	return g
}

const eventNS = "http://jabber.org/protocol/pubsub"

// reading is a guest that is sent the items of the node that it is to be let in to.
func (h *household) reading(user string) *guest {
	g := h.newGuest(user)
	g.session.HandleMessage(eventNS+"#event", "event", func(_ context.Context, m xmpp.Message) error {
		for _, item := range m.Child(eventNS+"#event", "event").Child("", "items").Children {
			p, err := peer.Parse(item.Child(peer.NS, "pack"))
			if err != nil {
				h.t.Error(err)
				continue
			}
			g.take(p)
		}
		return nil
	})
	g.run()
	return g
}

// subscribe finds the node of the house and subscribes to it, as soon as it may.
func (g *guest) subscribe() {
	g.h.t.Helper()
	service, err := xmpp.ParseJID("pubsub." + houseDomain)
	must(g.h.t, err)
	g.h.until("a subscription", patience, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		nodes, err := g.session.ListItems(ctx, service, "")
		if err != nil || len(nodes) == 0 {
			return false
		}
		request := xmpp.NewElement(eventNS, "pubsub").Add(
			xmpp.NewElement("", "subscribe", "node", nodes[0].Node, "jid", g.session.State().JID.Bare().String()))
		_, err = g.session.Query(ctx, "set", service, request)
		return err == nil
	})
}

// The recipients of the configuration have everything that was stored since they were let in, through kill -9 of the
// agent, beside a subscriber; a recipient that is taken out of the configuration leaves nothing on the server.
func TestIntegrationRecipients(t *testing.T) {
	t.Parallel()
	h := newHousehold(t, lab.Ejabberd)
	server, board := h.acknowledging("serveur"), h.reading("tableau")
	alone, err := os.ReadFile(h.path("agent.toml"))
	must(t, err)
	guests := ""
	for _, name := range []string{"serveur", "tableau"} {
		guests += fmt.Sprintf("[[grant]]\nto = %q\nseries = [\"*\"]\npurpose = \"test\"\n", name)
	}
	h.write("agent.toml", string(alone)+guests+fmt.Sprintf(`
[[recipient]]
name = "serveur"
kind = "releve"
to = "serveur@%[1]s"
[[recipient]]
name = "tableau"
kind = "pubsub"
readers = ["tableau@%[1]s"]
`, consumerDomain))
	h.restartAgent()
	server.arrives(10)
	board.subscribe()
	board.arrives(10)
	h.arrives(10) // the subscriber too has asked for them by now
	for range 2 {
		h.agent.end(syscall.SIGKILL)
		h.startAgent()
		server.arrives(10)
		board.arrives(10)
	}
	h.drain()
	server.check()
	board.check()
	h.check()

	h.write("agent.toml", string(alone))
	h.startAgent()
	service, err := xmpp.ParseJID("pubsub." + houseDomain)
	must(t, err)
	h.until("the node is gone", patience, func() bool {
		nodes, err := server.session.ListItems(t.Context(), service, "")
		return err == nil && len(nodes) == 0
	})
}
