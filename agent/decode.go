package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"releve/tic"
	"releve/tic/port"
)

type decodeVerb struct {
	Mode   string `help:"Mode of the meter: ${enum}." enum:"auto,historic,standard" default:"auto"`
	Format string `help:"What to print: ${enum}. One frame a line, raw in json, by type in values; CBOR is a sequence of packs." enum:"json,values,senml-json,senml-cbor,senml-xml" default:"json"`
	Input  string `arg:"" optional:"" default:"-" help:"File, serial device, auto, tcp://host:port, rfc2217://host:port, or - for standard input."`
}

// Run decodes until the input ends and sums up on err.
func (v decodeVerb) Run(ctx context.Context, t terminal) error {
	line := newPrintedLine(modeOf(v.Mode), &printer{format: v.Format, out: bufio.NewWriter(t.out)})
	err := v.read(ctx, t, line)
	line.Flush()
	counters := line.Counters()
	if err == nil || counters.Bytes > 0 {
		sumUp(t.err, counters)
	}
	switch {
	case err != nil:
		return err
	case line.printer.err != nil:
		return line.printer.err
	case counters.Groups == 0:
		return fmt.Errorf("decode %s: not one group of a meter could be read", v.Input)
	}
	return nil
}

// modeOf reads a word that the command line has checked.
func modeOf(word string) tic.Mode {
	mode, _ := tic.ParseMode(word) // cannot fail: see the enum
	return mode
}

// isLive says whether an input is a line that somebody listens to, rather than a file.
func isLive(input string) bool {
	if input == "auto" || strings.Contains(input, "://") {
		return true
	}
	info, err := os.Stat(input)
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	file, err := os.OpenFile(input, os.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return true // the port says why it does not open
	}
	defer file.Close()
	_, err = unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

func (v decodeVerb) read(ctx context.Context, t terminal, line port.Line) error {
	if v.Input == "-" || isLive(v.Input) {
		quiet := slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
		return port.Listen(ctx, port.Config{Name: v.Input, Mode: modeOf(v.Mode), Log: quiet, Input: t.in}, line)
	}
	file, err := os.Open(v.Input)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(line, file)
	return err
}

// printedLine decodes and prints what it decoded before it takes more, so that a live line is seen as it comes and a
// reader who left ends the reading.
type printedLine struct {
	*tic.Decoder
	printer *printer
}

func newPrintedLine(mode tic.Mode, p *printer) *printedLine {
	return &printedLine{tic.NewDecoder(mode, p.print), p}
}

// Write decodes the next bytes. Its error is that of printing.
func (l *printedLine) Write(b []byte) (int, error) {
	n, _ := l.Decoder.Write(b) // never fails
	l.printer.flush()
	return n, l.printer.err
}

// Flush ends the line.
func (l *printedLine) Flush() {
	l.Decoder.Flush()
	l.printer.flush()
}

// sumUp says what the line was like, one number a cause.
func sumUp(w io.Writer, c tic.Counters) {
	fmt.Fprintf(w, "%d bytes, %d frames, %d groups accepted, %d lines refused", c.Bytes, c.Frames, c.Groups, c.Refused())
	for _, cause := range tic.Causes() {
		if n := c.Rejected[cause]; n > 0 {
			fmt.Fprintf(w, ", %s %d", cause, n)
		}
	}
	fmt.Fprintf(w, ", labels not known %d, line feeds damaged %d\n", c.Strange(), c.DamagedLF)
	if d := c.Diagnosis(); !d.IsZero() {
		fmt.Fprintln(w, d.EN)
	}
}
