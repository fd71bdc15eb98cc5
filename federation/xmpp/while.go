package xmpp

import "context"

// whileKey is where a context keeps what While was given.
type whileKey struct{}

// While returns a context with which a stanza leaves only as long as granted returns nil: it is asked at the moment when
// the stanza is written, however long that waited for its turn, and again before it is repeated over another connection.
// Otherwise the stanza is dropped, and its sender gets that error. Of one that is begun the rest follows: a stanza that
// is broken off ends the session. granted must not block, and is asked from elsewhere.
func While(ctx context.Context, granted func() error) context.Context {
	return context.WithValue(ctx, whileKey{}, granted)
}

// grantedBy returns what While put into a context, or nil.
func grantedBy(ctx context.Context) func() error {
	granted, _ := ctx.Value(whileKey{}).(func() error)
	return granted
}

// answering is what a handler said of the answer that it gives, and answeringKey where its context keeps that.
type (
	answering    struct{ granted func() error }
	answeringKey struct{}
)

// AnswerWhile is While for the answer of the handler that was called with ctx, which may wait for its turn after the
// handler has returned. A *StanzaError that granted returns is told in its place.
func AnswerWhile(ctx context.Context, granted func() error) {
	if o, ok := ctx.Value(answeringKey{}).(*answering); ok {
		o.granted = granted
	}
}
