package buffer_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"releve/buffer"
	"releve/senml"
)

// TestPowerCut cuts the power at every stage of random work, and wants each time all that had been called durable,
// nothing that was never put, and nothing set aside, see cutCheck.
//
// The disk is modelled: an image of the folder says what is durable, and one is taken whenever something is written:
// before Badger's files are synced and when they are, after each entry of the journal and each time it is emptied, and
// after each step. What is not synced, such as what was rolled up or trimmed, stays so until the next sync. What a cut
// leaves is the durable image with any of the blocks written since, 512 or 4096 bytes each, in any order; a new file may
// be absent, empty, of zeros or whole; one that goes may be there, empty or gone; a file has its old length or its new
// one. What cannot be is held back: Badger syncs a table before MANIFEST knows it and MANIFEST before files go. That a
// block is written whole or not at all, and that what was synced stays, is what we take the card's word for.
//
// BUFFER_CUTS sets how many steps of work there are besides the first ones, which are always the same.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	steps, each := 12, 1
	if testing.Short() {
		steps = 0
	}
	if n, err := strconv.Atoi(os.Getenv("BUFFER_CUTS")); err == nil {
		steps, each = n, 4
	}
	w := &worker{
		t: t, random: rand.New(rand.NewPCG(uint64(each), 4)), dir: filepath.Join(t.TempDir(), "buffer"), each: each,
		clock: noon.Add(48 * time.Hour), kept: kept{packs: map[buffer.Seq]timed{}, cursors: map[string]span{}},
	}
	w.open()
	for _, deed := range []func(){
		w.hold, w.storeMany, w.fold, w.date, w.ack, w.holdLarge, w.hold, w.date, w.pass, w.settle, w.storeLarge, w.storeMany,
		w.addCursor, w.trim, w.reopen,
	} {
		w.do(deed)
	}
	for range steps {
		w.do(w.deed())
	}
	t.Logf("%d cuts, %d packs and %d undated ones called durable, all there each time", w.cuts, len(w.packs), len(w.undated))
}

// worker does random work and cuts the power meanwhile.
type worker struct {
	t      *testing.T
	random *rand.Rand
	dir    string
	clock  time.Time
	b      *buffer.Buffer
	c      *buffer.Cursor

	disk disk // what is durable
	kept
	cuts int
	each int // cuts a stage

	emptied bool // the journal was, since fold has looked
}

// cutAge is how long packs are kept.
const cutAge = 3 * time.Hour

func (w *worker) options(dir string) buffer.Options {
	return buffer.Options{Dir: dir, MaxAge: cutAge, AckDelay: time.Hour}.WithClock(func() time.Time { return w.clock })
}

func (w *worker) open() {
	b, err := buffer.Open(w.options(w.dir).WithWatch(w.watch))
	if err != nil {
		w.t.Fatal(err)
	}
	w.b = b
	w.c = cursor(w.t, b, "c", buffer.Beginning())
	w.acknowledged("c")
	w.disk = takeDisk(w.t, w.dir)
}

// watch cuts the power while what was written is not synced. What is synced is durable.
func (w *worker) watch(point string) {
	if w.disk == nil || w.t.Failed() {
		return
	}
	now := takeDisk(w.t, w.dir)
	switch point {
	case "written":
		w.cut(now, w.each*int(stages))
	case "synced":
		w.disk = now
	case "moved":
		w.cut(now, w.each*int(stages))
	case "emptied":
		w.emptied = true
		w.cut(now, w.each*int(stages))
		w.disk = w.disk.and("JOURNAL", now)
	case "entered":
		w.cut(now, w.each)
		w.disk = w.disk.and("JOURNAL", now)
	}
}

// deed is something to do.
func (w *worker) deed() func() {
	deeds := []struct {
		weight int
		do     func()
	}{
		{8, w.store}, {1, w.storeMany}, {1, w.storeLarge}, {4, w.hold}, {1, w.holdLarge}, {3, w.date}, {4, w.ack},
		{3, w.fold}, {2, w.pass}, {2, w.settle}, {2, w.trim}, {2, w.addCursor}, {2, w.reopen},
	}
	n := w.random.IntN(35)
	for _, deed := range deeds {
		if n -= deed.weight; n < 0 {
			return deed.do
		}
	}
	return w.store
}

