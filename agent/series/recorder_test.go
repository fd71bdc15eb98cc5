package series_test

import (
	"fmt"
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

const rhythm = 10 * time.Minute

// noon is when the first frame of a test is heard.
var noon = time.Date(2026, 1, 15, 12, 0, 0, 250_000_000, time.UTC)

// frameOf makes a frame of "LABEL VALUE" or "LABEL@HORODATE VALUE" words; a value keeps its spaces.
func frameOf(mode tic.Mode, groups ...string) *tic.Frame {
	f := &tic.Frame{Mode: mode, Complete: true}
	for _, g := range groups {
		label, value, _ := strings.Cut(g, " ")
		one := tic.Group{Value: []byte(value)}
		if name, rest, dated := strings.Cut(g, "@"); dated && len(rest) > 13 {
			label, one.Horodate, one.Value = name, []byte(rest[:13]), []byte(rest[14:])
		}
		one.Label = []byte(label)
		f.Groups = append(f.Groups, one)
	}
	return f
}

// said writes a pack on one line: path=value, with the time where it is not noon.
func said(p senml.Pack, at time.Time) string {
	var words []string
	for _, r := range p {
		word := fmt.Sprintf("%s=%s%s", strings.TrimPrefix(r.Name, "linky/"), r.Value, r.Unit)
		if seconds := float64(at.UnixMilli()) / 1000; r.Time != seconds {
			word += fmt.Sprintf("@%+g", r.Time-seconds)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	type heard struct {
		after time.Duration
		frame *tic.Frame
		want  string
	}
	partial := func(f *tic.Frame) *tic.Frame { f.Complete = false; return f }
	const std, his = tic.Standard, tic.Historic
	for _, test := range []struct {
		name   string
		frames []heard
	}{
		{"only what changed", []heard{
			{0, frameOf(std, "SINSTS 00500", "URMS1 230"), "consumption/power/apparent/raw=500VA voltage/1=230V"},
			{time.Second, frameOf(std, "SINSTS 00510", "URMS1 230"), "consumption/power/apparent/raw=510VA"},
			{2 * time.Second, frameOf(std, "SINSTS 00510", "URMS1 230"), ""},
			{3 * time.Second, frameOf(std, "SINSTS 00500", "URMS1 231"), "consumption/power/apparent/raw=500VA voltage/1=231V"},
		}},
		{"everything at the rhythm", []heard{
			{0, frameOf(std, "URMS1 230"), "voltage/1=230V"},
			{rhythm - time.Millisecond, frameOf(std, "URMS1 230"), ""},
			{rhythm, frameOf(std, "URMS1 230"), "voltage/1=230V"},
			{2*rhythm - time.Millisecond, frameOf(std, "URMS1 230"), ""},
			{2 * rhythm, frameOf(std, "URMS1 230"), "voltage/1=230V"},
		}},
		{"a part of a frame is no full set", []heard{
			{0, frameOf(std, "URMS1 230"), "voltage/1=230V"},
			{rhythm, partial(frameOf(std, "URMS1 230")), "voltage/1=230V"},
			{rhythm + time.Second, frameOf(std, "URMS1 230"), "voltage/1=230V"},
			{rhythm + 2*time.Second, frameOf(std, "URMS1 230"), ""},
		}},
		{"a short frame is none either", []heard{
			{0, frameOf(his, "ISOUSC 60", "IINST1 001", "IMAX1 060"), "contract/current/subscribed=60A current/1=1A current/1/max=60A status/over-power=false"},
			{rhythm, frameOf(his, "ADIR1 061", "IINST1 061"), "current/1=61A status/over-power=true status/event=over-power"},
			{rhythm + time.Second, frameOf(his, "IINST1 061"), ""},
			{rhythm + 2*time.Second, frameOf(his, "ISOUSC 60", "IINST1 061", "IMAX1 060"), "contract/current/subscribed=60A current/1=61A current/1/max=60A status/over-power=true"},
			{rhythm + 3*time.Second, frameOf(his, "ISOUSC 60", "IINST1 061", "IMAX1 060"), ""},
		}},
		{"a clock set back begins anew", []heard{
			{0, frameOf(std, "URMS1 230"), "voltage/1=230V"},
			{-time.Hour, frameOf(std, "URMS1 230"), "voltage/1=230V"},
			{-time.Hour + time.Second, frameOf(std, "URMS1 230"), ""},
			{-time.Hour + rhythm, frameOf(std, "URMS1 230"), "voltage/1=230V"},
		}},
		{"texts lose their padding", []heard{
			{0, frameOf(std, "LTARF    HEURE  CREUSE  "), "tariff/label=HEURE  CREUSE"},
			{time.Second, frameOf(std, "LTARF HEURE  CREUSE"), ""},
			{2 * time.Second, frameOf(std, "LTARF      "), "tariff/label="},
			{3 * time.Second, frameOf(his, "PTEC HC.."), "tariff/label=HC.. tariff/index=1"},
		}},
		{"what is no number is no reading", []heard{
			{0, frameOf(std, "SINSTS 005A0", "URMS1 ", "EAST -00000001", "IRMS1 001"), "current/1=1A"},
		}},
		{"what is not in the dictionary", []heard{
			{0, frameOf(std, "ADSC 012345678901", "PRM 99123456789012", "PAPP 00100", "NOPE 1"), ""},
		}},
		{"total of one index", []heard{
			{0, frameOf(his, "BASE 000001000"), "consumption/energy/active/index/provider/1=1000Wh consumption/energy/active/index=1000Wh"},
		}},
		{"total of two", []heard{
			{0, frameOf(his, "HCHC 000001000", "HCHP 000000234"), "consumption/energy/active/index/provider/1=1000Wh " +
				"consumption/energy/active/index/provider/2=234Wh consumption/energy/active/index=1234Wh"},
			{time.Second, frameOf(his, "HCHC 000001001"), "consumption/energy/active/index/provider/1=1001Wh"},
			{2 * time.Second, frameOf(his, "HCHC 000001001", "HCHP 00000X234"), ""},
			{3 * time.Second, frameOf(his, "HCHC 000001001", "HCHP 000000234"), "consumption/energy/active/index=1235Wh"},
		}},
		{"total of EJP", []heard{
			{0, frameOf(his, "EJPHN 1", "EJPHPM 2"), "consumption/energy/active/index/provider/1=1Wh " +
				"consumption/energy/active/index/provider/2=2Wh consumption/energy/active/index=3Wh"},
		}},
		{"no total of five of six", []heard{
			{0, frameOf(his, "BBRHCJB 1", "BBRHPJB 2", "BBRHCJW 4", "BBRHPJW 8", "BBRHCJR 16"), "consumption/energy/active/index/provider/1=1Wh " +
				"consumption/energy/active/index/provider/2=2Wh consumption/energy/active/index/provider/3=4Wh " +
				"consumption/energy/active/index/provider/4=8Wh consumption/energy/active/index/provider/5=16Wh"},
			{time.Second, frameOf(his, "BBRHCJB 1", "BBRHPJB 2", "BBRHCJW 4", "BBRHPJW 8", "BBRHCJR 16", "BBRHPJR 32"),
				"consumption/energy/active/index/provider/6=32Wh consumption/energy/active/index=63Wh"},
		}},
		{"a change of mode continues", []heard{
			{0, frameOf(his, "BASE 000001000", "PAPP 00500"), "consumption/energy/active/index/provider/1=1000Wh " +
				"consumption/power/apparent/raw=500VA consumption/energy/active/index=1000Wh"},
			{time.Second, frameOf(std, "EAST 000001000", "EASF01 000001000", "SINSTS 00501"), "consumption/power/apparent/raw=501VA"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := series.NewRecorder("linky", rhythm)
			for i, h := range test.frames {
				at := noon.Add(h.after)
				if diff := cmp.Diff(h.want, said(r.Record(h.frame, at), at)); diff != "" {
					t.Errorf("frame %d (-want +got):\n%s", i+1, diff)
				}
			}
		})
	}
}

// A machine without a clock of its own begins in 1970. SenML would take such a time for "56 years from now".
func TestRecorderWaitsForTheClock(t *testing.T) {
	t.Parallel()
	r := series.NewRecorder("linky", rhythm)
	f := frameOf(tic.Standard, "URMS1 230")
	for _, at := range []time.Time{time.Unix(10, 0), time.Unix(senml.FirstAbsolute-1, 999_000_000), {}} {
		if p := r.Record(f, at); p != nil {
			t.Errorf("at %s: %v", at, p)
		}
	}
	if got := said(r.Record(f, noon), noon); got != "voltage/1=230V" {
		t.Errorf("with a clock that was set: %q", got)
	}
}

func TestRecordsDoNotShareTheFrame(t *testing.T) {
	t.Parallel()
	f := frameOf(tic.Standard, "LTARF BLEU", "SINSTS 00500")
	p := series.NewRecorder("linky", rhythm).Record(f, noon)
	for _, g := range f.Groups {
		clear(g.Label)
		clear(g.Value)
	}
	if got, want := said(p, noon), "tariff/label=BLEU consumption/power/apparent/raw=500VA"; got != want {
		t.Errorf("after the frame was overwritten: %s, want %s", got, want)
	}
}

// everyMeter lists a scenario of each kind of meter.
func everyMeter() map[string]linky.Scenario {
	all := map[string]linky.Scenario{}
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		for _, contract := range []linky.Contract{linky.Base, linky.PeakOffPeak, linky.Tempo} {
			for _, phases := range []int{1, 3} {
				for _, producer := range []bool{false, true} {
					name := fmt.Sprintf("%s, %s, %d phases, producer %t", mode, contract, phases, producer)
					all[name] = linky.Scenario{Mode: mode, Contract: contract, Phases: phases, Producer: producer, Seed: 5, Overload: true}
				}
			}
		}
	}
	for name, scenario := range map[string]linky.Scenario{
		"EJP":               {Mode: tic.Historic, Contract: linky.EJP},
		"weekend":           {Contract: linky.Weekend, CarWatts: 7400, SubscribedKVA: 9},
		"school":            {Phases: 3, SubscribedKVA: 36, School: true, Overload: true},
		"pilot":             {Model: linky.Pilot, Condition: linky.Condition{Synchronised: true}},
		"electronic":        {Model: linky.Electronic, Phases: 3, Overload: true},
		"plain":             {Model: linky.Plain, Contract: linky.PeakOffPeak},
		"without its names": {Unnamed: true, NoCurve: true, Contract: linky.Tempo, TempoProgram: 9},
	} {
		scenario.Seed = 5
		all[name] = scenario
	}
	return all
}

// frames plays n frames of a meter to take.
func frames(tb testing.TB, s linky.Scenario, n int, take func(f *tic.Frame)) {
	tb.Helper()
	meter, err := linky.New(s)
	if err != nil {
		tb.Fatal(err)
	}
	decoder := tic.NewDecoder(tic.Auto, take)
	for range n {
		if _, err := decoder.Write(meter.Frame(nil)); err != nil {
			tb.Fatal(err)
		}
		meter.Advance(5 * time.Minute)
	}
}

// TestNothingPersonal feeds every kind of meter: its addresses and its delivery point are never in a record.
func TestNothingPersonal(t *testing.T) {
	t.Parallel()
	for name, scenario := range everyMeter() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := series.NewRecorder("linky", rhythm)
			secrets := map[string]bool{}
			var pack senml.Pack
			at := noon
			frames(t, scenario, 30, func(f *tic.Frame) {
				at = at.Add(5 * time.Minute)
				pack = append(pack, r.Record(f, at)...)
				for _, g := range f.Groups {
					switch string(g.Label) {
					case "ADCO", "ADSC", "PRM":
						secrets[strings.TrimLeft(string(g.Value), "0")] = true
					}
				}
			})
			if len(secrets) == 0 || len(pack) < 30 {
				t.Fatalf("%d secrets, %d records: nothing was tested", len(secrets), len(pack))
			}
			if err := pack.Validate(); err != nil {
				t.Error(err)
			}
			text := fmt.Sprintf("%+v", pack)
			for secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("an address of the meter is in a record")
				}
			}
		})
	}
}

