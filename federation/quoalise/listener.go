package quoalise

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"releve/federation/xmpp"
	"releve/senml"
)

const (
	requestTimeout = 2 * time.Minute // as the reference client's
	askAgain       = 2 * time.Second // a provider that is not ready or away, at first
	askSeldom      = 5 * time.Minute // in the end: a consent may be given any day
)

// Listener subscribes to a provider at each login and hands on what comes from it.
type Listener struct {
	Session     *xmpp.Client
	Provider    xmpp.JID // full
	Identifiers []string // empty: everything the provider lists for us
	Take        func(ctx context.Context, p senml.Pack) error
	Refused     func(err error) // told when asking again cannot help; may be nil
	Log         *slog.Logger
}

// Register prepares the session. Call it before the session starts. A message is acknowledged once Take has returned
// nil for it.
func (l *Listener) Register() {
	l.Session.Announce(NS)
	l.Session.HandleMessage(NS, "quoalise", l.take)
	l.Session.OnLogin(l.subscribe)
}

func (l *Listener) take(ctx context.Context, m xmpp.Message) error {
	if !m.From.Bare().Equal(l.Provider.Bare()) {
		return xmpp.ErrNotOurs
	}
	records, err := ParseData(m.Child(NS, "quoalise"), time.Now())
	if err != nil { // said, so that what comes after it does not wait for it for ever
		return xmpp.BadRequest(err.Error())
	}
	return l.Take(ctx, records)
}

// subscribe asks until everything wanted is subscribed. Only a refusal that asking again cannot change ends it.
func (l *Listener) subscribe(ctx context.Context) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = askAgain, askSeldom
	for ctx.Err() == nil {
		n, err := l.attempt(ctx)
		var refusal *xmpp.StanzaError
		switch {
		case err == nil:
			l.Log.Info("subscribed", "provider", l.Provider.String(), "identifiers", n)
			return
		case errors.As(err, &refusal) && refusal.Condition == "bad-request":
			l.Log.Error("subscription refused", "error", err)
			if l.Refused != nil {
				l.Refused(err)
			}
			return
		}
		wait := pause.NextBackOff()
		l.Log.Info("not subscribed yet", "provider", l.Provider.String(), "error", err, "retry_in", wait.Round(time.Millisecond))
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (l *Listener) attempt(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	wanted := l.Identifiers
	if len(wanted) == 0 {
		var err error
		if wanted, err = l.devices(ctx); err != nil {
			return 0, err
		}
	}
	for _, id := range wanted {
		form := &xmpp.Form{Type: "submit", Fields: []xmpp.Field{{Var: "identifier", Type: "text-single", Values: []string{id}}}}
		if _, err := l.Session.Execute(ctx, l.Provider, "subscribe", form); err != nil {
			return 0, err
		}
	}
	return len(wanted), nil
}

// devices returns the devices of all series the provider lists for us.
func (l *Listener) devices(ctx context.Context) ([]string, error) {
	items, err := l.Session.ListItems(ctx, l.Provider, NodeSeries)
	if err != nil {
		return nil, err
	}
	var devices []string
	for _, item := range items {
		device, _ := splitIdentifier(item.Node)
		devices = append(devices, device)
	}
	slices.Sort(devices)
	devices = slices.Compact(devices)
	if len(devices) == 0 {
		return nil, errors.New("the provider lists no series for us: a consent may be missing, or nothing has been read yet")
	}
	return devices, nil
}
