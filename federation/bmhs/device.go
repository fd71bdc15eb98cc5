package bmhs

import (
	"maps"
	"strings"
	"time"

	"releve/senml"
)

// device is what is known of one device: what was last said of it, and what the server has. It is kept on disk, because
// most series are only said when they change.
type device struct {
	progress
	Values  map[string]said `json:"values"` // by path
	First   float64         `json:"first"`  // time of the first frame, Unix seconds
	Tick    float64         `json:"tick"`   // time of the newest frame in Values
	Pending *pending        `json:"pending,omitempty"`
	Scope   string          `json:"scope,omitempty"` // of what was granted when these came
	Turn    uint64          `json:"turn"`            // the higher, the later it was kept
	// Pushed are the times of the newest rows of the data API, by metavalue, while a batch is under way.
	Pushed map[string]float64 `json:"pushed,omitempty"`
}

// said is a value and its time.
type said struct {
	Number float64 `json:"v,omitempty"`
	Text   string  `json:"vs,omitempty"`
	At     float64 `json:"t"`
}

func newDevice() *device {
	return &device{Values: map[string]said{}, progress: progress{Indexes: map[string]uint64{}}}
}

// clone is what a batch that fails goes back to.
func (d *device) clone() *device {
	c := *d
	c.Values, c.Indexes, c.Pushed = maps.Clone(d.Values), maps.Clone(d.Indexes), maps.Clone(d.Pushed)
	return &c
}

// take keeps what is newer than what is known. It says whether something changed that no later frame repeats soon:
// powers, currents and indexes move all the time.
func (d *device) take(path string, r senml.Record) (lasting bool) {
	if !isTold(path) {
		return false
	}
	old, known := d.Values[path]
	if known && r.Time < old.At {
		return false
	}
	now := said{At: r.Time}
	switch r.Value.Kind() {
	case senml.Number:
		now.Number, _ = r.Value.Number()
	case senml.Text:
		now.Text, _ = r.Value.Text()
	case senml.Bool:
		if on, _ := r.Value.Bool(); on {
			now.Number = 1
		}
	default:
		return false
	}
	d.Values[path] = now
	same := known && old.Number == now.Number && old.Text == now.Text
	return !same && !isMoving(path)
}

// tick notes the time of a frame.
func (d *device) tick(at float64) {
	if d.First == 0 {
		d.First = at
	}
	d.Tick = at
}

// number returns the number of a path, and whether there is one.
func (d *device) number(path string) (float64, bool) {
	v, ok := d.Values[path]
	return v.Number, ok && v.Text == ""
}

// rhythmOver is how often a message goes while the meter warns of an overrun, as BMHS's own agent does.
const rhythmOver = 15 * time.Second

// due tells whether a frame of that time is one to send: the period is over, a day has begun, or the meter warns.
func (d *device) due(at float64, every time.Duration, zone *time.Location) bool {
	since := instant(at).Sub(instant(d.Sent))
	over, _ := d.number(pathOver)
	switch {
	case d.Sent == 0, since >= every, day(instant(at), zone) != day(instant(d.Sent), zone):
		return true
	case over != 0:
		return !d.Over || since >= rhythmOver
	}
	return false
}

// endsDay tells whether what is known is the last of a day that is over at that time, and not sent yet: energy between the
// last message of a day and the first of the next is in neither.
func (d *device) endsDay(at float64, zone *time.Location) bool {
	return d.Sent > 0 && d.Tick > d.Sent && day(instant(d.Tick), zone) != day(instant(at), zone)
}

// isTold tells the paths that a message is made of: nothing else is kept.
func isTold(path string) bool {
	switch path {
	case pathOption, pathCalendar, pathTariff, pathTariffIndex, pathSubscribed, pathSubscribedAmp, pathOver:
		return true
	}
	return isMoving(path)
}

// isMoving tells those of them that every frame may change.
func isMoving(path string) bool {
	return path == pathPower || path == pathInjected || path == pathMost || path == pathDrawn || path == pathInjectedIndex ||
		strings.HasPrefix(path, pathSupplier) || strings.HasPrefix(path, "current/")
}

// isTick tells the paths that are said of the moment, once a frame.
func isTick(path string) bool {
	return path == pathPower || path == pathInjected || path == pathTariff || path == pathOver ||
		strings.HasPrefix(path, pathDrawn) || path == pathInjectedIndex ||
		strings.HasPrefix(path, "current/") && !strings.HasSuffix(path, "/max")
}
