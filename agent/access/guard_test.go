package access_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/access"
)

// Who may reach what, in full: a row a route, a column a visitor. A column that is missing here is one that nobody decided on.
func TestWhoMayReachWhat(t *testing.T) {
	t.Parallel()
	const columns = "nobody session expired out screen revoked origin host"
	table := []struct {
		route        string
		open, closed string // codes of the columns; a dot is 0
	}{
		{"GET /", ". . . . . . 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /events", ". . . . . . 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /api/v1/status", ". . . . . . 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /metrics", ". . . . . . 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /nowhere", ". . . . . . 403 421", "401 . 401 401 401 401 403 421"},
		{"HEAD /", ". . . . . . 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /mesdonnees", ". . . . . . 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /healthz", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"GET /readyz", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"GET /assets/page.css", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"GET /connexion", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"POST /connexion", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"GET /bienvenue", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"POST /bienvenue", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"GET /login", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"POST /welcome", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"GET /kiosk", ". . . . . . 403 421", "401 . 401 401 . 401 403 421"},
		{"GET /kiosk.png", ". . . . . . 403 421", "401 . 401 401 . 401 403 421"},
		{"GET /kiosk/now", ". . . . . . 403 421", "401 . 401 401 . 401 403 421"},
		{"POST /kiosk", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /kiosk/entree", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"POST /kiosk/enter", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"POST /kiosk/entree", ". . . . . . 403 421", ". . . . . . 403 421"},
		{"POST /", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"PUT /api/v1/status", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"DELETE /nowhere", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"POST /assets/page.css", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"POST /mesdonnees", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /mesdonnees/export", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /mydata", ". . . . . . 403 421", "401 . 401 401 401 401 403 421"},
		{"POST /mydata", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /mydata/export", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /settings", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"POST /settings", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /settings/", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /config", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"POST /config", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"GET /config/ecrans", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
		{"POST /config/motdepasse", "401 . 401 401 401 401 403 421", "401 . 401 401 401 401 403 421"},
	}
	h := newHouse(t)
	visitors := h.visitors()
	for _, row := range table {
		for _, rules := range []struct {
			open bool
			want string
		}{{true, row.open}, {false, row.closed}} {
			guard := h.Guard(access.Rules{Open: rules.open})
			var got []string
			for column := range strings.FieldsSeq(columns) {
				_, code := guard.Judge(visitors[column](row.route))
				got = append(got, strings.TrimPrefix(fmt.Sprint(code), "0"))
				if code == 0 {
					got[len(got)-1] = "."
				}
			}
			if diff := cmp.Diff(rules.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("%s, open %t: %s\n%s", row.route, rules.open, columns, diff)
			}
		}
	}
}

// visitors are those of the columns. The order in which they come to be matters, for the clock goes on.
func (h *house) visitors() map[string]func(route string) *http.Request {
	h.settle()
	expired := h.logIn()
	h.now += access.IdleEnd
	session, out := h.logIn(), h.logIn()
	h.LogOut(httptest.NewRecorder(), out.request("POST /connexion"))
	screen, revoked := h.screen(), h.screen()
	h.revokeLast()
	other := func(change func(r *http.Request)) func(string) *http.Request {
		return func(route string) *http.Request {
			r := session.request(route)
			change(r)
			return r
		}
	}
	return map[string]func(string) *http.Request{
		"nobody": new(browser).request, "session": session.request, "expired": expired.request, "out": out.request,
		"screen": screen.request, "revoked": revoked.request,
		"origin": other(func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }),
		"host":   other(func(r *http.Request) { r.Host = "evil.example" }),
	}
}

func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, route string
		header      map[string]string
		want        int
	}{
		{"a form of our own page", "POST /connexion", map[string]string{"Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-origin"}, 0},
		{"a form of ours, in a browser that says less on plain http", "POST /connexion", map[string]string{"Origin": "http://localhost:8080"}, 0},
		{"a program", "POST /connexion", nil, 0},
		{"a form of another site", "POST /connexion", map[string]string{"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}, 403},
		{"of another site, in a browser that says less", "POST /connexion", map[string]string{"Origin": "http://evil.example"}, 403},
		{"of a page without an origin", "POST /connexion", map[string]string{"Origin": "null"}, 403},
		{"of another port of this device", "POST /connexion", map[string]string{"Origin": "http://localhost:80", "Sec-Fetch-Site": "same-site"}, 403},
		{"a link on another site", "GET /", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 0},
		{"an address typed in", "GET /", map[string]string{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 0},
		{"a picture on another site", "GET /kiosk.png", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		{"a script of another site", "GET /api/v1/status", map[string]string{"Origin": "http://evil.example"}, 403},
		{"a script of ours", "GET /api/v1/status", map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 0},
	}
	h := newHouse(t)
	guard := h.Guard(access.Rules{Open: true})
	for _, row := range table {
		r := new(browser).request(row.route)
		for name, value := range row.header {
			r.Header.Set(name, value)
		}
		if _, code := guard.Judge(r); code != row.want {
			t.Errorf("%s: %d, want %d", row.name, code, row.want)
		}
	}
}

func TestFurtherHosts(t *testing.T) {
	t.Parallel()
	guard := newHouse(t).Guard(access.Rules{Open: true, Hosts: []string{"energie.example"}})
	for host, want := range map[string]int{"energie.example": 0, "Energie.Example:443": 0, "other.example": 421} {
		r := new(browser).request("GET /")
		r.Host = host
		if _, code := guard.Judge(r); code != want {
			t.Errorf("%s: %d, want %d", host, code, want)
		}
	}
}

// What a handler is told of who asks.
func TestWho(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settle()
	session, screen := h.logIn(), h.screen()
	both := &browser{cookies: append(session.cookies, screen.cookies...)}
	program := func(route string) *http.Request {
		r := new(browser).request(route)
		r.Header.Set("Authorization", "Bearer "+screen.cookies[0].Value)
		return r
	}
	type who struct {
		In     bool
		Screen bool
		View   string
	}
	table := map[string]struct {
		request func(string) *http.Request
		want    who
	}{
		"nobody": {new(browser).request, who{}}, "session": {session.request, who{In: true}},
		"screen": {screen.request, who{Screen: true, View: "now"}}, "both": {both.request, who{In: true, View: "now"}},
		"program": {program, who{Screen: true, View: "now"}},
	}
	for name, row := range table {
		r, code := h.Guard(access.Rules{Open: true}).Judge(row.request("GET /kiosk"))
		pass, screen := access.Kiosk(r)
		if got := (who{access.IsIn(r), screen, pass.View}); code != 0 || got != row.want {
			t.Errorf("%s: %d %+v, want %+v", name, code, got, row.want)
		}
	}
	if r := session.request("GET /kiosk"); access.IsIn(r) {
		t.Error("a request that no guard has judged is of somebody")
	}
}
