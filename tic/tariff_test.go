package tic_test

import (
	"fmt"
	"testing"

	"releve/tic"
)

func TestOption(t *testing.T) {
	t.Parallel()
	show := func(o tic.Option) string {
		if o.Contract != tic.TempoContract {
			return fmt.Sprintf("%s %s", o.Contract, o)
		}
		return fmt.Sprintf("%s %s %cP%d", o.Contract, o, o.Circuit1, o.Circuit2)
	}
	wrong := func(raw string) parsed {
		return parsed{raw: raw, err: fmt.Sprintf("read tariff option: %q is not BASE, HC.., EJP. or BBRx", raw)}
	}
	checkParsed(t, tic.ParseOption, show, []parsed{
		{raw: "BASE", want: "base BASE"},
		{raw: "HC..", want: "off-peak HC.."},
		{raw: "EJP.", want: "EJP EJP."},
		{raw: "EJP ", want: "EJP EJP."},
		{raw: "BBR(", want: "Tempo BBR( AP0"},
		{raw: "BBR?", want: "Tempo BBR? CP7"},
		{raw: "BBR1", want: "Tempo BBR1 BP1"},
		wrong("BBR'"), wrong("BBR@"), wrong("BBR"), wrong(""), wrong("HP.."), wrong("BASE."),
	})
}

// Each of the 24 characters is one pair of programs.
func TestOptionPrograms(t *testing.T) {
	t.Parallel()
	seen := map[tic.Option]bool{}
	for x := byte(0); x < 0x80; x++ {
		o, err := tic.ParseOption([]byte{'B', 'B', 'R', x})
		if want := x >= '(' && x <= '?'; (err == nil) != want {
			t.Errorf("BBR%c: %v", x, err)
		}
		if err == nil {
			seen[o] = true
		}
	}
	if len(seen) != 24 {
		t.Errorf("%d pairs of programs, want 24", len(seen))
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	checkParsed(t, tic.ParsePeriod, tic.Period.String, []parsed{
		{raw: "TH..", want: "all hours"},
		{raw: "HC..", want: "off-peak"},
		{raw: "HC  ", want: "off-peak"},
		{raw: "HP..", want: "peak"},
		{raw: "HN..", want: "normal hours"},
		{raw: "PM..", want: "mobile peak"},
		{raw: "HCJB", want: "off-peak blue"},
		{raw: "HCJW", want: "off-peak white"},
		{raw: "HCJR", want: "off-peak red"},
		{raw: "HPJB", want: "peak blue"},
		{raw: "HPJW", want: "peak white"},
		{raw: "HPJR", want: "peak red"},
		{raw: "HPJ.", err: `read tariff period: "HPJ." is not TH.., HC.., HP.., HN.., PM.., HCJx or HPJx`},
		{raw: "HC.", err: `read tariff period: "HC." is not TH.., HC.., HP.., HN.., PM.., HCJx or HPJx`},
		{raw: "", err: `read tariff period: "" is not TH.., HC.., HP.., HN.., PM.., HCJx or HPJx`},
	})
}

func TestColour(t *testing.T) {
	t.Parallel()
	checkParsed(t, tic.ParseColour, tic.Colour.String, []parsed{
		{raw: "----", want: "none"},
		{raw: "____", want: "none"},
		{raw: "BLEU", want: "blue"},
		{raw: "BLAN", want: "white"},
		{raw: "ROUG", want: "red"},
		{raw: "ROUGE", err: `read colour of tomorrow: "ROUGE" is not ----, BLEU, BLAN or ROUG`},
		{raw: "--__", err: `read colour of tomorrow: "--__" is not ----, BLEU, BLAN or ROUG`},
	})
}

func TestTimetable(t *testing.T) {
	t.Parallel()
	checkParsed(t, tic.ParseTimetable, tic.Timetable.String, []parsed{
		{raw: "A", want: "A"}, {raw: "C", want: "C"}, {raw: "D", want: "D"}, {raw: "E", want: "E"}, {raw: "Y", want: "Y"},
		{raw: "B", err: `read timetable: "B" is not A, C, D, E or Y`},
		{raw: "AA", err: `read timetable: "AA" is not A, C, D, E or Y`},
		{raw: "", err: `read timetable: "" is not A, C, D, E or Y`},
	})
}

func TestTariffWords(t *testing.T) {
	t.Parallel()
	const none = "undefined (9)"
	if got := tic.Contract(9).String() + tic.Colour(9).String() + tic.Hours(9).String() + tic.Contact(9).String(); got != none+none+none+none {
		t.Errorf("codes that are not defined are %q", got)
	}
}

func TestNamedFieldsAllocateNothing(t *testing.T) {
	status, option, period, colour := []byte("003A0001"), []byte("EJP "), []byte("HPJR"), []byte("BLEU")
	profile := []byte(dayProfile)
	if n := testing.AllocsPerRun(100, func() {
		tic.ParseStatus(status)
		tic.ParseOption(option)
		tic.ParsePeriod(period)
		tic.ParseColour(colour)
		tic.ParseProfile(profile)
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
