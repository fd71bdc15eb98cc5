package status

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// settingsView is how the device is set.
type settingsView struct {
	None     bool
	Steps    []stepView
	Trial    *trialView
	Sections []sectionView
	Screens  []screenPassView
	Issue    form
	Token    string // of the pass that was just made
	Entrance string // where a screen brings it
	Tests    []form
	Tested   string
	Password form
	Leave    form
	Code     string
}

type stepView struct {
	stateView
	Title, Text, Anchor string
}

type trialView struct {
	Text    string
	Rows    []TrialChange
	Confirm *form
	Back    form
}

// sectionView is one section of the configuration.
type sectionView struct {
	Name  string
	Title string
	Open  bool // something in it is wrong
	Form  form
}

type screenPassView struct {
	Name, Text string
	Revoke     form
}

// showSettings shows all of it. Only who has the password comes here.
func (s *site) showSettings(v *visit) (any, error) {
	if s.setup == nil {
		return settingsView{None: true}, nil
	}
	set := s.setup.Settings()
	view := settingsView{Token: v.token, Tested: v.tested, Code: set.OwnerCode, Trial: v.trial(set.Trial), Sections: v.sections(set.Keys)}
	view.Entrance = s.screenNamed("screenentry").routes[0].in(v.language)
	for _, step := range set.Steps {
		shown := stepView{v.state(Waiting), step.Title.in(v.language), step.Text.in(v.language), step.Anchor}
		if step.Done {
			shown.stateView = v.state(OK)
		}
		view.Steps = append(view.Steps, shown)
	}
	for _, p := range set.Screens {
		revoke := v.newForm("revoke-"+p.ID, "revoke")
		revoke.Hidden = []hidden{{"id", p.ID}}
		view.Screens = append(view.Screens, screenPassView{p.Name, v.passText(p), revoke})
	}
	resolution := field{Name: "resolution", Kind: "choice"}
	for _, r := range set.Resolutions {
		resolution.Options = append(resolution.Options, choice{r, v.say("resolution." + r), false})
	}
	view.Issue = v.newForm("issue", "issue", field{Name: "name", Kind: "text", Complete: "off", Required: true}, field{Name: "view", Kind: "choice", Options: v.views()}, resolution)
	for _, name := range set.Recipients {
		test := v.newForm("test-"+name, "test")
		test.Button, test.Hidden = v.say("settings.test", name), []hidden{{"recipient", name}}
		view.Tests = append(view.Tests, test)
	}
	view.Password = v.newForm("password", "password",
		field{Name: "password", Label: v.say("field.password.now"), Kind: "password", Complete: "current-password", Required: true},
		field{Name: "choose", Label: v.say("field.choose.next"), Kind: "password", Complete: "new-password", Required: true}, field{Name: "again", Kind: "password", Complete: "new-password", Required: true})
	view.Leave = v.newForm("leave", "leave")
	view.Leave.Second = true
	return view, nil
}

func (v *visit) passText(p ScreenPass) string {
	what := v.say("settings.screen.all")
	if p.View != "" {
		what = v.say("view." + p.View)
	}
	text := what + " · " + v.say("resolution."+p.Resolution)
	if !p.Made.IsZero() {
		text += " · " + v.day(p.Made)
	}
	return text
}

// kioskViews are what a screen on a wall can show.
var kioskViews = []string{"now", "synchro", "equivalence", "project"}

func (v *visit) views() []choice {
	all := []choice{{Label: v.say("settings.screen.all")}}
	for _, name := range kioskViews {
		all = append(all, choice{Value: name, Label: v.say("view." + name)})
	}
	return all
}

func (v *visit) trial(t *Trial) *trialView {
	if t == nil {
		return nil
	}
	seconds := v.span(t.Left)
	view := &trialView{Text: v.say("trial.proving", seconds), Rows: t.Changes, Back: v.newForm("back", "back")}
	if t.Works {
		view.Text = v.say("trial.works", seconds)
		confirm := v.newForm("confirm", "confirm")
		view.Confirm = &confirm
	}
	return view
}

// sections makes a form of each section, in the order of the keys.
func (v *visit) sections(keys []Setting) []sectionView {
	var all []sectionView
	for _, k := range keys {
		name := k.Path[:strings.LastIndex(k.Path, ".")]
		i := slices.IndexFunc(all, func(one sectionView) bool { return one.Name == name })
		if i < 0 {
			i = len(all)
			f := v.newForm("set-"+name, "set")
			f.Hidden = []hidden{{"section", name}}
			all = append(all, sectionView{name, v.sectionTitle(name), v.sent.form == f.ID, f})
		}
		all[i].Form.Fields = append(all[i].Form.Fields, v.worded(all[i].Form.ID, v.setting(k)))
	}
	return all
}

