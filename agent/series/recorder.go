package series

import (
	"sync"
	"time"

	"releve/senml"
	"releve/tic"
)

// Recorder turns the frames of one meter into records: what changed since the last frame, and everything at a fixed
// rhythm, so that a reader that joins late or lost something has it all again. A label that is not said has no records:
// absent is unknown, never zero. Methods may be called by several goroutines.
type Recorder struct {
	// Notify is told each event, from within Record; nil for nobody. It must not call the recorder.
	Notify func(e Event)
	// Met is asked at the first frames, and when the meter's address changes, whether another meter was known before. It
	// may remember the address, as a keyed hash, once enough frames agree and it is sure. Nil when nothing outlives the
	// recorder.
	Met func(address []byte, sure bool) (another bool)
	// Clock is that of the meter, by which what it dates is dated: mainland France's unless set.
	Clock tic.Clock
	// Derived adds what is computed from what the meter says, under derived/.
	Derived bool

	fullSet time.Duration
	slots   map[key]*slot
	tracks  map[string]*track // by path
	layout

	mu       sync.Mutex    // guards everything below
	lastAt   time.Time     // of the last full set
	parts    int           // frames that were too short for the full set that is due
	step     time.Duration // of the load curve
	mode     tic.Mode      // of the last frame
	identity identity
	watch    watch
	computer computer
	events   []Event // the latest, oldest first

	// Of the frame being recorded.
	at   time.Time
	full bool
	said int // events before it
	pack senml.Pack
}

// NewRecorder returns a recorder for the meter of that name. Its exported fields are set before the first frame.
func NewRecorder(meter string, fullSet time.Duration) *Recorder {
	r := &Recorder{Clock: tic.Mainland(), fullSet: fullSet, watch: newWatch()}
	r.slots, r.tracks = layOut(meter)
	r.layout = newLayout(r.tracks)
	return r
}

// maxParts is how many incomplete frames in a row make a full set: on a line that damages every frame, no single one
// ever will.
const maxParts = 3

// Record returns the records of a frame heard at that time, to the millisecond. Values are copied out of the frame.
// While the clock is not set there are none: SenML cannot say such a time (RFC 8428 §4.5.3).
func (r *Recorder) Record(f *tic.Frame, at time.Time) senml.Pack {
	if inSeconds(at) < senml.FirstAbsolute {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(f, at)
	r.recognise(f)
	for _, g := range f.Groups {
		if s := r.slots[key{f.Mode, string(g.Label)}]; s != nil {
			r.hear(f, g, s)
		}
	}
	r.addUp(f)
	r.observe(f)
	r.compute(f)
	return r.end()
}

// Resume tells the recorder what was recorded last of a series before it was made, so that an index goes on from there.
func (r *Recorder) Resume(path string, last senml.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tracks[path]
	if n, ok := last.Value.Number(); ok && t != nil && t.energy && n >= 0 {
		t.gate.pass(uint64(n), time.UnixMilli(int64(last.Time*1000)))
	}
}

func inSeconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func (r *Recorder) begin(f *tic.Frame, at time.Time) {
	r.at, r.pack, r.said = at, nil, len(r.events)
	r.full = (at.Sub(r.lastAt) >= r.fullSet || at.Before(r.lastAt)) && !isShort(f) // a long one comes within 17 s
	if r.full {
		r.parts++
	}
	if r.full && (f.Complete || r.parts == maxParts) {
		r.lastAt, r.parts = at, 0
	}
}

// end adds the events of the frame, as one record: of two with one name and one time, readers would keep one.
func (r *Recorder) end() senml.Pack {
	if news := r.events[r.said:]; len(news) > 0 {
		t := r.tracks[PathEvent]
		t.known = false // the same event twice is twice an event
		r.say(t, senml.TextValue(inOneLine(news)))
		t.known = false // and no state that a full set would repeat
	}
	if over := len(r.events) - keptEvents; over > 0 {
		r.events = append(r.events[:0], r.events[over:]...)
	}
	return r.pack
}

// hear takes a group of a label that the dictionary knows.
func (r *Recorder) hear(f *tic.Frame, g tic.Group, s *slot) {
	if s.says(g) && !r.full {
		for i := range s.feeds {
			s.feeds[i].repeat(r.at)
		}
		return
	}
	s.keep(g)
	for i := range s.feeds {
		if !r.feed(f, g, &s.feeds[i]) {
			s.doubt()
		}
	}
}

// repeat notes that the meter said the same again.
func (f *feed) repeat(at time.Time) {
	switch {
	case f.dry:
		return
	case f.track.gate.known:
		f.track.gate.heard = at
	}
	f.track.said = at
}

// feed takes a group to one series, and tells whether that is settled: what cannot be believed or dated yet is looked
// at again when it is repeated.
func (r *Recorder) feed(f *tic.Frame, g tic.Group, to *feed) bool {
	value, ok := to.value(g, to.n)
	to.dry = !ok
	switch {
	case !ok:
		return true
	case to.index:
		n, _ := value.Number()
		return r.register(to.track, uint64(n))
	case to.dating != whenHeard:
		at, ok := r.moment(f, g, to.dating)
		if ok {
			r.date(to.track, at, value)
		}
		return ok
	}
	r.say(to.track, value)
	return true
}

// say records the value of a series now, if it changed or everything is due.
func (r *Recorder) say(t *track, value senml.Value) {
	t.said = r.at
	if t.known && t.latest.Value == value && !r.full {
		return
	}
	t.latest = senml.Record{Name: t.name, Unit: t.Unit, Value: value, Time: inSeconds(r.at)}
	t.known = true
	r.pack = append(r.pack, t.latest)
}

// date records a value that has a time of its own, once.
func (r *Recorder) date(t *track, at time.Time, value senml.Value) {
	t.said = r.at
	seconds := inSeconds(at)
	if seconds < senml.FirstAbsolute || !t.points.add(point{seconds, value}) {
		return
	}
	record := senml.Record{Name: t.name, Unit: t.Unit, Value: value, Time: seconds}
	if !t.known || seconds >= t.latest.Time {
		t.latest, t.known = record, true
	}
	r.pack = append(r.pack, record)
	last := len(r.pack) - 1
	for i := last - 1; i >= 0; i-- { // the label of yesterday comes after that of today: in order of time, by series
		if r.pack[i].Name == record.Name && r.pack[i].Time > record.Time {
			r.pack[i], r.pack[last] = r.pack[last], r.pack[i]
			last = i
		}
	}
}

// number returns what the frame being recorded says of a series, and whether it says it and is believed.
func (r *Recorder) number(t *track) (float64, bool) {
	if !t.known || !t.said.Equal(r.at) {
		return 0, false
	}
	return t.latest.Value.Number()
}
