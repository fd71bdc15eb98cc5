package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/pairing"
)

const pagePassword = "le chat dort sur le compteur"

// reader is somebody with a browser that speaks English, without scripts.
type reader struct {
	t    *testing.T
	page string // http://127.0.0.1:PORT
	http.Client
}

func newReader(t *testing.T, address string) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	each := &http.Transport{DisableKeepAlives: true} // what is kept may have been idle for too long when a form goes
	return &reader{t: t, page: "http://" + address, Client: http.Client{Jar: jar, Transport: each}}
}

// shownPage is what a reader got: redirections are followed.
type shownPage struct {
	code int
	path string
	text string
}

func (v *reader) does(method, path string, form url.Values) shownPage {
	v.t.Helper()
	r, err := http.NewRequest(method, v.page+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", "en")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", v.page)
	}
	answer, err := v.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return shownPage{answer.StatusCode, answer.Request.URL.RequestURI(), string(text)}
}

func (v *reader) goes(path string) shownPage { return v.does(http.MethodGet, path, nil) }

// sends fills in a form: names and values in turn.
func (v *reader) sends(path string, values ...string) shownPage {
	form := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	return v.does(http.MethodPost, path, form)
}

// says checks where a reader came to, and that a sentence is there.
func (s shownPage) says(t *testing.T, code int, path, sentence string) {
	t.Helper()
	if s.code != code || s.path != path || !strings.Contains(s.text, sentence) {
		t.Errorf("%d at %s, want %d at %s saying %q:\n%s", s.code, s.path, code, path, sentence, s.text)
	}
}

// opensPage waits for the page and returns a reader to it.
func (s *steered) opensPage() *reader {
	s.t.Helper()
	v := newReader(s.t, s.settings().Status.Listen)
	s.until("the page answers", func() bool {
		answer, err := v.Get(v.page + "/healthz")
		return err == nil && answer.Body.Close() == nil
	})
	return v
}

// pageCode waits for the code of the first visit in its file.
func (s *steered) pageCode() string {
	s.t.Helper()
	var code string
	s.until("the code of the page is in its file", func() bool {
		text, _ := os.ReadFile(filepath.Join(s.dir, "state", codeFile))
		if found := regexp.MustCompile(`Code de la page : ([A-Z2-9]{4}-[A-Z2-9]{4})\n`).FindSubmatch(text); found != nil {
			code = string(found[1])
		}
		return code != ""
	})
	return code
}

// firstVisit chooses the password of the page.
func (s *steered) firstVisit(v *reader) {
	s.t.Helper()
	v.settles(s.pageCode())
}

// settles chooses the password by the code that the device shows.
func (v *reader) settles(code string) {
	v.t.Helper()
	v.sends("/welcome", "form", "welcome", "code", code, "choose", pagePassword, "again", pagePassword).says(v.t, 200, "/", "Log out")
}

// The code that chose the password gives way to no other, however often it is looked at meanwhile.
func TestCodeIsUsedUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	machine, err := clock.OpenSystem()
	must(t, err)
	e, err := openEntry(dir, machine, quiet)
	must(t, err)
	cfg := config.Config{Status: config.Status{Listen: "127.0.0.1:1"}}
	code, done := e.shown(cfg), make(chan error, 1)
	go func() {
		done <- e.Settle(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/welcome", nil), code, pagePassword)
	}()
	for settled := false; !settled; {
		select {
		case err := <-done:
			must(t, err)
			settled = true
		default:
			if now := e.shown(cfg); now != code && now != "" {
				t.Errorf("after %s there is %s", code, now)
				must(t, <-done)
				settled = true
			}
		}
	}
	if s, err := pairing.Look(filepath.Join(dir, welcomeFile)); err != nil || s.Owner == "" || e.IsNew() {
		t.Errorf("the code is of %q, %v", s.Owner, err)
	}
}

// The code of the first visit is in front of the device only and good once, and another is there when the password is
// forgotten. All of it is in the ledger.
func TestFirstVisitOfThePage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSteered(t, dir, patient, "")
	s.reads()
	verb := func(name string) outcome {
		return typed(t, "", "access", name, "--config", filepath.Join(dir, "releve.toml"))
	}
	code, v := s.pageCode(), s.opensPage()
	if got := verb("code"); got.code != exitDone || got.out != code+"\n" {
		t.Errorf("code: %+v, want %s", got, code)
	}
	if page := v.goes("/api/v1/status").text + v.goes("/").text + v.goes("/health").text; strings.Contains(page, code) || strings.Contains(s.log.String(), code) {
		t.Error("the page or the log says the code")
	}
	v.goes("/settings").says(t, 200, "/welcome?to=%2Fsettings", "First visit")
	v.sends("/welcome", "form", "welcome", "code", "AAAA-AAAA", "choose", pagePassword, "again", pagePassword).
		says(t, 422, "/welcome", "This is not the code that the device shows.")
	v.sends("/welcome", "form", "welcome", "code", code, "choose", "short", "again", "short").says(t, 422, "/welcome", "At least 10 characters are needed.")
	s.firstVisit(v)
	s.until("the code is taken away", func() bool {
		_, err := os.Stat(filepath.Join(dir, "state", codeFile))
		return errors.Is(err, os.ErrNotExist)
	})
	if got := verb("code"); got.code != exitFailed || got.talk != "releve: the page has a password; releve access reset forgets it\n" {
		t.Errorf("code: %+v", got)
	}

	v.sends("/login", "form", "logout", "do", "logout").says(t, 200, "/login?done=logout", "You are logged out.")
	for range 3 {
		v.sends("/login", "form", "login", "password", "another one").says(t, 422, "/login", "This is not the password of this page.")
	}
	long := regexp.MustCompile("Too many wrong passwords: wait ([2-9]|[1-9][0-9]+) ") // each pause is twice the one before
	for !long.MatchString(v.sends("/login", "form", "login", "password", "another one").text) {
	}
	v.sends("/login", "form", "login", "password", pagePassword).says(t, 422, "/login", "Too many wrong passwords: wait ")
	if got := verb("reset"); got.code != exitDone || !s.entry.IsNew() {
		t.Errorf("reset: %+v", got)
	}
	if again := s.pageCode(); again == code {
		t.Errorf("the code is %s again", again)
	}
	s.stop()
	want := []string{
		"page: page: password chosen:  → ", "page: page: too many wrong passwords:  → ", "terminal: page: password forgotten:  → ",
	}
	if diff := gocmp.Diff(want, s.written()); diff != "" {
		t.Errorf("ledger: %s", diff)
	}
}
