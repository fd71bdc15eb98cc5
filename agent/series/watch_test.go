package series_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// No meter of any kind, however it is overloaded, is doubted at its own rhythm.
func TestNoFalseAlarm(t *testing.T) {
	t.Parallel()
	usual := map[string]bool{"over-power": true, "over-power ended": true}
	for name, scenario := range everyMeter() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHeard()
			h.Derived = true
			h.play(t, scenario, 12*time.Minute)
			for _, e := range h.events {
				if !usual[e] {
					t.Errorf("event %q", e)
				}
			}
			if err := h.pack.Validate(); err != nil {
				t.Error(err)
			}
			if dubious := h.of("status/power/implausible"); len(dubious) == 0 && scenario.Model != linky.Plain || slices.ContainsFunc(dubious, func(r senml.Record) bool { return r.Value != senml.BoolValue(false) }) {
				t.Errorf("powers are doubted: %v", dubious)
			}
		})
	}
}

// An overrun is one event when it begins and one a minute after its last sign, in both modes and with short frames.
func TestOverPower(t *testing.T) {
	t.Parallel()
	stge := func(over bool) *tic.Frame {
		if over {
			return standard("STGE 003A0081")
		}
		return standard("STGE 003A0001")
	}
	adps := func(over bool) *tic.Frame {
		f := []string{"ADCO 031761000001", "ISOUSC 15"}
		if over {
			f = append(f, "ADPS 018")
		}
		return historic(f...)
	}
	adir := func(over bool) *tic.Frame {
		if over {
			return historic("ADIR2 021", "ADCO 031761000001", "IINST1 001", "IINST2 021", "IINST3 001")
		}
		return historic("ADCO 031761000001", "IINST1 001", "IINST2 015", "IINST3 001")
	}
	for name, frame := range map[string]func(over bool) *tic.Frame{"STGE": stge, "ADPS": adps, "ADIR": adir} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHeard()
			for second := range 200 {
				h.hear(frame(10 <= second && second < 40 && second%7 < 2)) // signs come and go
				if held := len(h.Conditions()) == 1; held != (14 <= second && second < 36+60) {
					t.Fatalf("at %d s conditions are %v", second, h.Conditions())
				}
			}
			h.expect(t, "over-power", "over-power ended")
		})
	}
}

func TestOverPowerHistoricSeries(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for i, step := range []struct {
		frame *tic.Frame
		want  string
	}{
		{historic("IINST1 001"), "current/1=1A"}, // a short frame says nothing of it
		{historic("ISOUSC 15"), "contract/current/subscribed=15A status/over-power=false"},
		{historic("ISOUSC 15", "ADPS 018"), "current/1/over=18A status/over-power=true status/event=over-power"},
		{historic("ISOUSC 15"), ""},
	} {
		if got := h.hear(step.frame); got != step.want {
			t.Errorf("frame %d: %q, want %q", i+1, got, step.want)
		}
	}
	h.at = h.at.Add(time.Minute)
	if got, want := h.hear(historic("ISOUSC 15")), "status/over-power=false status/event=over-power ended"; got != want {
		t.Errorf("a minute later: %q, want %q", got, want)
	}
}

func TestConditionsOfTheRegister(t *testing.T) {
	t.Parallel()
	for register, want := range map[string]string{
		"003A0003": "breaker-open open: over power",
		"003A0011": "cover-open",
		"003A0041": "overvoltage",
		"003B0001": "clock-degraded",
	} {
		h := newHeard()
		h.hear(standard("STGE 003A0001"))
		h.hear(standard("STGE " + register))
		h.expect(t, want)
		if conditions := h.Conditions(); len(conditions) != 1 || conditions[0].Kind.Title().FR == "" || conditions[0].Kind.Title().EN == "" {
			t.Errorf("%s: conditions are %v", register, conditions)
		}
		h.at = h.at.Add(time.Minute)
		h.hear(standard("STGE 003A0001"))
		kind, _, _ := strings.Cut(want, " ")
		h.expect(t, kind+" ended")
	}
}

// Garbage with good checksums, as a three-phase meter sent it with two amperes: recorded as it is said, and flagged.
func TestImplausiblePower(t *testing.T) {
	t.Parallel()
	h := newHeard()
	garbage := standard("IRMS1 002", "IRMS2 002", "IRMS3 002", "URMS1 230", "URMS2 230", "URMS3 230", "SINSTS1 48370", "SINSTS2 17742", "SINSTS3 41187")
	good := standard("IRMS1 002", "IRMS2 002", "IRMS3 002", "URMS1 230", "URMS2 230", "URMS3 230", "SINSTS1 00460", "SINSTS2 00400", "SINSTS3 00480")
	const flag = "status/power/implausible="
	for i, step := range []struct {
		frame *tic.Frame
		want  string // the end of the records
	}{
		{good, flag + "false"},
		{garbage, "consumption/power/apparent/raw/1=48370VA consumption/power/apparent/raw/2=17742VA consumption/power/apparent/raw/3=41187VA"},
		{garbage, ""},
		{garbage, flag + "true status/event=implausible-power"},
		{standard("SINSTS1 48370"), ""}, // nothing to compare with
		{good, flag + "false"},
	} {
		if got := h.hear(step.frame); !strings.HasSuffix(got, step.want) || step.want == "" && got != "" {
			t.Errorf("frame %d: %q, want it to end in %q", i+1, got, step.want)
		}
	}
	one := newHeard() // a load that was just switched on shows in the volt-amperes first
	for _, frame := range []*tic.Frame{historic("IINST 001", "PAPP 00230"), historic("IINST 001", "PAPP 03000"), historic("IINST 013", "PAPP 03000")} {
		one.hear(frame)
	}
	one.expect(t)
}

// A sleeping meter (veille) says its address only. Once may be a damaged frame, and five times with damage too.
func TestStandby(t *testing.T) {
	t.Parallel()
	h := newHeard()
	bare := historic("ADCO 031761000001")
	damaged := historic("ADCO 031761000001")
	damaged.Rejected = 3
	for _, f := range []*tic.Frame{bare, bare, bare, bare, damaged, bare, bare, bare, bare} {
		h.hear(f)
	}
	h.expect(t)
	h.hear(bare)
	h.expect(t, "standby")
	h.hear(historic("ADCO 031761000001", "PAPP 00100"))
	h.at = h.at.Add(time.Minute)
	h.hear(historic("ADCO 031761000001", "PAPP 00100"))
	h.expect(t, "standby ended")
}
