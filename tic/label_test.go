package tic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, want := range []tic.Label{
		{Name: "ADCO", Modes: tic.InHistoric, Kind: tic.Identity, Width: 12, Meaning: tic.Words{FR: "adresse du compteur", EN: "address of the meter"}},
		{Name: "GAZ", Modes: tic.InHistoric, Kind: tic.Digits, Width: 7, Unit: tic.Decalitre, When: tic.OnConcentrator,
			Meaning: tic.Words{FR: "index gaz", EN: "gas index"}},
		{Name: "ADIR2", Modes: tic.InHistoric, Kind: tic.Digits, Width: 3, Unit: tic.Ampere, Phases: 3, When: tic.WhileOver,
			Meaning: tic.Words{FR: "avertissement de dépassement, phase 2", EN: "warning: subscribed current exceeded, phase 2"}},
		{Name: "DATE", Modes: tic.InStandard, Horodate: true, Meaning: tic.Words{FR: "date et heure", EN: "date and time"}},
		{Name: "EASF10", Modes: tic.InStandard, Kind: tic.Digits, Width: 9, Unit: tic.WattHour,
			Meaning: tic.Words{FR: "énergie active soutirée, index fournisseur 10", EN: "active energy drawn, supplier index 10"}},
		{Name: "ERQ4", Modes: tic.InStandard, Kind: tic.Digits, Width: 9, Unit: tic.VoltAmpereReactiveHour, Producer: true,
			Meaning: tic.Words{FR: "énergie réactive, quadrant 4", EN: "reactive energy, quadrant 4"}},
		{Name: "SMAXSN3-1", Modes: tic.InStandard, Kind: tic.Digits, Width: 5, Unit: tic.VoltAmpere, Horodate: true, Phases: 3,
			Meaning: tic.Words{
				FR: "puissance apparente soutirée, maximum de la veille, phase 3", EN: "highest apparent power drawn yesterday, phase 3",
			}},
		{Name: "NTARF", Modes: tic.InStandard, Kind: tic.Digits, Width: 2, Low: 1, High: 10,
			Meaning: tic.Words{FR: "numéro de l'index fournisseur en cours", EN: "number of the supplier index in force"}},
		{Name: "SINST1", Modes: tic.InStandard, Kind: tic.Digits, Width: 5, Unit: tic.VoltAmpere, When: tic.OnPilots,
			Meaning: tic.Words{FR: "puissance apparente soutirée", EN: "apparent power drawn"}},
	} {
		t.Run(want.Name, func(t *testing.T) {
			t.Parallel()
			got, ok := tic.Lookup([]byte(want.Name))
			if !ok {
				t.Fatal("not found")
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(tic.Label{})); diff != "" {
				t.Errorf("label (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookupFindsNoOther(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", "A", "PR", "PRM ", "prm", "PRMPRM", "EASF11", "SMAXSN4-1", "SMAXXN1-1", "SMAXSN1--1", "SMAXSN11-1",
		"\xC1DSC", "MOTDETATS", strings.Repeat("P", 100),
	} {
		if l, ok := tic.Lookup([]byte(name)); ok {
			t.Errorf("%q was found as %s", name, l.Name)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	count := map[tic.Modes]int{}
	for i, l := range tic.Labels() {
		if got, ok := tic.Lookup([]byte(l.Name)); !ok || got != l {
			t.Errorf("%s is entry %d, and Lookup finds %q", l.Name, i, got.Name)
		}
		if l.Meaning.FR == "" || l.Meaning.EN == "" || strings.Contains(l.Name+l.Meaning.FR+l.Meaning.EN, "%") || l.Width == 0 && l.Name != "DATE" || l.Width > 98 {
			t.Errorf("%s: width %d, meaning %q", l.Name, l.Width, l.Meaning)
		}
		if !strings.Contains(" A V W VA kVA Wh VArh min dal  ", " "+l.Unit.String()+" ") {
			t.Errorf("%s: unit %q", l.Name, l.Unit)
		}
		count[l.Modes]++
	}
	if diff := cmp.Diff(map[tic.Modes]int{tic.InHistoric: 36, tic.InStandard: 74}, count); diff != "" {
		t.Errorf("labels by mode (-want +got):\n%s", diff)
	}
}

// What the reference frames of these tests hold must agree with the dictionary.
func TestLabelsOfReferenceFrames(t *testing.T) {
	t.Parallel()
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		for _, g := range f.Groups {
			l, ok := tic.Lookup(g.Label)
			if !ok || !l.Modes.Has(f.Mode) || l.Width != len(g.Value) || l.Horodate != (g.Horodate != nil) {
				t.Errorf("%s in %s mode is not %+v", showGroup(g), f.Mode, l)
			}
		}
	})
	write(d, frame(historicRows...)+frame(standardRows...), 64)
	if got := d.Counters().Frames; got != 2 {
		t.Errorf("%d frames, want 2", got)
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	names := [][]byte{[]byte("SMAXSN1-1"), []byte("PRM"), []byte("NOTHING")}
	found := 0
	if n := testing.AllocsPerRun(100, func() {
		for _, name := range names {
			if _, ok := tic.Lookup(name); ok {
				found++
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	if found == 0 {
		t.Error("nothing was found")
	}
}

func TestLabelsAreACopy(t *testing.T) {
	t.Parallel()
	tic.Labels()[0].Name = "changed"
	if got := tic.Labels()[0].Name; got != "ADCO" {
		t.Errorf("the dictionary begins with %q", got)
	}
}
