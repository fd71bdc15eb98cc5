package tic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

func TestCauses(t *testing.T) {
	t.Parallel()
	var words []string
	for _, c := range tic.Causes() {
		words = append(words, c.String())
	}
	want := []string{"overflow", "parity", "framing", "charset", "checksum", "label", "mode", "width"}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
	if got := tic.Cause(99).String(); got != "unknown" {
		t.Errorf("cause 99 is %q", got)
	}
}

func TestDiagnosis(t *testing.T) {
	t.Parallel()
	minute := strings.Repeat(frame(historicRows...), 40)
	const (
		otherMode = "The meter talks in the other mode: set mode to auto."
		noMeter   = "Bytes arrive but no group does: the speed is wrong (1200 Bd in historic mode, 9600 in standard) or this is not a meter."
	)
	for _, test := range []struct {
		name string
		mode tic.Mode
		raw  string
		want string
	}{
		{"nothing yet", tic.Auto, "", ""},
		{"healthy", tic.Auto, minute, ""},
		{"joined in the middle", tic.Auto, minute[3:], ""},
		{"one bad group in a minute", tic.Auto, minute + "\nPAPP 00440 *\r", ""},
		{"a little noise says nothing", tic.Auto, strings.Repeat("\x7fU", 900), ""},
		{"noise", tic.Auto, strings.Repeat("\x7fU\r", 900), noMeter},
		{"endless noise", tic.Auto, strings.Repeat("\x7fU", 9000), noMeter},
		{"other mode", tic.Standard, minute, otherMode},
		{"marginal receiver", tic.Auto, minute + strings.Repeat("\nPAPP 00440 *\r", 40),
			"40 of 480 lines are refused, most for their checksum: the receiver circuit is marginal (at 9600 Bd its resistor is often too large), the wires are too long, or two programs read the port."},
		{"slow receiver", tic.Auto, strings.ReplaceAll(minute, "\nP", "\x0fP"),
			"The first byte after a silence is damaged in 80 of 440 groups: the receiver circuit is marginal, check its resistor and the length of the wires."},
		{"stripped from some time on", tic.Auto, withParity(minute) + strings.Repeat(minute, 2),
			"Another program set the port to seven bits: parity is no longer checked, close that program and open the port again."},
		{"old meter with CR for an SP", tic.Auto, strings.Repeat("\x02"+lines(historicRows...)+"\nPAPP 00440\r)\r\x03", 40), ""},
		{"industrial meter", tic.Auto, strings.Repeat(frame("ADS 000000000000", "MESURES1 BT 4 SUP36", "EA_s 47401241Wh"), 10),
			"Not one label of this meter is known: it is a meter of businesses (PME-PMI), of which nothing is recorded."},
		{"cooked terminal", tic.Auto, strings.NewReplacer("\x03", "", "\x02", "", "\r", "\n").Replace(minute),
			"Groups are good but no frame begins and ends: something eats control characters, open the port in raw mode."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, counters := decode(test.mode, test.raw, 64)
			if got := counters.Diagnosis(); got.EN != test.want || (got.FR == "") != (got.EN == "") {
				t.Errorf("diagnosis is %q, want %q\n%+v", got, test.want, counters)
			}
		})
	}
}

// What is said of a line is of late when the counters are: a bad day is forgotten, and a new fault is not drowned.
func TestCountersSince(t *testing.T) {
	t.Parallel()
	noise := strings.Repeat("\nPAPP 00440 *\r\x0fEAP_s\t1\t\x00\r\nADSC\t00000000000\tB\r", 40)
	_, bad := decode(tic.Auto, noise, 64)
	_, both := decode(tic.Auto, noise+strings.Repeat(frame(historicRows...), 40), 64)
	_, good := decode(tic.Auto, strings.Repeat(frame(historicRows...), 40), 64)
	if diff := cmp.Diff(good, both.Since(bad)); diff != "" {
		t.Errorf("counters since (-alone +since):\n%s", diff)
	}
	if both.Diagnosis().IsZero() || !both.Since(bad).Diagnosis().IsZero() {
		t.Errorf("diagnosis is %q, since then %q", both.Diagnosis().EN, both.Since(bad).Diagnosis().EN)
	}
	if got := both.Since(both); got != (tic.Counters{}) {
		t.Errorf("since now: %+v", got)
	}
}
