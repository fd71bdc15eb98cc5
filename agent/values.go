package main

import (
	"fmt"
	"time"

	"releve/tic"
)

// valuesLine is a frame as JSON with every value by its type.
type valuesLine struct {
	Mode     string      `json:"mode"`
	Complete bool        `json:"complete"`
	Values   []valueLine `json:"values"`
	Rejected int         `json:"rejected"`
}

// valueLine is what a group says: a number with its unit, a text without its padding, a list, or an object with the
// fields of a register. Raw and Error stand for a value that is outside the specification, or of an unknown label.
type valueLine struct {
	Label    string `json:"label"`
	Time     string `json:"time,omitempty"`     // RFC 3339; without an offset when the horodate has no season
	Degraded bool   `json:"degraded,omitempty"` // the meter's clock may be wrong
	Value    any    `json:"value,omitempty"`
	Unit     string `json:"unit,omitempty"`
	Raw      string `json:"raw,omitempty"`
	Error    string `json:"error,omitempty"`
}

func valuesOf(f *tic.Frame) valuesLine {
	line := valuesLine{Mode: f.Mode.String(), Complete: f.Complete, Values: []valueLine{}, Rejected: f.Rejected}
	for i := range f.Groups {
		line.Values = append(line.Values, valueOf(&f.Groups[i]))
	}
	return line
}

func valueOf(g *tic.Group) valueLine {
	line := valueLine{Label: string(g.Label)}
	r, err := g.Reading()
	if err != nil {
		line.Raw, line.Error = string(g.Value), err.Error()
		return line
	}
	if r.Dated {
		line.Time, line.Degraded = timeOf(r.Horodate), r.Horodate.Degraded
	}
	line.Value = plainly(r)
	if r.Kind == tic.Digits {
		line.Unit = r.Quantity.Unit.String()
	}
	return line
}

// timeOf writes a horodate with the offset of its season, and without one where it has none.
func timeOf(h tic.Horodate) string {
	if at := h.Time(); !at.IsZero() {
		return at.Format(time.RFC3339)
	}
	at, _ := h.TimeIn(time.UTC)
	return at.Format("2006-01-02T15:04:05")
}

// plainly is the value of a reading as JSON shows it, nil for a label that is nothing but a date.
func plainly(r *tic.Reading) any {
	switch r.Kind {
	case tic.Digits:
		return r.Quantity.Amount
	case tic.StatusRegister:
		return statusOf(&r.Status)
	case tic.RelayStates:
		return listed(8, r.Relays.Closed)
	case tic.PhaseStates:
		return listed(3, r.Missing.Missing)
	case tic.TariffOption:
		return optionOf(r.Option)
	case tic.TariffPeriod:
		return periodValue{r.Period.Hours.String(), colourOf(r.Period.Colour)}
	case tic.DayPlan:
		return planOf(&r.Profile)
	case tic.Nothing:
		return nil
	}
	return r.String()
}

// listed is the numbers from 1 to n that something is true of.
func listed(n int, is func(int) bool) []int {
	numbers := []int{}
	for i := 1; i <= n; i++ {
		if is(i) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// statusValue is STGE.
type statusValue struct {
	Contact          string `json:"contact"`
	Breaker          string `json:"breaker"`
	CoverOpen        bool   `json:"cover_open"`
	Overvoltage      bool   `json:"overvoltage"`
	OverPower        bool   `json:"over_power"`
	Producer         bool   `json:"producer"`
	Injecting        bool   `json:"injecting"`
	SupplierIndex    int    `json:"supplier_index"`
	DistributorIndex int    `json:"distributor_index"`
	ClockDegraded    bool   `json:"clock_degraded"`
	Mode             string `json:"mode"`
	Euridis          string `json:"euridis"`
	PowerLine        string `json:"power_line"`
	Synchronised     bool   `json:"synchronised"`
	Today            string `json:"today,omitempty"`
	Tomorrow         string `json:"tomorrow,omitempty"`
	PeakNotice       int    `json:"peak_notice,omitempty"`
	Peak             int    `json:"peak,omitempty"`
}

func statusOf(s *tic.Status) statusValue {
	contact := "closed"
	if s.ContactOpen {
		contact = "open"
	}
	return statusValue{
		Contact: contact, Breaker: s.Breaker.String(), CoverOpen: s.CoverOpen, Overvoltage: s.Overvoltage,
		OverPower: s.OverPower, Producer: s.Producer, Injecting: s.Injecting, SupplierIndex: s.SupplierIndex,
		DistributorIndex: s.DistributorIndex, ClockDegraded: s.ClockDegraded, Mode: s.Mode.String(),
		Euridis: s.Euridis.String(), PowerLine: s.PowerLine.String(), Synchronised: s.Synchronised,
		Today: colourOf(s.Today), Tomorrow: colourOf(s.Tomorrow), PeakNotice: s.PeakNotice, Peak: s.Peak,
	}
}

// optionValue is OPTARIF; only Tempo has programs.
type optionValue struct {
	Contract string `json:"contract"`
	Heating  string `json:"heating,omitempty"`
	HotWater string `json:"hot_water,omitempty"`
}

func optionOf(o tic.Option) optionValue {
	v := optionValue{Contract: o.Contract.String()}
	if o.Contract == tic.TempoContract {
		v.Heating, v.HotWater = string(rune(o.Circuit1)), fmt.Sprintf("P%d", o.Circuit2)
	}
	return v
}

// periodValue is PTEC.
type periodValue struct {
	Hours  string `json:"hours"`
	Colour string `json:"colour,omitempty"`
}

// colourOf is "" where there is none.
func colourOf(c tic.Colour) string {
	if c == tic.NoColour {
		return ""
	}
	return c.String()
}

// blockValue is a block of PJOURF+1 or PPOINTE.
type blockValue struct {
	From    string `json:"from"`
	Index   uint8  `json:"index,omitempty"`
	Contact string `json:"contact"`
	Virtual []int  `json:"virtual,omitempty"` // virtual contacts that are commanded closed
}

func planOf(p *tic.Profile) []blockValue {
	plan := []blockValue{}
	for _, b := range p.Blocks() {
		closed := func(contact int) bool { return b.Virtual&(1<<(contact-1)) != 0 }
		plan = append(plan, blockValue{
			From: fmt.Sprintf("%02d:%02d", b.Hour, b.Minute), Index: b.Index,
			Contact: b.Contact.String(), Virtual: listed(7, closed),
		})
	}
	return plan
}
