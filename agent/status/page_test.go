package status_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"releve/agent/status"
)

// get asks a handler for a path, as a browser of the language would.
func get(t testing.TB, snapshot func() status.Snapshot, path, language string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	r.Header.Set("Accept-Language", language)
	w := httptest.NewRecorder()
	status.Handler(snapshot, status.Options{Past: memory{}}).ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, response *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// words is what a person reads of a page: its text, on one line.
func words(t testing.TB, page string) string {
	t.Helper()
	var out []string
	for node := range parse(t, page).Descendants() {
		if node.Type == html.TextNode && node.Parent.Data != "script" && node.Parent.Data != "noscript" {
			out = append(out, strings.Fields(node.Data)...)
		}
	}
	return strings.Join(out, " ")
}

func parse(t testing.TB, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func attribute(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestPageSays(t *testing.T) {
	t.Parallel()
	table := []struct {
		scenario, language string
		want, absent       []string
	}{
		{
			scenario: "household", language: "fr",
			want: []string{
				"1 240 VA prélevés – Relève", "Compteur linky", "Prélevé sur le réseau 1 240 VA",
				"puissance apparente : proche des watts, un peu au-dessus", "mesure il y a 2 s",
				"21 % de 6 kVA", "pointe : 1 340 VA à 11:5", "Aujourd’hui 8,4 kWh prélevés", "Période en cours Heures creuses",
				"Total 12 345 kWh", "Heures creuses en cours 4 321 kWh", "Tension 234,5 V", "status/relay 0",
				"client@breizh-sen2.example à jour dernier envoi il y a 3 s",
				"maison@breizh-sen1.example/releve connectée depuis 07:00", "18 422 paquets gardés (9,4 Mo) depuis 09:00",
				"Tout va bien", "Port open", "télé-information « standard »", "12 sur 1 930 454 (0,1 %)", "démarré il y a 26 h",
			},
			absent: []string{"Quelque chose ne va pas", "Par phase", "injecté", "ce n’est plus en direct"},
		},
		{
			scenario: "household", language: "en",
			want: []string{
				"Drawn from the grid 1,240 VA", "measured 2 s ago", "21% of 6 kVA", "Today 8.4 kWh drawn",
				"18,422 packs kept (9.4 MB) since 09:00", "All is well", "started 26 h ago", "Français",
			},
			absent: []string{"prélevé", "réseau"},
		},
		{
			scenario: "stale", language: "fr",
			want:   []string{"1 240 VA, mesure ancienne", "Dernière valeur connue Prélevé sur le réseau", "mesure d’il y a 4 min : ce n’est plus en direct"},
			absent: []string{"21 % de 6 kVA"},
		},
		{
			scenario: "unplugged", language: "fr",
			want: []string{
				"Quelque chose ne va pas – Port le port série a disparu Rebranchez la clé USB.", "En panne",
				"Trames dépend de « Port »", "open /dev/ttyUSB0: no such file or directory", "Le port s’est débranché.",
			},
		},
		{
			scenario: "unplugged", language: "en",
			want: []string{"Something is wrong – Port the serial port is gone Plug the USB key back in.", "Frames depends on “Port”"},
		},
		{
			scenario: "three-phase", language: "fr",
			want: []string{"Par phase phase 1 900 VA 4 A · 233 V phase 2 6 340 VA 27 A phase 3 1 A", "41 % de 18 kVA"},
		},
		{
			scenario: "producer", language: "fr",
			want:   []string{"380 VA injectés", "Injecté vers le réseau 380 VA", "3,2 kWh injectés", "pointe injectée : 380 VA à 12:00"},
			absent: []string{"% de 6 kVA", "-380", "−380"},
		},
		{
			scenario: "cut off", language: "fr",
			want: []string{
				"12 paquets attendent · rien n’est perdu dernier envoi il y a 18 min",
				"injoignable depuis 11:42 · le serveur ne répond pas",
			},
		},
		{
			scenario: "starting", language: "fr",
			want: []string{
				"Pas encore de mesure La première arrive", "La courbe se dessine", "En attente", "pas encore reconnue",
				"dernière trame aucune", "aucune fédération configurée", "Aucun destinataire : rien ne quitte l’appareil.",
				"rien n’est encore gardé",
			},
			absent: []string{"VA prélevés", "kVA"},
		},
		{
			scenario: "overrun", language: "fr",
			want: []string{"Attention : vous dépassez 6 kVA. Coupez un gros appareil.", "107 % de 6 kVA"},
		},
		{scenario: "no meter", language: "fr", want: []string{"Aucun compteur n’est configuré.", "Rien n’a encore été vérifié.", "En attente"}},
		{scenario: "empty", language: "en", want: []string{"No meter is configured."}},
		{scenario: "household", language: "fr", want: []string{"Ce qui est arrivé au compteur 11:00 Fin du dépassement 21/11/2026 11:00 Le compteur a été remplacé"}},
		{scenario: "starting", language: "en", absent: []string{"What happened"}},
		{scenario: "two meters", language: "en", want: []string{"Meter linky", "Meter solaire", "No reading yet", "Link with the meter · solaire"}},
	}
	for _, row := range table {
		t.Run(row.scenario+" in "+row.language, func(t *testing.T) {
			t.Parallel()
			said := ""
			for _, path := range []string{"/", "/health"} {
				said += words(t, body(t, get(t, scenarios()[row.scenario], path, row.language))) + "\n"
			}
			for _, want := range row.want {
				if !strings.Contains(said, want) {
					t.Errorf("the page does not say %q; it says\n%s", want, said)
				}
			}
			for _, absent := range row.absent {
				if strings.Contains(said, absent) {
					t.Errorf("the page says %q", absent)
				}
			}
		})
	}
}

// Every screen in every state and language must be sound: this is where a missing
// sentence, an unclosed element or an address of elsewhere shows.
func TestPagesAreSound(t *testing.T) {
	t.Parallel()
	for name, snapshot := range scenarios() {
		for _, language := range []string{"fr", "en"} {
			t.Run(name+" in "+language, func(t *testing.T) {
				t.Parallel()
				for _, path := range slices.Concat(status.Paths(language)...) {
					sound(t, path, body(t, get(t, snapshot, path, language)), language)
				}
			})
		}
	}
}

func sound(t *testing.T, path, page, language string) {
	t.Helper()
	if missing := regexp.MustCompile(`⟦[^⟧]*⟧|%!|<no value>|NaN`).FindString(page); missing != "" {
		t.Errorf("%s shows %q", path, missing)
	}
	balanced(t, page)
	accessible(t, parse(t, page), language)
}

// balanced checks that every element that must be closed is, in order.
func balanced(t *testing.T, page string) {
	t.Helper()
	void := []string{"meta", "link", "br", "img", "input", "hr"}
	var open []string
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := tokens.Next()
		name, _ := tokens.TagName()
		switch {
		case kind == html.ErrorToken:
			if len(open) != 0 {
				t.Errorf("left open: %v", open)
			}
			return
		case kind == html.StartTagToken && !slices.Contains(void, string(name)):
			open = append(open, string(name))
		case kind == html.EndTagToken && (len(open) == 0 || open[len(open)-1] != string(name)):
			t.Errorf("</%s> closes %v", name, open)
			return
		case kind == html.EndTagToken:
			open = open[:len(open)-1]
		}
	}
}

// accessible checks landmarks, language, names, unique ids and that nothing is fetched from elsewhere.
func accessible(t *testing.T, root *html.Node, language string) {
	t.Helper()
	count := make(map[string]int)
	ids := make(map[string]bool)
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		if node.Namespace == "" { // a drawing has titles of its own
			count[node.Data]++
		}
		checkElement(t, node, ids)
		if node.Data == "html" && attribute(node, "lang") != language {
			t.Errorf("lang is %q, want %q", attribute(node, "lang"), language)
		}
	}
	for _, once := range []string{"title", "h1", "main", "header", "footer", "nav"} {
		if count[once] != 1 {
			t.Errorf("%d elements %s, want one", count[once], once)
		}
	}
}

func checkElement(t *testing.T, node *html.Node, ids map[string]bool) {
	t.Helper()
	if id := attribute(node, "id"); id != "" {
		if ids[id] {
			t.Errorf("id %s is there twice", id)
		}
		ids[id] = true
	}
	for _, a := range node.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
			t.Errorf("<%s %s> is refused by our own Content-Security-Policy", node.Data, a.Key)
		}
		if (a.Key == "href" || a.Key == "src") && !regexp.MustCompile(`^(/[^/]|/$|#)`).MatchString(a.Val) {
			t.Errorf("<%s %s=%q> leaves the device", node.Data, a.Key, a.Val)
		}
	}
	if node.Data == "svg" && attribute(node, "aria-hidden") != "true" && attribute(node, "aria-label") == "" {
		t.Error("a drawing has no name and is not hidden from screen readers")
	}
	if node.Data == "script" && node.FirstChild != nil {
		t.Error("a script is written in the page")
	}
}

