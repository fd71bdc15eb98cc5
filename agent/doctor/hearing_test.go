package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"releve/tic"
	"releve/tic/linky"
)

// played is what an emulated meter says, with parity in bit 7.
func played(t *testing.T, s linky.Scenario, frames int) []byte {
	t.Helper()
	meter, err := linky.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := meter.Run(t.Context(), &out, linky.Pace{Max: true, Frames: frames, Parity: true}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func healthy(t *testing.T) []byte { return played(t, linky.Scenario{Seed: 1}, 8) }

func heard(t *testing.T, raw []byte, speed int) *Hearing {
	t.Helper()
	h := NewHearing(tic.Auto, func() {})
	h.Speed = speed
	if _, err := h.Write(raw); err != nil {
		t.Fatal(err)
	}
	h.Flush()
	return h
}

// damaged changes one byte in each n by a function.
func damaged(raw []byte, n int, change func(byte) byte) []byte {
	for i := n / 2; i < len(raw); i += n {
		raw[i] = change(raw[i])
	}
	return raw
}

// standby is a meter whose output is not turned on; its address is nobody's.
func standby() []byte {
	line := "ADCO 000000000000"
	return []byte(strings.Repeat("\x02\n"+line+" "+string(tic.Checksum([]byte(line)))+"\r\x03", 30))
}

var (
	shares = regexp.MustCompile(`[1-9][0-9]* of [0-9]+`)
	wholes = regexp.MustCompile(`0 of [0-9]+`)
	listed = regexp.MustCompile(`\((parity|framing|checksum) [^)]*( [0-9]+ Bd)\)`)
)

// rounded takes out how many lines there were, which is the emulated meter's affair.
func rounded(text string) string {
	text = shares.ReplaceAllString(text, "N of M")
	return listed.ReplaceAllString(wholes.ReplaceAllString(text, "0 of M"), "(CAUSES,$2)")
}

func TestSignal(t *testing.T) {
	t.Parallel()
	historic := linky.Scenario{Seed: 1, Mode: tic.Historic}
	flip := func(b byte) byte { return b ^ 0x04 }
	noLF := func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\n"), []byte{0x0F}) }
	for _, test := range []struct {
		name  string
		raw   []byte
		speed int
		want  string
	}{
		{"well", healthy(t), 9600, "ok: The meter is heard well: standard mode, 9600 Bd, 8 frames, 0 of M lines refused."},
		{"well, over the network", healthy(t), 0, "ok: The meter is heard well: standard mode, 8 frames, 0 of M lines refused."},
		{"well, historic", played(t, historic, 8), 1200, "ok: The meter is heard well: historic mode, 1200 Bd, 8 frames, 0 of M lines refused."},
		{
			"without parity", damaged(healthy(t), 1, func(b byte) byte { return b & 0x7F }), 9600,
			"ok: The meter is heard well: standard mode, 9600 Bd, 8 frames, 0 of M lines refused. → The adapter takes the parity away: a damaged character is noticed less often. Set it to 8N1 if that is possible.",
		},
		{
			"nothing", nil, 9600,
			"fault: Nothing is heard. → Check the two wires between terminals I1 and I2 of the meter and the adapter (either way round), and the adapter's supply.",
		},
		{
			"stray bytes", []byte("\x00\xff\x00"), 9600,
			"fault: Only 3 stray bytes are heard: that is no frame. → The meter's output may give pulses (métrologie): ask the distributor for télé-information; otherwise a wire makes poor contact.",
		},
		{
			"noise", bytes.Repeat([]byte{0x55, 0xF3, 0x0D}, 200), 9600,
			`fault: 600 bytes are heard, and not one group of a meter. → Set mode = "auto" if a mode is given; otherwise the adapter is made for something else, or distorts everything.`,
		},
		{
			"standby", standby(), 1200,
			"fault: The meter says nothing but its address: its output is on standby. → Ask the distributor (Enedis) to turn on the customer output (télé-information client).",
		},
		{
			"industrial", played(t, linky.Scenario{Model: linky.Industrial}, 8), 1200,
			"warning: Not one label of this meter is known: it is a meter of businesses (PME-PMI), of which nothing is recorded.",
		},
		{
			"weak in standard mode", damaged(healthy(t), 97, flip), 9600,
			"warning: N of M lines are damaged (CAUSES, 9600 Bd). → At 9600 Bd the input must be faster than at 1200: lower the load resistor of the optocoupler (towards 1 kΩ), or take an adapter made for standard mode.",
		},
		{
			"weak in historic mode", damaged(played(t, historic, 8), 53, flip), 1200,
			"warning: N of M lines are damaged (CAUSES, 1200 Bd). → Keep the wires away from the mains, shorten them, and tighten terminals I1 and I2.",
		},
		{
			"slow to wake", noLF(healthy(t)), 9600,
			"warning: The first byte after a silence is damaged in N of M groups. → The receiver wakes too slowly: lower its load resistor (towards 1 kΩ) or change the optocoupler.",
		},
		{
			"control characters eaten", bytes.ReplaceAll(healthy(t), []byte{0x82}, nil), 9600,
			"warning: Groups are good but no frame begins and ends: something eats control characters. → If the line comes through a serial server, set it to raw mode.",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tree := examine(t, usb(), "/dev/ttyUSB0", func(e *Exam) {
				e.Meters[0].Listen = func(context.Context) (*Hearing, error) { return heard(t, test.raw, test.speed), nil }
			})
			if got := rounded(said(t, tree, "signal")); got != test.want {
				t.Errorf("signal says\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestSignalOfTheOtherMode(t *testing.T) {
	t.Parallel()
	h := NewHearing(tic.Historic, func() {})
	if _, err := h.Write(healthy(t)); err != nil {
		t.Fatal(err)
	}
	if got, want := h.finding().Text.EN, "The meter talks in the other mode."; got != want {
		t.Errorf("signal says %s, want %s", got, want)
	}
}

func TestSignalThatCannotBeHad(t *testing.T) {
	t.Parallel()
	tree := examine(t, usb(), "/dev/ttyUSB0", func(e *Exam) {
		e.Meters[0].Listen = func(context.Context) (*Hearing, error) { return nil, errors.New("nothing is connected to it") }
	})
	if got, want := said(t, tree, "signal"), "fault: The port /dev/ttyUSB0 cannot be read. | nothing is connected to it"; got != want {
		t.Errorf("signal says %s, want %s", got, want)
	}
	if got, want := said(t, tree, "offer"), "waiting: depends on signal"; got != want {
		t.Errorf("offer says %s, want %s", got, want)
	}
}

func TestOfferInHistoricMode(t *testing.T) {
	t.Parallel()
	const hint = "ok: Historic mode shows a single index (BASE). → If your contract has several prices, or you sell, ask your supplier for standard mode: it is free of charge."
	for _, test := range []struct {
		scenario linky.Scenario
		want     string
	}{
		{linky.Scenario{Mode: tic.Historic}, hint},
		{linky.Scenario{Mode: tic.Historic, Contract: linky.PeakOffPeak}, "ok"},
		{linky.Scenario{Mode: tic.Standard}, "ok"},
	} {
		t.Run(fmt.Sprint(test.scenario.Mode, " ", test.scenario.Contract), func(t *testing.T) {
			t.Parallel()
			tree := examine(t, usb(), "/dev/ttyUSB0", func(e *Exam) {
				e.Meters[0].Listen = func(context.Context) (*Hearing, error) { return heard(t, played(t, test.scenario, 4), 0), nil }
			})
			if got := said(t, tree, "offer"); got != test.want {
				t.Errorf("offer says %s, want %s", got, test.want)
			}
		})
	}
}

func TestHearingEndsWhenItKnows(t *testing.T) {
	t.Parallel()
	enough := false
	h := NewHearing(tic.Auto, func() { enough = true })
	raw := healthy(t)
	if _, err := h.Write(raw[:len(raw)/4]); err != nil || enough {
		t.Errorf("two frames are enough: %v, %v", enough, err)
	}
	if _, err := h.Write(raw[len(raw)/4:]); err != nil || !enough {
		t.Errorf("eight frames are not enough: %v, %v", enough, err)
	}
}

// The examination of a meter tells nothing of whose it is, nor of what it counts.
func TestExaminationIsNotPersonal(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Standard, tic.Historic} {
		raw, secrets := played(t, linky.Scenario{Seed: 1, Mode: mode, Producer: true}, 4), []string{}
		decoder := tic.NewDecoder(mode, func(f *tic.Frame) {
			for _, g := range f.Groups {
				if value := strings.TrimLeft(string(g.Value), "0"); len(value) > 5 {
					secrets = append(secrets, value)
				}
			}
		})
		if _, err := decoder.Write(raw); err != nil || len(secrets) == 0 {
			t.Fatalf("%d values, %v", len(secrets), err)
		}
		tree := examine(t, usb(), "/dev/ttyUSB0", func(e *Exam) {
			e.Meters[0].Listen = func(context.Context) (*Hearing, error) { return heard(t, raw, 9600), nil }
		})
		text, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s mode: a value of the meter is told: %s", mode, text)
			}
		}
	}
}

// FuzzHearing: whatever is heard is judged in both languages, and the judgement repeats nothing of it.
func FuzzHearing(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(standby())
	f.Add([]byte("\x02\nOPTARIF BASE 0\r\nPTEC TH.. $\r\x03"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := NewHearing(tic.Auto, func() {})
		if _, err := h.Write(raw); err != nil {
			t.Fatal(err)
		}
		h.Flush()
		found := h.finding()
		if found.Text.FR == "" || found.Text.EN == "" || (found.Advice.FR == "") != (found.Advice.EN == "") {
			t.Errorf("the judgement is %+v", found)
		}
		if len(found.Text.EN) > 300 {
			t.Errorf("the judgement is long: %s", found.Text.EN)
		}
	})
}
