package xmpp

import (
	"context"
	"errors"
	"time"
)

// How long a link may be silent before it is asked whether it lives, and how long its end may take. A link on which
// nothing waits and nothing comes is known to be dead after pingAfter + margin, to within two ticks.
const (
	pingAfter    = 60 * time.Second
	watchTick    = 5 * time.Second
	closeTimeout = 2 * time.Second
)

var errSilent = errors.New("the server has been silent for too long")

// watch breaks the silence of a connection, and gives up one whose server owes an answer for too long. Any byte counts
// as life, and the time for an answer includes that of all bytes before the question: a slow link that lives is never
// given up, and one that is cut unseen is, after patience(flight) at most.
func (l *link) watch(ctx context.Context, w *wire, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(watchTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		silence := w.conn.silence()
		if w.gauge.overdue(silence) {
			cancel(errSilent)
			return
		}
		if silence > pingAfter || silence > watchTick && w.gauge.doubtful() {
			select {
			case w.sound <- struct{}{}:
				l.queue.rouse()
			default:
			}
		}
	}
}

// confirm returns nil when our server has taken everything that was sent over this link before: stanzas are handled in
// order (RFC 6120 §10.1), and this one is answered. What a server counts (XEP-0198) does not do: nobody may have asked it
// how far it is since the last of several stanzas, and then it need not say.
func (l *link) confirm(ctx context.Context) error {
	_, err := l.query(ctx, l.pingRequest(), urgent)
	var refused *StanzaError
	if errors.As(err, &refused) { // a server that does not know pings has answered all the same
		return nil
	}
	return err
}

func (l *link) pingRequest() IQ {
	return IQ{Type: "get", To: l.self.Domain(), Payload: NewElement(nsPing, "ping")}
}
