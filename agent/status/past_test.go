package status_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"releve/agent/history"
	"releve/agent/status"
)

// memory is what a household's meter has said, as regular as a test wants it: each step has a value of its own place in the
// span, the third of every span is a gap, and nothing is known after noon of 23 November 2026.
type memory struct{}

func next(at time.Time, step history.Step) time.Time {
	switch step {
	case history.TenMinutes:
		return at.Add(10 * time.Minute)
	case history.Hour:
		return at.Add(time.Hour)
	case history.Daily:
		return at.AddDate(0, 0, 1)
	}
	return at.AddDate(0, 1, 0)
}

// line makes a line whose n-th point is n times a size, plus one.
func (memory) line(meter string, q history.Quantity, number int, s history.Span, step history.Step, size float64) history.Line {
	l := history.Line{Meter: meter, Quantity: q, Number: number, Span: s, Whole: true}
	total := 0.0
	for at := s.From; at.Before(s.To); at = next(at, step) {
		p := history.Point{From: at, To: next(at, step)}
		if n := len(l.Points); n != 2 && at.Before(noon) {
			value := size * float64(n+1)
			p.Value, p.Whole, p.Final = &value, true, !p.To.After(noon)
			total += value
		}
		l.Points = append(l.Points, p)
	}
	if total > 0 {
		l.Total = &total
	}
	return l
}

func (p memory) Ask(_ context.Context, q history.Question) (history.Answer, error) {
	s, err := history.SpanOf(q.Calendar, q.At)
	if err != nil {
		return history.Answer{}, err
	}
	a := history.Answer{Question: q, Span: s, Step: q.Step}
	add := func(meter string, number int, size float64) {
		a.Lines = append(a.Lines, p.line(meter, q.Quantity, number, s, q.Step, size))
		if q.Compare == history.Previous {
			before := p.line(meter, q.Quantity, number, s.Previous(), q.Step, 2*size)
			before.Previous = true
			a.Lines = append(a.Lines, before)
		}
	}
	for i, meter := range q.Meters {
		size := 10 * float64(i+1)
		if q.Quantity == history.Tariffs {
			add(meter, 1, size/5)
			add(meter, 2, size*4/5)
			continue
		}
		add(meter, 0, size)
	}
	return a, nil
}

func (p memory) Shares(_ context.Context, meter string, c history.Calendar, at time.Time) (history.Shares, error) {
	s, err := history.SpanOf(c, at)
	if err != nil {
		return history.Shares{}, err
	}
	step := map[history.Calendar]history.Step{history.Day: history.TenMinutes, history.Week: history.Hour, history.Month: history.Daily, history.Year: history.Daily}[c]
	shares := history.Shares{Span: s, Known: time.Hour, Over: 4 * time.Hour, Estimated: true, Doubtful: true}
	for i, q := range []history.Quantity{history.Energy, history.Injected, history.Production} {
		shares.Lines = append(shares.Lines, p.line(meter, q, 0, s, step, 100*float64(i+1)))
	}
	if meter == "solaire" { // which nobody has named a production for
		shares.Missing = []history.Quantity{history.Injected, history.Production}
		return shares, nil
	}
	drawn, injected, produced, self, consumption, production := 5000.0, 2000.0, 6000.0, 4000.0, 4.0/6, 4.0/9
	shares.Drawn, shares.Injected, shares.Produced, shares.SelfConsumed = &drawn, &injected, &produced, &self
	shares.SelfConsumption, shares.SelfProduction = &consumption, &production
	return shares, nil
}

func (p memory) SharesOver(ctx context.Context, meter string, c history.Calendar, at time.Time, _ history.Step) (history.Shares, error) {
	return p.Shares(ctx, meter, c, at)
}

func (memory) Usual(context.Context, string, time.Time, int) (history.Usual, error) {
	today, usual := 8400.0, 7000.0
	return history.Usual{At: noon, Today: &today, SoFar: &usual, Day: &usual, Days: 3}, nil
}

