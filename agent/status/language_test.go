package status

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLanguageOf(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, query, cookie, accept string
		want                        language
		remembered                  string
	}{
		{name: "nobody asked", want: french},
		{name: "French browser", accept: "fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7", want: french},
		{name: "English browser", accept: "en-GB,en;q=0.9,fr;q=0.2", want: english},
		{name: "order does not matter, weight does", accept: "fr;q=0.3, en;q=0.8", want: english},
		{name: "Breton, then English", accept: "br,en;q=0.5", want: english},
		{name: "neither", accept: "de-DE,de;q=0.9", want: french},
		{name: "refused with a weight of nothing", accept: "en;q=0", want: french},
		{name: "malformed weight", accept: "en;q=high", want: french},
		{name: "weight out of range", accept: "en;q=7,fr;q=0.1", want: french},
		{name: "capitals", accept: "EN-us;Q=0.9", want: english},
		{name: "garbage", accept: ";;,,=;q", want: french},
		{name: "the cookie wins over the browser", cookie: "en", accept: "fr", want: english},
		{name: "a cookie of no language", cookie: "xx", accept: "en", want: english},
		{name: "the switch wins over all", query: "?lang=fr", cookie: "en", accept: "en", want: french, remembered: "fr"},
		{name: "the switch to English", query: "?lang=en", accept: "fr", want: english, remembered: "en"},
		{name: "a screen that asks for itself", query: "events?screen=now&lang=en", accept: "fr", want: english},
		{name: "a switch to nowhere", query: "?lang=%22%3E", accept: "en", want: english},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/"+row.query, nil)
			r.Header.Set("Accept-Language", row.accept)
			if row.cookie != "" {
				r.AddCookie(&http.Cookie{Name: "lang", Value: row.cookie})
			}
			w := httptest.NewRecorder()
			if got := languageOf(w, r); got != row.want {
				t.Errorf("language %s, want %s", got, row.want)
			}
			if got := rememberedBy(t, w); got != row.remembered {
				t.Errorf("remembered %q, want %q", got, row.remembered)
			}
		})
	}
}

// rememberedBy returns the language set in a cookie, having checked the cookie.
func rememberedBy(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	cookies := w.Result().Cookies()
	if len(cookies) == 0 {
		return ""
	}
	c := cookies[0]
	if c.Name != "lang" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 365*24*3600 {
		t.Errorf("cookie %s", c)
	}
	return c.Value
}

func FuzzPreferred(f *testing.F) {
	f.Add("fr-FR,fr;q=0.9,en;q=0.8")
	f.Add("en;q=0")
	f.Add(";q=,;")
	f.Fuzz(func(t *testing.T, header string) {
		if l := preferred(header); l != french && l != english {
			t.Errorf("preferred(%q) = %q", header, l)
		}
	})
}

func TestWordsInALanguage(t *testing.T) {
	t.Parallel()
	both := Say("bonjour", "hello")
	for tag, want := range map[string]string{"fr": "bonjour", "en": "hello", "en-GB": "hello", "FR-be": "bonjour", "de": "bonjour", "": "bonjour"} {
		if got := both.In(tag); got != want {
			t.Errorf("in %q it is %s, want %s", tag, got, want)
		}
	}
	if got := Say("", "only").In("fr"); got != "only" {
		t.Errorf("a sentence without French is %q, want the English one", got)
	}
}
