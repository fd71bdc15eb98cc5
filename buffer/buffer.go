package buffer

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"

	"releve/buffer/journal"
)

// Seq is the place of a pack in the buffer. Numbers grow with every Put, are never used twice, and may have
// gaps. They fit 53 bits, so JSON carries them whole.
type Seq uint64

// ErrClosed is under the error of every call after Close.
var ErrClosed = errors.New("buffer is closed")

// Names of files and folders (see the package comment).
const (
	lockFile     = "LOCK"
	sequenceFile = "SEQUENCE"
	eraseFile    = "ERASE"
)

// Buffer is the ordered store of packs. All methods are safe for use by several goroutines.
type Buffer struct {
	o       Options    // set once, as is all above mu
	db      *badger.DB // replaced by whoever has the turn, reclaiming and reading
	lock    *dirLock
	codec   *codec
	journal *journal.Journal // whoever has the turn writes it
	aside   []string         // reports of what Open has set aside or copied
	strays  int              // how many tables Open keeps that the store does not know

	turn    chan struct{} // holds one token: who takes it may write to db
	nudge   chan struct{} // tells the keeper that there may be something to do
	quit    chan struct{} // closed by Close
	keeping sync.WaitGroup
	reading sync.RWMutex   // held, not alone, by whoever reads db
	gone    Seq            // the keeper's: the oldest pack when it last looked for spent value logs
	newest  map[string]Seq // the keeper's: the newest pack in those that it has read for that

	shelf *shelf // while hours are rolled up; whoever has the turn

	reclaiming sync.Mutex // whoever gives space back or erases; taken before the turn

	mu      sync.Mutex    // guards everything below
	wake    chan struct{} // closed and replaced when packs arrive or a cursor goes
	closed  bool
	cursors map[string]*Cursor
	bad     map[Seq]struct{} // stored packs that were found damaged
	corrupt uint64           // all that were found damaged since Open
	damage  string           // what upkeep has found, see Stats.Damage
	owing   error            // why an erasure is not done, see Stats.Unerased

	finished []Erasure // begun before
	erasures uint64    // done since Open

	state // written by whoever has both the turn and mu, read by whoever has either
}

// state is what the buffer remembers of its content.
type state struct {
	totals
	first   Seq       // the oldest pack, or next when there is none
	oldest  time.Time // when it was put
	series  map[string]*seriesState
	open    map[hour]time.Time // hours with packs that are not rolled up, and when the latest was put
	decoded map[hour]*decoded  // what their packs say, of some of them
	crowded bool               // there is no room for more of that
	almanac almanac            // days that are not rolled up
	unmade  map[day]struct{}   // days with hours that were rolled up since the day was
	nextID  uint32
	dropped int64 // bytes trimmed since space was last given back
	rolled  int   // hours rolled up since the tables were merged

	unsynced bool // a block was written that may not be on the disk; whoever has the turn says so

	undated      []undatedPack // in the order they were put
	undatedNext  uint64        // the number of the next
	undatedBytes int64
	undatedGone  uint64 // records that went undated since Open

	tail   []pending // durable in the journal only; appended to, never changed
	caught int       // how many of them the database has, not yet durably
	held   []held    // undated packs that are in the journal and not in the database
	since  time.Time // when the first pack in the journal was put; zero when it has none
}

func newState() state {
	return state{series: map[string]*seriesState{}, open: map[hour]time.Time{}, decoded: map[hour]*decoded{}, unmade: map[day]struct{}{}, almanac: newAlmanac()}
}

// Open opens the buffer in o.Dir, making it if need be.
//
// It fails with ErrInUse under its error when another process has it, with ErrNewer when a later version of
// this program wrote it, and with ErrFull when there is not even room to open it; in these cases nothing is
// changed. A store which is damaged is renamed to DIR.damaged-DATE and an empty one is made in its place: that
// is not an error, see Stats.SetAside. Cursors are then made anew by whoever asks for them.
func Open(o Options) (*Buffer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	o.Dir = filepath.Clean(o.Dir)
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	b, err := openLocked(o, lock)
	var bad *damage
	if errors.As(err, &bad) && !o.KeepDamaged {
		return openAnew(o, lock, bad)
	}
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return b, nil
}

