package status

import (
	"bytes"
	"cmp"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"releve/agent/equivalence"
	"releve/agent/history"
	"releve/agent/kiosk"
)

// Kiosk is what screens on walls are given. The zero value shows them the live value to whoever may look at the page.
type Kiosk struct {
	Show kiosk.Show // but for its typeface and the address of its logo, which are set here
	Logo []byte     // the file of Show.Logo, PNG; nil for none

	// Pass returns what a screen was allowed that is no person; false for who sees all that the page shows. nil is always false.
	Pass func(*http.Request) (Pass, bool)
	// Past answers for what is not of this instant; nil where nothing does, and the slides are without it.
	Past Past
	// Stake is the household's share of an installation, nil while it has none.
	Stake *history.Stake
}

// Pass is one view ("" for all of them) at one resolution: live, or an ISO 8601 duration such as PT10M.
type Pass struct{ View, Resolution string }

// wall answers screens on walls:
//
//	/kiosk            a page that goes from view to view, or keeps to ?view=; ?forward= counts the touches
//	/kiosk/sheet      its drawing (SVG), for ?w= and ?h= pixels
//	/kiosk.png        the same as pixels
//	/kiosk/logo.png   the picture of who hangs it
type wall struct {
	*site
	Kiosk
	table *equivalence.Table

	painting sync.Mutex // guards everything below, and lets one sheet at a time be painted
	painted  string     // digest of the last
	png      []byte
}

func newWall(s *site, k *Kiosk) (*wall, error) {
	w := &wall{site: s}
	if k != nil {
		w.Kiosk = *k
	}
	var err error
	if w.Show.Typeface, err = kiosk.NewTypeface(); err != nil {
		return nil, err
	}
	if w.table, err = equivalence.Ready(); err != nil {
		return nil, err
	}
	if w.Logo != nil {
		w.Show.Address = "/kiosk/logo.png"
	}
	return w, nil
}

func (w *wall) routes(mux *http.ServeMux) {
	mux.HandleFunc("/kiosk", w.servePage)
	mux.HandleFunc("/kiosk/sheet", w.serveSheet)
	mux.HandleFunc("/kiosk.png", w.servePNG)
	if w.Logo != nil {
		mux.Handle("/kiosk/logo.png", asset{kind: "image/png", body: w.Logo})
	}
}

// asked is what a screen wants to see.
type asked struct {
	view          string
	forward       int
	width, height int
}

// The sizes of screens, in pixels.
const (
	leastSide = 100
	mostSide  = 4096
)

// ask reads the query of a request. Who has a pass for one view sees that, whatever is asked.
func (w *wall) ask(r *http.Request) (a asked, p Pass, err error) {
	query := r.URL.Query()
	a = asked{view: query.Get("view"), width: 1920, height: 1080}
	for _, n := range []struct {
		name        string
		into        *int
		least, most int
	}{{"w", &a.width, leastSide, mostSide}, {"h", &a.height, leastSide, mostSide}, {"forward", &a.forward, 0, 1 << 30}} {
		if text := query.Get(n.name); text != "" {
			value, err := strconv.Atoi(text)
			if err != nil || value < n.least || value > n.most {
				return a, p, fmt.Errorf("%s=%s: want a whole number from %d to %d", n.name, text, n.least, n.most)
			}
			*n.into = value
		}
	}
	if w.Pass != nil {
		if pass, bound := w.Pass(r); bound {
			p, a.view = pass, cmp.Or(pass.View, a.view)
		}
	}
	return a, p, nil
}

// draw returns the sheet that a screen wants.
func (w *wall) draw(r *http.Request, e *edition, a asked, p Pass) (kiosk.Sheet, error) {
	now := w.snapshot()
	slides, err := w.slides(r.Context(), e.catalogue, now, p.Resolution)
	if err != nil {
		return kiosk.Sheet{}, err
	}
	if p.View != "" { // and nothing of the others, not even how many there are
		slides = slices.DeleteFunc(slides, func(s kiosk.Slide) bool { return s.Name != p.View })
	}
	if len(slides) == 0 {
		slides = []kiosk.Slide{e.emptySlide()}
	}
	show := w.Show
	if show.Title == "" && len(now.Meters) > 0 {
		show.Title = cmp.Or(now.Meters[0].Title, now.Meters[0].Name)
	}
	on := show.Turn(slides, a.view, a.forward, now.Now)
	return show.Sheet(slides, on, now.Now, a.width, a.height), nil
}

