package series_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// heard is a recorder, what it has told, and the frames it hears one second after the other.
type heard struct {
	*series.Recorder
	at     time.Time
	events []string
	pack   senml.Pack
}

func newHeard() *heard {
	h := &heard{Recorder: series.NewRecorder("linky", rhythm), at: noon}
	h.Notify = func(e series.Event) { h.events = append(h.events, e.String()) }
	return h
}

// hear takes a frame and returns its records on one line.
func (h *heard) hear(f *tic.Frame) string {
	h.at = h.at.Add(time.Second)
	p := h.Record(f, h.at)
	h.pack = append(h.pack, p...)
	return said(p, h.at)
}

// play lets a meter talk for a time, at its own rhythm and by its own clock.
func (h *heard) play(tb testing.TB, s linky.Scenario, last time.Duration) {
	tb.Helper()
	meter, err := linky.New(s)
	if err != nil {
		tb.Fatal(err)
	}
	decoder := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		h.at = meter.Now()
		h.pack = append(h.pack, h.Record(f, h.at)...)
	})
	end := meter.Now().Add(last)
	for meter.Now().Before(end) {
		if _, err := decoder.Write(meter.Frame(nil)); err != nil {
			tb.Fatal(err)
		}
	}
}

// of returns the records of a path.
func (h *heard) of(path string) senml.Pack {
	var found senml.Pack
	for _, r := range h.pack {
		if r.Name == "linky/"+path {
			found = append(found, r)
		}
	}
	return found
}

func (h *heard) expect(t *testing.T, events ...string) {
	t.Helper()
	if diff := cmp.Diff(events, h.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	h.events = nil
}

func standard(groups ...string) *tic.Frame { return frameOf(tic.Standard, groups...) }
func historic(groups ...string) *tic.Frame { return frameOf(tic.Historic, groups...) }

const drawnPath = "consumption/energy/active/index"

func TestIndexWithheld(t *testing.T) {
	t.Parallel()
	h := newHeard()
	h.hear(standard("PCOUP 06", "EAST 000001000", "EASF01 000001000"))
	for i, step := range []struct {
		frame *tic.Frame
		want  string
	}{
		{standard("PCOUP 06", "EAST 000009000", "EASF01 000001000"), "status/event=index-withheld " + drawnPath},
		{standard("PCOUP 06", "EAST 000009000", "EASF01 000001001"), drawnPath + "/provider/1=1001Wh"},
		{standard("PCOUP 06", "EAST 000001001", "EASF01 000001001"), drawnPath + "=1001Wh"},
		{standard("PCOUP 06", "EAST 000000000", "EASF01 000001001"), ""}, // told a moment ago
		{standard("PCOUP 06", "EAST 000000000", "EASF01 000001001"), ""},
		{standard("PCOUP 06", "EAST 000000000", "EASF01 000001001"), ""},
		{standard("PCOUP 06", "EAST 000000001", "EASF01 000001001"), ""},
		{standard("PCOUP 06", "EAST 000000001", "EASF01 000001001"), drawnPath + "=1Wh status/event=index-confirmed " + drawnPath},
		{standard("PCOUP 06", "EAST 000000002", "EASF01 000001001"), drawnPath + "=2Wh"},
	} {
		if got := h.hear(step.frame); got != step.want {
			t.Errorf("frame %d: %q, want %q", i+1, got, step.want)
		}
	}
	h.expect(t, "index-withheld "+drawnPath, "index-confirmed "+drawnPath)
	if conditions := h.Conditions(); len(conditions) != 0 {
		t.Errorf("conditions are %v", conditions)
	}
}

// A withheld index is in no full set either, it is a condition while it lasts, and there is no total of the others.
func TestIndexWithheldHistoric(t *testing.T) {
	t.Parallel()
	h := newHeard()
	h.hear(historic("HCHC 000001000", "HCHP 000002000", "ISOUSC 30"))
	h.at = h.at.Add(rhythm - 2*time.Second)
	if got, want := h.hear(historic("HCHC 000001001", "HCHP 900002000", "ISOUSC 30")), drawnPath+"/provider/1=1001Wh status/event=index-withheld "+drawnPath+"/provider/2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := h.hear(historic("HCHC 000001001", "HCHP 900002000")), drawnPath+"/provider/1=1001Wh"; got != want {
		t.Errorf("full set is %q, want %q", got, want)
	}
	conditions := h.Conditions()
	if len(conditions) != 1 || conditions[0].Kind != series.IndexWithheld {
		t.Errorf("conditions are %v", conditions)
	}
	if got, want := h.hear(historic("HCHC 000001001", "HCHP 000002001")), drawnPath+"/provider/2=2001Wh "+drawnPath+"=3002Wh"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What was recorded before the agent started is where an index goes on.
func TestResume(t *testing.T) {
	t.Parallel()
	h := newHeard()
	last := senml.Record{Value: senml.NumberValue(5000), Time: float64(noon.Unix() - 3600)}
	h.Resume(drawnPath, last)
	h.Resume(PathOfNothing, last)
	h.Resume(drawnPath+"/provider/1", senml.Record{Value: senml.TextValue("5000"), Time: last.Time})
	if got, want := h.hear(standard("EAST 000000100", "EASF01 000000001")), drawnPath+"/provider/1=1Wh status/event=index-withheld "+drawnPath; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := h.hear(standard("EAST 000009000")), drawnPath+"=9000Wh"; got != want { // an hour of 36 kVA and more
		t.Errorf("%q, want %q", got, want)
	}
}

// PathOfNothing is a path that no dictionary has.
const PathOfNothing = "not/known"

// swap plays one meter and then another at the same place.
func swap(t *testing.T, h *heard, before, after linky.Scenario) {
	t.Helper()
	h.play(t, before, time.Minute)
	after.Start = h.at.Add(2 * time.Hour)
	h.play(t, after, time.Minute)
}

// TestMeterReplaced: another address with other indexes, higher or lower, is one event, and no index is doubted.
func TestMeterReplaced(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		for _, seeds := range [][2]uint64{{3, 4}, {4, 3}, {7, 1}, {1, 7}} {
			t.Run(fmt.Sprint(mode, seeds), func(t *testing.T) {
				t.Parallel()
				h := newHeard()
				swap(t, h, linky.Scenario{Mode: mode, Seed: seeds[0], Contract: linky.PeakOffPeak}, linky.Scenario{Mode: mode, Seed: seeds[1], Contract: linky.PeakOffPeak})
				events := []string{"meter-replaced"}
				if mode == tic.Standard {
					events = append(events, "delivery-point-changed") // another seed is another home
				}
				slices.Sort(h.events)
				slices.Sort(events)
				h.expect(t, events...)
				values := h.of(drawnPath)
				if first, last := values[0], values[len(values)-1]; last.Time-first.Time < 7000 {
					t.Errorf("indexes end %v s after they began", last.Time-first.Time)
				}
			})
		}
	}
}

