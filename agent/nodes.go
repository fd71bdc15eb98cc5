package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"releve/agent/config"
	"releve/buffer"
	"releve/buffer/statefile"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/pubsub"
	"releve/federation/xmpp"
)

// reachPubSub publishes packs on nodes of our server.
func (a *agent) reachPubSub(name string, way config.ToPubSub, one *outgoing) error {
	circle := a.book.Circle(name, textsOf(way.Readers))
	nodes := a.newNodes(name, way, circle)
	one.delivery.Recipient, one.delivery.Gate = nodes, circle
	one.tasks = []task{named{"readers of " + name, nodes.Care}}
	a.session.OnLogin(nodes.Greet)
	return a.noteService(name, way.Service)
}

func (a *agent) newNodes(name string, way config.ToPubSub, circle *consent.Circle) *pubsub.Recipient {
	devices := func() []string { return a.devices(circle) }
	return &pubsub.Recipient{
		Name: name, Session: a.session, Account: a.cfg.Federation.JID.Bare(), Service: way.Service, Circle: circle, Log: a.log,
		Devices: devices, Former: former{a.former, name, devices}, Erased: a.notary.erasures,
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

// dismissPubSub has the nodes of a recipient that is no longer in the configuration deleted at the next login, and its
// place forgotten with them, so that a restart before that remembers. While there is no session both stay.
func (a *agent) dismissPubSub(name, place string) error {
	if a.session == nil {
		return nil
	}
	service, err := a.serviceOf(name)
	if err != nil {
		return err
	}
	nodes := a.newNodes(name, config.ToPubSub{Service: service}, a.book.Circle(name, nil))
	a.session.OnLogin(a.farewell(name, place, nodes))
	return nil
}

// nodesFile holds at which service the nodes of each recipient are that names one: what is taken out of the configuration
// takes that along.
const nodesFile = "nodes.json"

// noteService remembers the service that a recipient names, or that it names none.
func (a *agent) noteService(name string, service xmpp.JID) error {
	all, err := a.services()
	if err != nil || all[name] == service.String() {
		return err
	}
	if all[name] = service.String(); all[name] == "" {
		delete(all, name)
	}
	return statefile.Write(a.state(nodesFile), all)
}

// serviceOf is the service a recipient named, the zero JID of one that named none.
func (a *agent) serviceOf(name string) (xmpp.JID, error) {
	all, err := a.services()
	if err != nil || all[name] == "" {
		return xmpp.JID{}, err
	}
	return xmpp.ParseJID(all[name])
}

// services are those that recipients named. A damaged file is set aside: what is found without it is deleted all the same.
func (a *agent) services() (map[string]string, error) {
	all, err := statefile.Read(a.state(nodesFile), func(all map[string]string) error {
		for _, service := range all {
			if _, err := xmpp.ParseJID(service); err != nil {
				return errors.New("a service is no address")
			}
		}
		return nil
	})
	var damaged *statefile.Damaged
	if errors.As(err, &damaged) {
		a.log.Warn("services of nodes forgotten", "error", err)
		err = nil
	}
	if all == nil {
		all = map[string]string{}
	}
	return all, err
}

// farewell is what to do at each login about a recipient that had nodes: nothing any more once they are gone. Its place goes
// last: it is what a restart remembers the recipient by.
func (a *agent) farewell(name, place string, nodes interface {
	Delete(ctx context.Context) error
}) func(ctx context.Context) {
	return a.untilDone(func(ctx context.Context) error {
		if err := nodes.Delete(ctx); err != nil {
			return err
		}
		if err := a.noteService(name, xmpp.JID{}); err != nil {
			return err
		}
		return a.buffer.RemoveCursor(place)
	}, "nodes of a former recipient not deleted", "recipient", name)
}

// untilDone does something at each login until that has gone well once, with all else of this kind one after the other.
func (a *agent) untilDone(do func(ctx context.Context) error, trouble string, of ...any) func(ctx context.Context) {
	done := false
	return func(ctx context.Context) {
		a.farewells.Lock()
		defer a.farewells.Unlock()
		if done {
			return
		}
		err := do(ctx)
		done = err == nil
		if err != nil && ctx.Err() == nil && !errors.Is(err, buffer.ErrClosed) {
			a.log.Warn(trouble, append(of, "error", federation.Discreet(err.Error()))...)
		}
	}
}

func textsOf[T fmt.Stringer](list []T) []string {
	var texts []string
	for _, one := range list {
		texts = append(texts, one.String())
	}
	return texts
}
