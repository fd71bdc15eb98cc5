package scenario

import (
	"fmt"
	"time"

	"releve/tic"
	"releve/tic/linky"
)

// rawCondition is a condition, or what is different in it: what is left out stays as it was.
type rawCondition struct {
	Output       *string `toml:"output"`
	Degraded     *bool   `toml:"degraded"`
	Breaker      *int    `toml:"breaker"`
	CoverOpen    *bool   `toml:"cover_open"`
	Overvoltage  *bool   `toml:"overvoltage"`
	LostPhase    *int    `toml:"lost_phase"`
	Euridis      *int    `toml:"euridis"`
	Carrier      *int    `toml:"carrier"`
	Synchronised *bool   `toml:"synchronised"`
	Message      *string `toml:"message"`
	ShortMessage *string `toml:"short_message"`
}

type rawChange struct {
	After     string       `toml:"after"`
	Mode      string       `toml:"mode"`
	Contract  *string      `toml:"contract"`
	Replace   bool         `toml:"replace"`
	Skip      string       `toml:"skip"`
	Condition rawCondition `toml:"condition"`
}

// outputs are the words for the states of the customer's output.
func outputs() map[string]linky.Output {
	return map[string]linky.Output{"frames": linky.Informing, "standby": linky.Standby, "silent": linky.Silent}
}

// apply changes a condition by what the file says.
func (r *rawCondition) apply(c *linky.Condition) error {
	if r.Output != nil {
		output, ok := outputs()[*r.Output]
		if !ok {
			return fmt.Errorf("output: %q is not one of frames, standby, silent", *r.Output)
		}
		c.Output = output
	}
	put(&c.Degraded, r.Degraded)
	put(&c.Breaker, r.Breaker)
	put(&c.CoverOpen, r.CoverOpen)
	put(&c.Overvoltage, r.Overvoltage)
	put(&c.Lost, r.LostPhase)
	put(&c.Euridis, r.Euridis)
	put(&c.Carrier, r.Carrier)
	put(&c.Synchronised, r.Synchronised)
	put(&c.Message, r.Message)
	put(&c.ShortMessage, r.ShortMessage)
	return nil
}

// put sets a value that the file has.
func put[T any](into *T, value *T) {
	if value != nil {
		*into = *value
	}
}

func (d *document) readCondition(s *linky.Scenario) error {
	if err := d.Condition.apply(&s.Condition); err != nil {
		return fmt.Errorf("condition.%w", err)
	}
	return nil
}

// readChanges checks every change against the condition that the ones before it leave.
func (d *document) readChanges(s *linky.Scenario) error {
	condition := s.Condition
	for i := range d.Change {
		change, err := d.Change[i].change(&condition, s)
		if err != nil {
			return fmt.Errorf("change %d: %w", i+1, err)
		}
		s.Changes = append(s.Changes, change)
	}
	return nil
}

// change is what happens to the meter; condition is what it was in, and is in afterwards.
func (r *rawChange) change(condition *linky.Condition, s *linky.Scenario) (linky.Change, error) {
	after, err := span(r.After)
	if err != nil {
		return linky.Change{}, fmt.Errorf("after: %w", err)
	}
	mode, err := Mode(r.Mode)
	if err != nil {
		return linky.Change{}, fmt.Errorf("mode: %w", err)
	}
	skip, err := span(r.Skip)
	if err != nil {
		return linky.Change{}, fmt.Errorf("skip: %w", err)
	}
	condition.ShortMessage = "" // it was sent, once
	if err := r.Condition.apply(condition); err != nil {
		return linky.Change{}, fmt.Errorf("condition.%w", err)
	}
	if err := condition.Check(max(s.Phases, 1)); err != nil {
		return linky.Change{}, fmt.Errorf("condition: %w", err)
	}
	subscribe, err := r.subscription(s.Calendar)
	if err != nil {
		return linky.Change{}, err
	}
	return linky.Change{After: after, Do: r.do(mode, skip, *condition, subscribe)}, nil
}

// subscription returns what makes the meter count another contract, or nothing.
func (r *rawChange) subscription(calendar *linky.Calendar) (func(*linky.Meter), error) {
	if r.Contract == nil {
		return func(*linky.Meter) {}, nil
	}
	c, err := contract(*r.Contract)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	if c == linky.Custom && calendar == nil {
		return nil, fmt.Errorf("contract: there is no [calendar]")
	}
	return func(m *linky.Meter) { m.Subscribe(c) }, nil
}

// do is the change itself. The condition was checked, so that Set cannot refuse it.
func (r *rawChange) do(mode tic.Mode, skip time.Duration, condition linky.Condition, subscribe func(*linky.Meter)) func(*linky.Meter) {
	return func(m *linky.Meter) {
		m.Skip(skip)
		subscribe(m)
		if r.Replace {
			m.Replace()
		}
		m.Switch(mode)
		_ = m.Set(condition)
	}
}