// The meter is replaced while nothing listens: what is kept of its address tells.
func TestMeterReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	kept := ""
	met := func(address []byte, sure bool) bool {
		another := kept != "" && kept != string(address)
		if sure {
			kept = string(address)
		}
		return another
	}
	s := linky.Scenario{Seed: 7}
	before := newHeard()
	before.Met = met
	before.play(t, s, time.Minute)
	before.expect(t)

	again := newHeard() // a restart, with the same meter
	again.Met = met
	last, _ := before.Latest(drawnPath)
	again.Resume(drawnPath, senml.Record{Value: last.Value, Time: float64(last.Said.Unix())})
	s.Start = before.at
	again.play(t, s, 2*time.Second)
	again.expect(t)
	if len(again.of(drawnPath)) == 0 {
		t.Error("a known meter's index has to wait")
	}

	for _, seed := range []uint64{1, 2, 4, 5, 6} {
		after := newHeard()
		after.Met = met
		after.Resume(drawnPath, senml.Record{Value: senml.NumberValue(999_000_000), Time: float64(before.at.Unix())})
		after.play(t, linky.Scenario{Seed: seed, Start: before.at.Add(time.Hour)}, time.Minute)
		after.expect(t, "meter-replaced")
		if len(after.of(drawnPath)) == 0 {
			t.Error("no index of the new meter")
		}
	}
}

// A damaged address is no other meter; it only lets indexes wait until the next frame.
func TestDamagedAddress(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for range 5 {
		h.hear(standard("ADSC 031761000001", "EAST 000001000"))
	}
	if got := h.hear(standard("ADSC 031761000002", "EAST 000001001", "URMS1 230")); got != "voltage/1=230V" {
		t.Errorf("with a damaged address: %q", got)
	}
	if got := h.hear(standard("ADSC 031761000001", "EAST 000001001")); got != drawnPath+"=1001Wh" {
		t.Errorf("after it: %q", got)
	}
	h.expect(t)
}

