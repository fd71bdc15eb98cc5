package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"releve/agent/config"
	"releve/agent/status"
	"releve/buffer"
	"releve/buffer/statefile"
	"releve/federation"
	"releve/federation/route"
)

// recipientPrefix names the cursors of the recipients of the configuration, before their kind and name.
const recipientPrefix = "recipient "

// outgoing is a recipient of the configuration and the delivery to it.
type outgoing struct {
	name, place string // place: of its cursor
	paused      bool   // nothing is sent; the place stays
	delivery    *federation.Delivery
	wake        chan struct{}
	tasks       []task              // what runs for it besides the delivery
	routes      *route.Gate         // nil without routes
	doubt       func() status.Words // what else there is to say of one that takes what it is sent; may be nil
	cursor      *buffer.Cursor
	tell        func(shown *status.Recipient) // what the page says of it besides; nil for nothing
	close       func() error                  // gives back what it holds; nil for nothing
}

// openRecipients prepares a delivery for each recipient of the configuration. Of those that are no longer in it the
// places are forgotten, and the nodes deleted: who comes back later begins with what comes then.
func (a *agent) openRecipients(context.Context) error {
	wanted := map[string]bool{}
	for _, r := range a.cfg.Recipients {
		one, err := a.newOutgoing(r)
		if err != nil {
			return fmt.Errorf("prepare recipient %s: %w", r.Name, err)
		}
		wanted[one.place] = true
		a.recipients = append(a.recipients, one)
	}
	if a.session != nil {
		a.session.OnLogin(a.wakeRecipients)
	}
	for _, c := range a.buffer.Cursors() {
		if !strings.HasPrefix(c.Name, recipientPrefix) || wanted[c.Name] || a.onTrial() {
			continue
		}
		if err := a.dismiss(c.Name); err != nil {
			return err
		}
	}
	return nil
}

func (a *agent) newOutgoing(r config.Recipient) (*outgoing, error) {
	one := &outgoing{name: r.Name, place: recipientPrefix + r.Kind + " " + r.Name, paused: r.Paused, wake: make(chan struct{}, 1)}
	place, err := a.buffer.Cursor(one.place, buffer.Now())
	if err != nil {
		return nil, err
	}
	one.cursor = place
	one.delivery = &federation.Delivery{
		Cursor: cursor{place, a.clock.Known()}, Rhythm: r.Every, Wake: one.wake, Log: a.log,
	}
	a.admit(r, one, r.Grantee())
	return one, a.reach(r, one)
}

// reach gives a delivery its recipient, which each kind makes in a file of its own. A kind of the federation also gives
// it the gate of who is behind its name.
func (a *agent) reach(r config.Recipient, one *outgoing) error {
	switch way := r.Way.(type) {
	case config.ToBMHS:
		return a.reachBMHS(r, way, one)
	case config.ToLognact:
		return a.reachLognact(r, way, one)
	case config.ToPride:
		a.reachPride(r.Name, way, one)
	case config.ToPubSub:
		return a.reachPubSub(r.Name, way, one)
	case config.ToReleve:
		a.reachReleve(r, way, one)
	case config.ToSEN1:
		a.reachSEN1(r, way, one)
	default:
		return fmt.Errorf("kind %s cannot be reached", r.Kind)
	}
	return nil
}

// onTrial says whether the configuration may yet be taken back: then nothing is forgotten.
func (a *agent) onTrial() bool {
	if a.remote == nil {
		return false
	}
	_, _, ok := a.remote.current()
	return ok
}

// dismiss forgets the place of a recipient that is no longer in the configuration.
func (a *agent) dismiss(place string) error {
	if name, hasNodes := strings.CutPrefix(place, recipientPrefix+config.KindPubSub+" "); hasNodes {
		return a.dismissPubSub(name, place)
	}
	if name, keeps := strings.CutPrefix(place, recipientPrefix+config.KindBMHS+" "); keeps {
		if err := a.dismissBMHS(name); err != nil {
			return err
		}
	}
	if name, parks := strings.CutPrefix(place, recipientPrefix+config.KindLognact+" "); parks {
		if err := statefile.Remove(a.parked(name)); err != nil {
			return err
		}
	}
	return errors.Join(a.buffer.RemoveCursor(place), a.book.Forget(place))
}

// closeRecipients gives back what those hold that send no more.
func (a *agent) closeRecipients() error {
	var errs []error
	for _, r := range a.recipients {
		if r.close != nil {
			errs = append(errs, r.close())
		}
	}
	return errors.Join(errs...)
}

// tasksOfRecipients is what runs for the recipients of the configuration.
func (a *agent) tasksOfRecipients() []task {
	var tasks []task
	for _, r := range a.recipients {
		if !r.paused {
			tasks = append(append(tasks, r.delivery), r.tasks...)
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
