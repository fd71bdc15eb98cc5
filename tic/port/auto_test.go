package port

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAutoChooses(t *testing.T) {
	t.Parallel()
	third := oneTIC
	third.Serial, third.Place = "DA000003", "1-1.5"
	anonymous := oneTIC
	anonymous.Serial = ""
	const (
		none    = "open port auto: no known TIC dongle is plugged in: plug one in, or name the port (releve probe lists them)"
		gone    = "open port auto: the dongle was unplugged: plug it in again"
		advice  = ": plug in as many, or name the port of each meter (releve probe lists them)"
		tooMany = "open port auto: 2 TIC dongle(s) for 1 meter(s) with port auto (DEV/ttyUSB1, DEV/ttyUSB0)" + advice
	)
	// plugged is what is plugged in at each look, from ttyUSB0 on; nil holds a number free. want is the device chosen, or
	// the error.
	for _, test := range []struct {
		name    string
		among   Among
		plugged [][]*USB
		want    []string
	}{
		{"nothing", Among{}, [][]*USB{{}}, []string{none}},
		{"nothing that is known", Among{}, [][]*USB{{&printer, &zigbee, &nameless}}, []string{none}},
		{"one among others", Among{}, [][]*USB{{&printer, &microV2, &zigbee}}, []string{"ttyUSB1"}},
		{"plugged in later", Among{}, [][]*USB{{&printer}, {&printer, &oneTIC}}, []string{none, "ttyUSB1"}},
		{"replugged elsewhere", Among{}, [][]*USB{{&microV2}, {}, {nil, &microV2}}, []string{"ttyUSB0", gone, "ttyUSB1"}},
		{"replaced", Among{}, [][]*USB{{&microV2}, {&oneTIC}}, []string{"ttyUSB0", "ttyUSB0"}},
		{"two for one", Among{}, [][]*USB{{&microV2, &oneTIC}}, []string{tooMany}},
		{"another one later", Among{}, [][]*USB{{&microV2}, {&microV2, &oneTIC}}, []string{"ttyUSB0", "ttyUSB0"}},
		{"that of a meter with a named port", Among{Taken: []string{"DEV/ttyUSB1"}}, [][]*USB{{&microV2, &oneTIC}}, []string{"ttyUSB0"}},
		{"that of a meter named by identity", Among{Taken: []string{"DEV/serial/by-id/" + ByID(oneTIC)}}, [][]*USB{{&microV2, &oneTIC}}, []string{"ttyUSB0"}},
		{"first of two", Among{Index: 0, Of: 2}, [][]*USB{{&microV2, &oneTIC}}, []string{"ttyUSB1"}},
		{"second of two", Among{Index: 1, Of: 2}, [][]*USB{{&microV2, &oneTIC}}, []string{"ttyUSB0"}},
		{"second of two, plugged in otherwise", Among{Index: 1, Of: 2}, [][]*USB{{&oneTIC, &microV2}}, []string{"ttyUSB1"}},
		{"one for two", Among{Index: 0, Of: 2}, [][]*USB{{&microV2}},
			[]string{"open port auto: 1 TIC dongle(s) for 2 meter(s) with port auto (DEV/ttyUSB0)" + advice}},
		{"never the neighbour's", Among{Index: 0, Of: 2}, [][]*USB{{&microV2, &oneTIC}, {&microV2}, {&microV2, &third}}, []string{"ttyUSB1", gone, "ttyUSB1"}},
		{"without a serial number the socket counts", Among{}, [][]*USB{{&anonymous}, {nil, nil, &anonymous}}, []string{"ttyUSB0", "ttyUSB2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tree := NewTree(t)
			for i, name := range test.among.Taken {
				test.among.Taken[i] = tree.here(name)
			}
			a := &auto{machine: tree.Machine, among: test.among}
			var got []string
			for _, plugged := range test.plugged {
				tree.plugAll(plugged)
				got = append(got, chosen(a.choose()))
				tree.unplugAll(plugged)
			}
			for i, want := range test.want {
				test.want[i] = tree.here(want)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("chosen (-want +got):\n%s", diff)
			}
		})
	}
}

func chosen(a Adapter, err error) string {
	if err != nil {
		return err.Error()
	}
	return filepath.Base(a.Device)
}
