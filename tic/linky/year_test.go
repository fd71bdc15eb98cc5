package linky_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"releve/tic"
	"releve/tic/linky"
)

// threePeaks is an offer that no name in the list of contracts covers: seven rates, two kinds of day, three mobile peaks.
func threePeaks() *linky.Calendar {
	peak := func(index int) linky.Day {
		return linky.Day{{Index: index, Contact: linky.Open}, {Minute: 780, Index: index + 1, Contact: linky.Open}}
	}
	return &linky.Calendar{
		Name:  "TROIS POINTES",
		Rates: []string{"CREUSE", "PLEINE", "", "P1 MATIN", "P1 SOIR", "P2", "P3"},
		Days: []linky.Day{
			{{Index: 1, Contact: linky.Closed}, {Minute: 420, Index: 2, Contact: linky.Open, Virtual: 1}},
			{{Index: 3, Contact: linky.Closed, Virtual: 0x7F}},
		},
		Week: [7]int{1, 0, 0, 0, 0, 0, 1},
		Peaks: []linky.Peak{
			{Day: peak(4), From: 480, To: 1200, Notice: 60, Percent: 15},
			{Day: peak(5), From: 420, To: 600, Percent: 15},
			{Day: peak(6), From: 1080, To: 1500, Notice: 600, Percent: 15},
		},
	}
}

// contracts is every contract, on meters that differ otherwise too.
func contracts() []linky.Scenario {
	return []linky.Scenario{
		{Contract: linky.Base},
		{Contract: linky.PeakOffPeak, Phases: 3, School: true, SubscribedKVA: 36},
		{Contract: linky.Tempo, Producer: true, CarWatts: 7400, SubscribedKVA: 9},
		{Contract: linky.EJP, Phases: 3, Producer: true, CarWatts: 11_000, SubscribedKVA: 18},
		{Contract: linky.Weekend, Overload: true},
		{Contract: linky.Custom, Calendar: threePeaks(), Producer: true},
	}
}

// TestYear lives a year on every contract, in strides, both changes of hour included, and holds what it hears every
// 5½ hours to itself and to what it heard before. The labels of mobile peaks are all heard on the contracts that have them.
func TestYear(t *testing.T) {
	t.Parallel()
	for _, s := range contracts() {
		t.Run(s.Contract.String(), func(t *testing.T) {
			t.Parallel()
			s.Seed, s.Start = 11, time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC)
			m := newMeter(t, s)
			m.Stride(30)
			heard := map[string]bool{}
			live(t, m, s, 5*time.Hour+30*time.Minute, s.Start.AddDate(1, 0, 0), func(now, _ frame) {
				for label := range now.values {
					heard[label] = true
				}
			})
			peaks := map[linky.Contract]int{linky.EJP: 1, linky.Tempo: 2, linky.Custom: 3}[s.Contract]
			for number := 1; number <= 3; number++ {
				if dated := heard[fmt.Sprintf("DPM%d", number)] && heard[fmt.Sprintf("FPM%d", number)]; dated != (number <= peaks) {
					t.Errorf("peak %d was dated: %v", number, dated)
				}
			}
			if heard["PPOINTE"] != (peaks > 0) {
				t.Errorf("PPOINTE was heard: %v", heard["PPOINTE"])
			}
		})
	}
}

// live holds what a meter says after each step to itself and to what it said before; more looks at two frames in a row.
func live(t *testing.T, m *linky.Meter, s linky.Scenario, step time.Duration, end time.Time, more func(now, before frame)) {
	t.Helper()
	before := listen(t, m)
	for at := s.Start.Add(step); at.Before(end); at = at.Add(step) {
		m.Advance(at.Sub(m.Now()))
		now := listen(t, m)
		now.checkClock(t, at)
		now.checkSums(t)
		now.checkLine(t, s)
		now.checkMaxima(t)
		now.checkStatus(t, s)
		now.checkGrowth(t, before)
		more(now, before)
		before = now
		if t.Failed() {
			t.Fatalf("at %v", at)
		}
	}
}

