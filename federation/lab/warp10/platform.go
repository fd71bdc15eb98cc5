// Package warp10 is a platform for tests that answers as Warp 10 does, from its public documentation and its sources
// (version 3): it parses all of what it is sent, and refuses what a platform refuses, in its words.
//
// In: requests to /api/v0/update and /api/v0/exec. Out: answers, and what is stored. It knows of WarpScript what a relay
// needs: literals, lists, maps, arithmetic, STU, FIND, FETCH and SIZE.
package warp10

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Platform is a Warp 10 in memory, with one token that writes and one that reads.
type Platform struct {
	Write, Read string
	Ticks       int64                                             // in a second; 0 for a million
	FetchLimit  int                                               // datapoints of one FETCH; 0 for no limit
	MaxFuture   time.Duration                                     // how far ahead a datapoint may be; 0 for no limit
	Mind        func(r *http.Request) (status int, reason string) // answers in place of the platform, unless the status is 0; may be nil

	mu       sync.Mutex // guards everything below
	series   map[string]*serie
	requests int
}

// serie is a geo time series: its datapoints by tick, of which the last that was written counts.
type serie struct {
	gts    GTS
	points map[int64]any // float64, int64, string, bool or []byte
}

// GTS is an identity.
type GTS struct {
	Class  string
	Labels map[string]string
}

// key is another one for another identity.
func (g GTS) key() string {
	key := strconv.Quote(g.Class)
	for _, name := range slices.Sorted(maps.Keys(g.Labels)) {
		key += "," + strconv.Quote(name) + "=" + strconv.Quote(g.Labels[name])
	}
	return key
}

// Point is one datapoint, by its tick.
type Point struct {
	Tick  int64
	Value any
}

// Points returns what is stored of a series, the oldest first.
func (p *Platform) Points(class string, labels map[string]string) []Point {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.series[GTS{class, labels}.key()]
	if s == nil {
		return nil
	}
	var all []Point
	for _, tick := range slices.Sorted(maps.Keys(s.points)) {
		all = append(all, Point{tick, s.points[tick]})
	}
	return all
}

// All returns the identities of all series, in order.
func (p *Platform) All() []GTS {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []GTS
	for _, key := range slices.Sorted(maps.Keys(p.series)) {
		all = append(all, p.series[key].gts)
	}
	return all
}

// Count is how many datapoints are stored.
func (p *Platform) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.series {
		n += len(s.points)
	}
	return n
}

// Requests is how many came.
func (p *Platform) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// Put stores a datapoint as if somebody had written it.
func (p *Platform) Put(g GTS, tick int64, value any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(g, tick, value)
}

func (p *Platform) put(g GTS, tick int64, value any) {
	if p.series == nil {
		p.series = map[string]*serie{}
	}
	s := p.series[g.key()]
	if s == nil {
		s = &serie{gts: g, points: map[int64]any{}}
		p.series[g.key()] = s
	}
	s.points[tick] = value
}

func (p *Platform) ticks() int64 {
	if p.Ticks == 0 {
		return 1_000_000
	}
	return p.Ticks
}

// ServeHTTP answers a request.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests++
	p.mu.Unlock()
	if p.Mind != nil {
		if status, reason := p.Mind(r); status != 0 {
			sendError(w, status, reason)
			return
		}
	}
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		return
	case r.Method != http.MethodPost:
		sendError(w, http.StatusMethodNotAllowed, "HTTP method "+r.Method+" is not supported by this URL")
	case r.URL.Path == "/api/v0/update":
		p.update(w, r, string(body))
	case r.URL.Path == "/api/v0/exec":
		p.exec(w, string(body))
	default:
		sendError(w, http.StatusNotFound, "Not Found")
	}
}

// sendError answers as a servlet of Jetty does: with a page that has the reason in it.
func sendError(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "text/html;charset=iso-8859-1")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html>\n<head>\n<title>Error %d</title>\n</head>\n<body><h2>HTTP ERROR %d</h2>\n<p>Reason:\n<pre>    %s</pre></p>\n</body>\n</html>\n",
		status, status, html.EscapeString(reason))
}

// update stores lines of the GTS input format. As on a real platform, those before one that is refused are stored.
func (p *Platform) update(w http.ResponseWriter, r *http.Request, body string) {
	if r.Header.Get("X-Warp10-Token") != p.Write {
		sendError(w, http.StatusForbidden, "Error when updating data: Invalid token.")
		return
	}
	var before *GTS
	for _, line := range strings.Split(body, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		g, tick, value, err := p.parseLine(before, line)
		if err != nil {
			sendError(w, http.StatusBadRequest, fmt.Sprintf("Error when updating data: Parse error at index %d in '%s' (%s)", err.index, line, err.reason))
			return
		}
		before = &g
		p.Put(g, tick, value)
	}
}

// exec runs a script and answers with the stack it leaves, its top first.
func (p *Platform) exec(w http.ResponseWriter, script string) {
	m := &machine{platform: p}
	if line, err := m.run(script); err != nil {
		w.Header().Set("X-Warp10-Error-Line", strconv.Itoa(line))
		w.Header().Set("X-Warp10-Error-Message", err.Error())
		sendError(w, http.StatusInternalServerError, fmt.Sprintf("ERROR line #%d: %v", line, err))
		return
	}
	var top []string
	for _, value := range slices.Backward(m.stack) {
		top = append(top, loose(value))
	}
	w.Header().Set("X-Warp10-Ops", strconv.Itoa(m.ops))
	fmt.Fprintf(w, "[%s]", strings.Join(top, ","))
}

// loose writes JSON as a platform does, where NaN stays NaN.
func loose(value any) string {
	switch value := value.(type) {
	case float64:
		if value != value {
			return "NaN"
		}
		text := strconv.FormatFloat(value, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return strings.ToUpper(text)
	case []byte: // bytes are the characters of ISO 8859-1
		var b strings.Builder
		for _, c := range value {
			b.WriteRune(rune(c))
		}
		return loose(b.String())
	case []any:
		var all []string
		for _, one := range value {
			all = append(all, loose(one))
		}
		return "[" + strings.Join(all, ",") + "]"
	case listed:
		return value.json()
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "null"
	}
	return string(text)
}

// words are an error in the platform's own words.
type words string

func (w words) Error() string { return string(w) }

func said(format string, args ...any) error { return words(fmt.Sprintf(format, args...)) }
