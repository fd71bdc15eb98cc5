package scenario_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/scenario"
	"releve/tic"
	"releve/tic/linky"
)

// heard is what the decoder makes of some frames of a scenario.
type heard struct {
	frames  []map[string]string // values by label; the horodate of DATE
	modes   []tic.Mode
	refused uint64
}

// play decodes frames of a scenario as the meter says them. Frames that an overload cut may be short of an end.
func play(t *testing.T, s linky.Scenario, frames int) (h heard) {
	t.Helper()
	m, err := linky.New(s)
	if err != nil {
		t.Fatal(err)
	}
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		values := map[string]string{}
		for _, g := range f.Groups {
			values[string(g.Label)] = string(g.Value)
			if string(g.Label) == "DATE" {
				values["DATE"] = string(g.Horodate)
			}
			checkWidth(t, g)
		}
		h.frames, h.modes = append(h.frames, values), append(h.modes, f.Mode)
	})
	var raw []byte
	for range frames {
		raw = m.Frame(raw[:0])
		if _, err := d.Write(raw); err != nil {
			t.Fatal(err)
		}
	}
	d.Flush()
	c := d.Counters()
	h.refused = c.Refused() + c.Strange() + c.DamagedLF
	return h
}

// checkWidth holds a group against the table of labels.
func checkWidth(t *testing.T, g tic.Group) {
	t.Helper()
	l, known := tic.Lookup(g.Label)
	if !known || len(g.Value) != l.Width || (g.Horodate != nil) != l.Horodate {
		t.Errorf("%s %q is not what the table of labels says", g.Label, g.Value)
	}
}

// count tells in how many frames a label has a value that fits.
func (h heard) count(label, fits string) (n int) {
	match := regexp.MustCompile(fits)
	for _, frame := range h.frames {
		if value, has := frame[label]; has && match.MatchString(value) {
			n++
		}
	}
	return n
}

func open(t *testing.T, name string) linky.Scenario {
	t.Helper()
	script, err := scenario.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return script.Scenario
}

// TestReady plays every scenario that ships: not one line may be refused, and each shows what its title says, in its
// first minutes.
func TestReady(t *testing.T) {
	t.Parallel()
	shows := map[string][]struct {
		label, fits string
		least, most int // frames of 300
	}{
		"clock-change": {{"DATE", "^E2610250259", 50, 70}, {"DATE", "^H2610250200", 50, 70}, {"DATE", "^H2703280159", 50, 70}, {"DATE", "^E2703280300", 50, 70}},
		"ev":           {{"LTARF", "PLEINE", 100, 140}, {"LTARF", "HEURE CREUSE", 150, 200}, {"SINSTS", "^0[4-9]", 150, 200}},
		"household":    {{"LTARF", "HEURE  PLEINE", 300, 300}, {"SINSTS", "^00000$", 0, 0}},
		"meter-swap":   {{"EAST", "^0000000", 200, 290}, {"EAST", "^0[1-9]", 20, 40}},
		"mode-switch":  {{"EAST", ".", 250, 270}, {"HCHC", ".", 40, 50}},
		"overrun":      {{"ADPS", ".", 5, 200}},
		"producer":     {{"SINSTI", "^00[1-9]", 250, 300}, {"SINSTS", "^00000$", 250, 300}},
		"school":       {{"SINSTS", "^1", 200, 300}, {"NGTF", "^BT 4 POSTES", 300, 300}},
		"tempo-red":    {{"LTARF", "HP  ROUGE", 150, 290}, {"LTARF", "HC", 50, 150}, {"DPM2", "00", 300, 300}, {"STGE", "^9B", 20, 100}},
	}
	ready, err := scenario.Ready()
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range ready {
		t.Run(entry.Name, func(t *testing.T) {
			t.Parallel()
			h := play(t, open(t, entry.Name), 300)
			if h.refused != 0 {
				t.Errorf("%d lines of a healthy meter are refused, not known or damaged", h.refused)
			}
			if len(shows[entry.Name]) == 0 || len(entry.Title) < 20 {
				t.Errorf("%+v: nothing is looked for, or the title says little", entry)
			}
			for _, show := range shows[entry.Name] {
				if n := h.count(show.label, show.fits); n < show.least || n > show.most {
					t.Errorf("%s %s in %d of 300 frames, want %d to %d", show.label, show.fits, n, show.least, show.most)
				}
			}
		})
	}
}

