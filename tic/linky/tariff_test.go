package linky

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// momentAt parses an instant into a moment.
func momentAt(t *testing.T, instant string) moment {
	t.Helper()
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		t.Fatal(err)
	}
	var c calendar
	return c.at(at.Unix())
}

// TestRates walks through the changes of rate of a day; times are UTC, one hour behind in winter, two in summer.
func TestRates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		contract Contract
		instant  string
		supplier int
		offPeak  bool
	}{
		{Base, "2026-01-15T00:30:00Z", 1, true},
		{Base, "2026-01-15T11:00:00Z", 1, false},
		{PeakOffPeak, "2026-01-15T21:29:59Z", 2, false},
		{PeakOffPeak, "2026-01-15T21:30:00Z", 1, true},
		{PeakOffPeak, "2026-01-16T05:29:59Z", 1, true},
		{PeakOffPeak, "2026-01-16T05:30:00Z", 2, false},
		{PeakOffPeak, "2026-07-16T20:29:59Z", 2, false},
		{PeakOffPeak, "2026-07-16T20:30:00Z", 1, true},
	}
	for _, test := range tests {
		got := tariffAt(&Scenario{Contract: test.contract}, momentAt(t, test.instant))
		if got.supplier != test.supplier || got.offPeak != test.offPeak {
			t.Errorf("%v at %s: index %d, off peak %v; want %d, %v",
				test.contract, test.instant, got.supplier, got.offPeak, test.supplier, test.offPeak)
		}
	}
}

// dayOfColour finds a day of January or February, in the five years from 2026, with the colours of itself and of the day after it.
func dayOfColour(t *testing.T, seed uint64, today, tomorrow int) int64 {
	t.Helper()
	first := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
	for day := first; day < first+5*365; day++ {
		if date, _ := dateOf(day); date.month <= 2 && colourOf(seed, day) == today && colourOf(seed, day+1) == tomorrow {
			return day
		}
	}
	t.Fatalf("seed %d has no day of colour %d before one of colour %d", seed, today, tomorrow)
	return 0
}

// TestTempoDay follows a white day before a red one, hour by hour, in the high season.
func TestTempoDay(t *testing.T) {
	t.Parallel()
	const seed = 1
	day := dayOfColour(t, seed, white, red)
	before := colourOf(seed, day-1)
	tests := []struct {
		hour int64
		want tariff
	}{
		{5, tariff{supplier: 2*before - 1, distributor: 3, offPeak: true, today: before, tomorrow: white, tempoDay: day - 1}},
		{6, tariff{supplier: 4, distributor: 4, today: white, tempoDay: day}},
		{19, tariff{supplier: 4, distributor: 4, today: white, tempoDay: day}},
		{20, tariff{supplier: 4, distributor: 4, today: white, tomorrow: red, tempoDay: day}},
		{22, tariff{supplier: 3, distributor: 3, offPeak: true, today: white, tomorrow: red, tempoDay: day}},
		{29, tariff{supplier: 3, distributor: 3, offPeak: true, today: white, tomorrow: red, tempoDay: day}},
		{30, tariff{supplier: 6, distributor: 4, today: red, tempoDay: day + 1}},
	}
	var c calendar
	for _, test := range tests {
		got := tempo(seed, c.at(startOfDay(day)+test.hour*3600))
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(tariff{})); diff != "" {
			t.Errorf("hour %d (-want +got):\n%s", test.hour, diff)
		}
	}
}

func TestTempoLowSeason(t *testing.T) {
	t.Parallel()
	noon, night := tempo(1, momentAt(t, "2026-07-14T10:00:00Z")), tempo(1, momentAt(t, "2026-07-14T01:00:00Z"))
	if noon.distributor != 2 || night.distributor != 1 {
		t.Errorf("distributor's index %d at noon and %d at night, want 2 and 1", noon.distributor, night.distributor)
	}
}

