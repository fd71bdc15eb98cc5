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
	var c legalTime
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
		{Weekend, "2026-01-16T22:59:59Z", 1, true},
		{Weekend, "2026-01-16T23:00:00Z", 3, true},
		{Weekend, "2026-01-18T11:00:00Z", 3, false},
		{Weekend, "2026-01-18T23:00:00Z", 1, true},
		{EJP, "2026-07-16T11:00:00Z", 1, false},
		{EJP, "2026-07-16T21:00:00Z", 1, true},
	}
	for _, test := range tests {
		got := test.contract.calendar(nil).tariffAt(0, momentAt(t, test.instant))
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
	spanOf := func(day int64) span { return span{day*minutesPerDay + 360, day*minutesPerDay + 1800} }
	peaks := func(numbers ...int) (all [3]span) { // peak 1 starts on the day, peak 2 on the next
		for _, number := range numbers {
			all[number-1] = spanOf(day + int64(number) - 1)
		}
		return all
	}
	eve := peaks(1)
	if before == red {
		eve[1] = spanOf(day - 1)
	}
	tests := []struct {
		hour int64
		want tariff
	}{
		{5, tariff{supplier: 2*before - 1, distributor: 3, closed: true, offPeak: true, today: before, tomorrow: white,
			running: before - blue, pending: 1, notice: 1, peaks: eve}},
		{6, tariff{supplier: 4, distributor: 4, today: white, running: 1, peaks: peaks(1)}},
		{19, tariff{supplier: 4, distributor: 4, today: white, running: 1, peaks: peaks(1)}},
		{20, tariff{supplier: 4, distributor: 4, today: white, tomorrow: red, running: 1, pending: 2, notice: 2, peaks: peaks(1, 2)}},
		{22, tariff{supplier: 3, distributor: 3, closed: true, offPeak: true, today: white, tomorrow: red,
			running: 1, pending: 2, notice: 2, peaks: peaks(1, 2)}},
		{29, tariff{supplier: 3, distributor: 3, closed: true, offPeak: true, today: white, tomorrow: red,
			running: 1, pending: 2, notice: 2, peaks: peaks(1, 2)}},
		{30, tariff{supplier: 6, distributor: 4, today: red, running: 2, peaks: peaks(2)}},
	}
	var c legalTime
	for _, test := range tests {
		got := tempoCalendar().tariffAt(seed, c.at(startOfDay(day)+test.hour*3600))
		if test.hour == 30 { // what comes after the red day is not looked at
			got.pending, got.notice = 0, 0
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(tariff{}, span{})); diff != "" {
			t.Errorf("hour %d (-want +got):\n%s", test.hour, diff)
		}
	}
}

func TestTempoLowSeason(t *testing.T) {
	t.Parallel()
	calendar := tempoCalendar()
	noon := calendar.tariffAt(1, momentAt(t, "2026-07-14T10:00:00Z"))
	night := calendar.tariffAt(1, momentAt(t, "2026-07-14T01:00:00Z"))
	if noon.distributor != 2 || night.distributor != 1 {
		t.Errorf("distributor's index %d at noon and %d at night, want 2 and 1", noon.distributor, night.distributor)
	}
}

// TestEJPDay follows a mobile peak of EJP: known on the eve at 20:00, half an hour of notice, from 07:00 to 01:00.
func TestEJPDay(t *testing.T) {
	t.Parallel()
	const seed = 3
	calendar := ejpCalendar()
	day := int64(0)
	for first := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay; ; first++ {
		if calendar.peakOn(seed, first) == 1 && calendar.peakOn(seed, first-1) == 0 && calendar.peakOn(seed, first+1) == 0 {
			day = first
			break
		}
	}
	tests := []struct {
		minute                             int64 // since the midnight before the peak
		running, pending, notice, supplier int
		known                              bool
	}{
		{-241, 0, 0, 0, 1, false},
		{-240, 0, 1, 0, 1, true},
		{389, 0, 1, 0, 1, true},
		{390, 0, 1, 1, 1, true},
		{419, 0, 1, 1, 1, true},
		{420, 1, 0, 0, 2, true},
		{1499, 1, 0, 0, 2, true},
		{1500, 0, 0, 0, 1, false},
	}
	var c legalTime
	for _, test := range tests {
		got := calendar.tariffAt(seed, c.at(startOfDay(day)+test.minute*60))
		if got.running != test.running || got.pending != test.pending || got.notice != test.notice || got.supplier != test.supplier {
			t.Errorf("minute %d: %+v, want %+v", test.minute, got, test)
		}
		if known := got.peaks[0] != (span{}); known != test.known {
			t.Errorf("minute %d: the peak is known: %v, want %v", test.minute, known, test.known)
		}
	}
}

