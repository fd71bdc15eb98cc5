package series_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
			for _, s := range d.Label(mode, []byte(label.Name)) {
				unit := s.Unit
				if unit == "" {
					unit = "-"
				}
				words := []string{mode.String(), label.Name, s.Path, unit, s.Quantity, s.Direction, s.Aggregation, s.Interval}
				words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
				fmt.Fprintln(&got, strings.Join(words, " "))
			}
		}
	}
	if diff := cmp.Diff(string(golden), got.String()); diff != "" {
		t.Errorf("dictionary (-golden +got):\n%s", diff)
	}
}

// inSenML is how RFC 8798 writes a unit of the specifications; cubic metres stand for decalitres.
func inSenML(unit string) string {
	switch unit {
	case "VArh":
		return "varh"
	case "dal":
		return "m3"
	}
	return unit
}

func TestDictionaryIsOfTheMeter(t *testing.T) {
	t.Parallel()
	d := series.NewDictionary()
	for _, label := range tic.Labels() {
		for _, mode := range []tic.Mode{tic.Auto, tic.Historic, tic.Standard} {
			for _, s := range d.Label(mode, []byte(label.Name)) {
				switch {
				case !label.Modes.Has(mode):
					t.Errorf("%s is mapped in %s mode, in which no meter sends it", label.Name, mode)
				case s.Unit != inSenML(label.Unit.String()):
					t.Errorf("%s is in %q, the meter sends %q", label.Name, s.Unit, label.Unit)
				case s.Title.FR == "" || s.Title.EN == "" || strings.Contains(s.Title.FR+s.Title.EN+s.Path, "%"):
					t.Errorf("%s is called %q on path %s", label.Name, s.Title, s.Path)
				}
			}
		}
	}
}

// Every label is a quantity or a state, but for those that say who is metered, and the time of the others.
func TestDictionaryIsComplete(t *testing.T) {
	t.Parallel()
	left := map[string]string{
		"ADCO": "personal", "ADSC": "personal", "PRM": "personal", "MSG1": "personal", "MSG2": "personal",
		"DATE": "the time of the others", "ADIR1": "an event", "ADIR2": "an event", "ADIR3": "an event",
	}
	d := series.NewDictionary()
	for _, label := range tic.Labels() {
		for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
			if !label.Modes.Has(mode) {
				continue
			}
			fed := d.Label(mode, []byte(label.Name))
			switch why := left[label.Name]; {
			case why == "" && len(fed) == 0:
				t.Errorf("%s of %s mode, %s, feeds no series", label.Name, mode, label.Meaning)
			case why != "" && len(fed) > 0:
				t.Errorf("%s, which is %s, feeds %s", label.Name, why, fed[0].Path)
			}
		}
	}
}

// Two labels of one frame must not feed the same series: one value would overwrite the other. What is dated may: the
// label of yesterday or of the point before says an earlier point of the same series.
func TestDictionaryPathsDoNotCollide(t *testing.T) {
	t.Parallel()
	d := series.NewDictionary()
	common := []string{"PAPP", "PTEC", "OPTARIF", "ISOUSC", "DEMAIN", "PEJP", "HHPHC", "MOTDETAT", "PPOT", "PMAX", "GAZ", "AUTRE"}
	one, three := []string{"IINST", "IMAX"}, []string{"IINST1", "IINST2", "IINST3", "IMAX1", "IMAX2", "IMAX3"}
	together := map[tic.Mode][][]string{
		tic.Standard: {slices.DeleteFunc(labelsIn(tic.Standard), func(label string) bool {
			return strings.HasSuffix(label, "-1") || label == "SINST1" || label == "SMAXN" // of pilot meters, for SINSTS and SMAXSN
		})},
		// Historic indexes of different contracts share paths on purpose; those of one contract must not.
		tic.Historic: {
			slices.Concat(common, one, []string{"BASE"}),
			slices.Concat(common, three, []string{"HCHC", "HCHP"}),
			slices.Concat(common, one, []string{"EJPHN", "EJPHPM"}),
			slices.Concat(common, three, []string{"BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"}),
		},
	}
	for mode, frames := range together {
		for _, labels := range frames {
			fed := map[string]string{}
			for _, label := range labels {
				for _, s := range d.Label(mode, []byte(label)) {
					if other, taken := fed[s.Path]; taken {
						t.Errorf("%s and %s of %s mode both feed %s", other, label, mode, s.Path)
					}
					fed[s.Path] = label
				}
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
			for _, s := range d.Label(mode, []byte(l.Name)) {
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
