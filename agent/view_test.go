package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/series"
	"releve/agent/status"
	"releve/tic"
)

func paris(t testing.TB) *time.Location {
	t.Helper()
	location, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// watched is a view that is given frames by what is on their lines.
type watched struct {
	*view
	recorder *series.Recorder
	at       time.Time // of the last frame
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	recorder := series.NewRecorder("linky", 10*time.Minute)
	return &watched{view: newView(paris(t), recorder, alreadyDated), recorder: recorder}
}

// hear takes a frame of label, value pairs.
func (w *watched) hear(mode tic.Mode, at time.Time, words ...string) {
	f := &tic.Frame{Mode: mode, Complete: true}
	for i := 0; i < len(words); i += 2 {
		f.Groups = append(f.Groups, tic.Group{Label: []byte(words[i]), Value: []byte(words[i+1])})
	}
	w.recorder.Record(f, at)
	w.frame(f, at)
	w.at = at
}

func (w *watched) shown() status.Meter {
	return w.show(config.Meter{Name: "linky", Port: "/dev/ttyUSB0"}, tic.Counters{Frames: 3, Groups: 20}, w.at)
}

func local(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, paris(t))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestViewShows(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	if diff := cmp.Diff(status.Meter{Name: "linky", Port: "/dev/ttyUSB0", Frames: 3, Groups: 20}, w.shown()); diff != "" {
		t.Errorf("before the first frame (-want +got):\n%s", diff)
	}
	at := local(t, "2026-01-15 18:30:00")
	w.hear(tic.Standard, at, "ADSC", "031761000000", "LTARF", "  HEURE  PLEINE ", "EAST", "000001000", "EASF01", "000001000", "EASF02", "000000000",
		"URMS1", "230", "PREF", "06", "SINSTS", "00500", "PRM", pointA)
	want := status.Meter{
		Name: "linky", Port: "/dev/ttyUSB0", Mode: "standard", LastFrame: at, Frames: 3, Groups: 20,
		Power:  &status.Power{Apparent: 500, Subscribed: 6000, At: at},
		Trend:  []status.Point{{At: at, Apparent: 500}},
		Tariff: status.Say("HEURE  PLEINE", "HEURE  PLEINE"),
		Indexes: []status.Index{
			{Label: status.Say("Index d'énergie soutirée", "Index of energy drawn"), Value: 1000, At: at},
			{Label: status.Say("Index fournisseur 1", "Supplier index 1"), Value: 1000, At: at},
		},
		Readings: []status.Reading{
			{Series: "contract/power/subscribed", Label: status.Say("Puissance souscrite", "Subscribed power"), Value: "6", Unit: "kVA", At: at},
			{Series: "voltage/1", Label: status.Say("Tension efficace, phase 1", "Voltage, phase 1"), Value: "230", Unit: "V", At: at},
		},
	}
	if diff := cmp.Diff(want, w.shown()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestViewPhases(t *testing.T) {
	t.Parallel()
	at := local(t, "2026-01-15 18:30:00")
	w := newWatched(t)
	w.hear(tic.Standard, at, "IRMS1", "001", "IRMS2", "002", "IRMS3", "003", "URMS1", "231", "URMS2", "232", "URMS3", "233",
		"SINSTS", "01000", "SINSTS1", "00100", "SINSTS2", "00200", "SINSTS3", "00300", "SINSTI", "00050")
	num := func(n float64) *float64 { return &n }
	power := func(n status.VoltAmpere) *status.VoltAmpere { return &n }
	want := []status.Phase{
		{Name: "1", Apparent: power(100), Current: num(1), Voltage: num(231)},
		{Name: "2", Apparent: power(200), Current: num(2), Voltage: num(232)},
		{Name: "3", Apparent: power(300), Current: num(3), Voltage: num(233)},
	}
	got := w.shown()
	if diff := cmp.Diff(want, got.Phases); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Power.Injected != 50 || len(got.Readings) != 1 || got.Readings[0].Series != "status/power/implausible" {
		t.Errorf("power is %+v, readings %+v", got.Power, got.Readings)
	}
}

// What the meter stopped saying is not shown as if it still did; registers are, and the power is as old as it is.
func TestViewForgets(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	at := local(t, "2026-01-15 18:30:00")
	w.hear(tic.Standard, at, "LTARF", "BASE", "NTARF", "01", "EASF01", "000001000", "IRMS1", "001", "IRMS2", "001", "IRMS3", "001", "URMS1", "230", "SINSTS", "00500", "UMOY1", "231")
	if got := w.shown(); len(got.Phases) != 3 || got.Phases[0].Voltage == nil || !got.Indexes[0].Current || got.Tariff.IsZero() {
		t.Errorf("at first %+v", got)
	}
	later := at.Add(series.StaleAfter + time.Second)
	w.hear(tic.Standard, later, "IRMS2", "002")
	got := w.shown()
	if len(got.Phases) != 3 || got.Phases[0].Voltage != nil || got.Phases[0].Current != nil || *got.Phases[1].Current != 2 {
		t.Errorf("phases are %+v", got.Phases)
	}
	if len(got.Readings) != 0 || !got.Tariff.IsZero() || got.Indexes[0].Current || !got.Indexes[0].At.Equal(at) || !got.Power.At.Equal(at) {
		t.Errorf("readings %+v, tariff %v, indexes %+v, power %+v", got.Readings, got.Tariff, got.Indexes, got.Power)
	}
}

func TestViewEvents(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	at := local(t, "2026-01-15 18:30:00")
	w.hear(tic.Historic, at, "BASE", "000001000", "ISOUSC", "15")
	w.hear(tic.Historic, at.Add(time.Second), "BASE", "000000000", "ISOUSC", "15", "ADPS", "016")
	w.hear(tic.Historic, at.Add(2*time.Minute), "BASE", "000001000", "ISOUSC", "15")
	want := []status.Event{
		{At: at.Add(2 * time.Minute), Kind: "over-power ended", Text: status.Say("La puissance souscrite est dépassée : terminé", "More than the subscribed power is drawn: over")},
		{At: at.Add(time.Second), Kind: "over-power", Text: status.Say("La puissance souscrite est dépassée", "More than the subscribed power is drawn")},
		{At: at.Add(time.Second), Kind: "index-withheld consumption/energy/active/index/provider/1", Text: status.Say(
			"Un index invraisemblable est retenu (Index fournisseur 1)", "An implausible index is withheld (Supplier index 1)")},
	}
	if diff := cmp.Diff(want, w.shown().Events); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Injection that no label says is an estimate, and called so.
func TestViewEstimate(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.recorder.Derived = true
	at := local(t, "2026-06-15 12:30:00")
	w.hear(tic.Standard, at, "IRMS1", "010", "URMS1", "230", "SINSTS", "00000", "STGE", "003A0201")
	if got := w.shown().Power; got.Apparent != 0 || got.Injected != 2300 || !got.Estimated {
		t.Errorf("power is %+v", got)
	}
	w.hear(tic.Standard, at.Add(time.Second), "IRMS1", "010", "URMS1", "230", "SINSTS", "02300", "STGE", "003A0001")
	if got := w.shown().Power; got.Apparent != 2300 || got.Injected != 0 || got.Estimated {
		t.Errorf("power is %+v", got)
	}
}

func TestViewSubscribed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		mode  tic.Mode
		words []string
		want  status.VoltAmpere
	}{
		{"standard", tic.Standard, []string{"PREF", "12", "SINSTS", "00100"}, 12_000},
		{"historic", tic.Historic, []string{"ISOUSC", "30", "PAPP", "00100"}, 6_000},
		{"historic, three phases", tic.Historic, []string{"ISOUSC", "20", "IINST1", "001", "IINST2", "001", "IINST3", "001", "PAPP", "00100"}, 12_000},
		{"not a number", tic.Standard, []string{"PREF", "1x", "SINSTS", "00100"}, 0},
		{"not said", tic.Standard, []string{"SINSTS", "00100"}, 0},
	} {
		w := newWatched(t)
		w.hear(test.mode, local(t, "2026-01-15 18:30:00"), test.words...)
		if got := w.shown().Power.Subscribed; got != test.want {
			t.Errorf("%s: subscribed is %v VA, want %v", test.name, got, test.want)
		}
	}
}

func TestViewToday(t *testing.T) {
	t.Parallel()
	type heard struct{ at, index string }
	for _, test := range []struct {
		name   string
		began  string // the day whose first index the buffer knew, with 1000 Wh
		frames []heard
		want   *status.Today
	}{
		{"midnight is not known", "", []heard{{"2026-01-15 18:00:00", "1500"}, {"2026-01-15 18:30:00", "1600"}}, nil},
		{"the buffer knew it", "2026-01-15", []heard{{"2026-01-15 18:00:00", "1500"}}, &status.Today{Drawn: 500}},
		{"the buffer knew yesterday's", "2026-01-14", []heard{{"2026-01-15 00:00:05", "1500"}}, nil},
		{"over midnight", "", []heard{{"2026-01-15 23:59:59", "1500"}, {"2026-01-16 00:00:01", "1502"}, {"2026-01-16 09:00:00", "1900"}}, &status.Today{Drawn: 400}},
		{"over two midnights", "2026-01-15", []heard{
			{"2026-01-15 23:59:59", "1500"}, {"2026-01-16 00:00:01", "1501"}, {"2026-01-16 23:59:58", "2000"}, {"2026-01-17 00:00:00", "2000"}, {"2026-01-17 01:00:00", "2010"},
		}, &status.Today{Drawn: 10}},
		{"silent for a few minutes round midnight", "", []heard{{"2026-01-15 23:55:00", "1500"}, {"2026-01-16 00:06:00", "1502"}}, &status.Today{Drawn: 2}},
		{"silent from midnight on", "", []heard{{"2026-01-15 23:59:59", "1500"}, {"2026-01-16 09:00:00", "1900"}}, &status.Today{Drawn: 400}},
		{"silent for hours", "2026-01-15", []heard{{"2026-01-15 22:00:00", "1500"}, {"2026-01-16 09:00:00", "1900"}}, nil},
		{"the clock jumped ahead a day", "2026-01-15", []heard{{"2026-01-15 10:00:00", "1500"}, {"2026-01-17 10:00:02", "1501"}}, nil},
		{"the clock was set back a day", "2026-01-16", []heard{{"2026-01-16 10:00:00", "1500"}, {"2026-01-15 10:00:02", "1501"}}, nil},
		{"the day the clocks go forward", "", []heard{{"2026-03-28 23:59:59", "1500"}, {"2026-03-29 00:00:00", "1500"}, {"2026-03-29 03:00:00", "1600"}, {"2026-03-29 23:59:59", "1900"}}, &status.Today{Drawn: 400}},
		{"the day the clocks go back", "", []heard{{"2026-10-24 23:59:59", "1500"}, {"2026-10-25 00:00:00", "1500"}, {"2026-10-25 23:59:59", "2100"}}, &status.Today{Drawn: 600}},
		{"as much as a meter can carry", "2026-01-15", []heard{{"2026-01-15 18:00:00", "649500"}}, &status.Today{Drawn: 648_500}},
		{"another meter, with a higher index", "2026-01-15", []heard{{"2026-01-15 18:00:00", "27735000"}}, nil},
		{"another meter, with a lower index", "2026-01-15", []heard{{"2026-01-15 18:00:00", "0500"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWatched(t)
			if test.began != "" {
				w.began(local(t, test.began+" 00:00:00"), series.PathDrawn, 1000)
			}
			for _, h := range test.frames {
				w.hear(tic.Standard, local(t, h.at), "EAST", h.index)
			}
			if diff := cmp.Diff(test.want, w.shown().Today); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestViewTodayInjected(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.hear(tic.Standard, local(t, "2026-01-15 22:00:00"), "EAST", "1000", "EAIT", "50")
	w.hear(tic.Standard, local(t, "2026-01-16 12:00:00"), "EAST", "1000", "EAIT", "50")
	if got := w.shown().Today; got != nil {
		t.Errorf("after a silence today is %+v", got)
	}
	w.hear(tic.Standard, local(t, "2026-01-16 23:59:59"), "EAST", "1010", "EAIT", "60")
	w.hear(tic.Standard, local(t, "2026-01-17 00:00:01"), "EAST", "1011", "EAIT", "63")
	if diff := cmp.Diff(&status.Today{Drawn: 1, Injected: 3}, w.shown().Today); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMidnight(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"2026-01-15T23:30:00Z": "2026-01-15T23:00:00Z",
		"2026-01-15T22:59:59Z": "2026-01-14T23:00:00Z",
		"2026-03-29T12:00:00Z": "2026-03-28T23:00:00Z",
		"2026-03-30T12:00:00Z": "2026-03-29T22:00:00Z",
		"2026-10-25T23:00:00Z": "2026-10-25T23:00:00Z",
		"2026-10-25T22:59:59Z": "2026-10-24T22:00:00Z",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := midnight(moment, paris(t)).UTC().Format(time.RFC3339); got != want {
			t.Errorf("midnight before %s is %s, want %s", at, got, want)
		}
	}
}

func TestViewTrend(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	at := local(t, "2026-01-15 18:30:00")
	w.hear(tic.Standard, at, "URMS1", "230")
	if got := w.shown().Trend; len(got) != 0 {
		t.Errorf("without a power there is a curve: %v", got)
	}
	for i := range 2000 {
		w.hear(tic.Standard, at.Add(time.Duration(i)*time.Second), "SINSTS", fmt.Sprintf("%05d", 100+i%7))
	}
	got := w.shown().Trend
	if len(got) != trendKeeps+1 {
		t.Fatalf("%d points, want %d", len(got), trendKeeps+1)
	}
	if now := got[trendKeeps]; !now.At.Equal(at.Add(1999*time.Second)) || now.Apparent != w.shown().Power.Apparent {
		t.Errorf("the curve ends with %v, not with the headline", now)
	}
	got = got[:trendKeeps]
	for i := 1; i < len(got); i++ {
		if gap := got[i].At.Sub(got[i-1].At); gap != trendEvery {
			t.Fatalf("points %d and %d are %s apart, want %s", i-1, i, gap, trendEvery)
		}
	}
	if last := got[len(got)-1].At; !last.Equal(at.Add(1995 * time.Second)) {
		t.Errorf("last point is of %s", last)
	}
	got[0].Apparent = -1
	if w.shown().Trend[0].Apparent == -1 {
		t.Error("the page holds the view's own points")
	}
}

// alreadyDated is for frames whose time is known.
func alreadyDated(at time.Time) (time.Time, bool) { return at, true }
