package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/linky"
	"releve/tic/port"
)

// playing is a meter on a pseudo-terminal, at the rhythm and the speed of a real line.
func playing(t *testing.T, s linky.Scenario) string {
	t.Helper()
	meter, err := linky.New(s)
	if err != nil {
		t.Fatal(err)
	}
	pty, err := linky.OpenPTY("")
	if err != nil {
		t.Skipf("no pseudo-terminals on this machine: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = meter.Run(ctx, pty, linky.Pace{Parity: true}) }) // ends with ctx
	t.Cleanup(func() {
		stop()
		running.Wait()
		if err := pty.Close(); err != nil {
			t.Error(err)
		}
	})
	return pty.Path()
}

// recording is a file of some frames of a meter.
func recording(t *testing.T, s linky.Scenario) string {
	t.Helper()
	meter, err := linky.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for range 4 {
		text = meter.Frame(text)
	}
	return written(t, "recording", string(text[100:])) // joined in the middle of a frame
}

func TestProbeHearsMeter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		scenario linky.Scenario
		heard    string
	}{
		{"standard", linky.Scenario{Mode: tic.Standard}, `standard mode at 9600 Bd, single-phase, contract \S.*, TIC version 02: \d\d label\(s\) in [1-3] frame\(s\)`},
		{"historic", linky.Scenario{Mode: tic.Historic, Phases: 3, Contract: linky.Tempo}, `historic mode at 1200 Bd, three-phase, contract Tempo: \d\d label\(s\) in [1-3] frame\(s\)`},
		{"industrial", linky.Scenario{Model: linky.Industrial}, `historic mode at 1200 Bd: 10 label\(s\) in [1-3] frame\(s\)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := playing(t, test.scenario)
			got := typed(t, "", "probe", "--for", "1m", name) // it is sure long before, and then it ends
			want := regexp.MustCompile("^" + name + "  no adapter of this machine\n  heard        " + test.heard + "\n$")
			if got.code != exitDone || !want.MatchString(got.out) {
				t.Errorf("code %d, out\n%s, want\n%s", got.code, got.out, want)
			}
			talk := "listening to " + name + " for up to 1m0s…\n\nFor releve.toml:\n\n[[meter]]\nport = \"" + name + "\"\n"
			if diff := cmp.Diff(talk, got.talk); diff != "" {
				t.Errorf("talk (-want +got):\n%s", diff)
			}
		})
	}
}

// What is told of a meter, and that it never is whose meter it is.
func TestProbeTells(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		scenario linky.Scenario
		want     hearing
	}{
		{"standard", linky.Scenario{Mode: tic.Standard}, hearing{Mode: "standard", Phases: 1, Contract: "BASE", Version: "02"}},
		{"three phases", linky.Scenario{Mode: tic.Standard, Phases: 3, Contract: linky.PeakOffPeak}, hearing{Mode: "standard", Phases: 3, Contract: "H PLEINE/CREUSE", Version: "02"}},
		{"producer", linky.Scenario{Mode: tic.Standard, Producer: true}, hearing{Mode: "standard", Phases: 1, Contract: "BASE", Version: "02", Producer: true}},
		{"historic", linky.Scenario{Mode: tic.Historic}, hearing{Mode: "historic", Phases: 1, Contract: "base"}},
		{"industrial", linky.Scenario{Model: linky.Industrial}, hearing{Mode: "historic"}},
		{"historic, three phases", linky.Scenario{Mode: tic.Historic, Phases: 3, Contract: linky.PeakOffPeak}, hearing{Mode: "historic", Phases: 3, Contract: "off-peak"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := recording(t, test.scenario)
			got := typed(t, "", "probe", "--json", file)
			var found []probed
			if err := json.Unmarshal([]byte(got.out), &found); err != nil || got.code != exitDone || len(found) != 1 || found[0].Heard == nil {
				t.Fatalf("%v: %+v", err, got)
			}
			heard := *found[0].Heard
			if heard.Frames == 0 || heard.Groups < 10 || heard.Labels < 9 {
				t.Errorf("heard too little: %+v", heard)
			}
			heard.Frames, heard.Groups, heard.Refused, heard.Labels = 0, 0, 0, 0
			if diff := cmp.Diff(test.want, heard); diff != "" {
				t.Errorf("heard (-want +got):\n%s", diff)
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, label := range []string{"ADCO ", "ADSC\t", "PRM\t"} {
				_, rest, _ := strings.Cut(string(raw), label)
				if value := rest[:min(12, len(rest))]; value != "" && strings.Contains(got.out+got.talk, value) {
					t.Errorf("the output holds the value of %q", label)
				}
			}
		})
	}
}

func TestProbeHearsNothing(t *testing.T) {
	t.Parallel()
	silent, err := linky.OpenPTY("")
	if err != nil {
		t.Skipf("no pseudo-terminals on this machine: %v", err)
	}
	t.Cleanup(func() { silent.Close() })
	missing := filepath.Join(t.TempDir(), "ttyUSB0")
	noise := written(t, "noise", strings.Repeat("\x7f\x80 no meter\r\n", 300))
	for _, test := range []struct{ name, port, found string }{
		{"silence", silent.Path(), "  heard        no meter\n"},
		{"not there", missing, "  error        open port " + missing + ": there is no such device: plug the adapter in or correct the name\n"},
		{"nobody answers", "tcp://127.0.0.1:1", "  error        open port tcp://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused\n"},
		{"noise", noise, "  heard        no meter\n  diagnosis    Bytes arrive but no group does: the speed is wrong (1200 Bd in historic mode, 9600 in standard) or this is not a meter.\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := outcome{exitSilent, test.port + "  no adapter of this machine\n" + test.found, "listening to " + test.port + " for up to 1s…\n" +
				"What keeps the meter from being heard, and what to do: releve doctor --port " + test.port + "\nreleve: no meter was heard\n"}
			if diff := cmp.Diff(want, typed(t, "", "probe", "--for", "1s", test.port), cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// machine is one with two adapters of the same chip: a dongle, and what may be a printer; and a UART built in.
func machine(t *testing.T, dongle, printer, uart string) port.Machine {
	t.Helper()
	m := port.Machine{Root: t.TempDir()}
	put := func(name, text string) {
		file := filepath.Join(m.Root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		file := filepath.Join(m.Root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.Symlink(target, file)); err != nil {
			t.Fatal(err)
		}
	}
	for name, stand := range map[string]string{"ttyUSB0": dongle, "ttyUSB1": printer, "ttyAMA0": uart} {
		hardware := "sys/devices/usb/" + name
		put(hardware+"/port/uevent", "")
		link(filepath.Join(m.Root, hardware, "port"), "sys/class/tty/"+name+"/device")
		link("drivers/"+map[bool]string{true: "uart-pl011", false: "ftdi_sio"}[name == "ttyAMA0"], hardware+"/port/driver")
		link(stand, "dev/"+name)
		if name != "ttyAMA0" {
			put(hardware+"/idVendor", "0403\n")
			put(hardware+"/idProduct", "6015\n")
			put(hardware+"/product", "FT230X Basic UART\n")
			put(hardware+"/serial", map[string]string{"ttyUSB0": "TINFO-1001\n", "ttyUSB1": "DN000001\n"}[name])
			link("../../"+name, "dev/serial/by-id/usb-"+name)
		}
	}
	return m
}

// Without a name nothing is opened but a known dongle. All the ports here have a meter: what is not heard was not
// listened to.
func TestProbeListsAndListensToDonglesOnly(t *testing.T) {
	t.Parallel()
	speaking := func() string { return playing(t, linky.Scenario{Mode: tic.Standard}) }
	m := machine(t, speaking(), speaking(), speaking())
	var out, talk bytes.Buffer
	if err := (probeVerb{For: time.Minute, machine: m}).Run(t.Context(), terminal{out: &out, err: &talk}); err != nil {
		t.Fatal(err)
	}
	dev := m.Root + "/dev/"
	heard := regexp.MustCompile(`standard mode at 9600 Bd, .* frame\(s\)`)
	want := dev + "ttyAMA0  built in (driver uart-pl011)\n" +
		"  not heard    this is no TIC dongle that is known by its name; to listen all the same: releve probe " + dev + "ttyAMA0\n" +
		dev + "ttyUSB0  CH2i Micro Téléinfo V2 (USB 0403:6015 \"FT230X Basic UART\", serial number TINFO-1001, driver ftdi_sio)\n" +
		"  stable name  " + dev + "serial/by-id/usb-ttyUSB0\n" +
		"  heard        METER\n" +
		dev + "ttyUSB1  USB adapter (USB 0403:6015 \"FT230X Basic UART\", serial number DN000001, driver ftdi_sio)\n" +
		"  stable name  " + dev + "serial/by-id/usb-ttyUSB1\n" +
		"  not heard    this is no TIC dongle that is known by its name; to listen all the same: releve probe " + dev + "ttyUSB1\n"
	if diff := cmp.Diff(want, heard.ReplaceAllString(out.String(), "METER")); diff != "" {
		t.Errorf("out (-want +got):\n%s", diff)
	}
	if want := "port = \"" + dev + "serial/by-id/usb-ttyUSB0\"\n"; !strings.HasSuffix(talk.String(), want) {
		t.Errorf("talk is %q, want it to end with %q", talk.String(), want)
	}
}

// A name that leads to an adapter is that adapter's, however it is written.
func TestProbeNamed(t *testing.T) {
	t.Parallel()
	m := machine(t, "/dev/null", "/dev/null", "/dev/null")
	for _, name := range []string{"ttyUSB1", "serial/by-id/usb-ttyUSB1"} {
		found, err := probeVerb{machine: m, Ports: []string{m.Root + "/dev/" + name}}.ports()
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 || !found[0].Listened || found[0].USB == nil || found[0].USB.Serial != "DN000001" {
			t.Errorf("%s is %+v, want the adapter, to be listened to", name, found)
		}
	}
}

func TestProbeEmptyMachine(t *testing.T) {
	t.Parallel()
	m := port.Machine{Root: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(m.Root, "sys/class/tty"), 0o755); err != nil {
		t.Fatal(err)
	}
	var out, talk bytes.Buffer
	err := probeVerb{JSON: true, machine: m}.Run(t.Context(), terminal{out: &out, err: &talk})
	if !errors.Is(err, errUnheard) || out.String() != "[]\n" || talk.String() != "There is no serial port: plug a TIC dongle in, or name the address of a serial server.\n" {
		t.Errorf("error %v, out %q, talk %q", err, out.String(), talk.String())
	}
}
