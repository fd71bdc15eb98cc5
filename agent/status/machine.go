package status

import "math"

// Machine is the device itself. What it does not tell is left empty.
type Machine struct {
	Model       string   `json:"model,omitempty"`
	Temperature *float64 `json:"temperature_c,omitempty"` // of the processor
	Now         []Strain `json:"strained,omitempty"`      // what holds it back now
	Before      []Strain `json:"strained_before,omitempty"`
	Watched     bool     `json:"strain_watched,omitempty"` // whether the firmware tells of strains at all
	DiskFree    uint64   `json:"disk_free_bytes,omitempty"`
	DiskTotal   uint64   `json:"disk_bytes,omitempty"`
	ReadOnly    bool     `json:"disk_read_only,omitempty"`
	Newer       bool     `json:"update_waits,omitempty"` // a newer version is here and not installed yet
}

// Strain is what holds a machine back.
type Strain string

// The strains, as the firmware of a Raspberry Pi tells them.
const (
	Undervoltage Strain = "voltage" // the supply is too weak
	Capped       Strain = "capped"  // its clock is bounded
	Slowed       Strain = "slowed"  // it is made to run slower
	Hot          Strain = "hot"     // it is close to its limit of temperature
)

// vitalView is one line of what the device says of itself.
type vitalView struct {
	stateView
	Label, Value, Advice string
}

// A processor that is this hot is slowed down before long.
const hotFrom = 80

// The part of a disk that should be free.
const leastFree = 0.05

// machine words what there is.
func (c catalogue) machine(s Snapshot) []vitalView {
	m := s.Machine
	var facts []vitalView
	add := func(state State, key, value, advice string) {
		facts = append(facts, vitalView{stateView: c.state(state), Label: c.say("machine." + key), Value: value, Advice: advice})
	}
	version, state := s.Version, OK
	if m.Newer {
		version, state = c.say("machine.newer", s.Version), Warning
	}
	add(state, "version", version, "")
	if m.Model != "" {
		add(OK, "model", m.Model, "")
	}
	if m.DiskTotal > 0 {
		state, value, advice := OK, c.say("machine.disk.free", c.size(int64(m.DiskFree)), c.size(int64(m.DiskTotal))), ""
		switch {
		case m.ReadOnly:
			state, value, advice = Fault, c.say("machine.disk.locked"), c.say("machine.disk.locked.advice")
		case float64(m.DiskFree) < leastFree*float64(m.DiskTotal):
			state, advice = Warning, c.say("machine.disk.advice")
		}
		add(state, "disk", value, advice)
	}
	if m.Temperature != nil {
		state, advice := OK, ""
		if *m.Temperature >= hotFrom {
			state, advice = Warning, c.say("machine.temperature.advice")
		}
		add(state, "temperature", c.measured(c.whole(math.Round(*m.Temperature)), "°C"), advice)
	}
	if m.Watched {
		facts = append(facts, c.strains(m))
	}
	return facts
}

// strains words the first thing that holds the machine back, or that nothing does.
func (c catalogue) strains(m Machine) vitalView {
	fact := vitalView{stateView: c.state(OK), Label: c.say("machine.strain"), Value: c.say("machine.strain.none")}
	for i, list := range [][]Strain{m.Now, m.Before} {
		if len(list) == 0 {
			continue
		}
		fact.stateView, fact.Value = c.state(Warning), c.say("machine.strain."+string(list[0]))
		if i == 1 {
			fact.Value = c.say("machine.strain.before", fact.Value)
		}
		fact.Advice = c.say("machine.strain.advice.heat")
		if list[0] == Undervoltage {
			fact.Advice = c.say("machine.strain.advice.supply")
		}
		return fact
	}
	return fact
}
