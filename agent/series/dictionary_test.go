package series_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
)

// TestDictionary holds every label against a golden list: a name that was once sent must never change by accident.
func TestDictionary(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(filepath.Join("testdata", "dictionary.golden"))
	if err != nil {
		t.Fatal(err)
	}
	d := series.NewDictionary()
	var got strings.Builder
	for _, label := range tic.Labels() {
		for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
			s, ok := d.Label(mode, []byte(label.Name))
			if !ok {
				continue
			}
			unit := s.Unit
			if unit == "" {
				unit = "-"
			}
			fmt.Fprintf(&got, "%s %s %s %s %s%s\n", mode, label.Name, s.Path, unit, s.Quantity, strings.TrimRight(" "+s.Direction, " "))
		}
	}
	if diff := cmp.Diff(string(golden), got.String()); diff != "" {
		t.Errorf("dictionary (-golden +got):\n%s", diff)
	}
}

func TestDictionaryIsOfTheMeter(t *testing.T) {
	t.Parallel()
	d := series.NewDictionary()
	for _, label := range tic.Labels() {
		for _, mode := range []tic.Mode{tic.Auto, tic.Historic, tic.Standard} {
			s, ok := d.Label(mode, []byte(label.Name))
			switch {
			case ok && !label.Modes.Has(mode):
				t.Errorf("%s is mapped in %s mode, in which no meter sends it", label.Name, mode)
			case ok && s.Unit != label.Unit.String():
				t.Errorf("%s is in %q, the meter sends %q", label.Name, s.Unit, label.Unit)
			case ok && (s.Title.FR == "" || s.Title.EN == "" || strings.Contains(s.Title.FR+s.Title.EN+s.Path, "%")):
				t.Errorf("%s is called %q on path %s", label.Name, s.Title, s.Path)
			}
		}
	}
	for _, private := range []string{"ADSC", "ADCO", "PRM", "MSG1", "MSG2"} {
		for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
			if s, ok := d.Label(mode, []byte(private)); ok {
				t.Errorf("%s, which is personal, is mapped to %s", private, s.Path)
			}
		}
	}
}

// Two labels of one frame must not feed the same series: one value would overwrite the other.
func TestDictionaryPathsDoNotCollide(t *testing.T) {
	t.Parallel()
	d := series.NewDictionary()
	together := map[tic.Mode][][]string{
		tic.Standard: {labelsIn(tic.Standard)},
		// Historic indexes of different contracts share paths on purpose; those of one contract must not.
		tic.Historic: {
			{"BASE", "PAPP", "IINST", "PTEC"},
			{"HCHC", "HCHP", "PAPP", "IINST1", "IINST2", "IINST3", "PTEC"},
			{"EJPHN", "EJPHPM", "PAPP", "IINST", "PTEC"},
			{"BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR", "PAPP", "IINST", "PTEC"},
		},
	}
	for mode, frames := range together {
		for _, labels := range frames {
			fed := map[string]string{}
			for _, label := range labels {
				s, ok := d.Label(mode, []byte(label))
				if !ok {
					continue
				}
				if other, taken := fed[s.Path]; taken {
					t.Errorf("%s and %s of %s mode both feed %s", other, label, mode, s.Path)
				}
				fed[s.Path] = label
			}
		}
	}
}

func labelsIn(mode tic.Mode) []string {
	var names []string
	for _, l := range tic.Labels() {
		if l.Modes.Has(mode) {
			names = append(names, l.Name)
		}
	}
	return names
}

func TestPath(t *testing.T) {
	t.Parallel()
	d := series.NewDictionary()
	for _, test := range []struct {
		path string
		want series.Series
	}{
		{
			"consumption/energy/active/index",
			series.Series{
				Path: "consumption/energy/active/index", Unit: "Wh", Direction: "consumption", Quantity: "energy",
				Title: series.Title{FR: "Index d'énergie soutirée", EN: "Index of energy drawn"},
			},
		},
		{
			"voltage/2",
			series.Series{
				Path: "voltage/2", Unit: "V", Quantity: "voltage",
				Title: series.Title{FR: "Tension efficace, phase 2", EN: "Voltage, phase 2"},
			},
		},
		{"not/known", series.Series{Path: "not/known", Title: series.Title{FR: "not/known", EN: "not/known"}}},
	} {
		if diff := cmp.Diff(test.want, d.Path(test.path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.path, diff)
		}
	}
}

// Units are those RFC 8428 and RFC 8798 register.
func TestUnitsAreRegistered(t *testing.T) {
	t.Parallel()
	d := series.NewDictionary()
	var pack senml.Pack
	for _, l := range tic.Labels() {
		for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
			if s, ok := d.Label(mode, []byte(l.Name)); ok && s.Unit != "" {
				pack = append(pack, senml.Record{Name: s.Path, Unit: s.Unit, Value: senml.NumberValue(1), Time: senml.FirstAbsolute})
			}
		}
	}
	if err := pack.Validate(); err != nil {
		t.Error(err)
	}
	if unknown := pack.UnknownUnits(); len(unknown) > 0 {
		t.Errorf("units not registered: %v", unknown)
	}
}
