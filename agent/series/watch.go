package series

import (
	"slices"
	"strings"
	"time"

	"releve/senml"
	"releve/tic"
)

// watch is the conditions of a meter.
type watch struct {
	overPower, overvoltage, breakerOpen, coverOpen, clockDegraded condition
	implausible, standby, silent                                  condition

	doubts    int       // frames in a row whose powers contradict the rest
	bare      int       // frames in a row that held the address and nothing else
	lastFrame time.Time // of any kind
}

func newWatch() watch {
	return watch{
		overPower: condition{kind: OverPower}, overvoltage: condition{kind: Overvoltage},
		breakerOpen: condition{kind: BreakerOpen}, coverOpen: condition{kind: CoverOpen},
		clockDegraded: condition{kind: ClockDegraded}, implausible: condition{kind: PowerImplausible},
		standby: condition{kind: Standby}, silent: condition{kind: Silent},
	}
}

func (w *watch) all() []*condition {
	return []*condition{
		&w.silent, &w.standby, &w.breakerOpen, &w.overPower, &w.overvoltage, &w.implausible, &w.clockDegraded, &w.coverOpen,
	}
}

// observe looks for signs of conditions in the frame. What a frame does not say is no sign that it is over.
func (r *Recorder) observe(f *tic.Frame) {
	w := &r.watch
	w.lastFrame = r.at
	if w.silent.on {
		w.silent.on = false
		r.happen(Event{Kind: Silent, Ended: true})
	}
	r.sign(&w.standby, w.sleeps(f), "")
	s, err := tic.Status{}, error(nil)
	if g, ok := find(f, "STGE"); ok {
		s, err = tic.ParseStatus(g.Value)
	}
	if err != nil {
		s = tic.Status{} // damaged: no sign of anything
	}
	r.sign(&w.overPower, s.OverPower || warns(f), "")
	r.sign(&w.overvoltage, s.Overvoltage, "")
	why := ""
	if s.Breaker != tic.Closed {
		why = s.Breaker.String()
	}
	r.sign(&w.breakerOpen, why != "", why)
	r.sign(&w.coverOpen, s.CoverOpen, "")
	r.sign(&w.clockDegraded, s.ClockDegraded, "")
	if _, long := find(f, "ISOUSC"); w.overPower.on && f.Mode == tic.Historic || long {
		r.say(r.overPower, senml.BoolValue(w.overPower.on))
	}
	r.doubtPower()
}

// sign tells the event when a condition begins or ends.
func (r *Recorder) sign(c *condition, sign bool, subject string) {
	if !c.see(sign, r.at) {
		return
	}
	if !c.on {
		subject = ""
	}
	r.happen(Event{Kind: c.kind, Subject: subject, Called: Title{subject, subject}, Ended: !c.on})
}

// warns tells whether a historic meter says that more is drawn than was subscribed.
func warns(f *tic.Frame) bool {
	return slices.ContainsFunc(f.Groups, func(g tic.Group) bool {
		label := string(g.Label)
		return label == "ADPS" || strings.HasPrefix(label, "ADIR")
	})
}

// isShort tells the short frame of a three-phase meter that warns of an overrun: currents, and little else (02E §1.5).
func isShort(f *tic.Frame) bool {
	_, three := find(f, "IINST1")
	_, long := find(f, "ISOUSC")
	return f.Mode == tic.Historic && three && !long
}

// sleeps tells whether the meter is on standby. Of a damaged frame an address may be all that is left, but not again
// and again.
func (w *watch) sleeps(f *tic.Frame) bool {
	if f.Standby() {
		w.bare++
	} else {
		w.bare = 0
	}
	return w.bare >= confirmations
}

// Margins of a power that is to be believed: amperes are whole and may be off by one.
const (
	spareAmperes = 2
	spareShare   = 1.1
	highVolts    = 253 // the most a network may have (EN 50160), where the meter does not say its voltage
)

// doubtPower compares volt-amperes with volts and amperes: some three-phase meters send garbage with good checksums.
// The powers are recorded as they are said; a series of its own tells when not to believe them. A load that was just
// switched on shows in one before it shows in the other, so it takes some frames.
func (r *Recorder) doubtPower() {
	dubious, compared := r.comparePhases()
	if !compared {
		dubious, compared = r.compareTotal()
	}
	switch {
	case !compared:
		r.sign(&r.watch.implausible, false, "")
		return
	case dubious:
		r.watch.doubts++
	default:
		r.watch.doubts = 0
	}
	dubious = r.watch.doubts >= settled
	r.say(r.dubious, senml.BoolValue(dubious))
	r.sign(&r.watch.implausible, dubious, "")
}

func (r *Recorder) comparePhases() (dubious, compared bool) {
	for _, p := range r.phases {
		most, known := r.most(p)
		power, said := r.number(p.power)
		if known && said {
			compared = true
			dubious = dubious || power > most
		}
	}
	return dubious, compared
}

func (r *Recorder) compareTotal() (dubious, compared bool) {
	power, said := r.number(r.power)
	if !said {
		return false, false
	}
	all := 0.0
	for n, p := range r.phases {
		most, known := r.most(p)
		if !known && (n == 0 || r.phases[2].current.known) {
			return false, false
		}
		all += most
	}
	return power > all, true
}

// most is the highest believable power of a phase, by its current.
func (r *Recorder) most(p phase) (float64, bool) {
	amperes, ok := r.number(p.current)
	volts, said := r.number(p.voltage)
	if !said {
		volts = highVolts
	}
	if !ok {
		return 0, false
	}
	return (amperes + spareAmperes) * volts * spareShare, true
}
