package clock

import "time"

// Mapping dates the instants of one boot: pieces, each from an instant on, the first for all before it too. What is
// dated once keeps its date, for a correction adds a piece and changes none.
type Mapping []Piece

// Piece dates instants by when the boot began. Ahead is by how much the piece before, or another boot, had gone too
// far at From: it is worked off at half speed.
type Piece struct {
	From  Instant       `json:"from"`
	Began time.Time     `json:"began"`
	Ahead time.Duration `json:"ahead,omitempty"`
}

// maxPieces bounds a mapping: what is older than so many corrections has been dated long since.
const maxPieces = 32

func (p Piece) date(at Instant) time.Time {
	ahead := p.Ahead
	if at > p.From {
		ahead = max(0, p.Ahead-(at-p.From)/2)
	}
	return p.Began.Add(at + ahead)
}

// Date returns the time at an instant. Of two instants the later never has the earlier date, but where a piece began
// anew (see Clock).
func (m Mapping) Date(at Instant) time.Time {
	piece := m[0]
	for _, p := range m[1:] {
		if p.From <= at {
			piece = p
		}
	}
	return piece.date(at)
}

// Unix turns the stamp of a record into Unix seconds: to the tenth, and never later than it was heard, or to the millisecond
// (see Stamps). A time that is no stamp stays as it is.
func (m Mapping) Unix(seconds float64) float64 {
	at, ok := FromStamp(seconds)
	if !ok {
		return seconds
	}
	date := m.Date(at)
	if isCoarse(at) {
		date = date.Truncate(tenth)
	}
	return float64(date.UnixMilli()) / 1000
}

// last is the piece in force.
func (m Mapping) last() Piece { return m[len(m)-1] }

// with adds a piece. The slice is new: others may hold the old one.
func (m Mapping) with(p Piece) Mapping {
	all := append(append(Mapping{}, m...), p)
	return all[max(0, len(all)-maxPieces):]
}

// Span is the first and last instant that waits of a boot.
type Span struct{ First, Last Instant }

// maxSlack is how much time may be unaccounted for between two known times so that boots between them are dated.
const maxSlack = 2 * time.Minute

// Between dates boots which never knew the time, in their order, by what lies before and after them: when they fill the
// time between so nearly that no date is further from the truth than maxSlack. Otherwise it returns false: when
// a house had no power for an hour, nobody knows on which side of it a boot lies.
func Between(before, after time.Time, boots []Span) ([]Mapping, bool) {
	slack := after.Sub(before)
	for _, s := range boots {
		slack -= s.Last - s.First
	}
	if before.IsZero() || slack < 0 || slack > maxSlack {
		return nil, false
	}
	pause := slack / time.Duration(len(boots)+1)
	var all []Mapping
	for _, s := range boots {
		before = before.Add(pause)
		all = append(all, Mapping{{Began: before.Add(-s.First)}})
		before = before.Add(s.Last - s.First)
	}
	return all, true
}
