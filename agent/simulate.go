package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"releve/tic/linky"
)

type simulateVerb struct {
	Mode     string `help:"Mode of the meter: ${enum}." enum:"standard,historic" default:"standard"`
	Contract string `help:"Contract: ${enum}." enum:"base,hc,tempo" default:"base"`
	Phases   int    `help:"Phases of the meter: ${enum}." enum:"1,3" default:"1"`
	Producer bool   `help:"The house also sells."`
	Frames   uint   `help:"Stop after that many frames; 0 for no end." default:"0"`
	Speed    string `help:"1 for the pace of a real bus, max for no pace at all." enum:"1,max" default:"1"`
	Seed     uint64 `help:"The same seed gives the same bytes." default:"1"`
	Start    string `help:"First instant on the meter's clock: now, or a time like 2026-01-15T18:00:00+01:00. Without it a fixed one, so that bytes depend on the seed alone."`
	Parity   bool   `help:"Put even parity into bit 7, as a receiver set to 8N1 sees it."`
	PTY      string `name:"pty" help:"Play on a pseudo-terminal and link it from this path." xor:"out"`
	Output   string `short:"o" help:"Write to a file." xor:"out"`
	Stdout   string `arg:"" optional:"" enum:"-" default:"-" help:"- for standard output, which is also the default."`
}

// Run plays until it has played enough or is stopped.
func (v simulateVerb) Run(ctx context.Context, t terminal) (err error) {
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

var contracts = map[string]linky.Contract{"base": linky.Base, "hc": linky.PeakOffPeak, "tempo": linky.Tempo}

func (v simulateVerb) meter(now time.Time) (*linky.Meter, error) {
	s := linky.Scenario{
		Mode: modeOf(v.Mode), Seed: v.Seed, Contract: contracts[v.Contract],
		Phases: v.Phases, Producer: v.Producer,
	}
	switch v.Start {
	case "":
	case "now":
		s.Start = now
	default:
		start, err := time.Parse(time.RFC3339, v.Start)
		if err != nil {
			return nil, fmt.Errorf("--start: %q is neither now nor a time like 2026-01-15T18:00:00+01:00", v.Start)
		}
		s.Start = start
	}
	return linky.New(s)
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