// TestColours counts twenty years of days: red ones only on weekdays of the high season, blue Sundays,
// and about as many of each as the contract has (22 red, 43 white).
func TestColours(t *testing.T) {
	t.Parallel()
	const years = 20
	first := time.Date(2010, 9, 1, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
	var count [4]int
	for day := first; day < first+years*365; day++ {
		colour := colourOf(5, day)
		date, weekday := dateOf(day)
		count[colour]++
		if colour != blue && weekday == time.Sunday {
			t.Errorf("%v is a Sunday of colour %d", date, colour)
		}
		if colour == red && (weekday == time.Saturday || date.month > 3 && date.month < 11) {
			t.Errorf("%v is red", date)
		}
	}
	if reds, whites := count[red]/years, count[white]/years; reds < 19 || reds > 25 || whites < 39 || whites > 47 {
		t.Errorf("%d red and %d white days a year, want about 22 and 43", reds, whites)
	}
}

func TestPeakDay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		today, tomorrow int
		start           [3]int64 // of peaks 1 and 2, counted from the Tempo day; -1 when unknown
	}{
		{"other contract", noColour, noColour, [3]int64{0, -1, -1}},
		{"blue", blue, noColour, [3]int64{0, -1, -1}},
		{"blue before blue", blue, blue, [3]int64{0, -1, -1}},
		{"white announced", blue, white, [3]int64{0, 1, -1}},
		{"red announced", blue, red, [3]int64{0, -1, 1}},
		{"red running, white announced", red, white, [3]int64{0, 1, 0}},
		{"red running, red announced", red, red, [3]int64{0, -1, 1}},
	}
	for _, test := range tests {
		for number := 1; number <= 2; number++ {
			current := tariff{today: test.today, tomorrow: test.tomorrow, tempoDay: 20000}
			day, known := current.peakDay(number)
			want := test.start[number]
			if known != (want >= 0) || known && day != 20000+want {
				t.Errorf("%s: peak %d starts on day %d (known: %v), want 20000%+d", test.name, number, day, known, want)
			}
		}
	}
}

// TestProfiles reads the day profiles as 54E §6.2.3.17 writes them: eleven blocks, in order of time, and at every
// minute of the day the supplier's index that the contract counts on.
func TestProfiles(t *testing.T) {
	t.Parallel()
	profiles := map[string]struct {
		text     string
		contract Contract
		offset   int // what to add to the index of a blue day
	}{
		"base":  {Base.dayProfile(), Base, 0},
		"hc/hp": {PeakOffPeak.dayProfile(), PeakOffPeak, 0},
		"blue":  {Tempo.dayProfile(), Tempo, 0},
		"white": {peakProfile(white), Tempo, 2},
		"red":   {peakProfile(red), Tempo, 4},
	}
	for name, p := range profiles {
		blocks := strings.Split(p.text, " ")
		if len(p.text) != 98 || len(blocks) != 11 {
			t.Errorf("%s: %d characters in %d blocks, want 98 in 11", name, len(p.text), len(blocks))
		}
		for minute := range int64(24 * 60) {
			now := moment{second: minute * 60, day: 20000}
			current := tariffAt(&Scenario{Contract: p.contract}, now)
			want := current.supplier + p.offset
			if p.contract == Tempo {
				want -= 2 * (current.today - blue)
			}
			if got := indexInProfile(t, blocks, int(minute)); got != want {
				t.Fatalf("%s: index %d at %02d:%02d, want %d", name, got, minute/60, minute%60, want)
			}
		}
	}
}

// indexInProfile applies the blocks up to a minute of the day.
func indexInProfile(t *testing.T, blocks []string, minute int) int {
	t.Helper()
	index := 0
	for _, block := range blocks {
		if block == "NONUTILE" {
			break
		}
		hour, _ := strconv.Atoi(block[:2])
		minutes, _ := strconv.Atoi(block[2:4])
		command, err := strconv.ParseUint(block[4:], 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		if hour*60+minutes <= minute {
			index = int(command & 0xF)
		}
	}
	return index
}

// TestNames holds that every name is sixteen characters wide.
func TestNames(t *testing.T) {
	t.Parallel()
	for contract, rates := range map[Contract]int{Base: 1, PeakOffPeak: 2, Tempo: 6} {
		if n := len(contract.calendarName()); n != 16 {
			t.Errorf("calendar of %v: %d characters, want 16", contract, n)
		}
		for rate := 1; rate <= rates; rate++ {
			if n := len(contract.rateName(rate)); n != 16 {
				t.Errorf("rate %d of %v: %d characters, want 16", rate, contract, n)
			}
		}
	}
}
