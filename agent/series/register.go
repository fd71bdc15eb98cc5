package series

import (
	"releve/senml"
	"releve/tic"
)

// register takes what an energy register says through its gate, and tells whether it passed. While another address is
// heard that may be another meter's, nothing passes and nothing is judged.
func (r *Recorder) register(t *track, n uint64) bool {
	if r.identity.doubt {
		return false
	}
	switch t.gate.judge(n, r.at, r.breaker(t)) {
	case withheld:
		if t.gate.note(r.at) {
			r.happen(Event{Kind: IndexWithheld, Subject: t.Path, Called: t.Title})
		}
		return false
	case confirmed:
		r.happen(Event{Kind: IndexConfirmed, Subject: t.Path, Called: t.Title})
		r.computer.forget() // what lies between two indexes that do not follow is no energy
	}
	r.say(t, senml.NumberValue(float64(n)))
	return true
}

// breaker is the power in VA that a register cannot go beyond. What the meter says of its contract bounds active energy
// drawn, and nothing else.
func (r *Recorder) breaker(t *track) float64 {
	if t.Direction != "consumption" {
		return anyPower
	}
	breaking, _ := r.breaking.latest.Value.Number()
	if most := max(1000*breaking, r.contracted()); most > 0 {
		return most
	}
	return anyPower
}

// contracted is the subscribed power in VA, 0 unless it was said.
func (r *Recorder) contracted() float64 {
	kva, _ := r.subscribed.latest.Value.Number()
	amperes, _ := r.limit.latest.Value.Number()
	phases := 1.0
	if r.phases[2].current.known {
		phases = 3
	}
	if kva > 0 {
		return 1000 * kva
	}
	return amperes * phases * contractVolts
}

// contractVolts is the voltage by which ISOUSC is made of the subscribed power, 54E §6.1.
const contractVolts = 200

// contracts lists the indexes that together are all energy drawn, for each historic contract.
func contracts() [][]string {
	return [][]string{
		{"BASE"},
		{"HCHC", "HCHP"},
		{"EJPHN", "EJPHPM"},
		{"BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"},
	}
}

// addUp adds up the indexes of a historic frame. With one of them missing or withheld there is no sum: a part of it
// would look like an index that went backwards.
func (r *Recorder) addUp(f *tic.Frame) {
	if f.Mode != tic.Historic {
		return
	}
	for _, addends := range r.contracts {
		if sum, ok := r.sumOf(f, addends); ok {
			r.register(r.drawnIndex, sum)
			return
		}
	}
}

func (r *Recorder) sumOf(f *tic.Frame, addends []addend) (sum uint64, ok bool) {
	for _, a := range addends {
		n, said := r.number(a.track)
		if _, of := find(f, a.label); !said || !of || a.gate.pending() {
			return 0, false
		}
		sum += uint64(n)
	}
	return sum, true
}
