package linky_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"releve/tic"
	"releve/tic/linky"
)

// TestYear lives a year from half-hour to half-hour, both changes of hour included, and holds each frame to itself
// and to the one before. It takes some seconds; with -short or under the race
// detector it lives four weeks around the change of March.
func TestYear(t *testing.T) {
	t.Parallel()
	start, days := time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), 365
	if testing.Short() || slow {
		days = 28
	}
	s := linky.Scenario{Seed: 11, Start: start, Contract: linky.Tempo, Phases: 3, Producer: true}
	m := newMeter(t, s)
	before := listen(t, m)
	for at := start.Add(30 * time.Minute); at.Before(start.AddDate(0, 0, days)); at = at.Add(30 * time.Minute) {
		m.Advance(at.Sub(m.Now()))
		now := listen(t, m)
		now.checkClock(t, at)
		now.checkSums(t)
		now.checkLine(t)
		now.checkMaxima(t)
		now.checkStatus(t)
		now.checkEnergy(t, before)
		before = now
		if t.Failed() {
			t.Fatalf("at %v", at)
		}
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
func (f frame) checkLine(t *testing.T) {
	t.Helper()
	for phase := 1; phase <= 3; phase++ {
		volts := f.number(t, fmt.Sprintf("URMS%d", phase))
		mean := f.number(t, fmt.Sprintf("UMOY%d", phase))
		if volts < 225 || volts > 238 || mean < 225 || mean > 238 {
			t.Errorf("phase %d: %d V now and %d V on average, want 225 to 238", phase, volts, mean)
		}
		power, amps := f.number(t, fmt.Sprintf("SINSTS%d", phase)), f.number(t, fmt.Sprintf("IRMS%d", phase))
		if want := (power + volts/2) / volts; power > 0 && amps != want {
			t.Errorf("phase %d: %d A for %d VA at %d V, want %d", phase, amps, power, volts, want)
		}
	}
	if drawn, sent := f.number(t, "SINSTS"), f.number(t, "SINSTI"); drawn > 0 && sent > 0 {
		t.Errorf("the home draws %d VA and injects %d VA", drawn, sent)
	}
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
func (f frame) checkStatus(t *testing.T) {
	t.Helper()
	rates := []string{"HC  BLEU", "HP  BLEU", "HC  BLANC", "HP  BLANC", "HC  ROUGE", "HP  ROUGE"}
	rate := f.number(t, "NTARF")
	checks := map[string][2]int{
		"contact open, against RELAIS":      {f.field(0, 1), 1 - f.number(t, "RELAIS")},
		"over power":                        {f.field(7, 1), truth(f.number(t, "SINSTS") > 1000*f.number(t, "PREF"))},
		"producer":                          {f.field(8, 1), 1},
		"injecting, when there is power":    {f.field(9, 1) & truth(f.number(t, "SINSTS") > 0), 0},
		"drawing, when power is injected":   {truth(f.number(t, "SINSTI") > 0) &^ f.field(9, 1), 0},
		"supplier's index":                  {f.field(10, 4) + 1, rate},
		"colour today, against the rate":    {f.field(24, 2), (rate + 1) / 2},
		"contact closed, against off peak":  {1 - f.field(0, 1), rate % 2},
		"standard mode":                     {f.field(16, 2), 2},
		"number of the peak running":        {f.field(30, 2), max(f.field(24, 2)-1, 0)},
		"number of the peak announced":      {f.field(28, 2), max(f.field(26, 2)-1, 0)},
		"profile of the peak, against it":   {truth(f.values["PPOINTE"] != ""), truth(f.field(28, 2) != 0)},
		"peak 1 dated, against the numbers": {truth(f.values["DPM1"] != ""), truth(f.field(28, 2) == 1 || f.field(30, 2) == 1)},
		"peak 2 dated, against the numbers": {truth(f.values["FPM2"] != ""), truth(f.field(28, 2) == 2 || f.field(30, 2) == 2)},
	}
	for what, values := range checks {
		if values[0] != values[1] {
			t.Errorf("%s: STGE %s says %d, want %d", what, f.values["STGE"], values[0], values[1])
		}
	}
	if got := strings.TrimSpace(f.values["LTARF"]); got != rates[rate-1] {
		t.Errorf("LTARF %q at index %d", got, rate)
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkEnergy wants the indexes never to go back, only those of the rate in force to grow, and the half-hour's
// energy to be its mean power.
func (f frame) checkEnergy(t *testing.T, before frame) {
	t.Helper()
	for label, old := range before.values {
		if !strings.HasPrefix(label, "EA") && !strings.HasPrefix(label, "ERQ") {
			continue
		}
		grown := f.number(t, label) - before.number(t, label)
		if grown < 0 {
			t.Errorf("%s went back from %s to %s", label, old, f.values[label])
		}
		counts := label == "EASF"+before.values["NTARF"] || label == fmt.Sprintf("EASD%02d", before.field(14, 2)+1)
		if grown > 0 && strings.HasPrefix(label, "EAS") && label != "EAST" && !counts {
			t.Errorf("%s grew by %d Wh at index %s", label, grown, before.values["NTARF"])
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