// FuzzRecorder: whatever a frame holds, the pack is one SenML allows, of this meter, and nothing is said twice.
func FuzzRecorder(f *testing.F) {
	f.Add(true, "SINSTS 00500\nURMS1 230\nLTARF  x ", int64(1_768_000_000_000))
	f.Add(false, "HCHC 1\nHCHP 18446744073709551615\nPTEC HC..", int64(1_768_000_000_000))
	f.Add(false, "HCHC 9999999999999999999\nHCHP 9999999999999999999", int64(-1))
	f.Add(true, "LTARF \n\n EAST 1\nEAST 2", int64(0))
	f.Add(true, "LTARF \xff\xfe", int64(268435456000))
	f.Add(true, "STGE 463A0800\nPCOUP 06\nSINSTS 09000\nIRMS1 002\nURMS1 230\nRELAIS 005", int64(1_768_000_000_000))
	f.Add(true, "CCASN@H260115130000 00500\nCCASN-1@H260115123000 00400\nSMAXSN@e260115130000 00500\nDATE@h260115130000 ", int64(1_768_000_000_000))
	f.Add(false, "ADCO 031761000001\nADPS 030\nISOUSC 30\nIINST 040\nPAPP 00000\nPPOT 04", int64(1_768_000_000_000))
	f.Fuzz(func(t *testing.T, standard bool, text string, milli int64) {
		mode := tic.Historic
		if standard {
			mode = tic.Standard
		}
		if strings.ContainsFunc(text, func(c rune) bool { return c > 0x7E || c < ' ' && c != '\n' }) {
			t.Skip("the decoder lets nothing but ASCII through")
		}
		if len(text) > 4096 || milli > 1<<45 {
			t.Skip("longer than a frame, or later than the year 3084")
		}
		frame := frameOf(mode, strings.Split(text, "\n")...)
		r := series.NewRecorder("linky", rhythm)
		r.Derived = true
		at := time.UnixMilli(milli)
		pack := r.Record(frame, at)
		if len(pack) == 0 {
			return
		}
		if err := pack.Validate(); err != nil {
			t.Error(err)
		}
		for _, record := range pack {
			if !strings.HasPrefix(record.Name, "linky/") || record.Time < senml.FirstAbsolute {
				t.Errorf("record is %+v", record)
			}
			if _, number := record.Value.Number(); !number && record.Unit != "" {
				t.Errorf("%s is %s in %q", record.Name, record.Value, record.Unit)
			}
		}
		once := map[string]int{}
		for _, record := range pack {
			once[record.Name]++
		}
		for _, record := range r.Record(frame, at) {
			if once[record.Name] == 1 {
				t.Errorf("%s is said again although nothing changed", record.Name)
			}
		}
	})
}

