package status

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options tunes [Handler]; the zero value is what a household wants.
type Options struct {
	Every   time.Duration // rhythm of the live stream; 0 means one second
	Clients int           // live streams at once; 0 means 16, further ones are told to come back later
	Past    Past          // what meters have said; nil: the screens of the past say that there is none

	Household Household // what the configuration lets the screens tell

	Kiosk *Kiosk // what screens on walls are given; nil is the zero value

	// Guard says whether a request may go on, and with which status it is refused otherwise: 401 for who has to log in.
	// nil lets everybody look, under any name and from any site: a page that others can reach has one.
	Guard func(*http.Request) (*http.Request, int)
	Entry Entry // how people get in; nil when nobody can

	// API answers programs, under /api/ and at /metrics; nil when nothing does.
	API   http.Handler
	House House // what can be seen and decided about one's data; nil when nothing can
	Setup Setup // how the device is set; nil when it is not here
}

// site is the page and all that answers beside it.
type site struct {
	snapshot  func() Snapshot
	all       []*screen
	wall      *wall
	assets    assets
	editions  map[language]*edition
	guard     func(*http.Request) (*http.Request, int)
	entry     Entry
	api       http.Handler
	past      Past
	household Household
	house     House
	setup     Setup
	routes    http.Handler
	every     time.Duration
	seats     chan struct{} // one for each live stream
}

// Handler returns the page and its routes (see the package comment). It calls
// snapshot once for every answer, from several goroutines at once.
//
// Who may see and who may change what is decided before it, by [Options].Guard.
func Handler(snapshot func() Snapshot, opts Options) http.Handler {
	s := &site{
		snapshot:  snapshot,
		editions:  make(map[language]*edition),
		guard:     opts.Guard,
		entry:     opts.Entry,
		api:       opts.API,
		past:      opts.Past,
		household: opts.Household,
		house:     opts.House,
		setup:     opts.Setup,
		every:     orElse(opts.Every, time.Second),
		seats:     make(chan struct{}, orElse(opts.Clients, 16)),
	}
	if s.entry == nil {
		s.entry = nobody{}
	}
	if err := s.open(); err != nil { // the embedded files are part of the program and read by every test
		return broken(err)
	}
	s.all = s.screens()
	var err error
	if s.wall, err = newWall(s, opts.Kiosk); err != nil {
		return broken(err)
	}
	s.routes = s.mux()
	return s
}

// open reads what is embedded.
func (s *site) open() error {
	var err error
	if s.assets, err = openAssets(); err != nil {
		return err
	}
	for _, l := range []language{french, english} {
		if s.editions[l], err = openEdition(l, s.assets); err != nil {
			return err
		}
	}
	return nil
}

// broken answers everything with the reason why there is no page.
func broken(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	})
}

func orElse[T int | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

func (s *site) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, one := range s.all {
		s.handle(mux, one)
	}
	s.wall.routes(mux)
	s.downloads(mux)
	mux.HandleFunc("/events", s.serveEvents)
	if s.api != nil {
		mux.Handle("/api/", s.api)
		mux.Handle("/metrics", s.api)
	}
	for _, path := range reportPaths {
		mux.HandleFunc(path, s.serveReport)
	}
	mux.HandleFunc("/healthz", serveAlive)
	mux.HandleFunc("/readyz", s.serveReady)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusNotFound)
	})
	for _, a := range s.assets.all() {
		mux.Handle(a.path, a)
	}
	return mux
}

// ServeHTTP refuses what must not reach a route.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	code := 0
	if s.guard != nil {
		r, code = s.guard(r)
	}
	switch {
	case code == http.StatusUnauthorized && isScreen(r):
		s.sendIn(w, r)
	case code == http.StatusMisdirectedRequest:
		s.refuse(w, r, code, r.Host)
	case code != 0:
		s.refuse(w, r, code)
	case !s.allowed(r):
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, r, http.StatusMethodNotAllowed)
	default:
		s.routes.ServeHTTP(w, r)
	}
}

// isScreen tells somebody who reads the page from a program.
func isScreen(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// sendIn leads who has to log in to where that is done, and remembers where they were going.
func (s *site) sendIn(w http.ResponseWriter, r *http.Request) {
	way := "login"
	if s.entry.IsNew() {
		way = "welcome"
	}
	to := s.screenNamed(way).routes[0].in(s.speak(w, r).language)
	http.Redirect(w, r, to+"?"+url.Values{"to": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
}

// allowed judges a method: everything is read, and a few screens take something.
func (s *site) allowed(r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	return r.Method == http.MethodPost && slices.ContainsFunc(s.all, func(one *screen) bool {
		return one.take != nil && one.at(r.URL.Path)
	})
}

// secure sets what every answer carries. Nothing on the page comes from
// elsewhere, nothing else may frame or embed it, and nothing of it is kept. With
// no-referrer browsers would not say that our own forms are ours (Origin: null).
func secure(header http.Header) {
	header.Set("Content-Security-Policy",
		"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	header.Set("Cache-Control", "no-store")
}

// speak finds the edition for a request and says so in the answer.
func (s *site) speak(w http.ResponseWriter, r *http.Request) *edition {
	e := s.editions[languageOf(w, r)]
	w.Header().Set("Content-Language", string(e.language))
	w.Header().Add("Vary", "Accept-Language, Cookie")
	return e
}

// refuse answers one sentence about a status, on a page of its own, or to a program as a problem.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, code int, args ...any) {
	if isForPrograms(r.URL.Path) {
		Problem(w, code, s.editions[english].say(fmt.Sprintf("error.%d", code), args...))
		return
	}
	s.refuseSaying(w, r, code, fmt.Sprintf("error.%d", code), args...)
}

// refuseSaying answers the sentence of a key.
func (s *site) refuseSaying(w http.ResponseWriter, r *http.Request, code int, key string, args ...any) {
	e := s.speak(w, r)
	send(w, code, "text/html; charset=utf-8", func(out io.Writer) error {
		return e.writeRefusal(out, e.say(key, args...), code != http.StatusMisdirectedRequest)
	})
}

func serveAlive(w http.ResponseWriter, _ *http.Request) {
	sendLine(w, http.StatusOK, "ok")
}

// serveReady answers for programs, hence in English whatever the reader's language.
func (s *site) serveReady(w http.ResponseWriter, _ *http.Request) {
	if err := s.snapshot().Health.Ready(); err != nil {
		w.Header().Set("Retry-After", "5")
		sendLine(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	sendLine(w, http.StatusOK, "ready")
}

func sendLine(w http.ResponseWriter, code int, line string) {
	send(w, code, "text/plain; charset=utf-8", func(out io.Writer) error {
		_, err := fmt.Fprintln(out, line)
		return err
	})
}

// send writes a whole answer, or the reason why there is none: nothing is sent
// before it is known to be complete.
func send(w http.ResponseWriter, code int, kind string, write func(io.Writer) error) {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		http.Error(w, "prepare the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", fmt.Sprint(body.Len()))
	w.WriteHeader(code)
	_, _ = body.WriteTo(w) // the reader may have left; there is nobody to tell
}

// deliver sends a whole body, compressed when the reader wants it so.
func deliver(w http.ResponseWriter, r *http.Request, code int, kind string, body []byte) {
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	if compresses(r) {
		if tiny := compress(body, gzip.BestSpeed); tiny != nil {
			header.Set("Content-Encoding", "gzip")
			body = tiny
		}
	}
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // the reader may have left; there is nobody to tell
}
