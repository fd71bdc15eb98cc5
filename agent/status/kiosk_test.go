package status_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"releve/agent/history"
	"releve/agent/kiosk"
	"releve/agent/status"
)

// past answers as a household's day: a mean each ten minutes, of which the last is of 11:50.
type past struct {
	status.Past

	err error
}

func (p past) Ask(_ context.Context, q history.Question) (history.Answer, error) {
	var points []history.Point
	for i := range 144 {
		from := noon.Add(-12 * time.Hour).Add(time.Duration(i) * 10 * time.Minute)
		point := history.Point{From: from, To: from.Add(10 * time.Minute)}
		if point.Final = !point.To.After(noon); point.Final {
			point.Value = pointer(float64(600 + i))
		}
		points = append(points, point)
	}
	return history.Answer{Question: q, Lines: []history.Line{{Meter: q.Meters[0], Quantity: q.Quantity, Points: points}}}, p.err
}

// Shares knows this day, the day before and the month before.
func (p past) Shares(_ context.Context, _ string, c history.Calendar, at time.Time) (history.Shares, error) {
	switch {
	case c == history.Day && at.Day() == 22:
		return history.Shares{Drawn: pointer(7000.0), Produced: pointer(8100.0), SelfConsumed: pointer(1000.0), Lines: []history.Line{{Quantity: history.Production, Points: []history.Point{{Value: pointer(1.0)}, {Value: pointer(2.0)}}}}}, p.err
	case c == history.Month && at.Month() == time.October:
		return history.Shares{Drawn: pointer(70_000.0), Produced: pointer(81_000.0), SelfConsumed: pointer(9000.0)}, p.err
	case !at.Equal(noon):
		return history.Shares{}, fmt.Errorf("nobody is to ask for the %s of %s", c, at)
	}
	return history.Shares{
		Drawn: pointer(4000.0), Produced: pointer(9300.0), SelfConsumed: pointer(5766.0), SelfConsumption: pointer(0.62),
		Lines: []history.Line{
			{Quantity: history.Production, Points: []history.Point{{Value: pointer(1.0)}, {}, {Value: pointer(5.0)}}},
			{Quantity: history.Energy, Points: []history.Point{{Value: pointer(3.0)}, {Value: pointer(2.0)}, {}}},
			{Quantity: history.Injected, Points: []history.Point{{Value: pointer(7.0)}}},
		},
	}, p.err
}

// SharesOver tells of an hour that is over.
func (p past) SharesOver(_ context.Context, _ string, _ history.Calendar, _ time.Time, step history.Step) (history.Shares, error) {
	if step != history.Hour {
		return history.Shares{}, p.err
	}
	return history.Shares{Drawn: pointer(1000.0), Produced: pointer(2200.0), SelfConsumed: pointer(1100.0), SelfConsumption: pointer(0.5)}, p.err
}

func (p past) Stake(_ context.Context, s history.Stake, c history.Calendar, at time.Time) (history.StakeShown, error) {
	mine := map[string]float64{"day 23": 3400, "day 22": 5100, "month 1": 77_000}[fmt.Sprint(c, " ", at.Day())]
	line := history.Line{Total: &mine, Points: []history.Point{{Value: &mine}, {}}}
	return history.StakeShown{Title: s.Title, Shares: s.Shares, Of: s.Of, Mine: line, All: line.Times(25)}, p.err
}

// looks asks for something as a screen with a pass does, or as a person.
func looks(k status.Kiosk, snapshot func() status.Snapshot, path string, headers ...string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "localhost"
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	status.Handler(snapshot, status.Options{Kiosk: &k}).ServeHTTP(w, r)
	return w
}

func pass(view, resolution string) func(*http.Request) (status.Pass, bool) {
	return func(*http.Request) (status.Pass, bool) { return status.Pass{View: view, Resolution: resolution}, true }
}

