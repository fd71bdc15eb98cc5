package status

import (
	"fmt"
	"html/template"
	"io"
)

// edition is the page in one language: its sentences and its templates.
type edition struct {
	catalogue
	pages  *template.Template
	assets assets
	build  string
}

// refusalView is a page that says one sentence.
type refusalView struct {
	Language language
	Assets   assets
	Sentence string
	Home     bool // offer the way back to the front page
}

// templates are the files of the templates: the frame, the parts that several
// screens have, and the screens.
var templates = []string{"web/frame.html", "web/kiosk.html", "web/parts/*.html", "web/screens/*.html"}

func openEdition(l language, files assets) (*edition, error) {
	c, err := openCatalogue(l)
	if err != nil {
		return nil, err
	}
	e := &edition{catalogue: c, assets: files, build: digestFiles()}
	e.pages, err = template.New("frame").Funcs(template.FuncMap{"say": c.say, "icon": files.icon}).ParseFS(web, templates...)
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	return e, nil
}

func (e *edition) writeRefusal(w io.Writer, sentence string, home bool) error {
	return e.pages.ExecuteTemplate(w, "refusal", refusalView{Language: e.language, Assets: e.assets, Sentence: sentence, Home: home})
}
