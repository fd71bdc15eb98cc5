package status

import (
	"bytes"
	"fmt"
	"html/template"
)

// frameView is what surrounds every screen.
type frameView struct {
	Language, Other language
	Assets          assets
	Zone            string // of the household's clock, for scripts
	Build           string // changes when the page itself changed
	Screen          string // its name
	Label, About    string // of the screen
	Switch          string // the same screen in the other language
	Events          string // the screen's live stream; empty when nothing on it moves
	Title           string // of the browser's tab
	Spoken          string // for a screen reader, when the screen moves
	Groups          []groupView
	More            linkView
	Overall         overallView
	Alert           *nodeView // the first fault, nil when there is none
	Said            string    // what the visit has just done
	In              bool      // who looks has the password
	Login           string    // the way in, and out
	Made            string    // where it is said what the program is made of
	Version         string
	Started         string
	Content         template.HTML // the screen, rendered
}

// liveView is what of a screen moves.
type liveView struct {
	title   string // of the browser's tab, without the name of the program
	spoken  string // for a screen reader
	regions []region
}

// region is a part of the page that the live stream replaces.
type region struct {
	name, template string
	data           any
}

// render returns a screen within its frame.
func (s *site) render(v *visit) ([]byte, error) {
	shown, err := v.screen.show(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := v.pages.ExecuteTemplate(&out, "screen-"+v.screen.name, shown); err != nil {
		return nil, fmt.Errorf("render %s: %w", v.screen.name, err)
	}
	frame := s.frame(v)
	frame.Content = template.HTML(out.String()) // by html/template, hence safe
	out.Reset()
	if err := v.pages.ExecuteTemplate(&out, "frame", frame); err != nil {
		return nil, fmt.Errorf("render the frame: %w", err)
	}
	return out.Bytes(), nil
}

func (s *site) frame(v *visit) frameView {
	frame := frameView{
		Language: v.language, Other: v.language.other(), Assets: v.assets, Build: v.build, Zone: v.snapshot.Now.Location().String(),
		Screen: v.screen.name, Label: v.say("screen." + v.screen.name), About: v.say("screen." + v.screen.name + ".about"),
		Switch: v.elsewhere(), Groups: s.navigation(v.edition, v.screen), More: v.link(s.screenNamed("more"), v.screen),
		Overall: v.overall(v.snapshot), Alert: v.alert(v.snapshot.Health), Version: v.snapshot.Version,
	}
	frame.Title, frame.Said = frame.Label, v.said()
	frame.In, frame.Login = s.entry.IsIn(v.request), s.screenNamed("login").routes[0].in(v.language)
	frame.Made = s.screenNamed("about").routes[0].in(v.language)
	if v.screen.live != nil {
		moving := v.screen.live(v.edition, v.snapshot)
		frame.Title, frame.Spoken = moving.title, moving.spoken
		frame.Events = "/events?screen=" + v.screen.name + "&lang=" + string(v.language)
	}
	if !v.snapshot.Started.IsZero() {
		frame.Started = v.ago(v.snapshot.Now, v.snapshot.Started)
	}
	return frame
}

// spokenRegion is read aloud by screen readers; the stream changes it seldom.
const spokenRegion = "spoken"

// regions renders all that moves on a screen and its frame, by name.
func (e *edition) regions(one *screen, s Snapshot) (map[string]string, error) {
	moving := one.live(e, s)
	all := append([]region{
		{"title", "title", moving.title},
		{spokenRegion, "spoken", moving.spoken},
		{"state", "overall", e.overall(s)},
		{"alert", "alert", e.alert(s.Health)},
	}, moving.regions...)
	rendered := make(map[string]string, len(all))
	var out bytes.Buffer
	for _, r := range all {
		out.Reset()
		if err := e.pages.ExecuteTemplate(&out, r.template, r.data); err != nil {
			return nil, fmt.Errorf("render %s: %w", r.name, err)
		}
		rendered[r.name] = out.String()
	}
	return rendered, nil
}