// openAnew sets the folder aside and opens an empty store. The old one's reserved numbers stay out of use.
func openAnew(o Options, old *dirLock, cause *damage) (*Buffer, error) {
	floor := reservedSeq(o.Dir)
	owed, isOwed, _ := promised(o.Dir)
	aside, err := setAside(o.Dir, o.now())
	if err != nil {
		return nil, errors.Join(err, cause, old.release())
	}
	report := fmt.Sprintf("%s: %s; kept as %s", o.Dir, cause.err, aside)
	o.Log.Error("buffer damaged, set aside, starting an empty one", "dir", o.Dir, "aside", aside, "error", cause.err)
	if err := old.release(); err != nil {
		return nil, err
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	err = errors.Join(writeReserved(o.Dir, floor), journal.Bring(aside, o.Dir))
	if isOwed && err == nil {
		err = promise(o.Dir, owed)
	}
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	b, err := openLocked(o, lock)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	b.aside = append(b.aside, report)
	return b, nil
}

// openLocked opens the store in a folder we have locked, and sets it to work. A *damage under the error means it must be
// set aside.
func openLocked(o Options, lock *dirLock) (*Buffer, error) {
	b, err := openStore(o, lock)
	if err != nil {
		return nil, err
	}
	if err := b.keepPromise(); err != nil {
		o.Log.Error("an erasure that was begun is not done", "error", err)
	}
	b.keeping.Add(1)
	go b.keep()
	return b, nil
}

// openStore opens the store in a folder we have locked.
func openStore(o Options, lock *dirLock) (*Buffer, error) {
	if err := succeed(o.Dir, o.watch); err != nil {
		return nil, err
	}
	reports, err := check(o)
	if err != nil {
		return nil, err
	}
	for _, report := range reports {
		o.Log.Warn("buffer opened, but not as it was left", "report", report)
	}
	codec, err := newCodec()
	if err != nil {
		return nil, err
	}
	entries, err := journal.Open(o.Dir)
	if err != nil {
		return nil, err
	}
	db, err := openBadger(o)
	if err != nil {
		return nil, errors.Join(err, entries.Close())
	}
	b := &Buffer{
		o: o, db: db, lock: lock, codec: codec, journal: entries,
		turn: make(chan struct{}, 1), nudge: make(chan struct{}, 1), quit: make(chan struct{}),
		wake: make(chan struct{}), cursors: map[string]*Cursor{}, bad: map[Seq]struct{}{}, newest: map[string]Seq{},
		state: newState(), aside: reports,
	}
	b.turn <- struct{}{}
	err = b.restore(len(reports) > 0)
	if err == nil {
		b.strays, err = b.sortStrays()
	}
	if err != nil {
		return nil, errors.Join(err, db.Close(), entries.Close())
	}
	return b, nil
}

// restore reads the state back, first from the database, then from the journal.
func (b *Buffer) restore(cut bool) error {
	if err := b.putBack(); err != nil {
		return err
	}
	if err := b.load(); err != nil {
		return err
	}
	if err := b.mendLast(); err != nil {
		return err
	}
	if cut {
		if err := b.leaveOut(lostNumbers); err != nil {
			return err
		}
	}
	report, err := b.replay()
	if err == nil {
		err = b.loadLast() // reads packs, so all must be whole by now
	}
	clear(b.decoded) // packs that were mended are not in it
	if report != "" {
		b.aside = append(b.aside, report)
		b.o.Log.Warn("buffer opened, but not as it was left", "report", report)
	}
	return err
}

// Close writes the acknowledgements, closes the store and unlocks the folder. Calls that wait return
// ErrClosed. Closing again does nothing.
func (b *Buffer) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	close(b.quit)
	close(b.wake)
	b.mu.Unlock()

	<-b.turn // never given back: nobody writes after this
	b.keeping.Wait()
	err := b.settleAll()
	b.reading.Lock() // until all who read are done
	defer b.reading.Unlock()
	if closing := b.db.Close(); closing != nil {
		err = errors.Join(err, fmt.Errorf("close buffer %s: %w", b.o.Dir, closing))
	}
	return errors.Join(err, b.journal.Close(), b.lock.release())
}

// settleAll leaves everything in the database.
func (b *Buffer) settleAll() error {
	if len(b.changed()) == 0 {
		return b.fold()
	}
	return b.foldAll()
}

// take waits for the turn to write.
func (b *Buffer) take() error {
	select {
	case <-b.turn:
	case <-b.quit:
		return ErrClosed
	}
	select {
	case <-b.quit: // both were ready: Close must get the token
		b.turn <- struct{}{}
		return ErrClosed
	default:
		return nil
	}
}

func (b *Buffer) give() { b.turn <- struct{}{} }

// view runs a read on a view of all that was put: the database catches up with the journal first, which costs the card
// what snap does not. When that does
// not go, the read lacks what the journal has. The caller must not hold the turn.
func (b *Buffer) view(read func(txn *badger.Txn) error) error {
	b.mu.Lock()
	behind := len(b.tail) > b.caught || len(b.held) > 0
	b.mu.Unlock()
	if behind {
		b.tend(b.inTurn(b.catchUp))
	}
	return b.look(read)
}

// look runs a read on a snapshot of the database. A panic of Badger over damaged bytes becomes an error.
func (b *Buffer) look(read func(txn *badger.Txn) error) (err error) {
	b.reading.RLock()
	defer b.reading.RUnlock()
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return ErrClosed
	}
	return guarded(func() error { return b.db.View(read) })
}

// guarded runs f and turns a panic, which Badger answers damaged bytes with, into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCorrupt, r)
		}
	}()
	return f()
}

// wakeAll makes every waiting Next look again. The caller holds mu.
func (b *Buffer) wakeAll() {
	if b.closed {
		return
	}
	close(b.wake)
	b.wake = make(chan struct{})
}

// poke tells the keeper to look round.
func (b *Buffer) poke() {
	select {
	case b.nudge <- struct{}{}:
	default: // it has been told already
	}
}