// TestPeaksOfYear counts the peaks of a calendar: about as many as its shares say, on weekdays of the high season only.
func TestPeaksOfYear(t *testing.T) {
	t.Parallel()
	calendar := Calendar{Peaks: []Peak{{Percent: 20}, {Percent: 10}, {Percent: 5}}}
	first := time.Date(2010, 9, 1, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
	var count [4]int
	for day := first; day < first+20*365; day++ {
		number := calendar.peakOn(9, day)
		count[number]++
		if date, weekday := dateOf(day); number > 0 && (weekday == time.Saturday || weekday == time.Sunday || !highSeason(date.month)) {
			t.Errorf("%v has peak %d", date, number)
		}
	}
	for number, want := range [4]int{0, 432, 216, 108} { // of some 2160 weekdays
		if got := count[number]; number > 0 && (got < want*8/10 || got > want*12/10) {
			t.Errorf("peak %d comes %d times in twenty years, want about %d", number, got, want)
		}
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

// TestProfiles reads the day profiles as 54E §6.2.3.17 writes them: eleven blocks, in order of time, and at every
// minute of the day the supplier's index that the profile counts on.
func TestProfiles(t *testing.T) {
	t.Parallel()
	for contract := Base; contract < Custom; contract++ {
		calendar := contract.calendar(nil)
		days := calendar.Days
		for _, peak := range calendar.Peaks {
			days = append(days, peak.Day)
		}
		for i, day := range days {
			text := string(day.appendTo(nil))
			blocks := strings.Split(text, " ")
			if len(text) != 98 || len(blocks) != 11 {
				t.Errorf("%v, profile %d: %d characters in %d blocks, want 98 in 11", contract, i, len(text), len(blocks))
			}
			for minute := range minutesPerDay {
				want, _, _ := day.at(minute)
				if got := indexInProfile(t, blocks, minute); got != want {
					t.Fatalf("%v, profile %d: index %d at minute %d, want %d", contract, i, got, minute, want)
				}
			}
		}
	}
}

// TestProfilesOfTheField holds the text of profiles against those of real meters.
func TestProfilesOfTheField(t *testing.T) {
	t.Parallel()
	unused := strings.Repeat(" NONUTILE", 8)
	tempo := tempoCalendar()
	tests := []struct {
		name string
		day  Day
		want string
	}{
		{"base", baseCalendar().Days[0], "00008001 NONUTILE NONUTILE" + unused},
		{"tempo, blue", tempo.Days[0], "00004001 06004002 22004001" + unused},
		{"tempo, white", tempo.Peaks[0].Day, "00004003 06004004 22004003" + unused},
		{"tempo, red", tempo.Peaks[1].Day, "00004005 06004006 22004005" + unused},
		{"virtual contacts", Day{{Index: 10, Contact: Closed, Virtual: 0x41}, {Minute: 1439, Index: 1}}, "0000C41A 23590001 NONUTILE" + unused},
	}
	for _, test := range tests {
		if got := string(test.day.appendTo(nil)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
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

// TestCalendars holds that every calendar of our own is one that a meter can hold, with names of full width.
func TestCalendars(t *testing.T) {
	t.Parallel()
	for contract := Base; contract < Custom; contract++ {
		calendar := contract.calendar(nil)
		if err := calendar.check(); err != nil {
			t.Errorf("%v: %v", contract, err)
		}
		for _, name := range append([]string{calendar.Name}, calendar.Rates...) {
			if len(name) != 16 {
				t.Errorf("%v: %q has %d characters, want 16", contract, name, len(name))
			}
		}
	}
}
