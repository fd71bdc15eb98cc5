package browser

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"releve/agent/status"
)

// says is what a screen says whatever the language, with and without JavaScript: a regular expression by its French path.
// Any other screen says something.
var says = map[string]string{
	"/":               `\d+\s+VA`,
	"/kiosk?view=now": `\d+\s+VA`,
}

// screen is one page of the agent, by its path in each language. Another is the same screen over another span: it is laid
// out alike.
type screen struct {
	name, fr, en string
	another      bool
}

// screens are those of the navigation, and those that a wall shows.
func screens() []screen {
	all := []screen{{name: "kiosk", fr: "/kiosk?view=now", en: "/kiosk?view=now"}}
	fr, en := status.Paths("fr"), status.Paths("en")
	for i := range fr {
		for span, path := range fr[i] {
			name := cmp.Or(strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"), "now")
			all = append(all, screen{name, path, en[i][span], span > 0})
		}
	}
	return all
}

func (s screen) path(language string) string {
	if language == "en" {
		return s.en
	}
	return s.fr
}

// sizes are a phone, the 7" display of a Pi, a laptop, a television.
var sizes = []View{{Width: 360, Height: 740}, {Width: 800, Height: 480}, {Width: 1280, Height: 800}, {Width: 1920, Height: 1080}}

// narrow are what must not need a horizontal scroll: the smallest of phones, and a laptop at 200 % zoom.
var narrow = []View{{Width: 320, Height: 640}, {Width: 640, Height: 400, Zoom: 2}}

// laptop is the size at which every screen is judged, whatever the language, the scheme or the span.
var laptop = View{Width: 1280, Height: 800}

// languages are those of the page; the first is the one in which a screen is also reached by the keyboard, which goes the
// same way in the other.
var languages = []string{"fr", "en"}

// screens walks every screen in both languages, in light and dark, at every size, and in French with the keyboard and
// without JavaScript.
func (s *suite) screens(t *testing.T) {
	for _, screen := range screens() {
		t.Run(screen.name, func(t *testing.T) {
			t.Parallel()
			page := s.browser.Open(t, View{})
			s.walk(t, page, screen)
			if screen.another {
				return
			}
			page.Scriptless()
			page.Look(View{})
			s.shows(t, page, screen, "fr")
			page.Shot(screen.name + "/fr-scriptless")
		})
	}
}

// walk looks at a screen in both languages.
func (s *suite) walk(t *testing.T, page *Page, screen screen) {
	t.Helper()
	for _, language := range languages {
		page.Look(View{Language: language})
		s.shows(t, page, screen, language)
		s.judge(t, page, screen, language)
		if !screen.another {
			s.resize(t, page, screen, language)
		}
	}
}

// judge has axe-core look at a screen in light, and at its colours in dark: a scheme changes nothing else.
func (s *suite) judge(t *testing.T, page *Page, screen screen, language string) {
	t.Helper()
	for _, dark := range []bool{false, true} {
		view := laptop
		view.Language, view.Dark = language, dark
		page.Look(view)
		s.fits(t, page)
		page.Shot(shot(screen, view))
		audit := page.Audit
		if dark {
			audit = page.AuditColours
		}
		for _, violation := range audit(s.axe) {
			t.Errorf("%s %s: %s", language, scheme(dark), violation)
		}
	}
}

// resize looks at a screen at every size, and in one language reaches all of it by the keyboard: on the first screen also
// what surrounds them all.
func (s *suite) resize(t *testing.T, page *Page, screen screen, language string) {
	t.Helper()
	for _, size := range sizes {
		for _, dark := range []bool{false, true} {
			if size == laptop || dark && Shots() == "" { // colours take no room
				continue
			}
			view := size
			view.Language, view.Dark = language, dark
			page.Look(view)
			s.fits(t, page)
			page.Shot(shot(screen, view))
		}
	}
	for _, size := range narrow {
		size.Language = language
		page.Look(size)
		s.fits(t, page)
	}
	if language != languages[0] {
		return
	}
	page.Look(View{})
	within := "main"
	if screen.fr == "/" {
		within = "body"
	}
	missed, unseen := page.Reach(within)
	for _, name := range missed {
		t.Errorf("the keyboard does not reach %q", name)
	}
	for _, name := range unseen {
		t.Errorf("nothing shows that %q has the focus", name)
	}
}

// shot is the name of a screenshot.
func shot(screen screen, view View) string {
	return fmt.Sprintf("%s/%s-%d-%s", screen.name, view.Language, view.Width, scheme(view.Dark))
}

// shows opens a screen and reads what it says.
func (s *suite) shows(t *testing.T, page *Page, screen screen, language string) {
	t.Helper()
	page.Go(s.house.page(screen.path(language)))
	want := regexp.MustCompile(cmp.Or(says[screen.fr], `\w`))
	if text := page.Text(); !want.MatchString(text) {
		t.Errorf("the screen does not say %s, but:\n%s", want, text)
	}
	var spoken string
	if page.Eval(`document.documentElement.lang`, &spoken); spoken != language {
		t.Errorf("the screen is in %q", spoken)
	}
}

func (s *suite) fits(t *testing.T, page *Page) {
	t.Helper()
	if over := page.Overflow(); over > 0 {
		t.Errorf("%s %d px: the page is wider by %d px", page.view.Language, page.view.Width, over)
	}
}

func scheme(dark bool) string {
	if dark {
		return "dark"
	}
	return "light"
}

// moves sees the value of now change without anybody doing anything.
func (s *suite) moves(t *testing.T) {
	t.Parallel()
	page := s.browser.Open(t, View{})
	page.Go(s.house.page("/"))
	page.Eval(`window.first = document.querySelector(".amount").textContent`, nil)
	page.Wait("another value", `document.querySelector(".amount").textContent !== window.first`)
}

// describes holds what the agent says of its API to programs against the schema of OpenAPI.
func (s *suite) describes(t *testing.T) {
	t.Parallel()
	answer, err := http.Get(s.house.page("/api/v1/openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	description, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if wrong := Describes(t, s.tools, description); wrong != "" {
		t.Errorf("/api/v1/openapi.json: %s", wrong)
	}
	if Describes(t, s.tools, bytes.Replace(description, []byte(`"responses"`), []byte(`"answers"`), 1)) == "" {
		t.Error("nothing is found wrong with a description without answers")
	}
}

// curves sees the day of the emulated house, as the device draws it and as uPlot does.
func (s *suite) curves(t *testing.T) {
	t.Parallel()
	path := "/jour?at=" + s.house.past.Format(time.DateOnly)
	type drawn struct {
		Rows   int
		Noon   string
		Lines  int
		Canvas bool
	}
	const seen = `({Rows: document.querySelectorAll(".twin tbody tr td data").length,
		Noon: document.querySelector(".twin time[datetime*='T12:00']")?.closest("tr").querySelector("data")?.value ?? "",
		Lines: document.querySelectorAll(".drawing svg path").length, Canvas: !!document.querySelector(".chart canvas")})`
	for _, scriptless := range []bool{true, false} {
		page := s.browser.Open(t, View{Scriptless: scriptless})
		page.Go(s.house.page(path))
		var got drawn
		if !scriptless {
			var bundled bool
			if page.Eval(`!!document.body.dataset.uplot`, &bundled); bundled {
				page.Wait("uPlot", `document.querySelector(".chart canvas")?.width > 0`)
			}
			page.Shot("jour/fr-emulated")
		}
		page.Eval(seen, &got)
		if got.Rows != 144 || got.Noon != "1220" || scriptless && got.Lines == 0 {
			t.Errorf("without JavaScript %v: %+v, want 144 means, of which that of noon is 1220 VA, and a line", scriptless, got)
		}
	}
}
