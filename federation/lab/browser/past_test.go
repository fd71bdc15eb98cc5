package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// building is what an emulated meter hangs on; its past ends where the meter begins.
type building struct {
	meter  string
	play   []string // flags of simulate
	past   []index
	offset map[string]float64 // Wh of the meter, by the label of its group
}

// index is an index of its past, by the path of its series: how fast it grows, in W, and which group of the meter goes on
// with it; "" for what no meter plays.
type index struct {
	path, label string
	watts       func(at time.Time) float64
}

const registers = "consumption/energy/active/index/provider/"

// buildings are a home with panels, on peak and off-peak hours, and a school.
func buildings() []building {
	isOff := func(at time.Time) bool {
		h := float64(at.Hour()) + float64(at.Minute())/60
		return h < 6.5 || h >= 22.5
	}
	drawn := func(at time.Time) float64 { return max(0, home(at)-sun(at)) }
	return []building{
		{meter: "linky", play: []string{"--contract", "hc", "--producer"}, past: []index{
			{"consumption/energy/active/index", "EAST", drawn},
			{registers + "1", "EASF01", func(at time.Time) float64 { return when(isOff(at), drawn(at)) }},
			{registers + "2", "EASF02", func(at time.Time) float64 { return when(!isOff(at), drawn(at)) }},
			{"production/energy/active/index", "EAIT", func(at time.Time) float64 { return max(0, sun(at)-home(at)) }},
		}},
		{meter: "ecole", play: []string{"--scenario", "school"}, past: []index{
			{"consumption/energy/active/index", "EAST", school},
		}},
		{meter: "panneaux", past: []index{{"production/energy/active/index", "", sun}}},
		{meter: "lucioles.0123456789abcdef", past: []index{{"production/energy/active/index", "", func(at time.Time) float64 { return 20 * sun(at) }}}},
	}
}

func when(is bool, watts float64) float64 {
	if is {
		return watts
	}
	return 0
}

// home is what a home uses: a little all the time, more as people are up, most in winter, never twice the same.
func home(at time.Time) float64 {
	hour := float64(at.Hour()) + float64(at.Minute())/60
	bump := func(around, wide float64) float64 { return math.Exp(-math.Pow((hour-around)/wide, 2)) }
	winter := 1 + 0.5*math.Cos(2*math.Pi*float64(at.YearDay())/365)
	return 140 + 450*winter*(bump(7.5, 1.2)+bump(12.5, 1)+2*bump(19.5, 2)) + 1500*bump(23, 0.6) + float64(at.YearDay()*7919%211) + 60*math.Sin(float64(at.Unix()/600))
}

// sun is what panels of 3 kW produce.
func sun(at time.Time) float64 {
	season := 0.55 - 0.45*math.Cos(2*math.Pi*float64(at.YearDay()+10)/365)
	height := math.Cos(math.Pi * (float64(at.Hour()) + float64(at.Minute())/60 - 13) / (7 + 6*season))
	return max(0, 2600*season*height*(0.4+0.6*float64(at.YearDay()*31%17)/16))
}

// school is what a school uses: lessons on five days of a week.
func school(at time.Time) float64 {
	if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || at.Hour() < 7 || at.Hour() > 18 {
		return 900
	}
	return 9000 - 300*math.Pow(float64(at.Hour()-12), 2)/2
}

// goesOn reads the first frame of the meter, which its past has to lead to.
func (b *building) goesOn(t *testing.T, releve string) {
	t.Helper()
	b.offset = map[string]float64{}
	if b.play == nil {
		return
	}
	bus, err := exec.CommandContext(t.Context(), releve, append([]string{"simulate", "--start", "now", "--frames", "1", "--speed", "max"}, b.play...)...).Output()
	if err != nil {
		t.Fatalf("play the meter of %s: %v", b.meter, err)
	}
	decode := exec.CommandContext(t.Context(), releve, "decode", "-")
	decode.Stdin = bytes.NewReader(bus)
	told, err := decode.Output()
	if err != nil {
		t.Fatalf("decode the meter of %s: %v", b.meter, err)
	}
	var frame struct {
		Groups []struct{ Label, Value string }
	}
	if err := json.Unmarshal(told, &frame); err != nil {
		t.Fatal(err)
	}
	for _, g := range frame.Groups {
		if wh, err := strconv.ParseFloat(g.Value, 64); err == nil {
			b.offset[g.Label] = wh
		}
	}
}

// month is how many days are known to ten minutes; before, to the hour.
const month = 30 * 24 * time.Hour

// remembers writes the past of the building up to now: its indexes, and of what is metered its power.
func (b *building) remembers(begin, now time.Time, put func(name, unit string, value float64, at time.Time)) {
	for _, one := range b.past {
		var times []time.Time
		var sums []float64
		sum := 0.0
		for at := begin; !at.After(now); at = at.Add(10 * time.Minute) {
			if at.Minute() == 0 || now.Sub(at) < month {
				times, sums = append(times, at), append(sums, sum)
			}
			sum += one.watts(at) / 6
		}
		first := max(0, b.offset[one.label]-sums[len(sums)-1])
		for i, at := range times {
			put(b.meter+"/"+one.path, "Wh", math.Floor(first+sums[i]), at)
		}
	}
	if b.play == nil {
		return
	}
	for at := now.Add(-9 * 24 * time.Hour).Truncate(10 * time.Minute); !at.After(now); at = at.Add(10 * time.Minute) {
		put(b.meter+"/consumption/power/apparent/raw", "VA", math.Floor(b.past[0].watts(at)), at)
	}
}

// remember gives the store a past: of each building more than a year, of the day before yesterday of the home a power each
// minute, which each ten minutes goes up by 10 VA from 500.
func (h *house) remember(t *testing.T, all []building) {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().In(paris)
	year, month, day := now.Date()
	midnight := time.Date(year, month, day-2, 0, 0, 0, 0, paris)
	h.past = midnight.Add(12 * time.Hour)
	var records []string
	put := func(name, unit string, value float64, at time.Time) {
		if name == "linky/consumption/power/apparent/raw" && !at.Before(midnight) && at.Before(midnight.AddDate(0, 0, 1)) {
			return
		}
		records = append(records, fmt.Sprintf(`{"n":%q,"u":%q,"v":%.0f,"t":%d}`, name, unit, value, at.Unix()))
	}
	for i := range all {
		all[i].remembers(time.Date(year-1, month-1, 1, 0, 0, 0, 0, paris), now, put)
	}
	for minute := range 24 * 60 {
		records = append(records, fmt.Sprintf(`{"n":"linky/consumption/power/apparent/raw","u":"VA","v":%d,"t":%d}`,
			500+minute/10*10, midnight.Add(time.Duration(minute)*time.Minute).Unix()))
	}
	var packs strings.Builder
	for pack := range slices.Chunk(records, 20_000) {
		packs.WriteString("[" + strings.Join(pack, ",") + "]\n")
	}
	h.write(t, "past.senml", packs.String())
	h.do(t, "buffer", "import", "--config", h.path("releve.toml"), h.path("past.senml"))
}
