package linky_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/linky"
)

// ran is what a reader hears of a scenario, parity included.
func ran(t testing.TB, s linky.Scenario, frames int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := newMeter(t, s).Run(t.Context(), &out, linky.Pace{Max: true, Frames: frames, Parity: true}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// counted decodes what was heard.
func counted(t testing.TB, raw []byte) tic.Counters {
	t.Helper()
	d := tic.NewDecoder(tic.Standard, func(*tic.Frame) {})
	if _, err := d.Write(raw); err != nil {
		t.Fatal(err)
	}
	d.Flush()
	return d.Counters()
}

// everyKind is every kind of damage, the first to the last.
func everyKind(t *testing.T) (all []linky.Kind) {
	t.Helper()
	for kind := linky.Power; kind <= linky.Cooked; kind++ {
		all = append(all, kind)
	}
	return all
}

// TestDamageIsRepeatable holds of every kind: the same seed damages the same way, another seed another way, rate 0 not at
// all, and a window only within it.
func TestDamageIsRepeatable(t *testing.T) {
	t.Parallel()
	clean := ran(t, linky.Scenario{}, 20)
	always := map[linky.Kind]bool{linky.Stripped: true} // 1 of 20 frames without bit 7 may be any
	for _, kind := range everyKind(t) {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			with := func(d linky.Damage, seed uint64) []byte {
				d.Kind = kind
				return ran(t, linky.Scenario{Seed: seed, Damage: []linky.Damage{d}}, 20)
			}
			one := with(linky.Damage{Rate: 0.3}, 0)
			if bytes.Equal(one, clean) {
				t.Error("a rate of 0.3 damages nothing")
			}
			if !bytes.Equal(one, with(linky.Damage{Rate: 0.3}, 0)) {
				t.Error("the same seed damages in two ways")
			}
			if !always[kind] && bytes.Equal(one, with(linky.Damage{Rate: 0.3}, 1)) {
				t.Error("two seeds damage the same way")
			}
			if !bytes.Equal(clean, with(linky.Damage{Rate: 0}, 0)) {
				t.Error("a rate of 0 damages")
			}
			late := with(linky.Damage{Rate: 1, From: 5 * time.Second, To: 10 * time.Second}, 0)
			if before := 865 * 5; !bytes.Equal(clean[:before], late[:before]) || bytes.Equal(clean, late) {
				t.Error("the damage is not in its window")
			}
			if after := 865 * 8; !bytes.HasSuffix(late, clean[len(clean)-after:]) {
				t.Error("the damage does not end with its window")
			}
		})
	}
}

// TestDamageRates holds the share of what is damaged to the rate that was asked for.
func TestDamageRates(t *testing.T) {
	t.Parallel()
	const frames = 200
	clean := ran(t, linky.Scenario{}, frames)
	near := func(got, want int) bool { return math.Abs(float64(got-want)) < 5*math.Sqrt(float64(want))+1 }
	heard := func(kind linky.Kind, rate float64) []byte {
		return ran(t, linky.Scenario{Damage: []linky.Damage{{Kind: kind, Rate: rate}}}, frames)
	}
	flipped := 0
	for i, c := range heard(linky.Bits, 0.01) {
		for diff := c ^ clean[i]; diff != 0; diff &= diff - 1 {
			flipped++
		}
	}
	lf := heard(linky.LineFeeds, 0.2)
	for what, share := range map[string][2]int{
		"flipped bits":      {flipped, len(clean) * 8 / 100},
		"lost characters":   {len(clean) - len(heard(linky.Lost, 0.02)), len(clean) / 50},
		"double characters": {len(heard(linky.Doubled, 0.02)) - len(clean), len(clean) / 50},
		"damaged LF":        {bytes.Count(clean, []byte("\n")) - bytes.Count(lf, []byte("\n")), bytes.Count(clean, []byte("\n")) / 5},
		"damaged STX":       {bytes.Count(heard(linky.Starts, 0.5), []byte{0xC3, '\n'}), frames / 2},
		"damaged CR":        {bytes.Count(heard(linky.Returns, 0.1), []byte{0x8C}), bytes.Count(clean, []byte{0x8D}) / 10},
		"frames of silence": {frames - bytes.Count(heard(linky.Silence, 0.3), []byte{0x82}), frames * 3 / 10},
		"frames unplugged":  {frames - bytes.Count(heard(linky.Unplug, 0.3), []byte{0x82}), frames * 3 / 10},
		"stuck frames":      {bytes.Count(heard(linky.Stuck, 0.3), []byte{0}), frames * 3 / 10},
		"NUL":               {bytes.Count(heard(linky.Nulls, 1), []byte{0}), frames * 17 / 2},
	} {
		if !near(share[0], share[1]) {
			t.Errorf("%s: %d, want about %d", what, share[0], share[1])
		}
	}
}

