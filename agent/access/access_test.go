package access_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/access"
)

const (
	password = "le chat dort sur le compteur"
	wrong    = "le chien aboie dans la cour"
	rightOne = "KQ7M-2XVD"
)

// house is a device whose clock a test moves.
type house struct {
	*access.Access
	t    *testing.T
	file string
	now  time.Duration
}

var errCode = errors.New("another code")

// code is the device's, good once.
type code struct{ used bool }

func (c *code) Claim(_, _, given string) error {
	if c.used || given != rightOne {
		return errCode
	}
	c.used = true
	return nil
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, file: filepath.Join(t.TempDir(), "access.json"), now: time.Hour}
	h.start()
	return h
}

// start opens it, as after a start of the process.
func (h *house) start() {
	h.t.Helper()
	a, err := access.Open(access.Options{File: h.file, Code: &code{}, Now: func() time.Duration { return h.now }})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Access = a
}

// browser keeps the cookies it is given.
type browser struct {
	cookies []*http.Cookie
	address string
}

// request makes one of "METHOD /path".
func (b *browser) request(route string) *http.Request {
	method, path, _ := strings.Cut(route, " ")
	r := httptest.NewRequest(method, "http://localhost:8080"+path, nil)
	if r.RemoteAddr = "192.168.1.20:4711"; b.address != "" {
		r.RemoteAddr = b.address
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	return r
}

// does makes a request and keeps the cookies of its answer.
func (b *browser) does(do func(w http.ResponseWriter, r *http.Request) error) error {
	w := httptest.NewRecorder()
	err := do(w, b.request("POST /"))
	for _, c := range w.Result().Cookies() {
		b.cookies = append(slices.DeleteFunc(slices.Clone(b.cookies), func(had *http.Cookie) bool { return had.Name == c.Name }), c)
	}
	return err
}

func (h *house) settle() *browser {
	h.t.Helper()
	b := &browser{}
	if err := b.does(func(w http.ResponseWriter, r *http.Request) error { return h.Settle(w, r, rightOne, password) }); err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *house) tryAs(b *browser, password string) error {
	return b.does(func(w http.ResponseWriter, r *http.Request) error { return h.LogIn(w, r, password) })
}

func (h *house) logIn() *browser {
	h.t.Helper()
	b := &browser{}
	if err := h.tryAs(b, password); err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *house) screen() *browser {
	h.t.Helper()
	token, err := h.Issue(access.Pass{Name: "hall", View: "now", Resolution: "PT10M"})
	if err != nil {
		h.t.Fatal(err)
	}
	b := &browser{}
	if err := b.does(func(w http.ResponseWriter, r *http.Request) error {
		_, err := h.Exchange(w, r, " "+token+"\n")
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *house) revokeLast() {
	h.t.Helper()
	all := h.Passes()
	if _, err := h.Revoke(all[len(all)-1].ID); err != nil {
		h.t.Fatal(err)
	}
}

// in says whether a browser is let through to what only the password opens.
func (h *house) in(b *browser) bool {
	_, code := h.Guard(access.Rules{Open: true}).Judge(b.request("GET /config"))
	return code == 0
}

func TestFirstVisit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	try := func(code, password string) error {
		return new(browser).does(func(w http.ResponseWriter, r *http.Request) error { return h.Settle(w, r, code, password) })
	}
	if err := h.tryAs(&browser{}, password); !errors.Is(err, access.ErrNew) || !h.IsNew() {
		t.Errorf("a login before the first visit: %v", err)
	}
	for _, row := range []struct {
		code, password string
		want           error
	}{
		{"AAAA-AAAA", password, errCode}, {rightOne, "court", access.ErrShort}, {rightOne, strings.Repeat("é", 129), access.ErrLong},
		{rightOne, "motdepasse1", access.ErrPlain}, {rightOne, "Linky123456", access.ErrPlain}, {rightOne, "aaaaaaaaaaaa", access.ErrPlain},
	} {
		if err := try(row.code, row.password); !errors.Is(err, row.want) || !h.IsNew() {
			t.Errorf("%s, %q: %v, want %v", row.code, row.password, err, row.want)
		}
	}
	b := h.settle()
	if !h.in(b) || h.IsNew() {
		t.Error("who made the first visit is not in")
	}
	if err := try(rightOne, password); !errors.Is(err, access.ErrSet) {
		t.Errorf("a second first visit: %v", err)
	}
	h.start()
	if h.IsNew() || h.in(b) {
		t.Error("after a start the password is lost, or a session is not")
	}
	if !h.in(h.logIn()) {
		t.Error("no login after a start")
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settle()
	busy, idle := h.logIn(), h.logIn()
	for end := h.now + access.AbsoluteEnd; h.now+access.IdleEnd/2 < end; {
		if h.now += access.IdleEnd / 2; !h.in(busy) {
			t.Fatal("a session ended that was used")
		}
	}
	if h.in(idle) {
		t.Error("a session goes on that was not used")
	}
	if h.now += access.IdleEnd / 2; h.in(busy) {
		t.Error("a session goes on for ever")
	}

	one, two := h.logIn(), h.logIn()
	h.LogOut(httptest.NewRecorder(), one.request("POST /connexion"))
	if h.in(one) || !h.in(two) {
		t.Error("who logged out is in, or somebody else is not")
	}
	if err := h.LogOutEverywhere(httptest.NewRecorder(), two.request("POST /")); err != nil || h.in(two) {
		t.Errorf("logged out everywhere and in: %v", err)
	}
	one, two = h.logIn(), h.logIn()
	const next = "une autre phrase assez longue"
	err := one.does(func(w http.ResponseWriter, r *http.Request) error { return h.ChangePassword(w, r, password, next) })
	if err != nil || !h.in(one) || h.in(two) {
		t.Errorf("after the password changed: %v, %t, %t", err, h.in(one), h.in(two))
	}
	if err := h.tryAs(&browser{}, password); !errors.Is(err, access.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if err := h.Reset(); err != nil || h.in(one) || !h.IsNew() {
		t.Errorf("reset: %v, in %t", err, h.in(one))
	}
}

// A session of a browser that logs in again ends: a cookie that was read once is good no longer.
func TestLoginBeginsASessionAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.settle()
	second := &browser{cookies: first.cookies}
	if err := h.tryAs(second, password); err != nil {
		t.Fatal(err)
	}
	if h.in(first) || !h.in(second) {
		t.Errorf("before the login in: %t, after it: %t", h.in(first), h.in(second))
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settle()
	for _, secure := range []bool{false, true} {
		w := httptest.NewRecorder()
		r := new(browser).request("POST /connexion")
		if secure {
			r.Header.Set("X-Forwarded-Proto", "https")
		}
		if err := h.LogIn(w, r, password); err != nil {
			t.Fatal(err)
		}
		var got []http.Cookie
		for _, c := range w.Result().Cookies() {
			if len(c.Value) < 43 && c.Name == "releve-session" {
				t.Errorf("a session of %d characters", len(c.Value))
			}
			got = append(got, http.Cookie{Name: c.Name, Path: c.Path, MaxAge: c.MaxAge, HttpOnly: c.HttpOnly, Secure: c.Secure, SameSite: c.SameSite})
		}
		want := []http.Cookie{
			{Name: "releve-session", Path: "/", MaxAge: 12 * 3600, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode},
			{Name: "releve-browser", Path: "/", MaxAge: 400 * 24 * 3600, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// What is on the card lets nobody in.
func TestNothingKeptOpensAnything(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, screen := h.settle(), h.screen()
	kept, err := os.ReadFile(h.file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(b.cookies, screen.cookies...) {
		if strings.Contains(string(kept), c.Value) {
			t.Errorf("%s is kept as it is", c.Name)
		}
	}
	if strings.Contains(string(kept), password) {
		t.Error("the password is kept as it is")
	}
	if !regexp.MustCompile(`"\$argon2id\$v=19\$m=7168,t=5,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}"`).Match(kept) {
		t.Errorf("the password is not kept as argon2id: %s", kept)
	}
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{", `{"password":"plain"}`, `{"password":"$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`,
		`{"password":"$argon2id$v=19$m=7168,t=5,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","browsers":"AA=="}`,
	} {
		file := filepath.Join(t.TempDir(), "access.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := access.Open(access.Options{File: file, Now: func() time.Duration { return 0 }})
		if err == nil || a == nil || !a.IsNew() {
			t.Errorf("%s: %v, %v", text, a, err)
		}
	}
}

func TestPasses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, name := range []string{"", "  ", "a\x00b", strings.Repeat("x", 65)} {
		if _, err := h.Issue(access.Pass{Name: name}); !errors.Is(err, access.ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	var first *browser
	for range 32 {
		if b := h.screen(); first == nil {
			first = b
		}
	}
	if _, err := h.Issue(access.Pass{Name: "one more"}); !errors.Is(err, access.ErrFull) {
		t.Errorf("one more than there may be: %v", err)
	}
	h.start()
	closed := h.Guard(access.Rules{})
	if _, code := closed.Judge(first.request("GET /kiosk")); code != 0 {
		t.Errorf("a screen after a start: %d", code)
	}
	if _, err := h.Revoke("00"); !errors.Is(err, access.ErrNone) {
		t.Errorf("no such pass: %v", err)
	}
	if p, err := h.Revoke(h.Passes()[0].ID); err != nil || p.Name != "hall" {
		t.Errorf("revoked %+v, %v", p, err)
	}
	if _, code := closed.Judge(first.request("GET /kiosk")); code != 401 {
		t.Errorf("a screen whose pass was taken back: %d", code)
	}
	if _, err := h.Exchange(httptest.NewRecorder(), new(browser).request("POST /kiosk/entree"), "nonsense"); !errors.Is(err, access.ErrNone) {
		t.Errorf("a token of nobody: %v", err)
	}
}

// What a login costs: 39 ms on amd64, 440 ms as an ARMv6 program that is emulated there.
func BenchmarkLogin(b *testing.B) {
	a, err := access.Open(access.Options{File: filepath.Join(b.TempDir(), "access.json"), Code: &code{}, Now: func() time.Duration { return 0 }})
	if err != nil {
		b.Fatal(err)
	}
	visitor := &browser{}
	if err := visitor.does(func(w http.ResponseWriter, r *http.Request) error { return a.Settle(w, r, rightOne, password) }); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := visitor.does(func(w http.ResponseWriter, r *http.Request) error { return a.LogIn(w, r, password) }); err != nil {
			b.Fatal(err)
		}
	}
}
