// Package federation hands packs to recipients: it takes them from a cursor, lets a gate withhold what is not granted,
// sends the rest, and moves the cursor only when the recipient has acknowledged.
//
// It knows neither how packs are stored nor how any recipient is reached.
package federation

import (
	"context"
	"errors"
	"fmt"

	"releve/senml"
)

// Recipient receives packs of resolved records. Send returns nil only on the recipient's own acknowledgement, or on
// the strongest sign that this kind of recipient can give. What it sends twice carries the same names and times.
type Recipient interface {
	fmt.Stringer
	Send(ctx context.Context, p senml.Pack) error
}

// Gradual is a Recipient that sends a pack in pieces, over minutes. Before each it asks whether the pack may still go, and
// ends with the error when not. granted may be asked from anywhere, also when a piece that waited is about to be written.
type Gradual interface {
	Recipient
	SendWhile(ctx context.Context, p senml.Pack, granted func() error) error
}

// ErrWithdrawn is the error of a pack of which something may not go any more, or not so. What is left of it is sent anew.
var ErrWithdrawn = errors.New("a consent has ended or changed meanwhile")

// ErrRefused marks an error of a recipient that will never take this pack. The delivery counts it and goes on.
var ErrRefused = errors.New("refused for good")

// ErrStopped marks an error of a recipient that takes nothing until somebody changes something, here or there. The
// delivery keeps everything and tries again seldom, and when it is woken.
var ErrStopped = errors.New("stopped until somebody mends it")

// ErrSilent marks an error of a recipient that was sent a pack and has not acknowledged it in time.
var ErrSilent = errors.New("no acknowledgement")

// Gate decides what of a pack a recipient may have, and under which names. It is asked again at each attempt, and anew once
// its scope is another, so that a consent withdrawn meanwhile also stops what was already waiting.
type Gate interface {
	Pass(p senml.Pack) senml.Pack
	// Scope is another word whenever what is granted, or how it is named, is other than it was. It costs little, and may
	// be asked from anywhere at any time.
	Scope() string
	// Leaving notes, so that no cut loses it, that these records of what the latest Pass let through are about to leave. Who
	// gave them other names says of each what it was called. With an error nothing may leave.
	Leaving(goes senml.Pack, was func(name string) string) error
	// Settled ends what began with the latest Pass: the recipient has what passed, or, when taken is false, never will.
	Settled(taken bool)
}

// Item is a pack and its place in the order of the buffer.
type Item struct {
	Seq  uint64
	Pack senml.Pack
}

// Cursor is one recipient's place in the buffer. Next waits until a pack is there; reading does not remove, and
// the same packs come again until Ack.
type Cursor interface {
	Next(ctx context.Context, limit int) ([]Item, error)
	Ack(seq uint64) error
}

// Erasing is a Cursor over a buffer from which readings may be erased. What was read before the latest erasure may have some
// of them, so it is not sent any more but read again.
type Erasing interface {
	Cursor
	Erasures() uint64 // how many there were
}