// TestDamageShows holds what the decoder says of each kind, by its cause.
func TestDamageShows(t *testing.T) {
	t.Parallel()
	counts := func(kind linky.Kind, rate float64) tic.Counters {
		return counted(t, ran(t, linky.Scenario{Damage: []linky.Damage{{Kind: kind, Rate: rate}}}, 60))
	}
	const groups = 60 * 38
	if c := counts(linky.Bits, 0.002); c.Rejected[tic.BadParity] == 0 || c.Groups+c.Refused() < groups*95/100 {
		t.Errorf("bits: %+v", c)
	}
	if c := counts(linky.LineFeeds, 1); c.DamagedLF < groups*9/10 || c.Groups != groups {
		t.Errorf("lf: %+v, want every group all the same", c)
	}
	if c := counts(linky.Returns, 1); c.Groups != groups {
		t.Errorf("cr: %+v, want every group all the same", c)
	}
	if c := counts(linky.Nulls, 1); c.Groups != groups || c.Refused() != 0 {
		t.Errorf("nul: %+v, want every group all the same", c)
	}
	if c := counts(linky.Stripped, 1); c.Groups != groups || c.Refused() != 0 {
		t.Errorf("stripped: %+v, want every group all the same", c)
	}
	if c := counts(linky.Cooked, 1); c.Groups != groups || c.Frames != 0 {
		t.Errorf("cooked: %+v, want every group and no frame", c)
	}
	if c := counts(linky.Baud, 1); c.Groups != 0 || c.Bytes == 0 {
		t.Errorf("baud: %+v, want bytes and no group", c)
	}
	if c := counts(linky.Lost, 0.01); c.Groups == groups || c.Refused() == 0 {
		t.Errorf("lost: %+v", c)
	}
}

// TestNonsense holds what a meter says wrongly under valid checksums, and that the registers behind it go on unharmed.
func TestNonsense(t *testing.T) {
	t.Parallel()
	s := linky.Scenario{Phases: 3, Contract: linky.PeakOffPeak}
	healthy := hear(t, newMeter(t, s), tic.Standard)
	for kind, holds := range map[linky.Kind]func(said) bool{
		linky.Power: func(f said) bool {
			return f.number(t, "SINSTS2") >= 10_000 && f.values["IRMS2"] == healthy.values["IRMS2"] && f.values["EAST"] == healthy.values["EAST"]
		},
		linky.Backward: func(f said) bool {
			return f.number(t, "EAST") == healthy.number(t, "EAST")-1000 && f.number(t, "EASF02") == healthy.number(t, "EASF02")-1000 && f.number(t, "EASF03") == 0
		},
		linky.Zero: func(f said) bool { return f.number(t, "EAST") == 0 && f.number(t, "EASF01") == 0 },
		linky.Jump: func(f said) bool { return f.number(t, "EAST") == healthy.number(t, "EAST")+39_000_000 },
	} {
		s.Damage = []linky.Damage{{Kind: kind, Rate: 1, To: time.Second}}
		m := newMeter(t, s)
		if f := hear(t, m, tic.Standard); !holds(f) {
			t.Errorf("%v: %v", kind, f.values)
		}
		if after := hear(t, m, tic.Standard); after.number(t, "EAST")-healthy.number(t, "EAST") > 2 {
			t.Errorf("%v: EAST is %s afterwards, it was %s", kind, after.values["EAST"], healthy.values["EAST"])
		}
	}
}