func (memory) Outlook(_ context.Context, _ string, _ history.Quantity, c history.Calendar, at time.Time) ([]history.Outlook, error) {
	s, err := history.SpanOf(c, at)
	return []history.Outlook{{Span: s, SoFar: 1_000_000, Rest: 500_000, Method: history.ByMean, Days: 10}}, err
}

func TestHistorySays(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, path, language string
		want, absent         []string
	}{
		{
			name: "a day", path: "/jour?at=2026-11-22", language: "fr",
			want: []string{
				"Dimanche 22 novembre 2026", "Pointe de 1 440 VA (23:50), au plus bas 10 VA (00:00).", "Énergie prélevée 104 kWh",
				"0 h", "24 h", "Heure linky 00:00 10 VA 00:10 20 VA 00:20 – 00:30 40 VA", "Comparer avec rien la veille",
			},
			absent: []string{"Écart"},
		},
		{
			name: "a day in English", path: "/day?at=2026-11-22", language: "en",
			want: []string{"Sunday 22 November 2026", "Peak of 1,440 VA (23:50), at the lowest 10 VA (00:00).", "0:00", "Compare with nothing the day before"},
		},
		{
			name: "compared", path: "/mois?at=2026-10-05&compare=previous", language: "fr",
			want: []string{
				"Octobre 2026", "Le jour le plus fort : sam. 31 oct., avec 0,3 kWh.", "Heures creuses 1,0 kWh", "Heures pleines 3,9 kWh",
				"septembre 2026", "Écart avec le mois d’avant −50 %", "En moyenne par jour 0,2 kWh",
			},
		},
		{
			name: "a week over two months", path: "/semaine?at=2026-12-01", language: "fr",
			want: []string{"Du 30 novembre au 6 décembre 2026", "Rien n’a été mesuré pendant cette période."},
		},
		{name: "the year that is not over", path: "/year", language: "en", want: []string{"2026", "May", "A month in the mean 0.1 kWh"}},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			said := words(t, body(t, get(t, priced, row.path, row.language)))
			for _, want := range row.want {
				if !strings.Contains(strings.ToLower(said), strings.ToLower(want)) {
					t.Errorf("the page does not say %q; it says\n%s", want, said)
				}
			}
			for _, absent := range row.absent {
				if strings.Contains(said, absent) {
					t.Errorf("the page says %q", absent)
				}
			}
		})
	}
}

func TestBalanceSays(t *testing.T) {
	t.Parallel()
	two := scenarios()["two meters"]
	table := []struct {
		name, path, language string
		want                 []string
	}{
		{
			name: "all is known", path: "/synchro/mois?at=2026-10-05", language: "fr",
			want: []string{
				"octobre 2026", "6,0 kWh produits, dont 4,0 kWh consommés sur place et 2,0 kWh injectés.",
				"67 % Taux d’autoconsommation la part de votre production que vous consommez vous-même",
				"44 % Taux d’autoproduction la part de votre consommation que vous produisez vous-même",
				"Production 6,0 kWh", "Consommation 9,0 kWh", "L’injection est estimée", "Il a été injecté plus", "pendant 1 h sur 4 h",
				"jeu. 1 oct. 0,1 kWh 0,2 kWh 0,1 kWh", "sam. 3 oct. – – –",
			},
		},
		{
			name: "a year is gathered by month", path: "/balance/year", language: "en",
			want: []string{"January 49.3 kWh 98.6 kWh 49.3 kWh", "Self-consumption", "67%"},
		},
		{
			name: "no production is known", path: "/balance?meter=solaire&at=2026-11-22", language: "en",
			want: []string{"1,044 kWh drawn from the grid.", "Production is not measured here.", "Your meter does not announce what is exported"},
		},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			said := words(t, body(t, get(t, two, row.path, row.language)))
			for _, want := range row.want {
				if !strings.Contains(said, want) {
					t.Errorf("the page does not say %q; it says\n%s", want, said)
				}
			}
		})
	}
}

