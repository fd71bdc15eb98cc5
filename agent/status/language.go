package status

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// language is one of the languages of the page.
type language string

// The languages of the page; the first is spoken to who asks for neither.
const (
	french  language = "fr"
	english language = "en"
)

func (l language) other() language {
	if l == french {
		return english
	}
	return french
}

// languageCookie remembers the switch at the top of the page.
const languageCookie = "lang"

// known returns the language a tag such as "fr-FR" belongs to.
func known(tag string) (language, bool) {
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	l := language(primary)
	return l, l == french || l == english
}

// languageOf decides by ?lang=, then the cookie, then Accept-Language. It
// remembers an explicit choice in the cookie; what a screen asks for by itself is in
// its language, which nobody has chosen.
func languageOf(w http.ResponseWriter, r *http.Request) language {
	if l, ok := known(r.URL.Query().Get("lang")); ok {
		if !slices.Contains(askedByScreens, r.URL.Path) {
			remember(w, l)
		}
		return l
	}
	if cookie, err := r.Cookie(languageCookie); err == nil {
		if l, ok := known(cookie.Value); ok {
			return l
		}
	}
	return preferred(r.Header.Get("Accept-Language"))
}

// askedByScreens is where screens ask for what moves on them.
var askedByScreens = []string{"/events", "/kiosk/sheet", "/kiosk.png"}

func remember(w http.ResponseWriter, l language) {
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: string(l), Path: "/",
		MaxAge:   int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// preferred reads RFC 9110 §12.5.4; the first of equal weights wins.
//
//	Format:  tag [;q=weight] *( , tag [;q=weight] )
//	Example: fr-FR,fr;q=0.9,en;q=0.8
func preferred(header string) language {
	best, weight := french, 0.0
	for item := range strings.SplitSeq(header, ",") {
		tag, parameter, _ := strings.Cut(item, ";")
		l, ok := known(tag)
		if q := quality(parameter); ok && q > weight {
			best, weight = l, q
		}
	}
	return best
}

// quality reads "q=0.8"; no parameter weighs 1, a malformed one nothing.
func quality(parameter string) float64 {
	value, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q=")
	if !found {
		return 1
	}
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || q > 1 {
		return 0
	}
	return q
}
