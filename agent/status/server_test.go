package status_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, method, path string
		snapshot           func() status.Snapshot
		code               int
		kind, body         string
		header             map[string]string
	}{
		{
			name: "the page", path: "/", snapshot: household,
			code: 200, kind: "text/html; charset=utf-8", body: "<!doctype html>",
			header: map[string]string{"Content-Language": "en", "Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"},
		},
		{name: "alive", path: "/healthz", snapshot: unplugged, code: 200, kind: "text/plain; charset=utf-8", body: "ok\n"},
		{name: "ready", path: "/readyz", snapshot: household, code: 200, kind: "text/plain; charset=utf-8", body: "ready\n"},
		{name: "ready while the federation is away", path: "/readyz", snapshot: cutOff, code: 200, kind: "text/plain; charset=utf-8", body: "ready\n"},
		{
			name: "not ready", path: "/readyz", snapshot: unplugged,
			code: 503, kind: "text/plain; charset=utf-8", header: map[string]string{"Retry-After": "5"},
			body: "port: the serial port is gone (open /dev/ttyUSB0: no such file or directory). Plug the USB key back in.\n",
		},
		{
			name: "not ready yet", path: "/readyz", snapshot: starting,
			code: 503, kind: "text/plain; charset=utf-8", body: "frames: nothing heard yet\n",
		},
		{
			name: "ready without a snapshot", path: "/readyz", snapshot: func() status.Snapshot { return status.Snapshot{} },
			code: 503, kind: "text/plain; charset=utf-8", body: "health: nothing has been checked yet\n",
		},
		{
			name: "no API", path: "/api/v1/status", snapshot: household, code: 404, kind: "application/problem+json",
			body: `{"title":"Not Found","status":404,"detail":"This page does not exist on this device."}`,
		},
		{
			name: "no such page", path: "/admin", snapshot: household,
			code: 404, kind: "text/html; charset=utf-8", body: "This page does not exist on this device.",
		},
		{name: "no such asset", path: "/assets/page-000000000000.css", snapshot: household, code: 404, kind: "text/html; charset=utf-8"},
		{name: "no listing", path: "/assets/", snapshot: household, code: 404, kind: "text/html; charset=utf-8"},
		{
			name: "nothing can be sent", method: http.MethodPost, path: "/", snapshot: household,
			code: 405, kind: "text/html; charset=utf-8", body: "nothing can be sent to it", header: map[string]string{"Allow": "GET, HEAD"},
		},
		{name: "nor deleted", method: http.MethodDelete, path: "/api/v1/status", snapshot: household, code: 405, kind: "application/problem+json"},
		{name: "nor asked across origins", method: http.MethodOptions, path: "/api/v1/status", snapshot: household, code: 405, kind: "application/problem+json"},
		{name: "a head has no body", method: http.MethodHead, path: "/readyz", snapshot: household, code: 200, kind: "text/plain; charset=utf-8"},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(orGet(row.method), "http://localhost"+row.path, nil)
			r.Header.Set("Accept-Language", "en")
			w := httptest.NewRecorder()
			status.Handler(row.snapshot, status.Options{}).ServeHTTP(w, r)
			if w.Code != row.code || w.Header().Get("Content-Type") != row.kind {
				t.Errorf("%d %s, want %d %s", w.Code, w.Header().Get("Content-Type"), row.code, row.kind)
			}
			if !strings.Contains(w.Body.String(), row.body) {
				t.Errorf("the body lacks %q:\n%s", row.body, w.Body)
			}
			for name, want := range row.header {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
			}
			guarded(t, w.Header())
		})
	}
}

func orGet(method string) string {
	if method == "" {
		return http.MethodGet
	}
	return method
}

// guarded checks the headers every answer carries, refusals included.
func guarded(t *testing.T, header http.Header) {
	t.Helper()
	want := map[string]string{
		"Content-Security-Policy":      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
	}
	for name, value := range want {
		if got := header.Get(name); got != value {
			t.Errorf("%s: %s, want %s", name, got, value)
		}
	}
	if got := header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("other sites are let in: %s", got)
	}
}

func TestRefusalIsASoundPage(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{
		"fr": "Relève Cette page n’existe pas sur cet appareil. Revenir à la page d’accueil",
		"en": "Relève This page does not exist on this device. Back to the front page",
	} {
		page := body(t, get(t, household, "/nowhere", language))
		balanced(t, page)
		if said := words(t, page); !strings.Contains(said, want) {
			t.Errorf("%s: %s", language, said)
		}
	}
}

