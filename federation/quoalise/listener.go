package quoalise

import (
	"context"
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
	l.Session.HandleMessage(NS, "quoalise", l.take)
	for _, f := range l.Followers {
		f.prepare()
		l.Session.OnLogin(f.Follow)
	}
}

// take hands a message to who follows its sender. A provider may push from another of its resources.
func (l *Listener) take(ctx context.Context, m xmpp.Message) error {
	ours := false
	for _, f := range l.Followers {
		if !m.From.Bare().Equal(f.Remote.Provider.Bare()) {
			continue
		}
		ours = true
		records, err := ParseData(m.Child(NS, "quoalise"), time.Now())
		if err != nil { // said, so that what comes after it does not wait for it for ever
			return xmpp.BadRequest(printable(err.Error()))
		}
		if err := f.push(ctx, records); err != nil {
			return err
		}
	}
	if !ours {
		return xmpp.ErrNotOurs
	}
	return nil
}