func TestHostileWordsStayWords(t *testing.T) {
	t.Parallel()
	page := body(t, get(t, attacked, "/", "en")) + body(t, get(t, attacked, "/health", "en"))
	root := parse(t, page)
	for node := range root.Descendants() {
		if node.Type == html.ElementNode && (node.Data == "img" || node.Data == "script" && attribute(node, "src") == "") {
			t.Errorf("<%s> was let in", node.Data)
		}
	}
	if got := strings.Count(words(t, page), `"><script>alert(1)</script>`); got < 15 {
		t.Errorf("the words are shown %d times, fewer than there are places for them", got)
	}
}

func TestPageWithoutJavaScriptReloads(t *testing.T) {
	t.Parallel()
	page := body(t, get(t, household, "/", "fr"))
	if want := `<noscript><meta http-equiv="refresh" content="10"></noscript>`; !strings.Contains(page, want) {
		t.Errorf("the page lacks %s", want)
	}
}

func TestSwitchOffersTheOtherLanguage(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{
		"fr": `<a class="tongue" href="/health?lang=en&amp;x=1" lang="en" hreflang="en">English</a>`,
		"en": `<a class="tongue" href="/etat?lang=fr&amp;x=1" lang="fr" hreflang="fr">Français</a>`,
	} {
		if page := body(t, get(t, household, "/etat?x=1", language)); !strings.Contains(page, want) {
			t.Errorf("the %s page lacks %s", language, want)
		}
	}
}
