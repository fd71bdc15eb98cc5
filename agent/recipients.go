package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"releve/agent/config"
	"releve/buffer"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/peer"
	"releve/federation/pubsub"
	"releve/federation/sen1"
)

// recipientPrefix names the cursors of the recipients of the configuration, before their kind and name.
const recipientPrefix = "recipient "

// outgoing is a recipient of the configuration and the delivery to it.
type outgoing struct {
	name, place string // place: of its cursor
	delivery    *federation.Delivery
	wake        chan struct{}
	nodes       *pubsub.Recipient // nil unless it is of that kind
}

// openRecipients prepares a delivery for each recipient of the configuration. Of those that are no longer in it the
// places are forgotten, and the nodes deleted: who comes back later begins with what comes then.
func (a *agent) openRecipients(book *consent.Book) error {
	wanted := map[string]bool{}
	for _, r := range a.cfg.Recipients {
		one, err := a.newOutgoing(r, book)
		if err != nil {
			return fmt.Errorf("prepare recipient %s: %w", r.Name, err)
		}
		wanted[one.place] = true
		a.recipients = append(a.recipients, one)
	}
	a.session.OnLogin(a.wakeRecipients)
	for _, c := range a.buffer.Cursors() {
		if !strings.HasPrefix(c.Name, recipientPrefix) || wanted[c.Name] {
			continue
		}
		if err := a.dismiss(c.Name, book); err != nil {
			return err
		}
	}
	return nil
}

func (a *agent) newOutgoing(r config.Recipient, book *consent.Book) (*outgoing, error) {
	one := &outgoing{name: r.Name, place: recipientPrefix + r.Kind + " " + r.Name, wake: make(chan struct{}, 1)}
	place, err := a.buffer.Cursor(one.place, buffer.Now())
	if err != nil {
		return nil, err
	}
	one.delivery = &federation.Delivery{
		Cursor: cursor{place, a.clock.Known()}, Rhythm: a.cfg.Federation.PushEvery, Wake: one.wake, Log: a.log,
	}
	if r.Kind == config.KindPubSub {
		circle := book.Circle(r.Name, textsOf(r.Readers))
		one.nodes = a.newNodes(r, circle)
		one.delivery.Recipient, one.delivery.Gate = one.nodes, circle
		a.session.OnLogin(one.nodes.Greet)
		return one, nil
	}
	one.delivery.Recipient = peer.New(a.session, r.To)
	one.delivery.Gate = a.namedAs(r.Naming, book.Gate(r.To.Bare().String(), nil))
	return one, nil
}

// namedAs gives what passes a gate the names that the recipient wants.
func (a *agent) namedAs(naming string, gate federation.Gate) federation.Gate {
	if naming != config.NamingSEN1 {
		return gate
	}
	own := a.cfg.Federation.JID
	return sen1.Gate{Gate: gate, App: own.Localpart(), Server: own.Domainpart()}
}

func (a *agent) newNodes(r config.Recipient, circle *consent.Circle) *pubsub.Recipient {
	return &pubsub.Recipient{
		Name: r.Name, Session: a.session, Account: a.cfg.Federation.JID.Bare(), Service: r.Service, Circle: circle, Log: a.log,
		Devices: func() []string { return a.devices(circle) },
	}
}

// devices are the names, in a circle, of all that the buffer has series of.
func (a *agent) devices(circle *consent.Circle) []string {
	var all []string
	for _, s := range a.buffer.Series() {
		meter, _, _ := strings.Cut(s.Name, "/")
		all = append(all, circle.Device(meter))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// dismiss forgets the place of a recipient that is no longer in the configuration. What it had on our server goes at
// the next login, and the place with it, so that a restart before that remembers.
func (a *agent) dismiss(place string, book *consent.Book) error {
	name, hasNodes := strings.CutPrefix(place, recipientPrefix+config.KindPubSub+" ")
	if !hasNodes {
		return a.buffer.RemoveCursor(place)
	}
	nodes := a.newNodes(config.Recipient{Name: name}, book.Circle(name, nil))
	a.session.OnLogin(a.farewell(name, place, nodes))
	return nil
}

// farewell is what to do at each login about a recipient that had nodes: nothing any more once they are gone.
func (a *agent) farewell(name, place string, nodes interface {
	Delete(ctx context.Context) error
}) func(ctx context.Context) {
	var mu sync.Mutex // one login at a time
	gone := false
	return func(ctx context.Context) {
		mu.Lock()
		defer mu.Unlock()
		if gone {
			return
		}
		err := nodes.Delete(ctx)
		if err == nil {
			err = a.buffer.RemoveCursor(place)
		}
		gone = err == nil
		if err != nil && ctx.Err() == nil && !errors.Is(err, buffer.ErrClosed) {
			a.log.Warn("nodes of a former recipient not deleted", "recipient", name, "error", err)
		}
	}
}

// tasksOfRecipients is what runs for the recipients of the configuration.
func (a *agent) tasksOfRecipients() []task {
	var tasks []task
	for _, r := range a.recipients {
		tasks = append(tasks, r.delivery)
		if r.nodes != nil {
			tasks = append(tasks, named{"readers of " + r.name, r.nodes.Care})
		}
	}
	return tasks
}

// wakeRecipients makes every delivery that waits to try again do so now.
func (a *agent) wakeRecipients(context.Context) {
	for _, r := range a.recipients {
		rouse(r.wake)
	}
}

// rouse ends the wait of a delivery before it tries again; one that does not wait hears of it at its next wait.
func rouse(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

func textsOf[T fmt.Stringer](list []T) []string {
	var texts []string
	for _, one := range list {
		texts = append(texts, one.String())
	}
	return texts
}
