package xmpp

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

const nsManagement = "urn:xmpp:sm:3"

// resumeFor is how long a session may be resumed when the server does not say (XEP-0198 §5).
const resumeFor = 5 * time.Minute

// tally counts the stanzas of one session both ways (XEP-0198 §4) and keeps those that our server has not acknowledged,
// so that a session goes on over another connection without losing or repeating any.
//
// A stanza that came in counts as handled once its handler is done: what a process that dies had not finished, the
// server keeps for the next session, or tells its sender. Handlers end in any order; what the server is told is how
// many are done without a gap. After a resumption it repeats the others, and those that are with a handler already are
// passed over.
type tally struct {
	mu       sync.Mutex // guards everything below
	on       bool       // the server counts: <enabled/> came
	asked    bool       // <enable/> was sent
	id       string     // with which the session is resumed; "" when it cannot be
	location string     // host:port where the server would like that to happen, or ""
	lasting  time.Duration

	received uint32 // in
	handled  uint32 // of them, without a gap
	done     map[uint32]bool
	repeated uint32 // of those that come next, we have these already

	sent    uint32 // out
	acked   uint32 // of them
	unacked []*item
	bytes   int // of them
}

func newTally() *tally {
	return &tally{done: map[uint32]bool{}}
}

// enable is the wish for counting and resumption (XEP-0198 §3). Every stanza after it is counted.
func (t *tally) enable() *Element {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = true
	return NewElement(nsManagement, "enable", "resume", "true")
}

// enabled reads the server's consent to it.
func (t *tally) enabled(e *Element) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on, t.received, t.handled = true, 0, 0
	if resumable := e.Attr("resume"); resumable == "true" || resumable == "1" {
		t.id, t.location = e.Attr("id"), e.Attr("location")
	}
	t.lasting = resumeFor
	if n, err := strconv.ParseUint(e.Attr("max"), 10, 16); err == nil {
		t.lasting = time.Duration(n) * time.Second
	}
}

// refused notes that the server does not count.
func (t *tally) refused() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on, t.asked, t.unacked, t.bytes = false, false, nil, 0
}

// resumable returns where to resume the session and for how long that is possible; ok is false when it is not.
func (t *tally) resumable() (location string, lasting time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.location, t.lasting, t.on && t.id != "" && t.lasting > 0
}

// resume is the wish to go on with the session (XEP-0198 §5).
func (t *tally) resume() *Element {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.repeated = t.received - t.handled
	return NewElement(nsManagement, "resume", "previd", t.id, "h", count(t.handled))
}

// arrive counts a stanza that came in. known says that it did before.
func (t *tally) arrive() (number uint32, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.repeated > 0 {
		t.repeated--
		return 0, true
	}
	t.received++
	return t.received, false
}

// finish counts a stanza as handled.
func (t *tally) finish(number uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done[number] = true
	for t.done[t.handled+1] {
		delete(t.done, t.handled+1)
		t.handled++
	}
}

// acknowledgement tells the server how many stanzas are handled.
func (t *tally) acknowledgement() *Element {
	t.mu.Lock()
	defer t.mu.Unlock()
	return NewElement(nsManagement, "a", "h", count(t.handled))
}

// sends counts a stanza that is about to be written and says whether it is kept until it is acknowledged.
func (t *tally) sends(it *item) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if it.bare || !t.asked {
		return false
	}
	t.sent++
	t.unacked = append(t.unacked, it)
	t.bytes += len(it.text)
	return t.on
}

// acknowledge notes that the server has handled h of our stanzas. It tells when h cannot be: what the server says then
// is worth nothing.
func (t *tally) acknowledge(h string) (ok bool) {
	n, err := strconv.ParseUint(h, 10, 32)
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh := uint32(n) - t.acked // modulo 2^32 (XEP-0198 §4)
	if err != nil || fresh > uint32(len(t.unacked)) {
		return false
	}
	for _, it := range t.unacked[:fresh] {
		t.bytes -= len(it.text)
	}
	clear(t.unacked[:fresh])
	t.unacked = t.unacked[fresh:]
	t.acked += fresh
	return true
}

// drop takes a stanza back that is not repeated after a resumption, and tells its sender: as the server has not handled it,
// it counts for neither side.
func (t *tally) drop(it *item, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.unacked, it)
	if i < 0 { // acknowledged meanwhile
		return
	}
	t.unacked = slices.Delete(t.unacked, i, i+1)
	t.bytes -= len(it.text)
	t.sent--
	if it.unsent != nil {
		it.unsent(err)
	}
}

// total is how many stanzas were sent.
func (t *tally) total() uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

// reached says whether the server has acknowledged that many of them, or more.
func (t *tally) reached(n uint32) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int32(t.acked-n) >= 0 // modulo 2^32
}

// pending returns what was not acknowledged, oldest first: what is to be sent again after a resumption.
func (t *tally) pending() []*item {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]*item(nil), t.unacked...)
}

// longest is the size of the longest stanza that was not acknowledged.
func (t *tally) longest() (size int) {
	for _, it := range t.pending() {
		size = max(size, len(it.text))
	}
	return size
}

// end tells the senders of what was not acknowledged that it may be lost.
func (t *tally) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, it := range t.unacked {
		if it.unsent != nil {
			it.unsent(err)
		}
	}
	t.unacked, t.bytes = nil, 0
}

// counting says whether the server counts, and how many bytes it has not acknowledged.
func (t *tally) counting() (on bool, bytes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.on, t.bytes
}

func count(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