// kioskView is the page of a screen on a wall.
type kioskView struct {
	Language language
	Assets   assets
	Build    string
	Title    string
	Sheet    string // where the drawing is
	Next     string // the page, one slide on
	Drawing  kioskDrawing
}

func (w *wall) servePage(out http.ResponseWriter, r *http.Request) {
	w.serve(out, r, func(e *edition, a asked, sheet kiosk.Sheet) {
		at := func(path string, forward int) string {
			query := url.Values{"lang": {string(e.language)}, "forward": {strconv.Itoa(forward)}}
			if a.view != "" {
				query.Set("view", a.view)
			}
			return path + "?" + query.Encode()
		}
		send(out, http.StatusOK, "text/html; charset=utf-8", func(body io.Writer) error {
			return e.pages.ExecuteTemplate(body, "kiosk", kioskView{
				Language: e.language, Assets: w.assets, Build: e.build, Title: cmp.Or(w.Show.Title, sheet.Spoken),
				Sheet: at("/kiosk/sheet", a.forward), Next: at("/kiosk", a.forward+1), Drawing: kioskDrawing(sheet.SVG()),
			})
		})
	})
}

func (w *wall) serveSheet(out http.ResponseWriter, r *http.Request) {
	w.serve(out, r, func(e *edition, _ asked, sheet kiosk.Sheet) {
		if isKnown(out, r, sheet.Digest()) {
			return
		}
		deliver(out, r, http.StatusOK, "image/svg+xml", sheet.SVG())
	})
}

func (w *wall) servePNG(out http.ResponseWriter, r *http.Request) {
	w.serve(out, r, func(_ *edition, _ asked, sheet kiosk.Sheet) {
		if isKnown(out, r, sheet.Digest()) {
			return
		}
		send(out, http.StatusOK, "image/png", func(body io.Writer) error { return w.paint(body, sheet) })
	})
}

// serve draws what is asked and hands it on, or says what is wrong with the question.
func (w *wall) serve(out http.ResponseWriter, r *http.Request, then func(*edition, asked, kiosk.Sheet)) {
	a, p, err := w.ask(r)
	if err != nil {
		sendLine(out, http.StatusBadRequest, err.Error())
		return
	}
	e := w.speak(out, r)
	out.Header().Set("Releve-Build", e.build) // after an update the page loads itself anew
	sheet, err := w.draw(r, e, a, p)
	if err != nil {
		http.Error(out, "draw the screen: "+err.Error(), http.StatusInternalServerError)
		return
	}
	then(e, a, sheet)
}

// paint writes a sheet as PNG; the last one is kept, for several screens of one size.
func (w *wall) paint(out io.Writer, sheet kiosk.Sheet) error {
	w.painting.Lock()
	defer w.painting.Unlock()
	if digest := sheet.Digest(); digest != w.painted {
		picture, err := sheet.Paint(w.Show.Typeface)
		if err != nil {
			return err
		}
		var body bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		if err := encoder.Encode(&body, picture); err != nil {
			return fmt.Errorf("encode the picture: %w", err)
		}
		w.painted, w.png = digest, body.Bytes()
	}
	_, err := out.Write(w.png)
	return err
}

// isKnown answers who has the drawing already (RFC 9110 §13.1.2).
func isKnown(out http.ResponseWriter, r *http.Request, digest string) bool {
	tag := `"` + digest + `"`
	out.Header().Set("ETag", tag)
	if !strings.Contains(r.Header.Get("If-None-Match"), tag) {
		return false
	}
	out.WriteHeader(http.StatusNotModified)
	return true
}
