package status_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
)

// archive is a house that was asked for two consents and has sent something.
type archive struct{ did []any }

func (archive) MyData(context.Context) (status.MyData, error) {
	asked := status.Terms{
		ID: "aa", State: status.Waiting, Text: status.Say("attend votre réponse", "waits for your answer"), To: "agence@breizh-sen2.example", Name: "Agence",
		Purpose: status.Say("Conseil", "Advice"), Series: []string{"*"}, Finest: "PT10M", Choices: []string{"PT10M", "PT30M", "PT1H", "P1D"},
		Until: noon.AddDate(1, 0, 0), Retention: "P1Y", Entry: 3, Answers: []string{"refuse", "accept"},
	}
	given := asked
	given.ID, given.State, given.Text, given.Identity, given.Until = "bb", status.OK, status.Say("donné", "in force"), true, time.Time{}
	given.Answers, given.Sent, given.Series, given.Sources = []string{"withdraw"}, noon.Add(-time.Hour), []string{"voltage/*"}, []string{"voisins"}
	gone := given
	gone.ID, gone.State, gone.Text, gone.Answers, gone.Untold = "cc", status.Warning, status.Say("retiré", "withdrawn"), []string{"accept", "told"}, "the mayor"
	return status.MyData{
		Terms:     []status.Terms{asked, given, gone},
		Transfers: []status.Transfer{{Day: noon, To: "agence@breizh-sen2.example", Readings: 1440, Entry: -1}, {Day: noon.AddDate(0, 0, -1), To: "lorient", Purpose: status.Say("Essai", "Trial"), Readings: 12, Entry: 7}},
		Ledger:    status.Ledger{Entries: 42, Key: "releve+abc"}, Series: []string{"linky/voltage/1"},
		Unerased: status.Finding{State: status.Warning, Text: status.Say("Un effacement attend.", "An erasure waits."), Advice: status.Say("Faites de la place.", "Make room.")},
	}, nil
}

func (archive) Verify(context.Context) status.Verdict {
	return status.Verdict{Reason: "entry 7 is not what it was"}
}
func (archive) Checkpoint(w io.Writer) error { _, err := io.WriteString(w, "checkpoint"); return err }
func (archive) Prove(io.Writer, int64) error { return errors.New("no such entry") }

func (archive) Export(_ context.Context, w io.Writer) error {
	_, _ = io.WriteString(w, "half")
	return errMachine
}

func (a *archive) Answer(answer status.Answer) error { a.did = append(a.did, answer); return nil }

func (archive) Erasable(context.Context, status.Erasure) (status.Erased, error) {
	return status.Erased{Readings: 12, RollUps: 3, Series: []string{"linky/voltage/1"}}, nil
}

func (a *archive) Erase(_ context.Context, e status.Erasure) (status.Erased, error) {
	a.did = append(a.did, e)
	return status.Erased{}, nil
}