// What a screen says, by what it asks and what it may. The live power of the household is 1 240 VA.
func TestKioskSays(t *testing.T) {
	t.Parallel()
	roof := &history.Stake{Title: "Toit", Shares: 4, Of: 100}
	for _, row := range []struct {
		name  string
		kiosk status.Kiosk
		path  string
		says  []string
		never []string
	}{
		{"live", status.Kiosk{Past: past{}}, "/kiosk/sheet?view=now&lang=fr", []string{"Prélevé sur le réseau", "1\u00a0240", "en direct", "aujourd’hui, au plus 671\u00a0VA en moyenne"}, nil},
		{"in English", status.Kiosk{Past: past{}}, "/kiosk/sheet?view=now&lang=en", []string{"1,240", "live"}, []string{"Prélevé"}},
		{"without a past", status.Kiosk{}, "/kiosk/sheet?lang=fr", []string{"1\u00a0240"}, []string{"24 h"}},
		{"production", status.Kiosk{Past: past{}}, "/kiosk/sheet?view=synchro&lang=fr", []string{"9,7\u00a0kWh", "9,3\u00a0kWh", "62\u00a0%"}, []string{"1\u00a0240"}},
		{"an unknown view is none", status.Kiosk{}, "/kiosk/sheet?view=weather&lang=fr", []string{"1\u00a0240"}, nil},
		{"title and label", status.Kiosk{Show: kiosk.Show{Title: "École <Kersabiec>", Label: "données publiques"}}, "/kiosk?lang=fr", []string{"École &lt;Kersabiec&gt;", "données publiques"}, []string{"<Kersabiec>"}},
		{"a coarse pass", status.Kiosk{Past: past{}, Pass: pass("now", "PT10M")}, "/kiosk/sheet?lang=fr", []string{"671", "moyenne de 11:50 à 12:00"}, []string{"240", "direct", "kWh"}},
		{"a coarse pass in the page", status.Kiosk{Past: past{}, Pass: pass("now", "PT10M")}, "/kiosk?lang=fr", []string{"671"}, []string{"240", "direct", "kWh"}},
		{"a pass by the day", status.Kiosk{Past: past{}, Pass: pass("now", "P1D")}, "/kiosk/sheet?lang=fr", []string{"Pas encore de moyenne"}, []string{"240", "671", "kWh"}},
		{"a pass of a resolution that nobody knows", status.Kiosk{Past: past{}, Pass: pass("now", "PT7M")}, "/kiosk/sheet?lang=fr", []string{"Pas encore de moyenne"}, []string{"240", "671", "kWh"}},
		{"a coarse pass without a past", status.Kiosk{Pass: pass("", "PT30M")}, "/kiosk/sheet?lang=fr", []string{"Pas encore de moyenne"}, []string{"240", "kWh"}},
		{"production, by the hour", status.Kiosk{Past: past{}, Pass: pass("synchro", "PT1H")}, "/kiosk/sheet?lang=fr", []string{"consommé aujourd’hui", "2,1\u00a0kWh", "2,2\u00a0kWh", "50\u00a0%"}, []string{">9.7", ">9.3", ">62"}},
		{"production, by the day", status.Kiosk{Past: past{}, Pass: pass("synchro", "P1D")}, "/kiosk/sheet?lang=fr", []string{"consommé hier", "produit hier", "8,0\u00a0kWh", "8,1\u00a0kWh"}, []string{"9,7", "9,3", "62", "aujourd’hui", "24 h"}},
		{"production, by the month", status.Kiosk{Past: past{}, Pass: pass("synchro", "P1M")}, "/kiosk/sheet?lang=en", []string{"consumed last month", "79.0\u00a0kWh", "81.0\u00a0kWh"}, []string{">9.7", ">9.3", ">62"}},
		{"production, of a resolution that nobody knows", status.Kiosk{Past: past{}, Pass: pass("synchro", "PT7M")}, "/kiosk/sheet?lang=fr", []string{"8,0\u00a0kWh"}, []string{">9.7", ">9.3", ">62"}},
		{"equivalences", status.Kiosk{}, "/kiosk/sheet?view=equivalence&lang=fr", []string{">31<", "réfrigérateurs-congélateurs, en direct", "jours d’un téléviseur, depuis minuit"}, nil},
		{"equivalences of a coarse pass", status.Kiosk{Past: past{}, Pass: pass("equivalence", "PT10M")}, "/kiosk/sheet?lang=en", []string{">17<", "fridge-freezers, mean from 11:50 to 12:00"}, []string{">31<", "live", "midnight"}},
		{"no equivalences by the day", status.Kiosk{Past: past{}, Pass: pass("equivalence", "P1D")}, "/kiosk/sheet?lang=fr", []string{"Pas encore de mesure"}, []string{"réfrigérateurs"}},
		{"an investment", status.Kiosk{Past: past{}, Stake: roof}, "/kiosk/sheet?view=project&lang=fr", []string{"Toit", ">3,4<", "aujourd’hui · 4 parts sur 100", "85,0\u00a0kWh"}, nil},
		{"an investment, by the hour", status.Kiosk{Past: past{}, Stake: roof, Pass: pass("project", "PT1H")}, "/kiosk/sheet?lang=fr", []string{">5,1<", "hier"}, []string{"3,4", "24 h"}},
		{"an investment, by the month", status.Kiosk{Past: past{}, Stake: roof, Pass: pass("project", "P1M")}, "/kiosk/sheet?lang=en", []string{">77.0<", "last month"}, []string{">3.4"}},
		{"a pass for another view", status.Kiosk{Past: past{}, Pass: pass("synchro", "live")}, "/kiosk/sheet?view=now&lang=fr", []string{"62\u00a0%"}, []string{"1\u00a0240"}},
		{"a pass for a view that is not there", status.Kiosk{Pass: pass("synchro", "live")}, "/kiosk/sheet?view=now&lang=fr", []string{"Pas encore de mesure"}, []string{"1\u00a0240"}},
	} {
		w := looks(row.kiosk, household, row.path)
		text := w.Body.String()
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", row.name, w.Code, text)
		}
		for _, says := range row.says {
			if !strings.Contains(text, says) {
				t.Errorf("%s: it does not say %q:\n%s", row.name, says, text)
			}
		}
		for _, never := range row.never {
			if strings.Contains(text, never) {
				t.Errorf("%s: it says %q:\n%s", row.name, never, text)
			}
		}
	}
}

