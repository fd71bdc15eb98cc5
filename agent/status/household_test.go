package status_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"releve/agent/history"
	"releve/agent/objective"
	"releve/agent/status"
	"releve/agent/tariff"
)

// estate is memory with buildings and an installation.
type estate struct{ memory }

func (e estate) Profiles(_ context.Context, all []history.Profile, by history.By, c history.Calendar, at time.Time, step history.Step) ([]history.ProfileShown, error) {
	s, err := history.SpanOf(c, at)
	var shown []history.ProfileShown
	for i, p := range all {
		one := history.ProfileShown{Profile: p, Line: e.line(p.Meter, history.Energy, 0, s, history.Hour, float64(10*(i+1)))}
		one.Unscaled = by == history.PerArea && p.Area == 0
		shown = append(shown, one)
	}
	return shown, err
}

func (e estate) Stake(_ context.Context, s history.Stake, c history.Calendar, at time.Time) (history.StakeShown, error) {
	span, err := history.SpanOf(c, at)
	area, budget := 2.4, 480.0
	step := map[history.Calendar]history.Step{history.Day: history.TenMinutes, history.Week: history.Hour, history.Month: history.Daily, history.Year: history.Monthly}[c]
	return history.StakeShown{
		Title: s.Title, Span: span, Shares: s.Shares, Of: s.Of, Area: &area, Budget: &budget,
		All: e.line("", history.Production, 0, span, step, 500), Mine: e.line("", history.Production, 0, span, step, 20),
	}, err
}

func configured() status.Household {
	const euro = tariff.Euro
	bill := tariff.Bill{
		Total: 42 * euro, Energy: 30 * euro, Subscription: 7 * euro, Taxes: 5 * euro, Missing: 1, Unpriced: 1500, NoSubscription: true, Undated: 2,
		Lines: []tariff.Line{
			{Kind: tariff.ForSubscription, Name: "6 kVA", Quantity: 0.5, Unit: "month", Price: 14 * euro, Amount: 7 * euro},
			{Kind: tariff.ForEnergy, Name: "hc", Quantity: 200, Unit: "kWh", Price: euro / 10, Amount: 20 * euro},
			{Kind: tariff.ForTax, Name: "TVA", Quantity: 20, Unit: "%", Amount: 5 * euro},
		},
	}
	used, projected := 3_000_000.0, 4_100_000.0
	return status.Household{
		Bill: func(_ context.Context, meter string, _ time.Time) (tariff.Statement, error) {
			expected := bill
			expected.Total = 80 * euro
			return tariff.Statement{Meter: meter, ToDate: bill, Expected: expected, Method: history.ByMean, Days: 12, Book: &tariff.Book{Name: "Mine", Source: "my contract", Published: noon, Example: true}}, nil
		},
		Cost: func(context.Context, string, time.Time) (tariff.Bill, error) {
			return tariff.Bill{Total: 2 * euro, Energy: euro, Missing: 1}, nil
		},
		Standing: func(context.Context, time.Time) (objective.Standing, error) {
			return objective.Standing{
				Year: 2026, Percent: 10, Reference: 5_000_000, OfYear: 2025, Target: 4_500_000, Used: &used, Allowed: 3_900_000, Projected: &projected,
				Verdict: objective.Reached, Source: "a scenario",
				Months: []objective.Month{{From: noon.AddDate(0, -1, 0), To: noon, Reference: 5e6, Target: 4e6, Used: &used}, {From: noon, To: noon.AddDate(0, 1, 0), Reference: 6e6, Target: 5e6}},
			}, nil
		},
		Profiles: []status.Profile{
			{Profile: history.Profile{Name: "school", Title: "École", Meter: "linky", People: 80, Area: 600}, Caption: status.Say("Chauffée au bois.", "Heated by wood.")},
			{Profile: history.Profile{Name: "house", Meter: "linky", People: 1}},
		},
		Stake: &history.Stake{Title: "Toit", Shares: 4, Of: 100},
	}
}