// seenBy fetches a page, with the password or without.
func seenBy(handler http.Handler, path, language string, in bool) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	r.Header.Set("Accept-Language", language)
	if in {
		r.AddCookie(&http.Cookie{Name: "in", Value: "yes"})
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestMyData(t *testing.T) {
	t.Parallel()
	handler := status.Handler(household, status.Options{Entry: &doorkeeper{}, House: &archive{}})
	table := []struct {
		language string
		in       bool
		path     string
		want     []string
		absent   []string
	}{
		{"fr", false, "/mesdonnees", []string{"attend votre réponse", "une valeur toutes les 10 minutes", "à la fin du jour", "Pour répondre à un accord", "Un effacement attend. Faites de la place."}, []string{"Refuser", "Effacer pour de bon", "preuve au registre"}},
		{"fr", true, "/mesdonnees", []string{"Refuser", "Accepter", "Retirer l’accord", "Je l’ai dit à the mayor", "Télécharger mes données", "preuve au registre"}, []string{"Effacer pour de bon"}},
		{"en", true, "/mydata?verify=1", []string{"entry 7 is not what it was", "voltage/* (of: voisins)", "yes, it is seen", "without an end"}, nil},
		{"en", true, "/mydata?what=period&since=2026-11-01&to=2026-11-02", []string{"Would be erased: 12 readings and 3 roll-ups, of 1 series.", "Erase for good", "Type the word “erase” to confirm."}, nil},
		{"en", true, "/mydata?what=period", []string{"Give a first or a last day."}, []string{"Erase for good"}},
		{"en", true, "/mydata?what=series", []string{"Choose the series."}, []string{"Erase for good"}},
		{"en", true, "/mydata?what=period&since=2026-11-03&to=2026-11-02", []string{"The last day is before the first."}, []string{"Erase for good"}},
		{"en", true, "/mydata?what=period&since=yesterday", []string{"This is not a day such as 2027-12-31."}, []string{"Erase for good"}},
		{"en", false, "/mydata?what=all&verify=1", nil, []string{"Erase for good", "entry 7"}},
	}
	for _, row := range table {
		page := seenBy(handler, row.path, row.language, row.in).Body.String()
		sound(t, row.path, page, row.language)
		said := words(t, page)
		for _, want := range row.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s in %s does not say %q; it says\n%s", row.path, row.language, want, said)
			}
		}
		for _, absent := range row.absent {
			if strings.Contains(said, absent) {
				t.Errorf("%s in %s says %q", row.path, row.language, absent)
			}
		}
	}
}

// What is sent is what is done, in the household's days.
func TestMyDataDoes(t *testing.T) {
	t.Parallel()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, noon.Location()) }
	table := []struct {
		name   string
		values []string
		to     string
		did    []any
	}{
		{"accept", []string{"do", "accept", "consent", "aa", "finest", "P1D", "until", "2027-12-31"}, "/mydata?done=accept#terms-aa", []any{status.Answer{Consent: "aa", Do: "accept", Finest: "P1D", Until: day(2027, 12, 31)}}},
		{"withdraw", []string{"do", "withdraw", "consent", "bb"}, "/mydata?done=withdraw#terms-bb", []any{status.Answer{Consent: "bb", Do: "withdraw"}}},
		{"erase all", []string{"do", "erase", "what", "all", "word", " ERASE"}, "/mydata?done=erase", []any{status.Erasure{}}},
		{"erase a day", []string{"do", "erase", "what", "period", "since", "2026-10-25", "to", "2026-10-25", "word", "erase"}, "/mydata?done=erase", []any{status.Erasure{From: day(2026, 10, 25), To: day(2026, 10, 26)}}},
		{"erase a series", []string{"do", "erase", "what", "series", "series", "linky/x", "word", "erase"}, "/mydata?done=erase", []any{status.Erasure{Series: []string{"linky/x"}}}},
		{"another word", []string{"do", "erase", "what", "all", "word", "effacer"}, "", nil},
		{"all of a day", []string{"do", "erase", "what", "all", "since", "2026-10-25", "word", "erase"}, "", nil},
		{"nothing chosen", []string{"do", "erase", "word", "erase"}, "", nil},
	}
	for _, row := range table {
		house := &archive{}
		w := send(status.Handler(household, status.Options{Entry: &doorkeeper{}, House: house}), "/mydata", append(row.values, "form", "erase")...)
		if got := w.Header().Get("Location"); got != row.to {
			t.Errorf("%s: %d to %q, want %q", row.name, w.Code, got, row.to)
		}
		if diff := cmp.Diff(row.did, house.did); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	handler := status.Handler(household, status.Options{House: &archive{}})
	w := seenBy(handler, "/mesdonnees/registre.txt", "en", true)
	if got := w.Header().Get("Content-Disposition"); w.Body.String() != "checkpoint" || got != `attachment; filename="releve-checkpoint.txt"` {
		t.Errorf("%s: %s", got, w.Body)
	}
	if w := seenBy(handler, "/mesdonnees/preuve/9", "en", true); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "no such entry") || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	answer, err := server.Client().Get(server.URL + "/mesdonnees/export.zip")
	if err != nil {
		return // it was cut off before anything of it had left
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("an export that broke off ends as if it were whole: %q", text)
	}
}