// The distributor switches a meter from historic to standard mode: one event, and every series goes on.
func TestModeChanged(t *testing.T) {
	t.Parallel()
	h := newHeard()
	s := linky.Scenario{Mode: tic.Historic, Seed: 3}
	h.play(t, s, time.Minute)
	s.Mode, s.Start = tic.Standard, h.at.Add(20*time.Second)
	h.play(t, s, time.Minute)
	h.expect(t, "mode-changed standard")
	for _, path := range []string{drawnPath, drawnPath + "/provider/1"} {
		values := h.of(path)
		for i := 1; i < len(values); i++ {
			before, _ := values[i-1].Value.Number()
			if now, _ := values[i].Value.Number(); now < before {
				t.Errorf("%s goes from %v to %v", path, before, now)
			}
		}
	}
	events := h.of(series.PathEvent)
	if len(events) != 1 || events[0].Value != senml.TextValue("mode-changed standard") {
		t.Errorf("records of events are %v", events)
	}
}

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
			if dubious := h.of("status/power/implausible"); len(dubious) == 0 || slices.ContainsFunc(dubious, func(r senml.Record) bool { return r.Value != senml.BoolValue(false) }) {
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
		{historic("ISOUSC 15", "ADPS 018"), "status/over-power=true status/event=over-power"},
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

func TestSilent(t *testing.T) {
	t.Parallel()
	h := newHeard()
	if p := h.Quiet(noon); p != nil {
		t.Errorf("before the first frame: %v", p)
	}
	h.hear(standard("URMS1 230"))
	heardAt := h.at
	for seconds, want := range []string{29: "", 30: "status/event=meter-silent", 31: "", 60: ""} {
		now := heardAt.Add(time.Duration(seconds) * time.Second)
		if got := said(h.Quiet(now), now); got != want {
			t.Errorf("after %d s: %q, want %q", seconds, got, want)
		}
	}
	if conditions := h.Conditions(); len(conditions) != 1 || conditions[0].Kind != series.Silent {
		t.Errorf("conditions are %v", conditions)
	}
	h.at = heardAt.Add(2 * time.Minute)
	if got := h.hear(standard("URMS1 230")); got != "status/event=meter-silent ended" {
		t.Errorf("heard again: %q", got)
	}
}

// A change of the tariff is one event, when the meter insists.
func TestTariffChanged(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for _, option := range []string{"BASE", "BASE", "BASE", "HC..", "BASE", "HC..", "HC..", "HC..", "HC.."} {
		h.hear(historic("OPTARIF " + option))
	}
	h.expect(t, "tariff-changed")
}

// The latest value of a label that is not said any more is known, and known to be stale.
func TestLatest(t *testing.T) {
	t.Parallel()
	h := newHeard()
	if _, ok := h.Latest("voltage/1"); ok {
		t.Error("there is a voltage before the first frame")
	}
	h.hear(standard("URMS1 230", "SINSTS 00500", "CCASN@H260115120000 00500", "CCASN-1@H260115113000 00400"))
	first := h.at
	for range 40 {
		h.hear(standard("SINSTS 00500"))
	}
	stale := map[string]bool{}
	for _, l := range h.All() {
		stale[l.Series.Path] = l.Stale(h.at)
	}
	want := map[string]bool{"voltage/1": true, series.PathPower: false, "consumption/power/active/mean": true}
	if diff := cmp.Diff(want, stale); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	voltage, _ := h.Latest("voltage/1")
	mean, _ := h.Latest("consumption/power/active/mean")
	if !voltage.Said.Equal(first) || !voltage.Of.Equal(first) || !mean.Of.Equal(time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)) {
		t.Errorf("voltage %+v, mean %+v", voltage, mean)
	}
	if voltage.Stale(first.Add(series.StaleAfter)) || !voltage.Stale(first.Add(series.StaleAfter+time.Second)) {
		t.Error("a value is stale at another time than StaleAfter")
	}
	if got := slices.Sorted(maps.Keys(stale)); len(got) != 3 {
		t.Errorf("series are %v", got)
	}
}

// Only so many events are kept.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHeard()
	for i := range 100 {
		h.hear(standard("STGE 003A0081"))
		h.at = h.at.Add(2 * time.Minute)
		h.hear(standard("STGE 003A0001"))
		if got := len(h.Events()); got > 20 || got != min(20, 2*(i+1)) {
			t.Fatalf("%d events are kept after %d", got, 2*(i+1))
		}
	}
}
