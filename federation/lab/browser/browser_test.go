package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// site serves pages by path, each with the policy of ours.
func site(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src *")
		kind := "text/html; charset=utf-8"
		if strings.HasSuffix(r.URL.Path, ".js") {
			kind = "text/javascript"
		}
		w.Header().Set("Content-Type", kind)
		fmt.Fprint(w, strings.ReplaceAll(page, "{language}", r.Header.Get("Accept-Language")))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const icon = `<link rel="icon" href="/icon.js">`

// verdict is a testing.TB that keeps what is said about the test.
type verdict struct {
	testing.TB
	said []string
}

func (v *verdict) Helper() {}

func (v *verdict) Error(args ...any) { v.said = append(v.said, fmt.Sprint(args...)) }

func (v *verdict) Fatalf(format string, args ...any) {
	v.said = append(v.said, "failed: "+fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (v *verdict) Skipf(format string, args ...any) {
	v.said = append(v.said, "skipped: "+fmt.Sprintf(format, args...))
	runtime.Goexit()
}

// What no page may do fails its test, and nothing else does.
func (s *suite) guards(t *testing.T) {
	t.Parallel()
	address := site(t, map[string]string{
		"/icon.js":  "",
		"/fine":     icon + `<p>fine</p>`,
		"/far":      icon + `<img alt="" src="http://elsewhere.example/a.png">`,
		"/inline":   icon + `<script>document.title = "inline"</script>`,
		"/talk":     icon + `<script src="/talk.js"></script>`,
		"/talk.js":  `console.warn("quiet"); console.error("loud", 7)`,
		"/break":    icon + `<script src="/break.js"></script>`,
		"/break.js": `throw new Error("broken")`,
		"/lost":     icon + `<img alt="" src="/nowhere.png">`,
	})
	for _, row := range []struct {
		path string
		want []string // the beginning of each problem
	}{
		{"/fine", nil},
		{"/far", []string{"the page asks another origin than its own: http://elsewhere.example/a.png", "the browser says: Failed to load resource: net::ERR_NAME_NOT_RESOLVED"}},
		{"/inline", []string{"the browser says: Executing inline script violates the following Content Security Policy directive"}},
		{"/talk", []string{`the console says: "loud" 7`}},
		{"/break", []string{"a script broke off: "}},
		{"/lost", []string{"the browser says: Failed to load resource: the server responded with a status of 404"}},
	} {
		v := &verdict{TB: t}
		page := s.browser.Open(t, View{})
		page.t = v
		page.Go(address + row.path)
		page.Eval(`new Promise(done => setTimeout(done, 100, 1))`, nil) // errors are told a moment after
		page.judge()
		if len(v.said) != len(row.want) {
			t.Errorf("%s: said %q, want %q", row.path, v.said, row.want)
			continue
		}
		for i, want := range row.want {
			if !strings.HasPrefix(v.said[i], want) {
				t.Errorf("%s: said %q, want %q", row.path, v.said[i], want)
			}
		}
	}
}

// A view is what the page is told of who looks at it.
func (s *suite) looks(t *testing.T) {
	t.Parallel()
	address := site(t, map[string]string{
		"/icon.js": "",
		"/": icon + `<meta name="viewport" content="width=device-width">
			<style></style><p>{language}</p><p id="script"></p><noscript><p>no script</p></noscript><script src="/run.js"></script>`,
		"/run.js": `document.getElementById("script").textContent = "script"`,
	})
	seen := func(view View) string {
		page := s.browser.Open(t, view)
		page.Expect("Content Security Policy") // of the empty style
		page.Go(address + "/")
		var shape string
		page.Eval(`[innerWidth, innerHeight, devicePixelRatio, matchMedia("(prefers-color-scheme: dark)").matches].join(" ")`, &shape)
		return shape + " " + strings.Join(strings.Fields(page.Text()), " ")
	}
	got := []string{seen(View{}), seen(View{Width: 360, Height: 640, Zoom: 2, Dark: true, Language: "en"}), seen(View{Scriptless: true})}
	want := []string{"1280 800 1 false fr script", "360 640 2 true en script", "1280 800 1 false fr no script"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What the judges of a page find, on one with every fault and on one with none.
func (s *suite) judges(t *testing.T) {
	t.Parallel()
	address := site(t, map[string]string{
		"/icon.js": "",
		"/good": `<!doctype html><html lang="en"><title>good</title>` + icon + `<meta name="viewport" content="width=device-width">
			<main><h1>Good</h1><p><a href="#b">here</a> <button id="b">act</button></p></main>`,
		"/bad": `<!doctype html><html><title>bad</title>` + icon + `<link rel="stylesheet" href="/bad.css">
			<main><h1>Bad</h1><img src="/icon.js"><p class="wide"><a href="#x">here</a> <button tabindex="-1">never</button></p></main>`,
		"/bad.css": ``,
	})
	type found struct {
		Rules, Colours, Missed, Unseen []string
		Wide                           bool
	}
	look := func(path string, spoil string) found {
		page := s.browser.Open(t, View{Width: 360, Height: 640})
		page.Expect("MIME type") // of the style
		page.Go(address + path)
		page.Eval(spoil, nil)
		var f found
		for _, v := range page.Audit(s.axe) {
			f.Rules = append(f.Rules, v.Rule)
		}
		for _, v := range page.AuditColours(s.axe) {
			f.Colours = append(f.Colours, v.Rule)
		}
		f.Missed, f.Unseen = page.Reach("body")
		f.Wide = page.Overflow() > 0
		return f
	}
	got := []found{
		look("/good", `1`),
		look("/bad", `document.querySelector("a").style.cssText = "outline: none; color: #ccc"; document.querySelector(".wide").style.width = "999px"; 1`),
	}
	want := []found{
		{},
		{
			Rules: []string{"color-contrast", "html-has-lang", "image-alt"}, Colours: []string{"color-contrast"},
			Missed: []string{"button  never"}, Unseen: []string{"a #x here"}, Wide: true,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func (s *suite) shoots(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SCREENSHOTS", dir)
	page := s.browser.Open(t, View{Width: 40, Height: 30})
	page.Go(site(t, map[string]string{"/": icon, "/icon.js": ""}) + "/")
	page.Shot("folder/name")
	text, err := os.ReadFile(filepath.Join(dir, "folder", "name.png"))
	if err != nil || !strings.HasPrefix(string(text), "\x89PNG") {
		t.Errorf("got %.8q, %v", text, err)
	}
}

func TestMissingPackagesSkipOrFail(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		missing []string
		ci      bool
		want    []string
	}{
		{nil, true, nil},
		{[]string{"chromium", "npm"}, false, []string{"skipped: a real browser needs Debian packages; run: federation/lab/packages.sh chromium npm"}},
		{[]string{"chromium"}, true, []string{"failed: a real browser needs Debian packages; run: federation/lab/packages.sh chromium"}},
	} {
		v := &verdict{TB: t}
		var done sync.WaitGroup
		done.Go(func() { require(v, row.missing, row.ci) })
		done.Wait()
		if diff := cmp.Diff(row.want, v.said); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
