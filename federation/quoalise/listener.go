package quoalise

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"releve/federation/xmpp"
)

// Listener takes what providers push, for those who follow them.
type Listener struct {
	Session   *xmpp.Client
	Followers []*Follower
}

// Register prepares the session. Call it before the session starts. A message is acknowledged once what it carried is
// safe, and not before.
func (l *Listener) Register() {
	l.Session.Announce(NS)
	l.Session.TakeMessage(NS, "quoalise", l.take)
	for _, f := range l.Followers {
		f.prepare()
		l.Session.OnLogin(f.Follow)
	}
}

// take hands a message to who follows its sender. A provider may push from another of its resources.
func (l *Listener) take(ctx context.Context, m xmpp.Message, settle func(error)) {
	var ours []*Follower
	for _, f := range l.Followers {
		if m.From.Bare().Equal(f.Remote.Provider.Bare()) {
			ours = append(ours, f)
		}
	}
	if len(ours) == 0 {
		settle(xmpp.ErrNotOurs)
		return
	}
	records, err := ParseData(m.Child(NS, "quoalise"), time.Now())
	if err != nil { // said, so that what comes after it does not wait for it for ever
		settle(xmpp.BadRequest(printable(err.Error())))
		return
	}
	settle = jointly(len(ours), settle)
	for _, f := range ours {
		f.push(ctx, slices.Clone(records), settle)
	}
}

// jointly settles once so many have, with the first error.
func jointly(n int, settle func(error)) func(error) {
	var mu sync.Mutex
	var first error
	return func(err error) {
		mu.Lock()
		first = cmp.Or(first, err)
		n--
		last := n == 0
		mu.Unlock()
		if last {
			settle(first)
		}
	}
}
