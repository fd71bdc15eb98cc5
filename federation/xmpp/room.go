package xmpp

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// How long a room stays as small as it was found, before twice as much is tried.
const (
	roomFirst = time.Hour
	roomMost  = 24 * time.Hour
)

// ErrNoRoom means that a stanza is larger than what its recipient, or our own server, was found to take. It may be taken
// later, and smaller ones are now.
var ErrNoRoom = errors.New("the stanza is larger than was found to be taken")

// Room is how large a stanza to one recipient may be. The servers on the way to it do not say: one that is too large for
// them comes back, or disappears with whatever was behind it. So the second silence in a row halves what is sent, and
// every one after it; a refusal halves it at once. After a while twice as much is tried again, which waits longer each
// time that it fails. The zero value, and nil, is the room of a recipient that nothing is known of.
type Room struct {
	mu       sync.Mutex // guards everything below
	most     int        // bytes; 0 when it never failed
	silences int        // about long stanzas, in a row
	quiet    int        // bytes of the shortest of those
	grown    bool       // since it was found too large
	wait     time.Duration
	next     time.Time // when it grows
}

// Most is the largest stanza that is tried now, in bytes.
func (r *Room) Most() int {
	if r == nil {
		return MaxStanza
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now()
}

func (r *Room) now() int {
	if r.most > 0 && !time.Now().Before(r.next) {
		r.most, r.grown, r.next = 2*r.most, true, time.Now().Add(r.wait)
	}
	if r.most == 0 || r.most >= MaxStanza {
		r.most = 0
		return MaxStanza
	}
	return r.most
}

// Took notes that what was sent was acknowledged, of which the largest stanza had that size. A short one says nothing of
// long ones: other stanzas to the same recipient may be on their way all the time.
func (r *Room) Took(size int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if size >= r.quiet || r.most > 0 && size > r.most/2 { // or fills what room there is
		r.silences = 0
	}
}

// Silent notes that nothing was heard of what was sent, of which the largest stanza had that size.
func (r *Room) Silent(size int) {
	if r == nil || size <= leastStanza {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.silences == 0 || size < r.quiet {
		r.quiet = size
	}
	if r.silences++; r.silences > 1 {
		r.shrink(size)
	}
}

// TooLarge notes that a stanza of that size was refused for its size, and says whether smaller ones are to be tried.
func (r *Room) TooLarge(size int) (smaller bool) {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shrink(size)
}

func (r *Room) shrink(size int) bool {
	if size <= leastStanza {
		return false
	}
	switch {
	case r.wait == 0:
		r.wait = roomFirst
	case r.grown:
		r.wait = min(2*r.wait, roomMost)
	}
	r.most = min(r.now(), max(leastStanza, size/2))
	r.grown, r.next = false, time.Now().Add(r.wait)
	return true
}

// rooms are those of all recipients, by bare address. There are as many as a household has given grants to.
type rooms struct {
	mu sync.Mutex // guards everything below
	of map[string]*Room
}

func (r *rooms) room(to JID) *Room {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[string]*Room{}
	}
	bare := to.Bare().String()
	if r.of[bare] == nil {
		r.of[bare] = &Room{}
	}
	return r.of[bare]
}

// known returns the room of somebody who was sent data, nil for who was not.
func (r *rooms) known(to JID) *Room {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[to.Bare().String()]
}

// fits says whether a stanza of that size can be sent now to who has that room.
func (l *link) fits(size int, room *Room) error {
	most := min(l.terms.stanza(), room.Most())
	switch {
	case size > l.terms.stated():
		return ErrTooBig
	case size > most:
		return fmt.Errorf("%w, %d bytes: it has %d", ErrNoRoom, most, size)
	}
	return nil
}
