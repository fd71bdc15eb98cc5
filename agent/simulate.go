package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"releve/agent/scenario"
	"releve/tic/linky"
)

type simulateVerb struct {
	Scenario string   `help:"Play a scenario that ships, or a file. The other flags come before what it says." placeholder:"NAME|FILE"`
	List     bool     `help:"List the scenarios that ship, and play nothing."`
	JSON     bool     `name:"json" help:"List as JSON."`
	Mode     string   `help:"Mode of the meter: standard, which is the default, or historic." placeholder:"standard|historic"`
	Model    string   `help:"Generation of the meter: linky, pilot, electronic, plain or pme-pmi." placeholder:"linky"`
	Contract string   `help:"Contract: base, hc, tempo, ejp or hc-we." placeholder:"base"`
	Phases   *int     `help:"Phases of the meter: 1 or 3." placeholder:"1"`
	Power    *int     `help:"Subscribed power in kVA." placeholder:"6"`
	Producer *bool    `help:"The house also sells." negatable:""`
	Frames   uint     `help:"Stop after that many frames; 0 for no end." default:"0"`
	Speed    string   `help:"1 for the pace of a real bus, max for no pace at all." enum:"1,max" default:"1"`
	Seed     *uint64  `help:"The same seed gives the same bytes." placeholder:"1"`
	Start    string   `help:"First instant on the meter's clock: now, or a time like 2026-01-15T18:00:00+01:00. Without it a fixed one, so that bytes depend on the seed alone." placeholder:"TIME"`
	Damage   []string `help:"Damage the line all along: kinds and shares, such as bits=0.001,lost=0.01. The reference of scenario files lists the kinds." placeholder:"KIND=RATE"`
	Parity   bool     `help:"Put even parity into bit 7, as a receiver set to 8N1 sees it."`
	PTY      string   `name:"pty" help:"Play on a pseudo-terminal and link it from this path." placeholder:"PATH" xor:"out"`
	Output   string   `short:"o" help:"Write to a file." placeholder:"FILE" xor:"out"`
	Stdout   string   `arg:"" optional:"" enum:"-" default:"-" help:"- for standard output, which is also the default."`
}

// Run plays until it has played enough or is stopped.
func (v simulateVerb) Run(ctx context.Context, t terminal) (err error) {
	if v.List {
		return v.list(t)
	}
	meter, err := v.meter(time.Now())
	if err != nil {
		return misuse{err}
	}
	out, closeOut, err := v.open(t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeOut()) }()
	return meter.Run(ctx, out, linky.Pace{Max: v.Speed == "max", Frames: int(v.Frames), Parity: v.Parity})
}

// list prints the scenarios that ship.
func (v simulateVerb) list(t terminal) error {
	ready, err := scenario.Ready()
	if err != nil {
		return err
	}
	if v.JSON {
		return json.NewEncoder(t.out).Encode(ready)
	}
	for _, entry := range ready {
		fmt.Fprintf(t.out, "%-14s%s\n", entry.Name, entry.Title)
	}
	return nil
}

// meter is the scenario as the flags want it.
func (v simulateVerb) meter(now time.Time) (*linky.Meter, error) {
	s := linky.Scenario{Seed: 1}
	if v.Scenario != "" {
		script, err := scenario.Open(v.Scenario)
		if err != nil {
			return nil, err
		}
		s = script.Scenario
	}
	for _, set := range []func(*linky.Scenario) error{v.setWords, v.setNumbers, v.setDamage} {
		if err := set(&s); err != nil {
			return nil, err
		}
	}
	if err := v.setStart(&s, now); err != nil {
		return nil, err
	}
	return linky.New(s)
}

// setWords puts the flags that are words over a scenario.
func (v simulateVerb) setWords(s *linky.Scenario) (err error) {
	if v.Mode != "" {
		if s.Mode, err = scenario.Mode(v.Mode); err != nil {
			return fmt.Errorf("--mode: %w", err)
		}
	}
	if v.Model != "" {
		if s.Model, err = scenario.Model(v.Model); err != nil {
			return fmt.Errorf("--model: %w", err)
		}
	}
	if v.Contract != "" {
		if s.Contract, err = scenario.Contract(v.Contract); err != nil {
			return fmt.Errorf("--contract: %w", err)
		}
	}
	return nil
}

// setNumbers puts the other flags over a scenario.
func (v simulateVerb) setNumbers(s *linky.Scenario) error {
	over(&s.Phases, v.Phases)
	over(&s.SubscribedKVA, v.Power)
	over(&s.Producer, v.Producer)
	over(&s.Seed, v.Seed)
	if v.Phases != nil && *v.Phases == 0 {
		return fmt.Errorf("--phases: a meter has 1 or 3 phases, not 0")
	}
	if v.Power != nil && *v.Power == 0 {
		return fmt.Errorf("--power: a home subscribes 1 to 36 kVA, not 0")
	}
	return nil
}

// over puts a flag that was given over a value.
func over[T any](value, flag *T) {
	if flag != nil {
		*value = *flag
	}
}

// setDamage adds the damage of the command line to that of the scenario.
func (v simulateVerb) setDamage(s *linky.Scenario) error {
	damage, err := scenario.Damages(v.Damage)
	if err != nil {
		return fmt.Errorf("--damage: %w", err)
	}
	s.Damage = append(s.Damage, damage...)
	return nil
}

func (v simulateVerb) setStart(s *linky.Scenario, now time.Time) error {
	switch v.Start {
	case "":
	case "now":
		s.Start = now
	default:
		start, err := time.Parse(time.RFC3339, v.Start)
		if err != nil {
			return fmt.Errorf("--start: %q is neither now nor a time like 2026-01-15T18:00:00+01:00", v.Start)
		}
		s.Start = start
	}
	return nil
}

// open returns where the bytes go and what ends it.
func (v simulateVerb) open(t terminal) (io.Writer, func() error, error) {
	switch {
	case v.PTY != "":
		pty, err := linky.OpenPTY(v.PTY)
		if err != nil {
			return nil, nil, err
		}
		fmt.Fprintf(t.err, "meter on %s\n", v.PTY)
		return pty, pty.Close, nil
	case v.Output != "":
		file, err := os.Create(v.Output)
		if err != nil {
			return nil, nil, err
		}
		out, flush := v.buffered(file)
		return out, func() error { return errors.Join(flush(), file.Close()) }, nil
	}
	out, flush := v.buffered(t.out)
	return out, flush, nil
}

// buffered spares system calls, unless somebody may be listening at the pace of the bus.
func (v simulateVerb) buffered(w io.Writer) (io.Writer, func() error) {
	if v.Speed != "max" {
		return w, func() error { return nil }
	}
	b := bufio.NewWriterSize(w, 1<<16)
	return b, b.Flush
}