func TestTodayAgainstTheUsual(t *testing.T) {
	t.Parallel()
	said := words(t, body(t, get(t, household, "/", "fr")))
	for _, want := range []string{"Aujourd’hui, lundi 23 novembre 20 % de plus qu’un lundi habituel à la même heure", "Pointe de 720 VA (11:50)"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q; it says\n%s", want, said)
		}
	}
}

func TestTempoTiles(t *testing.T) {
	t.Parallel()
	tempo := with(func(s *status.Snapshot) { s.Meters[0].Colours = &status.Colours{Today: "red"} })
	for language, want := range map[string]string{
		"fr": "Couleur Tempo aujourd’hui R rouge demain ? pas encore connue", "en": "Tempo colour today R red tomorrow ? not known yet",
	} {
		if said := words(t, body(t, get(t, tempo, "/", language))); !strings.Contains(said, want) {
			t.Errorf("the page does not say %q; it says\n%s", want, said)
		}
	}
}

// A screen that nothing is configured for says what to configure.
func TestScreensWithoutConfiguration(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/facture": "Aucun prix n’est configuré.", "/objectif": "Aucun objectif n’est fixé.", "/profils": "Aucun bâtiment n’est décrit.",
		"/projet": "Aucun investissement n’est décrit.",
	} {
		if said := words(t, body(t, get(t, household, path, "fr"))); !strings.Contains(said, want) {
			t.Errorf("%s does not say %q; it says\n%s", path, want, said)
		}
	}
}

func TestComparedWithAppliances(t *testing.T) {
	t.Parallel()
	said := words(t, body(t, get(t, household, "/comparer", "fr")))
	for _, want := range []string{"En ce moment 1 240 VA C’est comme : 31 réfrigérateurs-congélateurs", "Aujourd’hui 8,4 kWh", "D’où vient ce nombre"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q; it says\n%s", want, said)
		}
	}
}

// priced is a household with a contract of peak and off-peak hours.
func priced() status.Snapshot {
	return with(func(s *status.Snapshot) { s.Meters[0].Option = "hphc" })()
}

func TestHistoryOfWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/jour?at=2026-02-30", "/jour?at=yesterday", "/jour?at=9999-01-01", "/mois?meter=other", "/jour?compare=other"} {
		response := get(t, household, path, "fr")
		if said := words(t, body(t, response)); response.StatusCode != http.StatusBadRequest || !strings.Contains(said, "demande ce qui n’existe pas") {
			t.Errorf("%s: %d, %s", path, response.StatusCode, said)
		}
	}
}

func TestHistoryBeforeTheFirstMeter(t *testing.T) {
	t.Parallel()
	said := words(t, body(t, get(t, func() status.Snapshot { return status.Snapshot{Now: noon} }, "/jour", "fr")))
	if want := "Il n’y a pas encore d’historique."; !strings.Contains(said, want) {
		t.Errorf("the page does not say %q; it says\n%s", want, said)
	}
}

func TestHistoryTurns(t *testing.T) {
	t.Parallel()
	page := body(t, get(t, household, "/mois?at=2026-10-05&compare=previous", "fr"))
	for _, want := range []string{
		`rel="prev" href="/mois?at=2026-09-01&amp;compare=previous"`, `rel="next" href="/mois?at=2026-11-01&amp;compare=previous"`,
		`class="today" href="/mois?compare=previous"`, `href="/api/v1/history?at=2026-10-01&amp;format=csv&amp;meter=linky&amp;quantity=energy&amp;span=month"`, `href="/jour?at=2026-10-05&amp;compare=previous"`,
		`href="/month?at=2026-10-05&amp;compare=previous&amp;lang=en"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if now := body(t, get(t, household, "/mois", "fr")); strings.Contains(now, `rel="next"`) || strings.Contains(now, `class="today"`) {
		t.Error("the page leads into the future")
	}
}
