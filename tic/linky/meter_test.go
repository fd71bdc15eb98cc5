package linky_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/linky"
)

// said is a decoded frame, copied out of the decoder.
type said struct {
	mode      tic.Mode
	labels    []string
	values    map[string]string
	horodates map[string]string
}

// number reads a value that must be there and be made of digits.
func (s said) number(t testing.TB, label string) int {
	t.Helper()
	n, err := tic.Group{Label: []byte(label), Value: []byte(s.values[label])}.Uint()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// time reads a horodate that must be there.
func (s said) time(t testing.TB, label string) time.Time {
	t.Helper()
	h, err := tic.ParseHorodate([]byte(s.horodates[label]))
	if err != nil {
		t.Fatalf("%s: %v", label, err)
	}
	return h.Time()
}

// decode hands bytes to the real decoder, which must find nothing wrong with them.
func decode(t testing.TB, mode tic.Mode, raw []byte) []said {
	t.Helper()
	var frames []said
	d := tic.NewDecoder(mode, func(f *tic.Frame) {
		if !f.Complete || f.Rejected != 0 {
			t.Errorf("frame is complete: %v, rejected lines: %d; want true and 0", f.Complete, f.Rejected)
		}
		frames = append(frames, copied(f))
	})
	if _, err := d.Write(raw); err != nil {
		t.Fatal(err)
	}
	d.Flush()
	if c := d.Counters(); c.Refused() != 0 || c.Strange() != 0 || c.DamagedLF != 0 {
		t.Errorf("decoder counts %d refused lines, %d unknown labels, %d damaged line feeds", c.Refused(), c.Strange(), c.DamagedLF)
	}
	return frames
}

func copied(f *tic.Frame) said {
	s := said{mode: f.Mode, values: map[string]string{}, horodates: map[string]string{}}
	for _, g := range f.Groups {
		label := string(g.Label)
		s.labels = append(s.labels, label)
		s.values[label] = string(g.Value)
		if g.Horodate != nil {
			s.horodates[label] = string(g.Horodate)
		}
	}
	return s
}

// hear decodes the next frame of a meter.
func hear(t testing.TB, m *linky.Meter, mode tic.Mode) said {
	t.Helper()
	frames := decode(t, mode, m.Frame(nil))
	if len(frames) != 1 {
		t.Fatalf("%d frames, want 1", len(frames))
	}
	return frames[0]
}

// newMeter makes a meter of which only the kind matters.
func newMeter(t testing.TB, s linky.Scenario) *linky.Meter {
	t.Helper()
	m, err := linky.NewInStrides(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// exactMeter makes the meter that users get, whose bytes are pinned.
func exactMeter(t testing.TB, s linky.Scenario) *linky.Meter {
	t.Helper()
	m, err := linky.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// everyScenario covers mode × contract × phases × producer.
func everyScenario() []linky.Scenario {
	var all []linky.Scenario
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		for contract := linky.Base; contract <= linky.Tempo; contract++ {
			for _, phases := range []int{1, 3} {
				for _, producer := range []bool{false, true} {
					all = append(all, linky.Scenario{
						Mode: mode, Contract: contract, Phases: phases, Producer: producer, Seed: 7,
					})
				}
			}
		}
	}
	return all
}

func title(s linky.Scenario) string {
	if s.Model != linky.Linky {
		return fmt.Sprintf("%v/%v/%v/phases=%d/producer=%v", s.Model, s.Mode, s.Contract, s.Phases, s.Producer)
	}
	return fmt.Sprintf("%v/%v/phases=%d/producer=%v", s.Mode, s.Contract, s.Phases, s.Producer)
}

// TestGoldenFrame pins the wire form of the shortest frame.
func TestGoldenFrame(t *testing.T) {
	t.Parallel()
	m := exactMeter(t, linky.Scenario{Mode: tic.Historic})
	want := "\x02\nADCO 041861282663 F\r\nOPTARIF BASE 0\r\nISOUSC 30 9\r\nBASE 019824794 7\r\nPTEC TH.. $\r" +
		"\nIINST 008 _\r\nIMAX 090 H\r\nPAPP 01960 1\r\nHHPHC A ,\r\nMOTDETAT 000000 B\r\x03"
	if diff := cmp.Diff(want, string(m.Frame(nil))); diff != "" {
		t.Errorf("frame (-want +got):\n%s", diff)
	}
}

// TestBytesOnEveryProcessor pins what a seed says to a digest, which must not depend on the architecture: of every kind
// of meter in strides, and of three as users get them.
func TestBytesOnEveryProcessor(t *testing.T) {
	t.Parallel()
	const want = "8d7b93efdddb4085"
	digest := sha256.New()
	all := everyScenario()
	for _, s := range append(all, rareScenarios()...) {
		m := newMeter(t, s)
		m.Stride(60)
		for range 20 {
			digest.Write(m.Frame(nil))
			m.Advance(97 * time.Minute)
		}
	}
	for _, s := range []linky.Scenario{all[0], all[11], all[23]} {
		m := exactMeter(t, s)
		for range 20 {
			digest.Write(m.Frame(nil))
			m.Advance(17 * time.Minute)
		}
	}
	if got := fmt.Sprintf("%x", digest.Sum(nil)[:8]); got != want {
		t.Errorf("digest %s, want %s: if the simulation was changed on purpose, change the digest too", got, want)
	}
}

// TestLength compares frames with those of real meters of the same kind, to the byte.
func TestLength(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		scenario linky.Scenario
		want     int
	}{
		{"historic, one phase, base", linky.Scenario{Mode: tic.Historic}, 152},
		{"historic, one phase, two rates", linky.Scenario{Mode: tic.Historic, Contract: linky.PeakOffPeak}, 170},
		{"historic, one phase, tempo", linky.Scenario{Mode: tic.Historic, Contract: linky.Tempo}, 275},
		{"historic, three phases, base", linky.Scenario{Mode: tic.Historic, Phases: 3}, 233},
		{"historic, three phases, two rates", linky.Scenario{Mode: tic.Historic, Phases: 3, Contract: linky.PeakOffPeak}, 251},
		{"historic, three phases, tempo", linky.Scenario{Mode: tic.Historic, Phases: 3, Contract: linky.Tempo}, 356},
		{"standard, one phase", linky.Scenario{}, 865},
		{"standard, three phases", linky.Scenario{Phases: 3}, 1214},
		{"standard, three phases, producer", linky.Scenario{Phases: 3, Producer: true}, 1442},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := len(newMeter(t, test.scenario).Frame(nil)); got != test.want {
				t.Errorf("%d bytes, want %d", got, test.want)
			}
		})
	}
}

