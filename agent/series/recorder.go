package series

import (
	"slices"
	"time"

	"releve/senml"
	"releve/tic"
)

// Recorder turns the frames of one meter into records: what changed since the last frame, and everything at a fixed
// rhythm, so that a reader that joins late or lost something has it all again. It is used by one goroutine.
type Recorder struct {
	meter      string
	dictionary *Dictionary
	fullSet    time.Duration

	last   map[string]senml.Value // by record name
	lastAt time.Time              // of the last full set
	parts  int                    // frames that were too short for the full set that is due
}

// NewRecorder returns a recorder for the meter of that name.
func NewRecorder(meter string, d *Dictionary, fullSet time.Duration) *Recorder {
	return &Recorder{meter: meter, dictionary: d, fullSet: fullSet, last: map[string]senml.Value{}}
}

// maxParts is how many incomplete frames in a row make a full set: on a line that damages every frame, no single one
// ever will.
const maxParts = 3

// Record returns the records of a frame heard at that time, to the millisecond. Values are copied out of the frame.
// While the clock is not set there are none: SenML cannot say such a time (RFC 8428 §4.5.3).
func (r *Recorder) Record(f *tic.Frame, at time.Time) senml.Pack {
	seconds := float64(at.UnixMilli()) / 1000
	if seconds < senml.FirstAbsolute {
		return nil
	}
	full := at.Sub(r.lastAt) >= r.fullSet || at.Before(r.lastAt)
	if full {
		r.parts++
	}
	if full && (f.Complete || r.parts == maxParts) {
		r.lastAt, r.parts = at, 0
	}
	var pack senml.Pack
	for _, reading := range r.readings(f) {
		if !full && r.last[reading.name] == reading.value {
			continue
		}
		r.last[reading.name] = reading.value
		pack = append(pack, senml.Record{Name: reading.name, Unit: reading.unit, Value: reading.value, Time: seconds})
	}
	return pack
}

// reading is a value before it has a time.
type reading struct {
	name, unit string
	value      senml.Value
}

func (r *Recorder) readings(f *tic.Frame) []reading {
	var readings []reading
	for _, g := range f.Groups {
		s, ok := r.dictionary.Label(f.Mode, g.Label)
		if !ok {
			continue
		}
		if value, ok := valueOf(s, g); ok {
			readings = append(readings, reading{r.meter + "/" + s.Path, s.Unit, value})
		}
	}
	if total, ok := total(f); ok {
		readings = append(readings, reading{r.meter + "/" + PathDrawn, "Wh", senml.NumberValue(float64(total))})
	}
	return readings
}

// valueOf reads a group as its series wants it. A number that is none is no reading.
func valueOf(s Series, g tic.Group) (senml.Value, bool) {
	if s.Unit == "" {
		return senml.TextValue(trim(g.Value)), true
	}
	n, err := g.Uint()
	return senml.NumberValue(float64(n)), err == nil
}

// trim takes the padding off a text.
func trim(value []byte) string {
	start, end := 0, len(value)
	for start < end && value[start] == ' ' {
		start++
	}
	for end > start && value[end-1] == ' ' {
		end--
	}
	return string(value[start:end])
}

// contracts lists the indexes that together are all energy drawn, for each historic contract.
var contracts = [][]string{
	{"BASE"},
	{"HCHC", "HCHP"},
	{"EJPHN", "EJPHPM"},
	{"BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"},
}

// total adds up the indexes of a historic frame. With one of them missing there is no sum: a part of it would look
// like an index that went backwards.
func total(f *tic.Frame) (uint64, bool) {
	if f.Mode != tic.Historic {
		return 0, false
	}
	for _, indexes := range contracts {
		if sum, ok := sumOf(f, indexes); ok {
			return sum, true
		}
	}
	return 0, false
}

func sumOf(f *tic.Frame, labels []string) (sum uint64, ok bool) {
	for _, label := range labels {
		i := slices.IndexFunc(f.Groups, func(g tic.Group) bool { return string(g.Label) == label })
		if i < 0 {
			return 0, false
		}
		n, err := f.Groups[i].Uint()
		if err != nil {
			return 0, false
		}
		sum += n
	}
	return sum, true
}