func TestKioskPNG(t *testing.T) {
	t.Parallel()
	w := looks(status.Kiosk{}, household, "/kiosk.png?w=400&h=240")
	picture, err := png.Decode(bytes.NewReader(w.Body.Bytes()))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 400, 240) || w.Header().Get("Content-Type") != "image/png" {
		t.Fatalf("got %v of %v, %v", w.Header(), picture, err)
	}
	tag := w.Header().Get("ETag")
	for path, want := range map[string]int{"/kiosk.png?w=400&h=240": http.StatusNotModified, "/kiosk.png?w=401&h=240": http.StatusOK, "/kiosk/sheet?w=400&h=240": http.StatusNotModified} {
		if got := looks(status.Kiosk{}, household, path, "If-None-Match", tag); got.Code != want || (got.Body.Len() == 0) != (want == http.StatusNotModified) {
			t.Errorf("%s, for who has %s: %d with %d bytes, want %d", path, tag, got.Code, got.Body.Len(), want)
		}
	}
}

func TestKioskRefuses(t *testing.T) {
	t.Parallel()
	logo := status.Kiosk{Logo: []byte("\x89PNG"), Show: kiosk.Show{Logo: image.NewGray(image.Rect(0, 0, 3, 2))}}
	for _, row := range []struct {
		kiosk status.Kiosk
		path  string
		code  int
		says  string
	}{
		{status.Kiosk{}, "/kiosk.png?w=99", 400, "w=99: want a whole number from 100 to 4096\n"},
		{status.Kiosk{}, "/kiosk.png?h=4097", 400, "h=4097: want a whole number from 100 to 4096\n"},
		{status.Kiosk{}, "/kiosk/sheet?forward=-1", 400, "forward=-1: want a whole number from 0 to 1073741824\n"},
		{status.Kiosk{}, "/kiosk?w=wide", 400, "w=wide: want a whole number from 100 to 4096\n"},
		{status.Kiosk{Past: past{err: errors.New("disk")}}, "/kiosk", 500, "draw the screen: ask for the day's power: disk\n"},
		{logo, "/kiosk/logo.png", 200, "\x89PNG"},
	} {
		if w := looks(row.kiosk, household, row.path); w.Code != row.code || w.Body.String() != row.says {
			t.Errorf("%s: %d %q, want %d %q", row.path, w.Code, w.Body.String(), row.code, row.says)
		}
	}
	if w := looks(status.Kiosk{}, household, "/kiosk/logo.png"); w.Code != http.StatusNotFound {
		t.Errorf("a logo that is not there: %d", w.Code)
	}
}

// Without a meter there is a sentence, and an old value is not said to be live.
func TestKioskKnowsNothingNew(t *testing.T) {
	t.Parallel()
	empty := func() status.Snapshot { return status.Snapshot{Now: noon} }
	if text := looks(status.Kiosk{}, empty, "/kiosk/sheet?lang=fr").Body.String(); !strings.Contains(text, "Pas encore de mesure") {
		t.Errorf("without a meter it says\n%s", text)
	}
	text := looks(status.Kiosk{}, stale, "/kiosk/sheet?lang=fr").Body.String()
	if !strings.Contains(text, "Dernière valeur connue") || strings.Contains(text, ">en direct<") {
		t.Errorf("an old value is shown so:\n%s", text)
	}
}