// TestGroups holds every group of every kind of meter against the dictionary: known in its mode, as wide as the
// tables say, dated or not, sent by that kind of meter, and in the order of emission.
func TestGroups(t *testing.T) {
	t.Parallel()
	for _, s := range append(everyScenario(), rareScenarios()...) {
		t.Run(title(s), func(t *testing.T) {
			t.Parallel()
			m := newMeter(t, s)
			m.Stride(60)
			for range 12 {
				checkGroups(t, hear(t, m, s.Mode), s)
				m.Advance(3*time.Hour + 7*time.Minute) // a day and a half: notices of peaks, and peaks
			}
		})
	}
}

func checkGroups(t *testing.T, frame said, s linky.Scenario) {
	t.Helper()
	place := map[string]int{}
	for i, l := range tic.Labels() {
		place[l.Name] = i
	}
	last := -1
	for _, name := range frame.labels {
		l, _ := tic.Lookup([]byte(name))
		if !l.Modes.Has(s.Mode) || l.Producer && !s.Producer || l.Phases != 0 && l.Phases != s.Phases {
			t.Errorf("%s does not belong to this kind of meter", name)
		}
		if got := len(frame.values[name]); got != l.Width {
			t.Errorf("%s is %d characters wide, want %d", name, got, l.Width)
		}
		if _, has := frame.horodates[name]; has != l.Horodate {
			t.Errorf("%s has a horodate: %v, want %v", name, has, l.Horodate)
		}
		if place[name] <= last && s.Model != linky.Plain && s.Model != linky.Pilot { // TestOrderOfModels has those

			t.Errorf("%s is out of order in %q", name, frame.labels)
		}
		last = place[name]
	}
}

