package browser

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"releve/agent/status"
)

// says is what a screen says whatever the language, with and without JavaScript: a regular expression by its French path.
// Any other screen says something.
var says = map[string]string{
	"/":      `\d+\s+VA`,
	"/kiosk": `\d+\s+VA`,
}

// screen is one page of the agent, by its path in each language.
type screen struct{ name, fr, en string }

// screens are those of the navigation, and those that a wall shows.
func screens() []screen {
	all := []screen{{"kiosk", "/kiosk", "/kiosk"}}
	fr, en := status.Paths("fr"), status.Paths("en")
	for i := range fr {
		name := strings.ReplaceAll(strings.Trim(fr[i], "/"), "/", "-")
		all = append(all, screen{cmp.Or(name, "now"), fr[i], en[i]})
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

// screens walks every screen in both languages, at every size, in light and dark.
func (s *suite) screens(t *testing.T) {
	for _, screen := range screens() {
		for _, language := range []string{"fr", "en"} {
			t.Run(screen.name+" "+language, func(t *testing.T) {
				t.Parallel()
				s.walk(t, screen, language)
			})
		}
		t.Run(screen.name+" without JavaScript", func(t *testing.T) {
			t.Parallel()
			page := s.browser.Open(t, View{Scriptless: true, Language: "fr"})
			s.shows(t, page, screen, "fr")
			page.Shot(screen.name + "/fr-scriptless")
		})
	}
}

// walk looks at one screen as every reader of one language would.
func (s *suite) walk(t *testing.T, screen screen, language string) {
	page := s.browser.Open(t, View{Language: language})
	s.shows(t, page, screen, language)
	for _, dark := range []bool{false, true} {
		for _, size := range sizes {
			size.Language, size.Dark = language, dark
			page.Look(size)
			s.fits(t, page)
			page.Shot(fmt.Sprintf("%s/%s-%d-%s", screen.name, language, size.Width, scheme(dark)))
		}
		for _, violation := range page.Audit(s.axe) {
			t.Errorf("%s: %s", scheme(dark), violation)
		}
	}
	for _, size := range narrow {
		size.Language = language
		page.Look(size)
		s.fits(t, page)
	}
	page.Look(View{Language: language})
	missed, unseen := page.Reach()
	for _, name := range missed {
		t.Errorf("the keyboard does not reach %q", name)
	}
	for _, name := range unseen {
		t.Errorf("nothing shows that %q has the focus", name)
	}
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
		t.Errorf("%d px: the page is wider by %d px", page.view.Width, over)
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
