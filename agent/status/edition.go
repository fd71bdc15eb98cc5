package status

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
)

// edition is the page in one language: its sentences, its templates, its assets.
type edition struct {
	catalogue
	pages               *template.Template
	style, script, icon asset
	build               string
}

// refusalView is a page that says one sentence.
type refusalView struct {
	Language    language
	Style, Icon string
	Sentence    string
	Home        bool // offer the way back to the front page
}

// region is a part of the page that the live stream replaces.
type region struct {
	name, template string
	data           any
}

func openEdition(l language) (*edition, error) {
	c, err := openCatalogue(l)
	if err != nil {
		return nil, err
	}
	e := &edition{catalogue: c}
	for name, file := range map[string]*asset{"page.css": &e.style, "page.js": &e.script, "icon.svg": &e.icon} {
		if *file, err = openAsset(name); err != nil {
			return nil, fmt.Errorf("open asset: %w", err)
		}
	}
	text, err := web.ReadFile("web/page.html")
	if err != nil {
		return nil, fmt.Errorf("open template: %w", err)
	}
	e.pages, err = template.New("page.html").Funcs(template.FuncMap{"say": c.say}).Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	e.build = digest(text, e.style.body, e.script.body)
	return e, nil
}

// page words a snapshot and adds what only the edition knows.
func (e *edition) page(s Snapshot) pageView {
	view := e.catalogue.page(s)
	view.Style, view.Script, view.Icon, view.Build = e.style.path, e.script.path, e.icon.path, e.build
	return view
}

func (e *edition) writePage(w io.Writer, s Snapshot) error {
	return e.pages.ExecuteTemplate(w, "page", e.page(s))
}

func (e *edition) writeRefusal(w io.Writer, sentence string, home bool) error {
	return e.pages.ExecuteTemplate(w, "refusal", refusalView{
		Language: e.language, Style: e.style.path, Icon: e.icon.path, Sentence: sentence, Home: home,
	})
}

// regions renders every live region of the page, by name.
func (e *edition) regions(s Snapshot) (map[string]string, error) {
	view := e.page(s)
	rendered := make(map[string]string)
	var out bytes.Buffer
	for _, r := range view.regions() {
		out.Reset()
		if err := e.pages.ExecuteTemplate(&out, r.template, r.data); err != nil {
			return nil, fmt.Errorf("render %s: %w", r.name, err)
		}
		rendered[r.name] = out.String()
	}
	return rendered, nil
}

// spokenRegion is read aloud by screen readers; the stream changes it seldom.
const spokenRegion = "spoken"

// regions lists what page.html marks with data-live.
func (v pageView) regions() []region {
	list := []region{
		{"title", "title", v},
		{spokenRegion, "spoken", v},
		{"state", "state", v.Overall},
		{"alert", "alert", v.Alert},
		{"outgoing", "outgoing", v.Outgoing},
		{"health", "health", v.Health},
	}
	for _, m := range v.Meters {
		list = append(list,
			region{m.Key + ".glance", "glance", m.Glance},
			region{m.Key + ".fresh", "fresh", m.Fresh},
			region{m.Key + ".share", "share", m.Share},
			region{m.Key + ".curve", "curve", m.Curve},
			region{m.Key + ".facts", "facts", m.Facts},
			region{m.Key + ".phases", "phases", m.Phases},
			region{m.Key + ".line", "line", m.Line},
			region{m.Key + ".events", "events", m.Events},
			region{m.Key + ".readings", "readings", m.Readings},
		)
	}
	return list
}
