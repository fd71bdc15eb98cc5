package tic_test

import (
	"testing"

	"releve/tic"
)

// readings decodes rows as one frame and returns what is read of each: its text, with its date, or the error.
func readings(t *testing.T, rows ...string) (texts []string) {
	t.Helper()
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		for i := range f.Groups {
			texts = append(texts, textOf(f.Groups[i].Reading()))
		}
	})
	write(d, frame(rows...), 64)
	if len(texts) != len(rows) {
		t.Fatalf("%d of %d rows were accepted", len(texts), len(rows))
	}
	return texts
}

func textOf(r *tic.Reading, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case r.Dated:
		return r.Horodate.String() + " " + r.String()
	}
	return r.String()
}

func TestReading(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ row, want string }{
		{"EAST\t026967224", "26967224 Wh"},
		{"ERQ1\t000000012", "12 VArh"},
		{"SINSTS\t00440", "440 VA"},
		{"CCASN\tE250621143000\t00410", "E250621143000 410 W"},
		{"URMS1\t236", "236 V"},
		{"IRMS1\t002", "2 A"},
		{"PREF\t06", "6 kVA"},
		{"VTIC\t02", "2"},
		{"DATE\te250621143015\t", "e250621143015 "},
		{"DPM1\t 250622060000\t00", " 250622060000 0"},
		{"NGTF\t     TEMPO      ", "TEMPO"},
		{"PRM\t00000000000000", "00000000000000"},
		{"STGE\t003A4401", "003A4401"},
		{"RELAIS\t129", "129"},
		{"NTARF\t10", "10"},
		{"NJOURF+1\t09", "9"},
		{"PJOURF+1\t" + dayProfile, "00:00 index 1 contact Tempo; 06:00 index 2 contact Tempo; 22:00 index 1 contact Tempo"},
		{"PEJP 30", "30 min"},
		{"GAZ 0012345", "12345 dal"},
		{"OPTARIF BBR(", "BBR("},
		{"PTEC HPJR", "peak red"},
		{"DEMAIN ----", "none"},
		{"HHPHC A", "A"},
		{"MOTDETAT 40000F", "40000F"},
		{"PPOT 0C", "2 3"},

		{"NTARF\t00", "read NTARF: 0 is not 1 to 10"},
		{"NTARF\t11", "read NTARF: 11 is not 1 to 10"},
		{"NJOURF\t10", "read NJOURF: 10 is not 0 to 9"},
		{"HHPHC B", `read HHPHC: read timetable: "B" is not A, C, D, E or Y`},
		{"PPOT 01", `read PPOT: read missing phases: "01" is not 00 to 0E and even`},
		{"STGE\t003A000E", "read STGE: read status 003A000E: breaker is 7, want 0 to 6"},
		{"SMAXSN\tE000000000000\t03120", `read SMAXSN: read horodate: "000000000000" is no date`},
		{"EAP_s\t000000001", "read EAP_s: not a known label"},
	} {
		t.Run(test.row, func(t *testing.T) {
			t.Parallel()
			if got := readings(t, test.row); got[0] != test.want {
				t.Errorf("reading is %q, want %q", got[0], test.want)
			}
		})
	}
}

// A group that no decoder made is read all the same.
func TestReadingOfAGroupOfOurs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		group tic.Group
		want  string
	}{
		{tic.Group{Label: []byte("PAPP"), Value: []byte("00440")}, "440 VA"},
		{tic.Group{Label: []byte("PAPP"), Value: []byte("0044O")}, "read PAPP: byte 5 is 'O', want a digit"},
		{tic.Group{Label: []byte("PAPP")}, "read PAPP: 0 digits, want 1 to 19"},
		{tic.Group{Label: []byte("UMOY1"), Value: []byte("235")}, "read UMOY1: read horodate: 0 characters, want 13"},
		{tic.Group{Label: []byte("PTEC"), Value: []byte("HC")}, `read PTEC: read tariff period: "HC" is not TH.., HC.., HP.., HN.., PM.., HCJx or HPJx`},
		{tic.Group{}, "read : not a known label"},
	} {
		if got := textOf(test.group.Reading()); got != test.want {
			t.Errorf("reading of %s is %q, want %q", test.group.Label, got, test.want)
		}
	}
}

// What was read of a group must not outlive it: a value that changes is read anew.
func TestReadingFollowsTheValue(t *testing.T) {
	t.Parallel()
	var got []string
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		for i := range f.Groups {
			for range 2 {
				got = append(got, textOf(f.Groups[i].Reading()))
			}
			n, err := f.Groups[i].Uint()
			if q := (tic.Quantity{Amount: n, Unit: tic.VoltAmpere}); err != nil || q.String() != got[len(got)-1] {
				t.Errorf("Uint is %d, %v, beside %s", n, err, got[len(got)-1])
			}
		}
	})
	for _, value := range []string{"00440", "00440", "00450", "00440"} {
		write(d, frame("PAPP "+value), 5)
	}
	write(d, frame("SINSTS\t00007"), 5)
	want := []string{"440 VA", "440 VA", "440 VA", "440 VA", "450 VA", "450 VA", "440 VA", "440 VA", "7 VA", "7 VA"}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("readings are %q, want %q", got, want)
		}
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	typed := &typedLoop{}
	typed.Decoder = tic.NewDecoder(tic.Auto, typed.read)
	var raws [][]byte
	for _, mode := range []tic.Mode{tic.Standard, tic.Historic} {
		raws = append(raws, changed(mode), played(t, mode), []byte(withParity(string(played(t, mode)[:20_000]))))
	}
	if n := testing.AllocsPerRun(3, func() {
		for _, raw := range raws {
			typed.feed(raw)
		}
	}); n != 0 || typed.failed > 0 {
		t.Errorf("%v allocations, want 0; %d values unread", n, typed.failed)
	}
}

// FuzzReading holds that reading never panics, says the same twice, and reads a number as Uint does.
func FuzzReading(f *testing.F) {
	for _, l := range tic.Labels() {
		f.Add(l.Name, "E250621143015", sample(l))
	}
	f.Fuzz(func(t *testing.T, label, horodate, value string) {
		g := tic.Group{Label: []byte(label), Horodate: []byte(horodate), Value: []byte(value)}
		r, err := g.Reading()
		if once, again := textOf(r, err), textOf(g.Reading()); once != again {
			t.Fatalf("%s %s is %q, then %q", label, value, once, again)
		}
		if err != nil || r.Kind != tic.Digits {
			return
		}
		if n, err := g.Uint(); err != nil || n != r.Quantity.Amount {
			t.Fatalf("%s %s is %s, Uint %d, %v", label, value, r, n, err)
		}
	})
}
