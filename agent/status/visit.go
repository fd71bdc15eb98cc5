package status

import (
	"net/http"
	"net/url"
	"time"
)

// visit is one request for a screen, in the language it is answered in.
type visit struct {
	*edition
	request  *http.Request
	screen   *screen
	route    int // which of the screen's routes was asked for
	snapshot Snapshot
	sent     sent // a form that was refused
	control  *http.ResponseController

	token, tested string // said once: of a pass that was made, of a recipient that was tried
}

// patience lets an answer take longer than others.
func (v *visit) patience(d time.Duration) {
	_ = v.control.SetWriteDeadline(time.Now().Add(d)) // not every writer has deadlines
}

// path is where the visit is, in a language, with what was asked there.
func (v *visit) path(l language, asked url.Values) string {
	path := v.screen.routes[v.route].in(l)
	if len(asked) == 0 {
		return path
	}
	return path + "?" + asked.Encode()
}

// elsewhere is the same screen, of the same things, in the other language.
func (v *visit) elsewhere() string {
	asked := v.request.URL.Query()
	asked.Set("lang", string(v.language.other()))
	return v.path(v.language.other(), asked)
}

// serveScreen answers a visit.
func (s *site) serveScreen(w http.ResponseWriter, v *visit) {
	v.snapshot = s.snapshot()
	if v.request.Method == http.MethodPost {
		v.screen.take(w, v)
		return
	}
	s.show(w, v, http.StatusOK)
}

// show sends the screen of a visit.
func (s *site) show(w http.ResponseWriter, v *visit, code int) {
	body, err := s.render(v)
	if err != nil {
		s.refused(w, v, err)
		return
	}
	deliver(w, v.request, code, "text/html; charset=utf-8", body)
}