// TestWeeks lives the days around both changes of hour second by second and holds every half-hour to itself and to the
// one before.
func TestWeeks(t *testing.T) {
	t.Parallel()
	for _, start := range []time.Time{time.Date(2026, 3, 26, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)} {
		t.Run(start.Month().String(), func(t *testing.T) {
			t.Parallel()
			s := linky.Scenario{Seed: 11, Contract: linky.Tempo, Phases: 3, Producer: true, Start: start}
			live(t, newMeter(t, s), s, 30*time.Minute, start.AddDate(0, 0, 5), func(now, before frame) {
				now.checkTempo(t)
				now.checkEnergy(t, before)
			})
		})
	}
}

// frame is a decoded standard frame and the fields that its status register holds.
type frame struct {
	said
	status uint64
}

func listen(t *testing.T, m *linky.Meter) frame {
	t.Helper()
	f := frame{said: hear(t, m, tic.Standard)}
	if _, err := fmt.Sscanf(f.values["STGE"], "%8X", &f.status); err != nil {
		t.Fatalf("STGE %q: %v", f.values["STGE"], err)
	}
	return f
}

// field returns some bits of the status register, 0 being the last.
func (f frame) field(first, width int) int { return int(f.status >> first & (1<<width - 1)) }

// checkClock wants DATE to be the instant, and means to have ended at the last full period.
func (f frame) checkClock(t *testing.T, at time.Time) {
	t.Helper()
	for label, want := range map[string]time.Time{
		"DATE": at, "UMOY1": at, "UMOY3": at,
		"CCASN": at, "CCASN-1": at.Add(-30 * time.Minute), "CCAIN": at, "CCAIN-1": at.Add(-30 * time.Minute),
	} {
		if f.horodates[label] == "" && (label == "UMOY3" || strings.HasPrefix(label, "CCAIN")) {
			continue // TestLabels holds who sends it
		}
		if got := f.time(t, label); !got.Equal(want) {
			t.Errorf("%s is %v (%s), want %v", label, got.UTC(), f.horodates[label], want)
		}
	}
	summer := at.After(time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC)) && at.Before(time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC))
	if letter := f.horodates["DATE"][0]; (letter == 'E') != summer {
		t.Errorf("DATE %s has the wrong season", f.horodates["DATE"])
	}
}

// checkSums wants the indexes of the supplier and of the distributor to add up to the total.
func (f frame) checkSums(t *testing.T) {
	t.Helper()
	for prefix, count := range map[string]int{"EASF": 10, "EASD": 4} {
		sum := 0
		for i := 1; i <= count; i++ {
			sum += f.number(t, fmt.Sprintf("%s%02d", prefix, i))
		}
		if total := f.number(t, "EAST"); sum != total {
			t.Errorf("%s add up to %d, EAST is %d", prefix, sum, total)
		}
	}
}

// checkLine wants volts of a healthy supply, and amps that are the power over the volts.
func (f frame) checkLine(t *testing.T, s linky.Scenario) {
	t.Helper()
	for phase := 1; phase <= max(s.Phases, 1); phase++ {
		volts := f.number(t, fmt.Sprintf("URMS%d", phase))
		mean := f.number(t, fmt.Sprintf("UMOY%d", phase))
		if volts < 225 || volts > 238 || mean < 225 || mean > 238 {
			t.Errorf("phase %d: %d V now and %d V on average, want 225 to 238", phase, volts, mean)
		}
		power, amps := f.number(t, powerOf(phase, s)), f.number(t, fmt.Sprintf("IRMS%d", phase))
		if want := (power + volts/2) / volts; power > 0 && amps != want {
			t.Errorf("phase %d: %d A for %d VA at %d V, want %d", phase, amps, power, volts, want)
		}
	}
	if s.Producer && f.number(t, "SINSTS") > 0 && f.number(t, "SINSTI") > 0 {
		t.Errorf("the home draws %s VA and injects %s VA", f.values["SINSTS"], f.values["SINSTI"])
	}
}

