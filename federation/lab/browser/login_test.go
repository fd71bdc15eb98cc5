package browser

import (
	"os/exec"
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
	owner.submit()
	owner.Go(s.house.page("/connexion"))
	if text := owner.Text(); !strings.Contains(text, "Vous êtes connecté") {
		t.Errorf("who has chosen the password is not in; the page says:\n%s", text)
	}

	stranger := s.browser.Open(t, View{})
	stranger.Expect("the server responded with a status of 4") // a wrong password, then a pause
	stranger.Go(s.house.page("/connexion"))
	said := ""
	for range 10 { // the first pauses are of a second, which a busy machine may not notice
		stranger.Fill(`input[name="password"]`, "la tour Eiffel")
		stranger.submit()
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

// submit sends the form of the page and waits for the page that comes.
func (p *Page) submit() {
	p.t.Helper()
	if _, err := chromedp.RunResponse(p.ctx, chromedp.Click(chromedp.CSS("main form button"))); err != nil {
		p.t.Fatalf("send the form: %v", err)
	}
}
