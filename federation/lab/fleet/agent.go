package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"releve/federation"
	"releve/federation/consent"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
)

// agent is one emulated agent: the parts of the product that take part in the federation, on a made-up source.
type agent struct {
	jid           xmpp.JID
	session       *xmpp.Client
	source        *source
	subscriptions *quoalise.Subscriptions
	book          *consent.Book
	log           *slog.Logger
}

// newAgent prepares an agent that one consumer may see everything of. Of every number another moment begins its turns.
func newAgent(cfg xmpp.Config, dir, to string, every time.Duration, number int) (*agent, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	key, err := consent.LoadKey(filepath.Join(dir, "pseudonym.key"))
	if err != nil {
		return nil, err
	}
	subscriptions, err := quoalise.OpenSubscriptions(filepath.Join(dir, "subscriptions.json"))
	if err != nil {
		return nil, err
	}
	a := &agent{
		jid: cfg.JID, session: xmpp.New(cfg), subscriptions: subscriptions, log: cfg.Log,
		source: newSource(every, number),
		book: &consent.Book{
			Key: key, PRM: func(string) string { return "" },
			Grants: []consent.Grant{{To: to, Series: []string{"*"}, Resolution: consent.Live, Purpose: "fleet"}},
		},
	}
	provider := &quoalise.Provider{
		Session: a.session, Archive: a.source, Consent: a.book, Subscriptions: subscriptions, Describe: describe, Log: cfg.Log,
	}
	provider.Offer()
	return a, nil
}

func describe(path string) quoalise.Measurement {
	direction, quantity, _ := strings.Cut(path, "/")
	return quoalise.Measurement{Name: path, Direction: direction, Quantity: quantity, Type: "electrical", Unit: "VA"}
}

func (a *agent) up() bool         { return a.session.State().Up }
func (a *agent) subscribed() bool { return len(a.subscriptions.All()) == 1 }

// run keeps the session, and delivers to whoever subscribes.
func (a *agent) run(ctx context.Context) {
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(func() { _ = a.session.Run(ctx) }) // returns nil
	select {
	case <-ctx.Done():
		return
	case <-a.subscriptions.Changed():
	}
	wake := make(chan struct{}, 1)
	one := a.subscriptions.All()[0]
	to, err := xmpp.ParseJID(one.JID)
	if err != nil {
		panic(fmt.Sprintf("the list of subscriptions holds %q", one.JID)) // it checks them itself
	}
	a.source.begin()
	delivery := &federation.Delivery{
		Recipient: &quoalise.Subscriber{Session: a.session, JID: to, Receipts: one.Receipts, Describe: describe},
		Cursor:    a.source, Gate: a.book.Gate(one.JID, one.JID, one.Wants), Wake: wake, Log: a.log,
	}
	both.Go(func() { _ = delivery.Run(ctx) }) // the source has no errors
}