// TestReadySeeds plays the scenarios with other seeds: never a line that is refused.
func TestReadySeeds(t *testing.T) {
	t.Parallel()
	ready, err := scenario.Ready()
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range ready {
		for seed := range uint64(2) {
			s := open(t, entry.Name)
			s.Seed = seed + 100
			if h := play(t, s, 150); h.refused != 0 {
				t.Errorf("%s, seed %d: %d lines are refused", entry.Name, s.Seed, h.refused)
			}
		}
	}
}

func TestOpenFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mine.toml")
	if err := os.WriteFile(file, []byte("title = \"mine\"\n[meter]\nphases = 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := scenario.Open(file)
	if err != nil || script.Title != "mine" || script.Scenario.Phases != 3 {
		t.Errorf("%+v, %v", script, err)
	}
	for name, want := range map[string]string{
		"holidays":   "there is no scenario holidays, nor a file of that name; releve simulate --list names those that ship",
		"./holidays": "read scenario: open ./holidays: no such file or directory",
		"../ready/x": "read scenario: open ../ready/x: no such file or directory",
	} {
		if _, err := scenario.Open(name); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestWholeFile reads every kind of key.
func TestWholeFile(t *testing.T) {
	t.Parallel()
	text := `
[meter]
mode = "historic"
model = "pilot"
contract = "calendar"
phases = 3
power = 18
producer = true
seed = 4
start = "2026-07-14T12:00:00+02:00"
curve = "10m"
unnamed = true
tempo_program = 9
[home]
kind = "school"
overload = true
car = 11000
[calendar]
name = "MON OFFRE"
rates = ["A", "B"]
[[calendar.day]]
switches = ["00:00 1 closed 1,7", "06:30 2"]
[[calendar.day]]
on = ["sunday"]
switches = ["00:00 2 tempo"]
[[calendar.peak]]
switches = ["00:00 2 keep"]
from = "07:00"
to = "25:30"
notice = "30m"
percent = 12
[condition]
output = "standby"
degraded = true
breaker = 3
cover_open = true
overvoltage = true
lost_phase = 2
euridis = 1
carrier = 2
synchronised = true
message = "UN"
short_message = "DEUX"
[[damage]]
kind = "bits"
rate = 0.5
from = "1m"
to = "1h30m"
[[damage]]
kind = "cooked"
`
	script, err := scenario.Parse("f.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := linky.Scenario{
		Mode: tic.Historic, Model: linky.Pilot, Contract: linky.Custom, Phases: 3, SubscribedKVA: 18, Producer: true, Seed: 4,
		Start: time.Date(2026, 7, 14, 10, 0, 0, 0, time.UTC), CurvePeriod: 10 * time.Minute, Unnamed: true, TempoProgram: 9,
		School: true, Overload: true, CarWatts: 11_000,
		Calendar: &linky.Calendar{
			Name: "MON OFFRE", Rates: []string{"A", "B"}, Week: [7]int{1, 0, 0, 0, 0, 0, 0},
			Days: []linky.Day{
				{{Index: 1, Contact: linky.Closed, Virtual: 0x41}, {Minute: 390, Index: 2}},
				{{Index: 2, Contact: linky.ByTempo}},
			},
			Peaks: []linky.Peak{{Day: linky.Day{{Index: 2}}, From: 420, To: 1530, Notice: 30, Percent: 12}},
		},
		Condition: linky.Condition{
			Output: linky.Standby, Degraded: true, Breaker: 3, CoverOpen: true, Overvoltage: true, Lost: 2, Euridis: 1, Carrier: 2,
			Synchronised: true, Message: "UN", ShortMessage: "DEUX",
		},
		Damage: []linky.Damage{{Kind: linky.Bits, Rate: 0.5, From: time.Minute, To: 90 * time.Minute}, {Kind: linky.Cooked, Rate: 1}},
	}
	if diff := cmp.Diff(want, script.Scenario, cmp.Comparer(time.Time.Equal), cmp.FilterPath(unexported, cmp.Ignore())); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
}

// unexported are the marks that package linky keeps in its own calendars.
func unexported(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && field.Name() == "colours"
}

// TestChanges plays a file of changes and looks at the meter in between.
func TestChanges(t *testing.T) {
	t.Parallel()
	script, err := scenario.Parse("f.toml", []byte(`
[meter]
contract = "hc"
[condition]
message = "BONJOUR"
short_message = "UNE FOIS"
[[change]]
after = "10s"
condition = { output = "standby" }
[[change]]
after = "20s"
mode = "historic"
contract = "tempo"
condition = { output = "frames", degraded = true }
[[change]]
after = "30s"
mode = "standard"
replace = true
skip = "24h"
`))
	if err != nil {
		t.Fatal(err)
	}
	h := play(t, script.Scenario, 400)
	first, last := h.frames[0], h.frames[len(h.frames)-1]
	for what, ok := range map[string]bool{
		"the first frame is healthy":      first["MSG1"] == "BONJOUR                         " && first["DATE"][0] == 'H',
		"standby says the address only":   h.count("ADSC", ".")-h.count("EAST", ".") > 5,
		"historic frames are of Tempo":    h.count("OPTARIF", `BBR\(`) > 2,
		"the last frame is a day later":   strings.HasPrefix(last["DATE"], "h260116"),
		"the short message came once":     h.count("MSG2", "^UNE FOIS        $") == 1,
		"the message stayed":              last["MSG1"] == first["MSG1"],
		"the meter was exchanged":         last["ADSC"] != first["ADSC"] && last["PRM"] == first["PRM"],
		"modes are two, in order of time": cmp.Equal(slices.Compact(h.modes), []tic.Mode{tic.Standard, tic.Historic, tic.Standard}),
	} {
		if !ok {
			t.Errorf("not so: %s; first %v, last %v", what, first, last)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	calendar := "[meter]\ncontract = \"calendar\"\n[calendar]\nrates = [\"A\"]\n"
	for _, test := range []struct{ name, text, err string }{
		{"key", "[meter]\nphasis = 1\n", "f.toml:2: unknown key meter.phasis; did you mean meter.phases?"},
		{"key of a change", "[[change]]\nafter = \"1s\"\ncondition = { outptu = \"silent\" }\n", "f.toml:3: unknown key change.outptu; did you mean change.condition.output?"},
		{"mode", "[meter]\nmode = \"auto\"\n", `f.toml: meter.mode: "auto" is not one of standard, historic`},
		{"model", "[meter]\nmodel = \"saphir\"\n", `f.toml: meter.model: "saphir" is not one of linky, pilot, electronic, plain, pme-pmi`},
		{"contract", "[meter]\ncontract = \"zen\"\n", `f.toml: meter.contract: "zen" is not one of base, hc, tempo, ejp, hc-we, calendar`},
		{"no calendar", "[meter]\ncontract = \"calendar\"\n", "f.toml: the contract Custom wants a calendar"},
		{"start", "[meter]\nstart = \"noon\"\n", `f.toml: meter.start: "noon" is not a time like 2026-01-15T18:30:00+01:00`},
		{"curve", "[meter]\ncurve = \"half an hour\"\n", `f.toml: meter.curve: "half an hour" is not a length of time like 90s, 10m or 1h30m`},
		{"curve of no meter", "[meter]\ncurve = \"7m\"\n", "f.toml: the load curve has a step of 10, 15, 30 or 60 minutes, not 7m0s"},
		{"home", "[home]\nkind = \"farm\"\n", `f.toml: home.kind: "farm" is not one of family, school`},
		{"car", "[home]\ncar = 50000\n", "f.toml: a car charges at up to 22000 W, not 50000"},
		{"output", "[condition]\noutput = \"veille\"\n", `f.toml: condition.output: "veille" is not one of frames, standby, silent`},
		{"breaker", "[condition]\nbreaker = 9\n", "f.toml: a breaker is open for reasons 1 to 6, or 0, closed, not 9"},
		{"change without a time", "[[change]]\nafter = \"soon\"\n", `f.toml: change 1: after: "soon" is not a length of time like 90s, 10m or 1h30m`},
		{"changes out of order", "[[change]]\nafter = \"2s\"\n[[change]]\nafter = \"1s\"\n", "f.toml: the changes are not in order of time"},
		{"mode of a change", "[[change]]\nmode = \"fast\"\n", `f.toml: change 1: mode: "fast" is not one of standard, historic`},
		{"skip", "[[change]]\nskip = \"a day\"\n", `f.toml: change 1: skip: "a day" is not a length of time like 90s, 10m or 1h30m`},
		{"contract of a change", "[[change]]\ncontract = \"zen\"\n", `f.toml: change 1: contract: "zen" is not one of base, hc, tempo, ejp, hc-we, calendar`},
		{"calendar of a change", "[[change]]\ncontract = \"calendar\"\n", "f.toml: change 1: contract: there is no [calendar]"},
		{"condition of a change", "[[change]]\ncondition = { lost_phase = 3 }\n", "f.toml: change 1: condition: a phase is lost from 1 to 1, or 0, none, not 3"},
		{"output of a change", "[[change]]\ncondition = { output = \"loud\" }\n", `f.toml: change 1: condition.output: "loud" is not one of frames, standby, silent`},
		{"damage", "[[damage]]\nkind = \"bit\"\n", `f.toml: damage 1: there is no damage "bit": choose among power, backward, zero, jump, lf, stx, cr, bits, bursts, lost, doubled, nul, noise, baud, stuck, silence, unplug, stripped, cooked`},
		{"rate", "[[damage]]\nkind = \"bits\"\nrate = 2.0\n", "f.toml: the rate of bits is a share from 0 to 1, not 2"},
		{"from", "[[damage]]\nkind = \"bits\"\nfrom = \"x\"\n", `f.toml: damage 1: from: "x" is not a length of time like 90s, 10m or 1h30m`},
		{"to", "[[damage]]\nkind = \"bits\"\nfrom = \"2s\"\nto = \"1s\"\n", "f.toml: bits from 2s to 1s is no span of time"},
		{"profile", calendar, "f.toml: a calendar has 1 to 10 day profiles, not 0"},
		{"no words", calendar + "[[calendar.day]]\nswitches = [\"\"]\n", `f.toml: calendar: day 0: switch "": write it like 06:30 2 open, or 22:30 1 closed 1,7 with virtual contacts`},
		{"hour", calendar + "[[calendar.day]]\nswitches = [\"6h 1\"]\n", `f.toml: calendar: day 0: switch "6h 1": "6h" is not an hour like 06:30`},
		{"rate of a switch", calendar + "[[calendar.day]]\nswitches = [\"00:00 A\"]\n", `f.toml: calendar: day 0: switch "00:00 A": "A" is not the number of a rate`},
		{"rate not there", calendar + "[[calendar.day]]\nswitches = [\"00:00 2\"]\n", "f.toml: day profile 0: index 2 has no rate: there are 1"},
		{"contact", calendar + "[[calendar.day]]\nswitches = [\"00:00 1 shut\"]\n", `f.toml: calendar: day 0: switch "00:00 1 shut": "shut" is not one of keep, tempo, open, closed`},
		{"virtual", calendar + "[[calendar.day]]\nswitches = [\"00:00 1 open 8\"]\n", `f.toml: calendar: day 0: switch "00:00 1 open 8": "8" is not a virtual contact from 1 to 7`},
		{"day", calendar + "[[calendar.day]]\non = [\"lundi\"]\n", `f.toml: calendar: day 0: on: "lundi" is not a day such as monday`},
		{"peak", calendar + "[[calendar.day]]\nswitches = [\"00:00 1\"]\n[[calendar.peak]]\nfrom = \"7\"\n", `f.toml: calendar: peak 1: from: "7" is not an hour like 06:30`},
		{"end of a peak", calendar + "[[calendar.peak]]\nfrom = \"07:00\"\nto = \"x\"\n", `f.toml: calendar: peak 1: to: "x" is not an hour like 06:30`},
		{"notice", calendar + "[[calendar.peak]]\nfrom = \"07:00\"\nto = \"08:00\"\nnotice = \"x\"\n", `f.toml: calendar: peak 1: notice: "x" is not a length of time like 90s, 10m or 1h30m`},
		{"long peak", calendar + "[[calendar.day]]\nswitches = [\"00:00 1\"]\n[[calendar.peak]]\nfrom = \"07:00\"\nto = \"40:00\"\nswitches = [\"00:00 1\"]\n", "f.toml: mobile peak 1: it starts within its day and lasts up to 24 hours, not from minute 420 to 2400"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := scenario.Parse("f.toml", []byte(test.text)); err == nil || err.Error() != test.err {
				t.Errorf("error is\n%v\nwant\n%s", err, test.err)
			}
		})
	}
}

func TestDamages(t *testing.T) {
	t.Parallel()
	got, err := scenario.Damages([]string{"bits=0.001", "cooked"})
	want := []linky.Damage{{Kind: linky.Bits, Rate: 0.001}, {Kind: linky.Cooked, Rate: 1}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for word, want := range map[string]string{
		"rain":   `there is no damage "rain"`,
		"bits=x": `bits: "x" is not a share from 0 to 1`,
	} {
		if _, err := scenario.Damages([]string{word}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// FuzzParse: no text makes the reader panic, and a meter can play what it accepts.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("ready/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "reference.toml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(bytes.ReplaceAll(text, []byte("\n#"), []byte("\n")))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		script, err := scenario.Parse("f.toml", text)
		if err != nil {
			return
		}
		if err := script.Scenario.Check(); err != nil {
			t.Errorf("accepted, and then: %v", err)
		}
	})
}
