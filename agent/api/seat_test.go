package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"releve/agent/api"
	"releve/agent/history"
	"releve/agent/status"
	"releve/buffer"
	"releve/senml"
)

// slow is an archive of nothing, whose answers take until they are let go.
type slow struct {
	asked chan struct{}
	let   chan struct{}
}

func (s slow) Known() []buffer.Known { return nil }

func (s slow) History(context.Context, string, time.Time, time.Time, int) (senml.Pack, bool, error) {
	return nil, false, nil
}

func (s slow) Periods(context.Context, string, buffer.Resolution, time.Time, time.Time, int) ([]buffer.Period, bool, error) {
	if s.asked != nil {
		s.asked <- struct{}{}
		<-s.let
	}
	return nil, false, nil
}

// empty is a house of which nothing is known.
func empty(t testing.TB, archive history.Archive) api.House {
	now := noon(t)
	return api.House{
		Snapshot: func() status.Snapshot { return snapshot(now) }, Series: func() []api.Series { return nil }, Latest: func() []api.Value { return nil },
		History: &history.Engine{Archive: archive, Location: paris(t), Now: func() time.Time { return now }},
	}
}

// TestTwoAtOnce: a third question waits, and whoever leaves meanwhile is told so.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	archive := slow{asked: make(chan struct{}), let: make(chan struct{})}
	handler := api.Handler(empty(t, archive))
	var answered sync.WaitGroup
	for range 2 {
		answered.Go(func() {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/api/v1/history?quantity=power", nil))
			if w.Code != http.StatusOK {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
		})
	}
	<-archive.asked
	<-archive.asked
	gone, leave := context.WithCancel(t.Context())
	leave()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(gone, http.MethodGet, "http://localhost/api/v1/history?quantity=power", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "Others are being answered") {
		t.Errorf("a third: %d, %s", w.Code, w.Body)
	}
	close(archive.let)
	answered.Wait()
}

// FuzzHistory: whatever is asked is answered, or refused as the asker's fault.
func FuzzHistory(f *testing.F) {
	for _, seed := range []string{
		"span=year&step=P1M&at=2026-01-01", "quantity=tariffs&compare=previous&format=csv", "at=9999-12-31&span=week", "step=raw&format=senml",
		"meter=linky&meter=linky", "quantity=../../x", "at=2026-03-29T02:30:00%2B01:00&step=PT30M", "quantity=voltage/1%22%0d%0a&format=csv", "%zz", "span=day;step=raw",
	} {
		f.Add(seed)
	}
	handler := api.Handler(empty(f, slow{}))
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/api/v1/history", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d, %s", query, w.Code, w.Body)
		}
		for name, values := range w.Header() {
			if strings.ContainsAny(strings.Join(values, ""), "\r\n") {
				t.Errorf("%q: header %s breaks the line: %q", query, name, values)
			}
		}
	})
}
