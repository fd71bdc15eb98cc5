package status

import (
	"net/http"
	"slices"
	"strings"
)

// screen is one screen of the page. To add one: a file of this folder that says
// what it shows, a template of the same name in web/screens, a line in screens,
// an icon in web/icons.svg, and its sentences in both catalogues.
type screen struct {
	name   string  // of its template and its icon, and of its sentences screen.NAME and screen.NAME.about
	place  place   // where the navigation has it
	routes []route // where it answers; the navigation leads to the first

	// show returns what its template is given.
	show func(v *visit) (any, error)
	// live returns what of it moves, as the template marks it with data-live; nil when nothing does.
	live func(e *edition, s Snapshot) liveView
	// take answers what is sent to it (POST); nil when nothing may be. Whether the
	// sender may is decided before, by who wraps the handler.
	take func(w http.ResponseWriter, v *visit)
}

// screens lists all of them, in the order of the navigation.
func (s *site) screens() []*screen {
	return []*screen{
		{name: "now", place: bar, routes: []route{{"/", "/"}}, show: s.showNow, live: liveNow},
		{name: "history", place: bar, routes: []route{{"/jour", "/day"}, {"/semaine", "/week"}, {"/mois", "/month"}, {"/annee", "/year"}}, show: s.showHistory},
		{name: "balance", place: bar, routes: []route{{"/synchro", "/balance"}, {"/synchro/semaine", "/balance/week"}, {"/synchro/mois", "/balance/month"}, {"/synchro/annee", "/balance/year"}}, show: s.showBalance},
		{name: "bill", place: bar, routes: []route{{"/facture", "/bill"}}, show: s.showBill},
		{name: "objective", place: energy, routes: []route{{"/objectif", "/objective"}}, show: s.showObjective},
		{name: "compare", place: energy, routes: []route{{"/comparer", "/compare"}}, show: s.showCompare},
		{name: "profiles", place: together, routes: []route{{"/profils", "/profiles"}, {"/profils/semaine", "/profiles/week"}}, show: s.showProfiles},
		{name: "project", place: together, routes: []route{{"/projet", "/project"}, {"/projet/semaine", "/project/week"}, {"/projet/mois", "/project/month"}, {"/projet/annee", "/project/year"}}, show: s.showProject},
		{name: "device", place: ownDevice, routes: []route{health}, show: s.showDevice, live: liveDevice},
		{name: "mydata", place: ownDevice, routes: []route{{"/mesdonnees", "/mydata"}}, show: s.showMyData, take: s.takeMyData},
		{name: "settings", place: ownDevice, routes: []route{{"/config", "/settings"}}, show: s.showSettings, take: s.takeSettings},
		{name: "screenentry", place: unlisted, routes: []route{{"/kiosk/entree", "/kiosk/enter"}}, show: s.showScreenEntry, take: s.takeScreenEntry},
		{name: "login", place: unlisted, routes: []route{{"/connexion", "/login"}}, show: s.showLogin, take: s.takeLogin},
		{name: "welcome", place: unlisted, routes: []route{{"/bienvenue", "/welcome"}}, show: s.showWelcome, take: s.takeWelcome},
		{name: "about", place: unlisted, routes: []route{{"/apropos", "/about"}}, show: s.showAbout},
		{name: "more", place: more, routes: []route{{"/plus", "/more"}}, show: s.showMore},
	}
}

// Paths lists where each of the screens is, in a language, the path the navigation leads to first; tests that look at every
// screen walk it.
func Paths(tag string) [][]string {
	l, ok := known(tag)
	if !ok {
		l = french
	}
	var all [][]string
	for _, one := range new(site).screens() {
		var paths []string
		for _, r := range one.routes {
			paths = append(paths, r.in(l))
		}
		all = append(all, paths)
	}
	return all
}

// health is where each thing says how it does.
var health = route{"/etat", "/health"}

// route is the path of a screen in both languages. Both lead to it whatever the language.
type route struct{ fr, en string }

func (r route) in(l language) string {
	if l == english {
		return r.en
	}
	return r.fr
}

// place is where the navigation has a screen. The bar of a phone has room for
// four and for the one that leads to the others; a wide page lists them all.
type place string

const (
	bar       place = "bar"
	more      place = "more"
	energy    place = "energy" // further looks at one's energy
	together  place = "others" // what is shared and compared with others
	ownDevice place = "device" // the device and what it may do
	unlisted  place = ""       // reached from another screen
)

// groups are the places that a wide page lists under a heading, in that order.
var groups = [...]place{bar, energy, together, ownDevice}

// linkView is one way to a screen.
type linkView struct {
	Name, Path   string
	Label, About string
	Here         bool
}

// groupView is the links of one place.
type groupView struct {
	Place place
	Label string
	Links []linkView
}

func (e *edition) link(s, here *screen) linkView {
	return linkView{
		Name: s.name, Path: s.routes[0].in(e.language), Here: s == here,
		Label: e.short(s.name), About: e.say("screen." + s.name + ".about"),
	}
}

// short is what the navigation calls a screen: its name, or a shorter one.
func (e *edition) short(name string) string {
	if label, ok := e.lines["screen."+name+".short"]; ok {
		return label
	}
	return e.say("screen." + name)
}

// navigation lists the screens by place; here is the one that is shown, or nil.
func (s *site) navigation(e *edition, here *screen) []groupView {
	var all []groupView
	for _, p := range groups {
		group := groupView{Place: p, Label: e.say("place." + string(p))}
		for _, one := range s.all {
			if one.place == p {
				group.Links = append(group.Links, e.link(one, here))
			}
		}
		if len(group.Links) > 0 {
			all = append(all, group)
		}
	}
	return all
}

// showMore lists, for the narrow bar, the screens that are not on it.
func (s *site) showMore(v *visit) (any, error) {
	return s.navigation(v.edition, v.screen)[1:], nil
}

// screenNamed finds a screen; nil when there is none of that name.
func (s *site) screenNamed(name string) *screen {
	for _, one := range s.all {
		if one.name == name {
			return one
		}
	}
	return nil
}

// handle makes a screen answer on its routes.
func (s *site) handle(mux *http.ServeMux, one *screen) {
	for i, r := range one.routes {
		answer := func(w http.ResponseWriter, request *http.Request) {
			s.serveScreen(w, &visit{edition: s.speak(w, request), request: request, screen: one, route: i, control: http.NewResponseController(w)})
		}
		mux.HandleFunc(exactly(r.fr), answer)
		if r.en != r.fr {
			mux.HandleFunc(exactly(r.en), answer)
		}
	}
}

// at tells whether the screen answers on a path.
func (s *screen) at(path string) bool {
	return slices.ContainsFunc(s.routes, func(r route) bool { return path == r.fr || path == r.en })
}

// exactly is the pattern of a path and nothing below it.
func exactly(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return path
}
