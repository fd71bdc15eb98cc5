package series

import "releve/tic"

// identity is what a meter says of itself, to notice another meter, another home, another mode or another tariff. The
// address and the delivery point stay in here.
type identity struct {
	address, point, mode, option, calendar steady

	doubt bool // whether the address heard last is of the meter whose indexes are known
}

// plenty is how many groups make the mode of their frame certain: as many sums and separators agree. A large meter takes
// 3 s for a historic frame, and a change of mode is to be told within 15 s, of which the port needs 11 to notice.
const plenty = 5

// recognise compares what the frame says of its meter with what was said before.
func (r *Recorder) recognise(f *tic.Frame) {
	id := &r.identity
	for _, g := range f.Groups {
		switch string(g.Label) {
		case "ADCO", "ADSC":
			r.meet(g.Value)
		case "PRM":
			r.compare(&id.point, g.Value, PointChanged)
		case "OPTARIF":
			r.compare(&id.option, g.Value, TariffChanged)
		case "NGTF":
			r.compare(&id.calendar, g.Value, TariffChanged)
		}
	}
	mode := []byte(f.Mode.String())
	if len(f.Groups) >= plenty {
		id.mode.vouch(mode)
	}
	r.compare(&id.mode, mode, ModeChanged)
	if f.Mode != r.mode { // a label of one mode repeats what another of the other has overwritten
		r.mode = f.Mode
		r.lookAgain()
	}
}

// lookAgain lets every label of the next frame be looked at, even if it repeats itself.
func (r *Recorder) lookAgain() {
	for _, s := range r.slots {
		s.doubt()
	}
}

// compare tells the event when a word that was known has changed.
func (r *Recorder) compare(s *steady, word []byte, kind Kind) {
	known := s.word != ""
	if !s.hear(word) || !known {
		return
	}
	e := Event{Kind: kind}
	if kind == ModeChanged {
		e.Subject, e.Called = s.word, Title{s.word, s.word}
	}
	r.happen(e)
}

// meet takes the meter's address. Of another meter nothing is known: every index is new, however low.
func (r *Recorder) meet(address []byte) {
	id := &r.identity
	another := id.address.word != ""
	if !another && r.Met != nil {
		another = r.Met(address, false)
	}
	id.doubt = another && string(address) != id.address.word
	if !id.address.hear(address) {
		return
	}
	id.doubt = false
	if r.Met != nil {
		another = r.Met(address, true)
	}
	if !another {
		return
	}
	for _, t := range r.tracks {
		t.forget()
	}
	r.lookAgain()
	r.computer = computer{}
	r.happen(Event{Kind: MeterReplaced})
}

// happen keeps an event for the record of this frame and for the page, and tells who wants to know.
func (r *Recorder) happen(e Event) {
	e.At = r.at
	r.events = append(r.events, e)
	if r.Notify != nil {
		r.Notify(e)
	}
}