// TestDamageLeavesFrameAlone holds that what is wrong with the line is in Run only.
func TestDamageLeavesFrameAlone(t *testing.T) {
	t.Parallel()
	one, other := newMeter(t, linky.Scenario{}), newMeter(t, linky.Scenario{Damage: []linky.Damage{{Kind: linky.Bits, Rate: 1}}})
	if diff := cmp.Diff(string(one.Frame(nil)), string(other.Frame(nil))); diff != "" {
		t.Errorf("a damaged line changes Frame (-clean +damaged):\n%s", diff)
	}
}

// TestCable carries a line by hand: two damages in the order of the line, whatever the order they were named in.
func TestCable(t *testing.T) {
	t.Parallel()
	cable, err := linky.NewCable(1, linky.Damage{Kind: linky.Cooked, Rate: 1}, linky.Damage{Kind: linky.Returns, Rate: 1, From: time.Second},
		linky.Damage{Kind: linky.Zero, Rate: 1})
	if err != nil {
		t.Fatal(err)
	}
	frame := []byte("\x02\nPAPP 00440 )\r\x03")
	for at, want := range map[time.Duration]string{0: "before\x02\nPAPP 00440 )\n", time.Second: "before\x02\nPAPP 00440 )\x0C"} {
		if got := string(cable.Carry([]byte("before"), frame, at, tic.Historic)); got != want {
			t.Errorf("after %v: %q, want %q", at, got, want)
		}
	}
	if string(frame) != "\x02\nPAPP 00440 )\r\x03" || cable.Unplugged() {
		t.Errorf("the frame is now %q, the plug out: %v", frame, cable.Unplugged())
	}
}

func TestDamageErrors(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]linky.Damage{
		"check damage: there is no damage 19":                             {Kind: 19},
		"check damage: the rate of lost is a share from 0 to 1, not 1.5":  {Kind: linky.Lost, Rate: 1.5},
		"check damage: the rate of power is a share from 0 to 1, not NaN": {Rate: math.NaN()},
		"check damage: bits from 2s to 1s is no span of time":             {Kind: linky.Bits, From: 2 * time.Second, To: time.Second},
		"check damage: unplug from -1s to 0s is no span of time":          {Kind: linky.Unplug, From: -time.Second},
	} {
		if _, err := linky.NewCable(0, d); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := linky.New(linky.Scenario{Damage: []linky.Damage{{Rate: -1}}}); err == nil || err.Error() != "check scenario: the rate of power is a share from 0 to 1, not -1" {
		t.Errorf("error %v", err)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range everyKind(t) {
		if got, err := linky.ParseKind(kind.String()); got != kind || err != nil {
			t.Errorf("%v is read as %v, %v", kind, got, err)
		}
	}
	if got := linky.Kind(99).String(); got != "damage 99" {
		t.Errorf("%q", got)
	}
	if _, err := linky.ParseKind(""); err == nil {
		t.Error("an empty word is a damage")
	}
}

// FuzzCable holds that no bytes and no damage make a cable panic, and that it never invents more than its kinds may.
func FuzzCable(f *testing.F) {
	f.Add([]byte("\x02\nPAPP 00440 )\r\x03"), uint8(6), 0.5, uint64(1), true)
	f.Add([]byte{}, uint8(13), 1.0, uint64(2), false)
	f.Add([]byte("\r\n\x04\x02"), uint8(18), 1.0, uint64(3), false)
	f.Fuzz(func(t *testing.T, line []byte, kind uint8, rate float64, seed uint64, historic bool) {
		cable, err := linky.NewCable(seed, linky.Damage{Kind: linky.Kind(kind), Rate: rate})
		if err != nil || len(line) > 4096 {
			return
		}
		mode := tic.Standard
		if historic {
			mode = tic.Historic
		}
		got := cable.Carry(nil, line, 0, mode)
		if len(got) > 9*len(line)+16 {
			t.Errorf("%v makes %d bytes of %d", linky.Kind(kind), len(got), len(line))
		}
	})
}
