package status_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
)

// doorkeeper lets in whoever says "open", and remembers what it was asked.
type doorkeeper struct {
	isNew bool
	asked []string
}

var errMachine = errors.New("the card is full")

func (d *doorkeeper) IsNew() bool { return d.isNew }

func (d *doorkeeper) IsIn(r *http.Request) bool {
	c, err := r.Cookie("in")
	return err == nil && c.Value == "yes"
}

func (d *doorkeeper) note(words ...string) error {
	d.asked = append(d.asked, strings.Join(words, " "))
	switch words[len(words)-1] {
	case "open":
		return nil
	case "full":
		return errMachine
	}
	return &status.Refusal{Field: "password", Text: status.Say("Ce n'est pas le mot de passe.", "This is not the password.")}
}

func (d *doorkeeper) Settle(_ http.ResponseWriter, _ *http.Request, code, password string) error {
	return d.note("settle", code, password)
}

func (d *doorkeeper) LogIn(_ http.ResponseWriter, _ *http.Request, password string) error {
	return d.note("log in", password)
}
func (d *doorkeeper) LogOut(http.ResponseWriter, *http.Request) { _ = d.note("log out") }
func (d *doorkeeper) LogOutEverywhere(http.ResponseWriter, *http.Request) error {
	return d.note("log out everywhere", "open")
}

func (d *doorkeeper) ChangePassword(_ http.ResponseWriter, _ *http.Request, old, next string) error {
	return d.note("change", old, next)
}

func (d *doorkeeper) Exchange(_ http.ResponseWriter, _ *http.Request, token string) error {
	return d.note("exchange", token)
}

// send posts a form, in English.
func send(handler http.Handler, path string, values ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestLogin(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, path string
		values     []string
		code       int
		to, says   string
		asked      []string
	}{
		{"the password", "/login", []string{"form", "login", "password", "open"}, 303, "/", "", []string{"log in open"}},
		{"on the way to a screen", "/login", []string{"password", "open", "to", "/settings?done=x"}, 303, "/settings?done=x", "", []string{"log in open"}},
		{"on the way elsewhere", "/login", []string{"password", "open", "to", "https://evil.example/"}, 303, "/", "", []string{"log in open"}},
		{"elsewhere without a scheme", "/login", []string{"password", "open", "to", "//evil.example/"}, 303, "/", "", []string{"log in open"}},
		{"elsewhere for a browser that is lenient", "/login", []string{"password", "open", "to", `/\evil.example/`}, 303, "/", "", []string{"log in open"}},
		{"another password", "/login", []string{"form", "login", "password", "shut"}, 422, "", `id="login-password-wrong" role="alert"`, []string{"log in shut"}},
		{"a trouble of ours", "/login", []string{"form", "login", "password", "full"}, 422, "", "This could not be done: the card is full.", []string{"log in full"}},
		{"out", "/login", []string{"form", "logout", "do", "logout"}, 303, "/login?done=logout", "", []string{"log out"}},
		{"the first visit", "/welcome", []string{"form", "welcome", "code", "AB", "choose", "open", "again", "open"}, 303, "/", "", []string{"settle AB open"}},
		{"typed otherwise", "/welcome", []string{"form", "welcome", "code", "AB", "choose", "open", "again", "opne"}, 422, "", `id="welcome-again-wrong" role="alert"`, nil},
		{"too much", "/login", []string{"password", strings.Repeat("x", 70_000)}, 400, "", "nothing has changed", nil},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			keeper := &doorkeeper{isNew: row.path == "/welcome"}
			w := send(status.Handler(household, status.Options{Entry: keeper}), row.path, row.values...)
			if w.Code != row.code || w.Header().Get("Location") != row.to || !strings.Contains(w.Body.String(), row.says) {
				t.Errorf("%d to %q, want %d to %q saying %q:\n%s", w.Code, w.Header().Get("Location"), row.code, row.to, row.says, w.Body)
			}
			if diff := cmp.Diff(row.asked, keeper.asked); diff != "" {
				t.Error(diff)
			}
			if row.code == http.StatusUnprocessableEntity {
				sound(t, row.path, w.Body.String(), "en")
			}
			if strings.Contains(w.Body.String(), `value="shut"`) {
				t.Error("a password is sent back")
			}
		})
	}
}

// What the guard refuses is told by a page, and a person who has to log in is led there and back.
func TestRefusedByTheGuard(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, accept string
		isNew        bool
		code, want   int
		to, says     string
	}{
		{name: "let through", code: 0, want: 200, says: "<!doctype html>"},
		{name: "a person", accept: "text/html", code: 401, want: 303, to: "/login?to=%2Fhealth%3Fa%3D1"},
		{name: "a person, before the first visit", accept: "text/html", isNew: true, code: 401, want: 303, to: "/welcome?to=%2Fhealth%3Fa%3D1"},
		{name: "a program", accept: "application/json", code: 401, want: 401, says: "The password of the page is needed"},
		{name: "another site", accept: "text/html", code: 403, want: 403, says: "This request comes from another site"},
		{name: "another name", accept: "text/html", code: 421, want: 421, says: "This device does not answer to the name “&lt;script&gt;”"},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			handler := status.Handler(household, status.Options{
				Entry: &doorkeeper{isNew: row.isNew},
				Guard: func(r *http.Request) (*http.Request, int) { return r, row.code },
			})
			r := httptest.NewRequest(http.MethodGet, "http://localhost/health?a=1", nil)
			r.Header.Set("Accept-Language", "en")
			r.Header.Set("Accept", row.accept)
			r.Host = "<script>"
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != row.want || w.Header().Get("Location") != row.to || !strings.Contains(w.Body.String(), row.says) {
				t.Errorf("%d to %q, want %d to %q saying %q:\n%s", w.Code, w.Header().Get("Location"), row.want, row.to, row.says, w.Body)
			}
			guarded(t, w.Header())
		})
	}
}