// powerOf is the label of a phase's power.
func powerOf(phase int, s linky.Scenario) string {
	if s.Phases == 3 {
		return fmt.Sprintf("SINSTS%d", phase)
	}
	return "SINSTS"
}

// checkMaxima wants today's maxima to be of today and not below the power now, and yesterday's to be of yesterday.
func (f frame) checkMaxima(t *testing.T) {
	t.Helper()
	today, err := time.Parse("060102", f.horodates["DATE"][1:7])
	if err != nil {
		t.Fatal(err)
	}
	yesterday := today.AddDate(0, 0, -1).Format("060102")
	for power, label := range map[string]string{
		"SINSTS": "SMAXSN", "SINSTS1": "SMAXSN1", "SINSTS2": "SMAXSN2", "SINSTS3": "SMAXSN3", "SINSTI": "SMAXIN",
	} {
		if f.values[power] == "" {
			continue
		}
		if now, highest := f.number(t, power), f.number(t, label); highest < now {
			t.Errorf("%s is %d, above %s %d", power, now, label, highest)
		}
		if got, want := f.horodates[label][1:7], f.horodates["DATE"][1:7]; got != want {
			t.Errorf("%s is of %s on %s", label, got, want)
		}
		if got := f.horodates[label+"-1"][1:7]; got != yesterday {
			t.Errorf("%s-1 is of %s, want %s", label, got, yesterday)
		}
	}
}

// checkStatus wants the register to say what the other groups say.
func (f frame) checkStatus(t *testing.T, s linky.Scenario) {
	t.Helper()
	announced, running := f.field(28, 2), f.field(30, 2)
	injecting := truth(f.values["SINSTI"] > "00000")
	f.compare(t, map[string][2]int{
		"contact open, against RELAIS":       {f.field(0, 1), 1 - f.number(t, "RELAIS")&1},
		"over power":                         {f.field(7, 1), truth(f.number(t, "SINSTS") > 1000*f.number(t, "PREF"))},
		"producer":                           {f.field(8, 1), truth(s.Producer)},
		"injecting, when there is power":     {f.field(9, 1) & truth(f.number(t, "SINSTS") > 0), 0},
		"drawing, when power is injected":    {injecting &^ f.field(9, 1), 0},
		"supplier's index":                   {f.field(10, 4) + 1, f.number(t, "NTARF")},
		"standard mode":                      {f.field(16, 2), 2},
		"always 0":                           {f.field(5, 1) + f.field(18, 1), 0},
		"profile of a peak that has notice":  {truth(announced > 0) &^ truth(f.values["PPOINTE"] != ""), 0},
		"date of the peak announced":         {truth(announced > 0) &^ truth(f.values[fmt.Sprintf("DPM%d", announced)] != ""), 0},
		"end of the peak in progress":        {truth(running > 0) &^ truth(f.values[fmt.Sprintf("FPM%d", running)] != ""), 0},
		"no peaks dated outside their times": {truth(f.peaksDated() > 0) &^ truth(running > 0 || f.values["PPOINTE"] != ""), 0},
	})
}

// peaksDated counts DPM1 to DPM3.
func (f frame) peaksDated() (n int) {
	for _, label := range []string{"DPM1", "DPM2", "DPM3"} {
		n += truth(f.values[label] != "")
	}
	return n
}

// checkTempo wants colours, rates, peaks and the contact to agree.
func (f frame) checkTempo(t *testing.T) {
	t.Helper()
	rates := []string{"HC  BLEU", "HP  BLEU", "HC  BLANC", "HP  BLANC", "HC  ROUGE", "HP  ROUGE"}
	rate := f.number(t, "NTARF")
	f.compare(t, map[string][2]int{
		"colour today, against the rate":    {f.field(24, 2), (rate + 1) / 2},
		"contact closed, against off peak":  {1 - f.field(0, 1), rate % 2},
		"number of the peak running":        {f.field(30, 2), max(f.field(24, 2)-1, 0)},
		"number of the peak announced":      {f.field(28, 2), max(f.field(26, 2)-1, 0)},
		"profile of the peak, against it":   {truth(f.values["PPOINTE"] != ""), truth(f.field(28, 2) != 0)},
		"peak 1 dated, against the numbers": {truth(f.values["DPM1"] != ""), truth(f.field(28, 2) == 1 || f.field(30, 2) == 1)},
		"peak 2 dated, against the numbers": {truth(f.values["FPM2"] != ""), truth(f.field(28, 2) == 2 || f.field(30, 2) == 2)},
	})
	if got := strings.TrimSpace(f.values["LTARF"]); got != rates[rate-1] {
		t.Errorf("LTARF %q at index %d", got, rate)
	}
}

