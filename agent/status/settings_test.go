package status_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
)

// workshop is a device that is set, and remembers what it was asked.
type workshop struct{ did []any }

func (workshop) Settings() status.Settings {
	return status.Settings{
		Steps: []status.Step{{Title: status.Say("Le compteur", "The meter"), Done: true, Anchor: "section-meter[linky]"}, {Title: status.Say("Le tarif", "The tariff")}},
		Keys: []status.Setting{
			{Path: "buffer.period", About: status.Say("Rythme", "Rhythm"), Kind: "text", Values: []string{"10s"}, Range: "1s – 1m", Changed: true},
			{Path: "meter[linky].derived", About: status.Say("Calculs", "Computed"), Kind: "check", Values: []string{"false"}},
			{Path: "status.view", About: status.Say("Qui voit", "Who looks"), Kind: "choice", Values: []string{"open"}, Choices: []string{"open", "password"}},
			{Path: "status.hosts", About: status.Say("Noms", "Names"), Kind: "lines", Values: []string{"a.example", "b.example"}},
		},
		Trial:       &status.Trial{By: "page", Changes: []status.TrialChange{{Path: "buffer.period", Before: "1m", After: "10s"}}, Works: true, Left: 3 * time.Minute},
		Screens:     []status.ScreenPass{{ID: "1a", Name: "hall", View: "now", Resolution: "PT10M", Made: noon}, {ID: "2b", Name: "cour", Resolution: "live"}},
		Resolutions: []string{"live", "PT10M"}, Recipients: []string{"lorient"}, OwnerCode: "KQ7M-2XVD",
	}
}

func (w *workshop) note(one any) error { w.did = append(w.did, one); return nil }

func (w *workshop) Change(values map[string][]string) error { return w.note(values) }
func (w *workshop) Confirm() error                          { return w.note("confirm") }
func (w *workshop) TakeBack() error                         { return w.note("take back") }
func (w *workshop) Revoke(id string) error                  { return w.note("revoke " + id) }

func (w *workshop) Issue(name, view, resolution string) (string, error) {
	return "the token", w.note("issue " + name + " " + view + " " + resolution)
}

func (w *workshop) Test(recipient string) (status.Words, error) {
	return status.Say("Il a pris 3 relevés.", "It has taken 3 readings."), w.note("test " + recipient)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	handler := status.Handler(household, status.Options{Entry: &doorkeeper{}, Setup: &workshop{}})
	for language, want := range map[string][]string{
		"fr": {"Premiers pas", "Garder ce changement", "KQ7M-2XVD", "hall", "une valeur toutes les 10 minutes", "(Changé ici.) Rythme", "period (1s – 1m)"},
		"en": {"First steps", "Keep this change", "all views · every reading, live", "Try lorient now", "Log everybody out"},
	} {
		page := seenBy(handler, "/config", language, true).Body.String()
		sound(t, "/config", page, language)
		for _, one := range want {
			if said := words(t, page); !strings.Contains(said, one) {
				t.Errorf("%s does not say %q; it says\n%s", language, one, said)
			}
		}
	}
}

func TestSettingsDo(t *testing.T) {
	t.Parallel()
	table := []struct {
		name   string
		values []string
		code   int
		to     string
		says   string
		did    []any
	}{
		{"a section", []string{"do", "set", "section", "status", "status.view", "password", "status.hosts", "a.example\r\n c.example"}, 303, "/settings?done=set", "", []any{map[string][]string{"status.view": {"password"}, "status.hosts": {"a.example", "c.example"}}}},
		{"a switch, and what is of another section", []string{"do", "set", "section", "meter[linky]", "meter[linky].derived", "1", "buffer.period", "1s"}, 303, "/settings?done=set", "", []any{map[string][]string{"meter[linky].derived": {"true"}}}},
		{"nothing", []string{"do", "set", "section", "buffer", "buffer.period", " 10s "}, 303, "/settings?done=set", "", []any{map[string][]string{}}},
		{"confirm", []string{"do", "confirm"}, 303, "/settings?done=confirm", "", []any{"confirm"}},
		{"back", []string{"do", "back"}, 303, "/settings?done=back", "", []any{"take back"}},
		{"revoke", []string{"do", "revoke", "id", "1a"}, 303, "/settings?done=revoke", "", []any{"revoke 1a"}},
		{"a screen", []string{"do", "issue", "name", "hall", "view", "now", "resolution", "PT10M"}, 200, "", "the token", []any{"issue hall now PT10M"}},
		{"a screen of no such resolution", []string{"form", "issue", "do", "issue", "name", "hall", "resolution", "P9Y"}, 422, "", "Choose how fine.", nil},
		{"a test", []string{"do", "test", "recipient", "lorient"}, 200, "", "It has taken 3 readings.", []any{"test lorient"}},
		{"something else", []string{"do", "explode"}, 422, "", "", nil},
	}
	for _, row := range table {
		setup := &workshop{}
		w := send(status.Handler(household, status.Options{Entry: &doorkeeper{}, Setup: setup}), "/settings", row.values...)
		if w.Code != row.code || w.Header().Get("Location") != row.to || !strings.Contains(w.Body.String(), row.says) {
			t.Errorf("%s: %d to %q, want %d to %q saying %q", row.name, w.Code, w.Header().Get("Location"), row.code, row.to, row.says)
		}
		if diff := cmp.Diff(row.did, setup.did); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
		if w.Code == http.StatusOK {
			sound(t, row.name, w.Body.String(), "en")
		}
	}
}

// strict refuses every change, twice.
type strict struct{ *workshop }

func (strict) Change(map[string][]string) error {
	return status.Refusals{
		{Field: "status.view", Text: status.Say("Ni l'un, ni l'autre.", "Neither.")},
		{Field: "status.hosts", Text: status.Say("Pas un nom.", "Not a name.")},
		{Text: status.Say("Autre chose.", "Another thing.")}, {Text: status.Say("Et encore.", "And more.")},
	}
}

// All that is wrong is said at once, each beside its field.
func TestSettingsSayEveryFault(t *testing.T) {
	t.Parallel()
	w := send(status.Handler(household, status.Options{Entry: &doorkeeper{}, Setup: strict{&workshop{}}}), "/settings", "form", "set-status", "do", "set", "section", "status", "status.view", "x", "status.hosts", "?")
	said := words(t, w.Body.String())
	for _, want := range []string{"Neither.", "Not a name.", "Another thing. And more."} {
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(said, want) {
			t.Errorf("%d: it does not say %q:\n%s", w.Code, want, said)
		}
	}
	sound(t, "faults", w.Body.String(), "en")
}