// sectionTitle says what a section is about: "meter[linky]" is the meter linky.
func (v *visit) sectionTitle(name string) string {
	table, entry, _ := strings.Cut(name, "[")
	title, ok := v.lines["section."+table]
	if !ok {
		title = table
	}
	return strings.TrimSpace(title + " " + strings.TrimSuffix(entry, "]"))
}

// setting is the field of a key, called as it is in the files.
func (v *visit) setting(k Setting) field {
	f := field{Name: k.Path, Label: k.Path[strings.LastIndex(k.Path, ".")+1:], Hint: k.About.in(v.language), Kind: k.Kind, Value: strings.Join(k.Values, "\n"), Complete: "off"}
	if k.Range != "" {
		f.Label += " (" + k.Range + ")"
	}
	if k.Changed {
		f.Hint = v.say("settings.changed") + " " + f.Hint
	}
	if k.Kind == "check" {
		f.Value = strings.TrimPrefix(f.Value, "false")
	}
	for _, c := range k.Choices {
		f.Options = append(f.Options, choice{c, c, c == f.Value})
	}
	return f
}

// takeSettings does what a form of the settings asks.
func (s *site) takeSettings(w http.ResponseWriter, v *visit) {
	if s.setup == nil {
		s.refuse(w, v.request, http.StatusMethodNotAllowed)
		return
	}
	s.takes(w, v, func(values url.Values) (string, error) {
		do := values.Get("do")
		switch do {
		case "set":
			return v.done(do), s.setup.Change(changedBy(s.setup.Settings().Keys, values))
		case "confirm":
			return v.done(do), s.setup.Confirm()
		case "back":
			return v.done(do), s.setup.TakeBack()
		case "revoke":
			return v.done(do), s.setup.Revoke(values.Get("id"))
		case "leave":
			return s.screenNamed("login").routes[0].in(v.language) + "?done=leave", s.entry.LogOutEverywhere(w, v.request)
		case "password":
			if err := sameTwice(values); err != nil {
				return "", err
			}
			return v.done(do), s.entry.ChangePassword(w, v.request, values.Get("password"), values.Get("choose"))
		case "issue":
			return "", s.issue(v, values)
		case "test":
			v.patience(ledgerPatience)
			said, err := s.setup.Test(values.Get("recipient"))
			v.tested = said.in(v.language)
			return "", err
		}
		return "", fmt.Errorf("%q is nothing that can be set", do)
	})
}

// issue makes a pass. Its token is on the answer, and in no address.
func (s *site) issue(v *visit, values url.Values) error {
	view := values.Get("view")
	if view != "" && !slices.Contains(kioskViews, view) {
		return &Refusal{Field: "view", Text: Say("Cette vue n'existe pas.", "There is no such view.")}
	}
	if !slices.Contains(s.setup.Settings().Resolutions, values.Get("resolution")) {
		return &Refusal{Field: "resolution", Text: Say("Choisissez une finesse.", "Choose how fine.")}
	}
	token, err := s.setup.Issue(values.Get("name"), view, values.Get("resolution"))
	v.token = token
	return err
}

// changedBy is what a section was sent with otherwise than it is.
func changedBy(keys []Setting, values url.Values) map[string][]string {
	changes := map[string][]string{}
	for _, k := range keys {
		if !strings.HasPrefix(k.Path, values.Get("section")+".") {
			continue
		}
		sent := []string{strings.TrimSpace(values.Get(k.Path))}
		switch k.Kind {
		case "check":
			sent = []string{fmt.Sprint(values.Get(k.Path) == "1")}
		case "lines":
			sent = strings.Fields(values.Get(k.Path))
		}
		if strings.Join(sent, "\n") != strings.Join(k.Values, "\n") {
			changes[k.Path] = sent
		}
	}
	return changes
}

// showScreenEntry asks a screen for its token. A module takes it from behind the # of an address, which no server sees.
func (s *site) showScreenEntry(v *visit) (any, error) {
	return v.newForm("screen", "screen", field{Name: "token", Kind: "password", Complete: "off", Required: true}), nil
}

// takeScreenEntry gives a screen the cookie for its token.
func (s *site) takeScreenEntry(w http.ResponseWriter, v *visit) {
	s.takes(w, v, func(values url.Values) (string, error) {
		return "/kiosk", s.entry.Exchange(w, v.request, values.Get("token"))
	})
}