func visit(t *testing.T, path, language string, h status.Household) string {
	t.Helper()
	r := httptest.NewRequest("GET", "http://localhost"+path, nil)
	r.Header.Set("Accept-Language", language)
	w := httptest.NewRecorder()
	status.Handler(household, status.Options{Past: estate{}, Household: h}).ServeHTTP(w, r)
	return w.Body.String()
}

func TestHouseholdSays(t *testing.T) {
	t.Parallel()
	table := []struct {
		path, language string
		want           []string
	}{
		{"/", "fr", []string{"Coût d’aujourd’hui 2,00 € estimés, hors abonnement · une partie du jour n’est pas connue"}},
		{"/", "en", []string{"Cost of today €2.00 estimated, without the subscription"}},
		{"/facture", "fr", []string{
			"Depuis le début du mois 42,00 € 80,00 € attendus à la fin du mois d’après la moyenne de 12 jours mesurés estimation, pas une facture",
			"Abonnement 6 kVA 0,50 mois 14,00 €/mois 7,00 €", "Heures creuses 200,0 kWh 0,1000 €/kWh 20,00 €", "TVA 20,0 % 5,00 €",
			"1 jour n’est pas connu en entier.", "1,5 kWh n’ont pas de prix", "L’abonnement n’est pas compté", "2 jours sont d’avant le premier prix", "Ces prix sont inventés",
			"Mine · prix : my contract, du 23/11/2026",
		}},
		{"/bill", "en", []string{"€42.00 €80.00 expected at the end of the month", "Off-peak 200.0 kWh 0.1000 €/kWh €20.00"}},
		{"/objectif", "fr", []string{
			"10 % de moins que la référence (2025) Jusqu’ici, l’objectif est tenu.", "Objectif de l’année 4 500 kWh", "Consommé jusqu’ici 3 000 kWh",
			"67 % de l’objectif de l’année est déjà consommé", "À ce rythme, fin d’année 4 100 kWh", "a scenario",
		}},
		{"/profils?at=2026-11-22", "fr", []string{"École 80 personnes · 600 m² Chauffée au bois.", "house 1 personne", "Chaque courbe a sa propre échelle", "Au plus haut : 240 Wh (23:00)."}},
		{"/profiles?at=2026-11-22&by=m2", "en", []string{"Heated by wood.", "All curves have the same scale", "How many people or square metres is not said."}},
		{"/projet/mois?at=2026-10-01", "fr", []string{"Ma part 4 parts sur 100", "Produit par ma part 9,9 kWh", "Mes panneaux 2,4 m²", "Mon apport 480 €", "Énergie prélevée 4,9 kWh"}},
	}
	for _, row := range table {
		t.Run(row.path, func(t *testing.T) {
			t.Parallel()
			page := visit(t, row.path, row.language, configured())
			sound(t, row.path, page, row.language)
			said := strings.Join(strings.Fields(words(t, page)), " ")
			for _, want := range row.want {
				if !strings.Contains(said, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("the page does not say %q; it says\n%s", want, said)
				}
			}
		})
	}
}

// What cannot be computed is said where it would be, and the rest of the page stays.
func TestHouseholdThatFails(t *testing.T) {
	t.Parallel()
	broken := status.Household{
		Bill: func(context.Context, string, time.Time) (tariff.Statement, error) {
			return tariff.Statement{}, errors.New("prices.file: no such file")
		},
		Standing: func(context.Context, time.Time) (objective.Standing, error) {
			return objective.Standing{}, errors.New("the reference year is not in the store")
		},
	}
	for path, want := range map[string]string{
		"/facture":  "La facture ne peut pas être estimée : prices.file: no such file",
		"/objectif": "L’objectif ne peut pas être suivi. the reference year is not in the store",
	} {
		page := visit(t, path, "fr", broken)
		sound(t, path, page, "fr")
		if said := words(t, page); !strings.Contains(said, want) {
			t.Errorf("%s does not say %q; it says\n%s", path, want, said)
		}
	}
}