func TestSnapshotSurvivesJSON(t *testing.T) {
	t.Parallel()
	for name, snapshot := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var back status.Snapshot
			decoder := json.NewDecoder(strings.NewReader(written(t, snapshot)))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(snapshot(), back); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// written is a snapshot as JSON.
func written(t *testing.T, snapshot func() status.Snapshot) string {
	t.Helper()
	text, err := json.MarshalIndent(snapshot(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The names and units of the JSON are relied upon by other programs.
func TestJSONNames(t *testing.T) {
	t.Parallel()
	text := written(t, producer)
	for _, want := range []string{
		`"started": "2026-11-22T10:00:00+01:00"`, `"last_frame": "2026-11-23T11:59:59+01:00"`, `"mode": "standard"`,
		`"apparent_va": 0`, `"injected_va": 380`, `"subscribed_va": 6000`, `"drawn_wh": 8432`, `"value_wh": 12345678`,
		`"tariff": {`, `"fr": "Heures creuses"`, `"series": "voltage/1"`, `"packs": 18422`, `"bytes": 9412000`,
		`"pending": 0`, `"last_sent":`, `"jid": "maison@breizh-sen1.example/releve"`, `"state": "ok"`, `"required": true`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the JSON lacks %s", want)
		}
	}
}

// budget is what / and all it loads may weigh on the way to a browser.
const budget = 60_000

func TestPageAndAssetsAreLight(t *testing.T) {
	t.Parallel()
	handler := status.Handler(threePhase, status.Options{})
	page := fetchPacked(handler, "/")
	total := page.Body.Len()
	loaded := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?:href|src|data-[a-z]+)="(/assets/[^"#]+)`).FindAllStringSubmatch(unpack(t, page), -1) {
		if loaded[match[1]] {
			continue
		}
		loaded[match[1]] = true
		asset := fetchPacked(handler, match[1])
		if asset.Code != http.StatusOK || asset.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d, %s", match[1], asset.Code, asset.Header().Get("Cache-Control"))
		}
		if plain := fetch(t, handler, match[1]).Body.String(); unpack(t, asset) != plain {
			t.Errorf("%s is not the same compressed", match[1])
		}
		total += asset.Body.Len()
	}
	t.Logf("%d bytes, of %d files", total, 1+len(loaded))
	if total > budget || len(loaded) < 4 {
		t.Errorf("the page and its %d assets weigh %d bytes, more than %d", len(loaded), total, budget)
	}
}

// fetchPacked asks as a browser does, which reads gzip.
func fetchPacked(handler http.Handler, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func unpack(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var from io.Reader = bytes.NewReader(w.Body.Bytes())
	if w.Header().Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		from = unzipped
	}
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAssetKinds(t *testing.T) {
	t.Parallel()
	handler := status.Handler(household, status.Options{})
	page := fetch(t, handler, "/").Body.String()
	for pattern, want := range map[string]string{
		`/assets/page-[0-9a-f]{12}\.css`: "text/css; charset=utf-8",
		`/assets/page-[0-9a-f]{12}\.js`:  "text/javascript; charset=utf-8",
		`/assets/icon-[0-9a-f]{12}\.svg`: "image/svg+xml",
	} {
		path := regexp.MustCompile(pattern).FindString(page)
		if got := fetch(t, handler, path).Header().Get("Content-Type"); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func fetch(t testing.TB, handler http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
	return w
}

func BenchmarkPage(b *testing.B) {
	handler := status.Handler(threePhase, status.Options{})
	b.ReportAllocs()
	for b.Loop() {
		fetch(b, handler, "/")
	}
}

// The terms of what others have written are a link away from the list of it, for everybody.
func TestLicencesAreShown(t *testing.T) {
	t.Parallel()
	handler := status.Handler(household, status.Options{})
	where := regexp.MustCompile(`href="(/assets/licences-[0-9a-f]{12}\.txt)"`).FindStringSubmatch(fetch(t, handler, "/about").Body.String())
	if where == nil {
		t.Fatal("no link")
	}
	got := fetch(t, handler, where[1])
	if kind := got.Header().Get("Content-Type"); kind != "text/plain; charset=utf-8" {
		t.Errorf("it is %s", kind)
	}
	for _, want := range []string{"European Union Public Licence", "\nmellium.im/xmpp v", "\ngithub.com/dgraph-io/badger/v4 v", "\nGo, its library and runtime\n", "\nnpm: uplot ", "Apache License", "Leon Sorokin"} {
		if !strings.Contains(got.Body.String(), want) {
			t.Errorf("no %q", want)
		}
	}
}
