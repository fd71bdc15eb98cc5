package tic_test

import (
	"testing"

	"releve/tic"
)

func TestGroupUint(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		label, value string
		want         uint64
		err          string
	}{
		{"EAST", "026967224", 26967224, ""},
		{"PAPP", "00000", 0, ""},
		{"PRM", "99999999999999", 99999999999999, ""},
		{"X", "9999999999999999999", 9999999999999999999, ""},
		{"X", "10000000000000000000", 0, "read X: 20 digits, want 1 to 19"},
		{"DATE", "", 0, "read DATE: 0 digits, want 1 to 19"},
		{"EAST", " 26967224", 0, "read EAST: byte 1 is ' ', want a digit"},
		{"PAPP", "-0440", 0, "read PAPP: byte 1 is '-', want a digit"},
		{"STGE", "003A4401", 0, "read STGE: byte 4 is 'A', want a digit"},
	} {
		t.Run(test.label+test.value, func(t *testing.T) {
			t.Parallel()
			got, err := tic.Group{Label: []byte(test.label), Value: []byte(test.value)}.Uint()
			if text := errorText(err); got != test.want || text != test.err {
				t.Errorf("Uint: %d, %q, want %d, %q", got, text, test.want, test.err)
			}
		})
	}
}

func TestGroupTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ horodate, want, err string }{
		{"E250621143015", "E250621143015", ""},
		{"", "", "read DATE: read horodate: 0 characters, want 13"},
		{"E250631143015", "", `read DATE: read horodate: "250631143015" is no date`},
	} {
		t.Run(test.horodate, func(t *testing.T) {
			t.Parallel()
			got, err := tic.Group{Label: []byte("DATE"), Horodate: []byte(test.horodate)}.Time()
			if text := errorText(err); text != test.err {
				t.Errorf("Time: %q, want %q", text, test.err)
			}
			if err == nil && got.String() != test.want {
				t.Errorf("Time: %s, want %s", got, test.want)
			}
		})
	}
}

func TestParseMode(t *testing.T) {
	t.Parallel()
	for _, m := range []tic.Mode{tic.Auto, tic.Historic, tic.Standard} {
		if got, err := tic.ParseMode(m.String()); got != m || err != nil {
			t.Errorf("ParseMode(%q): %v, %v", m, got, err)
		}
	}
	const want = `read mode "linky": want auto, historic or standard`
	if _, err := tic.ParseMode("linky"); errorText(err) != want {
		t.Errorf("ParseMode: %v, want %s", err, want)
	}
}

func TestChecksum(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		covered string
		want    byte
	}{
		{"", ' '},
		{"PTEC HP..", ' '},
		{"VTIC\t02\t", 'J'},
		{"ADCO 000000000000", 'W'},
		{"\x3f", '_'},
	} {
		if got := tic.Checksum([]byte(test.covered)); got != test.want {
			t.Errorf("Checksum(%q) is %q, want %q", test.covered, got, test.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
