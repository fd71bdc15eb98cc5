package xmpp

import (
	"context"
	"errors"
	"time"
)

// How long a link may be silent, and how long its end may take.
const (
	pingAfter    = 60 * time.Second
	deadAfter    = 150 * time.Second // more than the time a stock shaper takes for a full answer
	closeTimeout = 2 * time.Second
)

var errSilent = errors.New("the server has been silent for too long")

// watch asks a silent server whether it lives. It counts any byte as life, so that a long answer in front of the
// ping does not look like death.
func (l *link) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(pingAfter / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch silence := l.conn.silence(); {
		case silence > deadAfter:
			cancel(errSilent)
			return
		case silence > pingAfter:
			go l.ping(ctx)
		}
	}
}

// confirm returns nil when our server has taken everything that was sent over this link before: stanzas are handled
// in order (RFC 6120 §10.1), and this one is answered.
func (l *link) confirm(ctx context.Context) error {
	_, err := l.query(ctx, l.pingRequest())
	var refused *StanzaError
	if errors.As(err, &refused) { // a server that does not know pings has answered all the same
		return nil
	}
	return err
}

// ping is XEP-0199 to the own server. Its answer is not waited for: the bytes are what counts.
func (l *link) ping(ctx context.Context) {
	ping := l.pingRequest()
	ping.ID = newID()
	l.answer(ctx, ping.element())
}

func (l *link) pingRequest() IQ {
	return IQ{Type: "get", To: l.session.LocalAddr().Domain(), Payload: NewElement(nsPing, "ping")}
}

// close says goodbye within closeTimeout and ends the connection.
func (l *link) close() {
	stuck := time.AfterFunc(closeTimeout, func() { l.conn.Close() })
	defer stuck.Stop()
	goodbye := NewElement(nsClient, "presence", "type", "unavailable")
	if err := l.send(context.Background(), goodbye); err == nil {
		_ = l.session.Close() // only writes </stream:stream>; the socket is ours
	}
	l.conn.Close()
}
