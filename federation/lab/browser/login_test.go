package browser

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// logsIn chooses the password at the first visit, as who holds the device; somebody else then guesses it, and is made to
// wait. It comes after the other screens: they are looked at as a stranger sees them.
func (s *suite) logsIn(t *testing.T) {
	var code string
	await(t, "the code of the first visit", func() bool {
		out, err := exec.CommandContext(t.Context(), s.house.releve, "access", "code", "--config", s.house.path("releve.toml")).Output()
		code = strings.TrimSpace(string(out))
		return err == nil && code != ""
	})
	const password = "un phare sous la pluie"
	owner := s.browser.Open(t, View{})
	owner.Go(s.house.page("/bienvenue"))
	owner.Fill(`input[name="code"]`, code)
	owner.Fill(`input[name="choose"]`, password)
	owner.Fill(`input[name="again"]`, password)
	owner.submit("main form button")
	owner.Go(s.house.page("/connexion"))
	if text := owner.Text(); !strings.Contains(text, "Vous êtes connecté") {
		t.Errorf("who has chosen the password is not in; the page says:\n%s", text)
	}
	s.answers(t, owner)
	for _, screen := range screens() {
		if slices.Contains([]string{"/config", "/mesdonnees", "/connexion"}, screen.fr) { // which show an owner more
			screen.name += "-owner"
			screen.another = screen.fr == "/connexion" // it has a button for a field
			s.walk(t, owner, screen)
		}
	}
	owner.Look(View{})

	stranger := s.browser.Open(t, View{})
	stranger.Expect("the server responded with a status of 4") // a wrong password, then a pause
	stranger.Go(s.house.page("/connexion"))
	said := ""
	for range 10 { // the first pauses are of a second, which a busy machine may not notice
		stranger.Fill(`input[name="password"]`, "la tour Eiffel")
		stranger.submit("main form button")
		if said = stranger.Text(); strings.Contains(strings.ReplaceAll(said, "\u00a0", " "), "Trop de mots de passe faux : attendez") {
			break
		}
	}
	stranger.Shot("connexion/fr-locked")
	if !strings.Contains(said, "Trop de mots de passe faux") {
		t.Errorf("who has guessed ten times need not wait; the page says:\n%s", said)
	}
	stranger.Go(s.house.page("/connexion"))
	if text := stranger.Text(); strings.Contains(text, "Vous êtes connecté") {
		t.Errorf("who has guessed is in:\n%s", text)
	}
}

// answers has the owner accept a consent that waits, and take it back; each time the agent says so elsewhere too.
func (s *suite) answers(t *testing.T, owner *Page) {
	consent := func(args ...string) string {
		return s.house.do(t, append([]string{"consent"}, append(args, "--config", s.house.path("releve.toml"))...)...)
	}
	consent("request", "coop@breizh-sen1.example", "--purpose", "Comparer nos maisons", "--resolution", "PT1H")
	owner.Go(s.house.page("/mesdonnees"))
	owner.Shot("mesdonnees/fr-waiting")
	for _, violation := range owner.Audit(s.axe) {
		t.Error(violation)
	}
	for _, step := range []struct{ do, state, said string }{
		{"accept", "in force", "Retirer l’accord"}, {"withdraw", "withdrawn", "plus rien ne part, pas même ce qui attendait"},
	} {
		owner.submit(`.terms form:has([name="do"][value="` + step.do + `"]) button`)
		owner.Shot("mesdonnees/fr-" + step.do)
		if text := owner.Text(); !strings.Contains(text, step.said) {
			t.Errorf("%s: the page says:\n%s", step.do, text)
		}
		if list := consent("list", "--json"); !strings.Contains(list, `"state":"`+step.state+`"`) {
			t.Errorf("%s: the agent has:\n%s", step.do, list)
		}
	}
}

// submit presses a button and waits for the page that comes.
func (p *Page) submit(button string) {
	p.t.Helper()
	if _, err := chromedp.RunResponse(p.ctx, chromedp.Click(chromedp.CSS(button))); err != nil {
		p.t.Fatalf("send the form: %v", err)
	}
}