// do does something and cuts the power when it is done.
func (w *worker) do(deed func()) {
	if w.t.Failed() {
		return
	}
	deed()
	w.arrived()
	w.cut(takeDisk(w.t, w.dir), w.each)
	w.clock = w.clock.Add(time.Minute)
}

func (w *worker) store() { w.put(minute(w.clock.Add(-time.Minute), 1+w.random.IntN(40))) }

func (w *worker) storeMany() {
	for range 12 {
		w.store()
		w.arrived()
		w.clock = w.clock.Add(time.Minute)
	}
}

// storeLarge puts a pack that is too large for the journal.
func (w *worker) storeLarge() { w.put(w.large()) }

func (w *worker) large() senml.Pack {
	return noise(rand.NewChaCha8([32]byte{byte(len(w.packs)), byte(len(w.undated))}), w.clock, 120_000)
}

func (w *worker) put(p senml.Pack) {
	w.coming = timed{p, w.clock}
	w.packs[put(w.t, w.b, p)] = w.coming
	w.written()
}

// hold puts packs without a date.
func (w *worker) hold() {
	for range 1 + w.random.IntN(4) {
		w.putUndated(senml.Pack{w.fresh(), w.fresh()})
	}
}

func (w *worker) holdLarge() {
	p := append(w.large(), w.fresh())
	p[0].Time = p[1].Time
	w.putUndated(p)
}

func (w *worker) putUndated(p senml.Pack) {
	putUndated(w.t, w.b, "boot", p)
	w.arrived()
}

// date dates what waits. Its age counts from now.
func (w *worker) date() {
	date(w.t, w.b, "boot", from(noon))
	for ; w.dated < len(w.undated); w.dated++ {
		if at := &w.undated[w.dated].at; w.isDue(*at) { // what is not may have gone undated
			*at = w.clock
		}
	}
	w.written()
}

func (w *worker) ack() {
	if seqs := slicesOf(w.packs); len(seqs) > 0 {
		w.move("c", seqs[w.random.IntN(len(seqs))])
		ack(w.t, w.c, w.cursors["c"].last)
	}
	if w.random.IntN(2) == 0 {
		if err := w.b.WriteCursors(); err != nil {
			w.t.Fatal(err)
		}
		w.written()
	}
}

// addCursor makes a cursor or takes one away.
func (w *worker) addCursor() {
	const name = "d"
	if _, known := w.cursors[name]; known {
		delete(w.cursors, name)
		if err := w.b.RemoveCursor(name); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	cursor(w.t, w.b, name, buffer.Now())
	w.acknowledged(name)
}

// acknowledged notes where a new cursor is.
func (w *worker) acknowledged(name string) {
	for _, c := range w.b.Cursors() {
		if _, known := w.cursors[name]; c.Name == name && !known {
			w.cursors[name] = span{c.Acked, c.Acked}
		}
	}
}

// fold writes acknowledgements too, unless there is nothing in the journal.
func (w *worker) fold() {
	w.emptied = false
	if err := w.b.Fold(); err != nil {
		w.t.Fatal(err)
	}
	if w.emptied {
		w.written()
	}
}

// pass lets time pass, so that hours are over.
func (w *worker) pass() { w.clock = w.clock.Add(time.Hour) }

// settle rolls up what is over.
func (w *worker) settle() {
	if err := w.b.Settle(); err != nil {
		w.t.Fatal(err)
	}
}

// trim lets packs go, and the space they took.
func (w *worker) trim() {
	w.clock = w.clock.Add(2 * time.Hour)
	if err := errors.Join(w.b.Trim(), w.b.Reclaim()); err != nil {
		w.t.Fatal(err)
	}
}

// reopen closes, in which the log becomes a table, and opens.
func (w *worker) reopen() {
	if err := w.b.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.written()
	closed := takeDisk(w.t, w.dir)
	w.cut(closed, w.each*int(stages))
	w.disk = nil
	w.open()
	now := maps.Clone(w.disk)
	w.disk = closed
	w.cut(now, w.each*int(stages))
	w.disk = now
}

// cut opens what a power cut may leave between what is durable and what is there now.
func (w *worker) cut(now disk, times int) {
	w.t.Helper()
	first := w.random.IntN(int(stages))
	for i := range times {
		at := stage((first + i) % int(stages))
		w.cuts++
		w.check(w.disk.torn(now, at, w.random).lay(w.t), at)
		if w.t.Failed() {
			return
		}
	}
}
