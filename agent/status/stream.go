package status

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	heartbeat    = 15 * time.Second // longest silence of a live stream; page.js waits a little longer
	spokenEvery  = 30 * time.Second // a screen reader is not interrupted more often
	writeTimeout = 10 * time.Second // a browser that does not read for so long is let go
)

// stream sends one browser what changed on the screen it shows.
//
// Format (text/event-stream, one event per paragraph):
//
//	event: hello   data: build of the page, to reload after an update
//	event: patch   data: {"region":"html",…}, only the regions that changed
//	event: beat    data: empty, when nothing changed for a while
//
// Example:
//
//	event: patch
//	data: {"0.fresh":"<p class=\"fresh\">…"}
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	edition *edition
	screen  *screen

	sent   map[string]string // regions as the browser has them
	wrote  time.Time
	spoken time.Time // begins at the opening: the page was just read aloud
}

func (s *site) serveEvents(w http.ResponseWriter, r *http.Request) {
	screen := s.screenNamed(cmp.Or(r.URL.Query().Get("screen"), "now"))
	if screen == nil || screen.live == nil {
		s.refuse(w, r, http.StatusNotFound)
		return
	}
	select {
	case s.seats <- struct{}{}:
		defer func() { <-s.seats }()
	default:
		w.Header().Set("Retry-After", "30")
		sendLine(w, http.StatusServiceUnavailable, "too many pages are live; this one will reload by itself")
		return
	}
	live := &stream{
		w: w, control: http.NewResponseController(w), edition: s.speak(w, r), screen: screen, sent: map[string]string{}, spoken: time.Now(),
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // for who puts nginx in front
	if r.Method == http.MethodHead {
		return
	}
	s.follow(r, live)
}

// follow sends until the browser leaves or the server stops.
func (s *site) follow(r *http.Request, live *stream) {
	_ = live.control.SetReadDeadline(time.Time{}) // nothing more is read; not every writer has deadlines
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	err := live.event("retry: 2000\nevent: hello", live.edition.build)
	for err == nil {
		if err = live.update(s.snapshot()); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// update sends the regions that differ from what the browser has.
func (l *stream) update(snapshot Snapshot) error {
	regions, err := l.edition.regions(l.screen, snapshot)
	if err != nil {
		return err
	}
	now := time.Now()
	if now.Sub(l.spoken) < spokenEvery {
		delete(regions, spokenRegion)
	}
	changed := make(map[string]string)
	for name, html := range regions {
		if before, known := l.sent[name]; !known || before != html {
			changed[name], l.sent[name] = html, html
		}
	}
	if _, speaks := changed[spokenRegion]; speaks {
		l.spoken = now
	}
	return l.send(changed, now)
}

func (l *stream) send(changed map[string]string, now time.Time) error {
	if len(changed) == 0 {
		if now.Sub(l.wrote) < heartbeat {
			return nil
		}
		return l.event("event: beat", "")
	}
	data, err := json.Marshal(changed)
	if err != nil {
		return fmt.Errorf("encode regions: %w", err)
	}
	return l.event("event: patch", string(data))
}

// event writes one event; data holds no line break, JSON having none.
func (l *stream) event(head, data string) error {
	l.wrote = time.Now()
	if err := l.control.SetWriteDeadline(l.wrote.Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := fmt.Fprintf(l.w, "%s\ndata: %s\n\n", head, data); err != nil {
		return err
	}
	return l.control.Flush()
}