// TestLabels counts the labels that the dictionary says such a meter always sends.
func TestLabels(t *testing.T) {
	t.Parallel()
	conditional := regexp.MustCompile(`^(DPM\d|FPM\d|PPOINTE|MSG2|SINST1|SMAXN|SMAXN-1)$`) // pending peaks, rare messages, pilot meters
	for _, s := range everyScenario() {
		if s.Mode != tic.Standard {
			continue
		}
		frame := hear(t, newMeter(t, s), s.Mode)
		for _, l := range tic.Labels() {
			wanted := l.Modes.Has(tic.Standard) && !conditional.MatchString(l.Name) &&
				(!l.Producer || s.Producer) && (l.Phases == 0 || l.Phases == s.Phases)
			if _, sent := frame.values[l.Name]; wanted && !sent {
				t.Errorf("%s: %s is missing", title(s), l.Name)
			}
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	all := everyScenario()
	for _, s := range []linky.Scenario{all[0], all[23]} {
		one, other := exactMeter(t, s), exactMeter(t, s)
		for range 50 {
			if a, b := one.Frame(nil), other.Frame(nil); !bytes.Equal(a, b) {
				t.Fatalf("%s: two meters of the same scenario differ (-one +other):\n%s", title(s), cmp.Diff(string(a), string(b)))
			}
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]uint64{}
	for seed := range uint64(8) {
		frame := hear(t, newMeter(t, linky.Scenario{Seed: seed}), tic.Standard)
		for _, label := range []string{"ADSC", "PRM", "EAST"} {
			key := label + frame.values[label]
			if other, has := seen[key]; has {
				t.Errorf("seeds %d and %d have the same %s", other, seed, label)
			}
			seen[key] = seed
		}
	}
}

// TestAddresses holds that names have the right form, are stable, and do not name a real delivery point.
func TestAddresses(t *testing.T) {
	t.Parallel()
	forms := map[string]*regexp.Regexp{
		"ADSC": regexp.MustCompile(`^0[234](1[6-9]|2[0-5])(61|76)\d{6}$`),
		"PRM":  regexp.MustCompile(`^99\d{12}$`),
	}
	for _, phases := range []int{1, 3} {
		m := newMeter(t, linky.Scenario{Seed: 3, Phases: phases})
		first := hear(t, m, tic.Standard)
		m.Advance(3 * 24 * time.Hour)
		later := hear(t, m, tic.Standard)
		for label, form := range forms {
			if !form.MatchString(first.values[label]) {
				t.Errorf("%s %s does not look like one", label, first.values[label])
			}
			if first.values[label] != later.values[label] {
				t.Errorf("%s changed from %s to %s", label, first.values[label], later.values[label])
			}
		}
	}
	historic := hear(t, newMeter(t, linky.Scenario{Seed: 3, Mode: tic.Historic}), tic.Historic)
	standard := hear(t, newMeter(t, linky.Scenario{Seed: 3}), tic.Standard)
	if historic.values["ADCO"] != standard.values["ADSC"] {
		t.Error("the address changes with the mode")
	}
}

// TestClockFollowsTheLine holds that a frame moves the simulated clock by its own length and a legal silence.
func TestClockFollowsTheLine(t *testing.T) {
	t.Parallel()
	baud := map[tic.Mode]int{tic.Historic: 1200, tic.Standard: 9600}
	for mode, speed := range baud {
		m := newMeter(t, linky.Scenario{Mode: mode})
		for range 100 {
			before := m.Now()
			n := len(m.Frame(nil))
			silence := m.Now().Sub(before) - time.Duration(n)*10*time.Second/time.Duration(speed)
			if silence < 16_700*time.Microsecond || silence > 33_400*time.Microsecond {
				t.Fatalf("%v: silence of %v between frames, want 16.7 to 33.4 ms", mode, silence)
			}
		}
	}
}

func TestFrameAppends(t *testing.T) {
	t.Parallel()
	one, other := newMeter(t, linky.Scenario{}), newMeter(t, linky.Scenario{})
	got := one.Frame([]byte("before"))
	if want := "before" + string(other.Frame(nil)); string(got) != want {
		t.Errorf("Frame does not append (-want +got):\n%s", cmp.Diff(want, string(got)))
	}
}

func TestFrameAllocatesNothing(t *testing.T) {
	for _, s := range everyScenario() {
		m := newMeter(t, s)
		frame := make([]byte, 0, 2048)
		if n := testing.AllocsPerRun(200, func() { frame = m.Frame(frame[:0]) }); n != 0 {
			t.Errorf("%s: %v allocations a frame, want 0", title(s), n)
		}
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	m := newMeter(t, linky.Scenario{Start: time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)})
	m.Advance(-time.Hour)
	m.Advance(90 * time.Minute)
	if got := hear(t, m, tic.Standard).horodates["DATE"]; got != "E260701133000" {
		t.Errorf("DATE %s, want E260701133000", got)
	}
}

func BenchmarkFrame(b *testing.B) {
	for _, s := range []linky.Scenario{
		{Mode: tic.Historic, Phases: 1},
		{Mode: tic.Standard, Phases: 1},
		{Mode: tic.Standard, Phases: 3, Producer: true, Contract: linky.Tempo},
	} {
		b.Run(title(s), func(b *testing.B) {
			m := newMeter(b, s)
			frame := m.Frame(nil)
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				frame = m.Frame(frame[:0])
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		exactMeter(b, linky.Scenario{})
	}
}

// BenchmarkHour is an hour of the household without a word.
func BenchmarkHour(b *testing.B) {
	m := newMeter(b, linky.Scenario{Producer: true, Contract: linky.Tempo})
	for b.Loop() {
		m.Advance(time.Hour)
	}
}
