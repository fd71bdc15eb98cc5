package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"releve/federation/quoalise"
	"releve/federation/xmpp"
	"releve/senml"
)

// consumer subscribes to its agents, takes what they send, and acknowledges it.
type consumer struct {
	jid       xmpp.JID
	session   *xmpp.Client
	providers []xmpp.JID

	mu   sync.Mutex // guards everything below
	sum  volume
	seen map[string]map[int64]bool // milliseconds by series
}

// volume is how much was taken.
type volume struct{ messages, records int }

func (v volume) plus(w volume) volume { return volume{v.messages + w.messages, v.records + w.records} }
func (v volume) less(w volume) volume { return volume{v.messages - w.messages, v.records - w.records} }

func newConsumer(cfg xmpp.Config) *consumer {
	cfg.Priority = 1
	c := &consumer{jid: cfg.JID, session: xmpp.New(cfg), seen: map[string]map[int64]bool{}}
	c.session.Announce(quoalise.NS)
	c.session.HandleMessage(quoalise.NS, "quoalise", c.take)
	c.session.OnLogin(c.subscribe)
	return c
}

func (c *consumer) run(ctx context.Context) { _ = c.session.Run(ctx) } // returns nil

// take counts the records of a message. That it returns is the acknowledgement.
func (c *consumer) take(_ context.Context, m xmpp.Message) error {
	p, err := quoalise.ParseData(m.Child(quoalise.NS, "quoalise"), time.Now())
	if err != nil {
		return err
	}
	c.count(p)
	return nil
}

func (c *consumer) count(p senml.Pack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum = c.sum.plus(volume{1, len(p)})
	for _, r := range p {
		if c.seen[r.Name] == nil {
			c.seen[r.Name] = map[int64]bool{}
		}
		c.seen[r.Name][int64(r.Time*1000+0.5)] = true
	}
}

func (c *consumer) volume() volume {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum
}

func (c *consumer) different() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, times := range c.seen {
		n += len(times)
	}
	return n
}

// subscribe asks each agent for everything it lists, until it agrees.
func (c *consumer) subscribe(ctx context.Context) {
	for _, provider := range c.providers {
		for ctx.Err() == nil && c.ask(ctx, provider) != nil {
			time.Sleep(time.Second)
		}
	}
}

func (c *consumer) ask(ctx context.Context, provider xmpp.JID) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	items, err := c.session.ListItems(ctx, provider, quoalise.NodeSeries)
	if err != nil {
		return err
	}
	for _, item := range items[:min(1, len(items))] { // one series of the device stands for its name
		form := &xmpp.Form{Type: "submit", Fields: []xmpp.Field{{Var: "identifier", Type: "text-single", Values: []string{device(item.Node)}}}}
		if _, err := c.session.Execute(ctx, provider, "subscribe", form); err != nil {
			return err
		}
	}
	return nil
}

// device is what a series identifier says before its component (RFC 9039 §3).
func device(identifier string) string {
	name, _, _ := strings.Cut(identifier, "_")
	return name
}