func (f frame) compare(t *testing.T, checks map[string][2]int) {
	t.Helper()
	for what, values := range checks {
		if values[0] != values[1] {
			t.Errorf("%s: STGE %s says %d, want %d", what, f.values["STGE"], values[0], values[1])
		}
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkGrowth wants no index to go back.
func (f frame) checkGrowth(t *testing.T, before frame) {
	t.Helper()
	for label, old := range before.values {
		if isIndex(label) && f.number(t, label) < before.number(t, label) {
			t.Errorf("%s went back from %s to %s", label, old, f.values[label])
		}
	}
}

func isIndex(label string) bool {
	return strings.HasPrefix(label, "EA") || strings.HasPrefix(label, "ERQ")
}

// checkEnergy wants only the indexes of the rate in force to grow in half an hour, and its energy to be its mean power.
func (f frame) checkEnergy(t *testing.T, before frame) {
	t.Helper()
	for label := range before.values {
		counts := label == "EASF"+before.values["NTARF"] || label == fmt.Sprintf("EASD%02d", before.field(14, 2)+1) || label == "EAST"
		if strings.HasPrefix(label, "EAS") && !counts && f.values[label] != before.values[label] {
			t.Errorf("%s grew from %s to %s at index %s", label, before.values[label], f.values[label], before.values["NTARF"])
		}
	}
	for index, curve := range map[string]string{"EAST": "CCASN", "EAIT": "CCAIN"} {
		energy, power := f.number(t, index)-before.number(t, index), f.number(t, curve)
		if difference := 2*energy - power; difference < -3 || difference > 3 {
			t.Errorf("%s grew by %d Wh in half an hour, %s is %d W", index, energy, curve, power)
		}
	}
}

// TestMidnight holds the turn of the day, second by second: the maximum of the day that ended becomes yesterday's.
func TestMidnight(t *testing.T) {
	t.Parallel()
	m := newMeter(t, linky.Scenario{Seed: 2, Start: time.Date(2026, 6, 30, 21, 59, 58, 0, time.UTC)})
	first := hear(t, m, tic.Standard)
	var last said
	for first.horodates["DATE"] < "E260701" {
		first, last = hear(t, m, tic.Standard), first
	}
	if first.horodates["SMAXSN"] < "E260701000000" || first.horodates["SMAXSN"] > "E260701000009" {
		t.Errorf("today's maximum is of %s a moment after midnight", first.horodates["SMAXSN"])
	}
	if first.horodates["SMAXSN-1"] < last.horodates["SMAXSN"] || first.number(t, "SMAXSN-1") < last.number(t, "SMAXSN") {
		t.Errorf("yesterday's maximum is %s at %s, it was %s at %s before midnight",
			first.values["SMAXSN-1"], first.horodates["SMAXSN-1"], last.values["SMAXSN"], last.horodates["SMAXSN"])
	}
}

// TestHourThatComesTwice listens through the end of summer time: the clock goes on, only its letter tells.
func TestHourThatComesTwice(t *testing.T) {
	t.Parallel()
	m := newMeter(t, linky.Scenario{Start: time.Date(2026, 10, 25, 0, 59, 55, 0, time.UTC)})
	var dates []string
	for range 12 {
		dates = append(dates, hear(t, m, tic.Standard).horodates["DATE"])
	}
	joined := strings.Join(dates, " ")
	if !strings.Contains(joined, "E261025025959 H26102502000") {
		t.Errorf("dates around the change of hour: %s", joined)
	}
}