// kept plays frames of a meter at its own rhythm and copies them out of the decoder.
func kept(tb testing.TB, s linky.Scenario, n int) (list []*tic.Frame) {
	tb.Helper()
	meter, err := linky.New(s)
	if err != nil {
		tb.Fatal(err)
	}
	decoder := tic.NewDecoder(tic.Auto, func(f *tic.Frame) { list = append(list, clone(f)) })
	for range n {
		if _, err := decoder.Write(meter.Frame(nil)); err != nil {
			tb.Fatal(err)
		}
	}
	return list
}

// clone copies a frame out of its decoder.
func clone(f *tic.Frame) *tic.Frame {
	own := *f
	own.Groups = nil
	for _, g := range f.Groups {
		own.Groups = append(own.Groups, tic.Group{Label: slices.Clone(g.Label), Horodate: slices.Clone(g.Horodate), Value: slices.Clone(g.Value)})
	}
	return &own
}

// A frame that says what the one before said costs no memory.
func TestUnchangedFrameAllocatesNothing(t *testing.T) {
	for name, scenario := range everyMeter() {
		if scenario.Contract != linky.Tempo {
			continue // says less of the same
		}
		f := kept(t, scenario, 1)[0]
		f.Groups = slices.DeleteFunc(f.Groups, func(g tic.Group) bool { return string(g.Label) == "DATE" })
		r := series.NewRecorder("linky", 24*time.Hour)
		r.Derived = true
		at := noon
		for range 200 { // until what is computed from the past stands still
			at = at.Add(time.Minute)
			r.Record(f, at)
		}
		if got := testing.AllocsPerRun(100, func() {
			at = at.Add(10 * time.Millisecond)
			r.Record(f, at)
		}); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}

// BenchmarkRecord is what each frame costs after the decoder: an unchanged one, and a household's at its own rhythm, of
// which some values change. The reference is to look every label up.
func BenchmarkRecord(b *testing.B) {
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		household := kept(b, linky.Scenario{Mode: mode, Contract: linky.Tempo, Seed: 5}, 600)
		for name, list := range map[string][]*tic.Frame{"household": household, "unchanged": household[:1]} {
			for _, derived := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/%s/derived=%t", mode, name, derived), func(b *testing.B) {
					b.ReportAllocs()
					recordAll(b, list, derived)
				})
			}
		}
		b.Run(mode.String()+"/reference", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				for _, g := range household[i%len(household)].Groups {
					tic.Lookup(g.Label)
				}
			}
		})
	}
}

func recordAll(b *testing.B, list []*tic.Frame, derived bool) {
	b.Helper()
	var r *series.Recorder
	at := noon
	for i := 0; b.Loop(); i++ {
		if i%len(list) == 0 && len(list) > 1 || r == nil { // or indexes would go backwards
			r = series.NewRecorder("linky", rhythm)
			r.Derived = derived
		}
		at = at.Add(time.Second)
		r.Record(list[i%len(list)], at)
	}
}
