package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"releve/tic"
	"releve/tic/port"
)

type probeVerb struct {
	JSON  bool          `name:"json" help:"Print JSON."`
	For   time.Duration `help:"Listen to each port for at most this long." default:"12s"`
	Ports []string      `arg:"" optional:"" name:"port" help:"Devices, tcp://host:port, rfc2217://host:port or files to listen to. Without any, all serial ports are listed, and those of known TIC dongles listened to."`

	machine port.Machine
}

// errUnheard is the outcome of a probe that found no meter; what it found was printed.
var errUnheard = errors.New("no meter was heard")

// probed is a port and what was found there.
type probed struct {
	Port      string        `json:"port"`
	ByID      string        `json:"by_id,omitempty"` // the name that stays
	Driver    string        `json:"driver,omitempty"`
	USB       *port.USB     `json:"usb,omitempty"`
	Dongle    string        `json:"dongle,omitempty"` // the TIC dongle that it is known to be
	Holders   []port.Holder `json:"holders,omitempty"`
	Listened  bool          `json:"listened"`
	Heard     *hearing      `json:"heard,omitempty"`
	Diagnosis string        `json:"diagnosis,omitempty"`
	Error     string        `json:"error,omitempty"` // why the port could not be listened to
}

// Run looks at all ports at once, and stops as soon as it is sure.
func (v probeVerb) Run(ctx context.Context, t terminal) error {
	found, err := v.ports()
	if err != nil {
		return err
	}
	v.announce(t.err, found)
	var listening sync.WaitGroup
	for _, p := range found {
		if p.Listened {
			listening.Go(func() { p.listen(ctx, v.For, t.in) })
		}
	}
	listening.Wait()
	if err := v.print(t.out, found); err != nil {
		return err
	}
	return advise(t.err, found)
}

// ports is what to look at: the ports that were named, or else those there are.
func (v probeVerb) ports() ([]*probed, error) {
	adapters, err := v.machine.Adapters()
	var found []*probed
	for _, name := range v.Ports {
		if err := port.Check(name); err != nil {
			return nil, misuse{err}
		}
		found = append(found, v.named(name, adapters))
	}
	if len(v.Ports) > 0 {
		return found, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the serial ports: %w", err)
	}
	for _, a := range adapters {
		found = append(found, v.about(a.Device, a))
	}
	return found, nil
}

// named returns a port that the user wants listened to, with the adapter behind it if there is one.
func (v probeVerb) named(name string, adapters []port.Adapter) *probed {
	var behind port.Adapter
	device, _ := filepath.EvalSymlinks(name) // what is no file is no adapter
	for _, a := range adapters {
		if a.Device == name || a.ByID == name || a.Device == device {
			behind = a
		}
	}
	p := v.about(name, behind)
	p.Listened = true
	return p
}

func (v probeVerb) about(name string, a port.Adapter) *probed {
	p := &probed{Port: name, ByID: a.ByID, Driver: a.Driver, USB: a.USB, Dongle: a.Dongle, Listened: a.Dongle != ""}
	if a.Device != "" {
		p.Holders = v.machine.Holders(a.Device)
	}
	return p
}

func (v probeVerb) announce(w io.Writer, found []*probed) {
	var names []string
	for _, p := range found {
		if p.Listened {
			names = append(names, p.Port)
		}
	}
	if len(names) > 0 {
		fmt.Fprintf(w, "listening to %s for up to %s…\n", strings.Join(names, ", "), v.For)
	}
}

// listen opens the port and hears what is there, until it is sure or its time is over.
func (p *probed) listen(ctx context.Context, patience time.Duration, input io.Reader) {
	ctx, enough := context.WithTimeout(ctx, patience)
	defer enough()
	e := newEar(enough)
	var refused error
	speed := 0
	err := port.Listen(ctx, port.Config{Name: p.Port, Input: input, State: func(s port.State) {
		switch {
		case s.Open && (s.Mode != tic.Auto || e.heard.Mode == ""):
			speed = s.Speed
		case s.Err != nil:
			refused = s.Err
			enough()
		}
	}}, e)
	p.Heard = e.hearing()
	if p.Heard != nil {
		p.Heard.Speed = speed
	}
	if err := cmp.Or(err, refused); err != nil {
		p.Error = err.Error()
	}
	p.Diagnosis = e.Counters().Diagnosis().EN
}

