package series_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// heard is a recorder, what it has told, and the frames it hears one second after the other.
type heard struct {
	*series.Recorder
	at     time.Time
	events []string
	pack   senml.Pack
}

func newHeard() *heard {
	h := &heard{Recorder: series.NewRecorder("linky", rhythm), at: noon}
	h.Notify = func(e series.Event) { h.events = append(h.events, e.String()) }
	return h
}

// hear takes a frame and returns its records on one line.
func (h *heard) hear(f *tic.Frame) string {
	h.at = h.at.Add(time.Second)
	p := h.Record(f, h.at)
	h.pack = append(h.pack, p...)
	return said(p, h.at)
}

// play lets a meter talk for a time, at its own rhythm and by its own clock.
func (h *heard) play(tb testing.TB, s linky.Scenario, last time.Duration) {
	tb.Helper()
	meter, err := linky.New(s)
	if err != nil {
		tb.Fatal(err)
	}
	decoder := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		h.at = meter.Now()
		h.pack = append(h.pack, h.Record(f, h.at)...)
	})
	end := meter.Now().Add(last)
	for meter.Now().Before(end) {
		if _, err := decoder.Write(meter.Frame(nil)); err != nil {
			tb.Fatal(err)
		}
	}
}

// of returns the records of a path.
func (h *heard) of(path string) senml.Pack {
	var found senml.Pack
	for _, r := range h.pack {
		if r.Name == "linky/"+path {
			found = append(found, r)
		}
	}
	return found
}

func (h *heard) expect(t *testing.T, events ...string) {
	t.Helper()
	if diff := cmp.Diff(events, h.events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	h.events = nil
}

func standard(groups ...string) *tic.Frame { return frameOf(tic.Standard, groups...) }
func historic(groups ...string) *tic.Frame { return frameOf(tic.Historic, groups...) }
