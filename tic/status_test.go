package tic_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	// What all of the rows share: as meters in the field, standard mode and two codes of the distributor.
	field := func(change func(*tic.Status)) tic.Status {
		s := tic.Status{SupplierIndex: 1, DistributorIndex: 1, Mode: tic.Standard, Euridis: tic.EuridisSecured, PowerLine: tic.NewLocked}
		change(&s)
		return s
	}
	for _, test := range []struct {
		raw  string
		want tic.Status
	}{
		{"003A0001", field(func(s *tic.Status) { s.ContactOpen = true })},
		{"003A0000", field(func(*tic.Status) {})},
		{"003A4401", field(func(s *tic.Status) { s.ContactOpen, s.SupplierIndex, s.DistributorIndex = true, 2, 2 })},
		{"002A0301", field(func(s *tic.Status) {
			s.ContactOpen, s.Producer, s.Injecting, s.Euridis, s.PowerLine = true, true, true, tic.EuridisOpen, tic.NewLocked
		})},
		{"463A0800", field(func(s *tic.Status) { s.SupplierIndex, s.Today, s.Tomorrow, s.Peak = 3, tic.White, tic.Blue, 1 })},
		{"9B3A9000", field(func(s *tic.Status) {
			s.SupplierIndex, s.DistributorIndex = 5, 3
			s.Today, s.Tomorrow, s.PeakNotice, s.Peak = tic.Red, tic.White, 1, 2
		})},
		{"00BB00DC", field(func(s *tic.Status) {
			s.Breaker, s.CoverOpen, s.Overvoltage, s.OverPower = tic.OverheatBelow, true, true, true
			s.ClockDegraded, s.Synchronised = true, true
		})},
		{"00000002", tic.Status{Breaker: tic.OverPowerTrip, SupplierIndex: 1, DistributorIndex: 1, Mode: tic.Historic}},
	} {
		t.Run(test.raw, func(t *testing.T) {
			t.Parallel()
			got, err := tic.ParseStatus([]byte(test.raw))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			if got.String() != test.raw {
				t.Errorf("written again: %s", got)
			}
		})
	}
}

// parsed is a row of a table of values that are read: what was read, as text, or the whole error.
type parsed struct{ raw, want, err string }

// checkParsed reads each row with parse, which returns the text of what was read.
func checkParsed[T any](t *testing.T, parse func([]byte) (T, error), text func(T) string, rows []parsed) {
	t.Helper()
	for _, row := range rows {
		got, err := parse([]byte(row.raw))
		if errorText(err) != row.err {
			t.Errorf("%q: %v\nwant: %s", row.raw, err, row.err)
		}
		if err == nil && text(got) != row.want {
			t.Errorf("%q is %q, want %q", row.raw, text(got), row.want)
		}
	}
}

func TestStatusErrors(t *testing.T) {
	t.Parallel()
	checkParsed(t, tic.ParseStatus, tic.Status.String, []parsed{
		{raw: "", err: `read status: "" is not eight hexadecimal digits`},
		{raw: "003A000", err: `read status: "003A000" is not eight hexadecimal digits`},
		{raw: "003A00011", err: `read status: "003A00011" is not eight hexadecimal digits`},
		{raw: "003a0001", err: `read status: "003a0001" is not eight hexadecimal digits`},
		{raw: "003A000E", err: "read status 003A000E: breaker is 7, want 0 to 6"},
		{raw: "003A0020", err: "read status 003A0020: bit 5 is set, want 0"},
		{raw: "003A2800", err: "read status 003A2800: supplier index is 11, want 1 to 10"},
		{raw: "00320001", err: "read status 00320001: Euridis output is 2, want 0, 1 or 3"},
		{raw: "007A0001", err: "read status 007A0001: power line is 3, want 0 to 2"},
		{raw: "003E0001", want: "003A0001"}, // bit 18 is unused
	})
}

func TestStatusWords(t *testing.T) {
	t.Parallel()
	var got []string
	for code := range uint8(8) {
		got = append(got, tic.Breaker(code).String())
	}
	for code := range uint8(4) {
		got = append(got, tic.Euridis(code).String()+", "+tic.PowerLine(code).String())
	}
	want := []string{
		"closed", "open: over power", "open: overvoltage", "open: load shedding", "open: ordered",
		"open: overheated above the switching current", "open: overheated below the switching current", "undefined (7)",
		"off, New/Unlock", "on, New/Lock", "undefined (2), Registered", "secured, undefined (3)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}

func TestRelays(t *testing.T) {
	t.Parallel()
	checkParsed(t, tic.ParseRelays, tic.Relays.String, []parsed{
		{raw: "000", want: "000"},
		{raw: "129", want: "129"},
		{raw: "255", want: "255"},
		{raw: "256", err: `read relays: "256" is not a number from 000 to 255`},
		{raw: "1", err: `read relays: "1" is not a number from 000 to 255`},
		{raw: "0F1", err: `read relays: "0F1" is not a number from 000 to 255`},
	})
	r, err := tic.ParseRelays([]byte("129"))
	if err != nil {
		t.Fatal(err)
	}
	for relay := -1; relay < 12; relay++ {
		if want := relay == 1 || relay == 8; r.Closed(relay) != want {
			t.Errorf("relay %d is closed: %v, want %v", relay, r.Closed(relay), want)
		}
	}
}

func TestMissingPhases(t *testing.T) {
	t.Parallel()
	checkParsed(t, tic.ParseMissingPhases, tic.MissingPhases.String, []parsed{
		{raw: "00", want: "none"},
		{raw: "02", want: "1"},
		{raw: "0C", want: "2 3"},
		{raw: "01", err: `read missing phases: "01" is not 00 to 0E and even`},
		{raw: "10", err: `read missing phases: "10" is not 00 to 0E and even`},
		{raw: "0", err: `read missing phases: "0" is not 00 to 0E and even`},
		{raw: "#0", err: `read missing phases: "#0" is not 00 to 0E and even`},
	})
	if m, _ := tic.ParseMissingPhases([]byte("0E")); m.Missing(0) || m.Missing(4) || !m.Missing(3) {
		t.Errorf("0E misses phase 0: %v, 3: %v, 4: %v", m.Missing(0), m.Missing(3), m.Missing(4))
	}
}

// FuzzStatus holds that a register that was read is written as it was, but for the bit nobody uses.
func FuzzStatus(f *testing.F) {
	for _, raw := range []string{"003A0001", "9B3A9000", "FFFFFFFF", "003E0001", "G"} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := tic.ParseStatus(raw)
		if err != nil {
			return
		}
		again, err := tic.ParseStatus([]byte(s.String()))
		if err != nil || again != s {
			t.Fatalf("%q is written %s, and read again %+v, %v", raw, s, again, err)
		}
		read, bad := strconv.ParseUint(string(raw), 16, 32)
		written, worse := strconv.ParseUint(s.String(), 16, 32)
		if bad != nil || worse != nil || read&^(1<<18) != written {
			t.Fatalf("%q is written %s", raw, s)
		}
	})
}