func (v probeVerb) print(w io.Writer, found []*probed) error {
	if v.JSON {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(append([]*probed{}, found...)) // [] when there is nothing
	}
	var text strings.Builder
	for _, p := range found {
		p.describe(&text)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// describe writes a port as a person reads it.
//
//	Example:
//	/dev/ttyACM0  CH2i Micro Téléinfo V3 (USB 1a86:55d4 "CH2i uTinfo-V3.0", serial number TINFO-2000, driver cdc_acm)
//	  stable name  /dev/serial/by-id/usb-CH2i_uTinfo-V3.0_TINFO-2000-if00
//	  heard        standard mode at 9600 Bd, single-phase, contract BASE, TIC version 02: 40 labels in 1 frame(s)
func (p *probed) describe(w io.Writer) {
	fmt.Fprintf(w, "%s  %s\n", p.Port, p.adapter())
	row := func(title, text string) {
		if text != "" {
			fmt.Fprintf(w, "  %-11s  %s\n", title, text)
		}
	}
	if p.ByID != p.Port {
		row("stable name", p.ByID)
	}
	for _, h := range p.Holders {
		row("in use by", h.String())
	}
	switch {
	case !p.Listened:
		row("not heard", "this is no TIC dongle that is known by its name; to listen all the same: releve probe "+p.Port)
	case p.Heard != nil:
		row("heard", p.Heard.String())
	case p.Error == "":
		row("heard", "no meter")
	}
	row("error", p.Error)
	row("diagnosis", p.Diagnosis)
}

// adapter says what is behind the port.
func (p *probed) adapter() string {
	driver := p.Driver
	if driver != "" {
		driver = "driver " + driver
	}
	switch {
	case p.USB != nil:
		u := p.USB
		details := []string{fmt.Sprintf("USB %s:%s", u.Vendor, u.Product)}
		if name := strings.TrimSpace(u.Manufacturer + " " + u.Name); name != "" {
			details[0] += fmt.Sprintf(" %q", name)
		}
		if u.Serial != "" {
			details = append(details, "serial number "+u.Serial)
		}
		return fmt.Sprintf("%s (%s)", cmp.Or(p.Dongle, "USB adapter"), strings.Join(append(details, driver), ", "))
	case p.Driver != "":
		return fmt.Sprintf("built in (%s)", driver)
	}
	return "no adapter of this machine"
}

// String is one line about a meter.
func (h *hearing) String() string {
	facts := []string{h.Mode + " mode"}
	add := func(wanted bool, format string, args ...any) {
		if wanted {
			facts = append(facts, fmt.Sprintf(format, args...))
		}
	}
	if h.Speed != 0 {
		facts[0] += fmt.Sprintf(" at %d Bd", h.Speed)
	}
	add(h.Phases == 1, "single-phase")
	add(h.Phases > 1, "three-phase")
	add(h.Producer, "producer")
	add(h.Contract != "", "contract %s", h.Contract)
	add(h.Version != "", "TIC version %s", h.Version)
	add(h.Standby, "in standby")
	return fmt.Sprintf("%s: %d label(s) in %d frame(s)", strings.Join(facts, ", "), h.Labels, h.Frames)
}

// advise says what to do next.
func advise(w io.Writer, found []*probed) error {
	for _, p := range found {
		if p.Heard != nil {
			fmt.Fprintf(w, "\nFor releve.toml:\n\n[[meter]]\nport = %q\n", cmp.Or(p.ByID, p.Port))
			return nil
		}
	}
	switch {
	case len(found) == 0:
		fmt.Fprintln(w, "There is no serial port: plug a TIC dongle in, or name the address of a serial server.")
	case !found[0].Listened && len(found) == 1:
		fmt.Fprintf(w, "If the meter is wired to it: releve probe %s\n", found[0].Port)
	case len(found) == 1:
		fmt.Fprintf(w, "What keeps the meter from being heard, and what to do: releve doctor --port %s\n", found[0].Port)
	default:
		fmt.Fprintln(w, "What keeps a meter from being heard, and what to do: releve doctor --port PORT")
	}
	return errUnheard
}
