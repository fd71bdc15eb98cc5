package main

import (
	"strings"

	"releve/tic"
)

// hearing is what can be told of a meter without saying whose it is: no address, no delivery point.
type hearing struct {
	Mode     string `json:"mode"`
	Speed    int    `json:"speed,omitempty"` // in bauds; 0 where the line has none that could be chosen
	Frames   uint64 `json:"frames"`          // whole ones
	Groups   uint64 `json:"groups"`
	Refused  uint64 `json:"refused"` // lines that did not become groups
	Labels   int    `json:"labels"`  // different ones; not known ones are of an industrial meter
	Phases   int    `json:"phases,omitempty"`
	Contract string `json:"contract,omitempty"` // OPTARIF in historic mode, NGTF in standard mode
	Producer bool   `json:"producer"`
	Version  string `json:"tic_version,omitempty"` // VTIC
	Standby  bool   `json:"standby,omitempty"`     // the meter says nothing but its address
}

// ear listens to a line until it knows enough of the meter. It is the port's Line.
type ear struct {
	*tic.Decoder
	enough func()
	labels map[string]bool
	heard  hearing
}

func newEar(enough func()) *ear {
	e := &ear{enough: enough, labels: map[string]bool{}}
	e.Decoder = tic.NewDecoder(tic.Auto, e.frame)
	return e
}

const (
	plenty = 5 // labels of one whole frame make a meter
	sorely = 3 // whole frames are enough when each says less, or has damaged lines
)

func (e *ear) frame(f *tic.Frame) {
	e.heard.Mode = f.Mode.String()
	for _, g := range f.Groups {
		e.group(g)
	}
	if !f.Complete {
		return
	}
	for _, g := range f.Groups {
		e.labels[string(g.Label)] = true // not known, too: no noise makes a whole frame
	}
	e.heard.Frames++
	if e.heard.Phases == 0 && e.labels["IRMS1"] {
		e.heard.Phases = 1 // a whole frame without the other phases
	}
	if len(f.Groups) >= plenty && f.Rejected == 0 || e.heard.Frames >= sorely {
		e.enough()
	}
}

// group notes what a label tells by being there, and the values that say nothing of the household.
func (e *ear) group(g tic.Group) {
	label, known := tic.Lookup(g.Label)
	if !known {
		return
	}
	e.labels[label.Name] = true
	e.heard.Phases = max(e.heard.Phases, label.Phases)
	e.heard.Producer = e.heard.Producer || label.Producer
	value := strings.TrimSpace(string(g.Value))
	switch label.Name {
	case "OPTARIF":
		e.heard.Contract = value
		if option, err := tic.ParseOption(g.Value); err == nil {
			e.heard.Contract = option.Contract.String()
		}
	case "NGTF":
		e.heard.Contract = value
	case "VTIC":
		e.heard.Version = value
	}
}

// hearing returns what was heard, nil when it was no meter.
func (e *ear) hearing() *hearing {
	counters := e.Counters()
	if len(e.labels) == 0 {
		return nil
	}
	h := e.heard
	h.Groups, h.Refused, h.Labels = counters.Groups, counters.Refused(), len(e.labels)
	h.Standby = counters.OnStandby()
	return &h
}
