package main

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/lab/warp10"
)

// platformAt is a platform that can be away.
type platformAt struct {
	*warp10.Platform
	url  string
	away atomic.Bool
}

func newPlatform(t *testing.T) *platformAt {
	t.Helper()
	p := &platformAt{Platform: &warp10.Platform{Write: "W", Read: "R"}}
	p.Mind = func(*http.Request) (int, string) {
		if p.away.Load() {
			return http.StatusServiceUnavailable, "Service Unavailable"
		}
		return 0, ""
	}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL + "/api"
	return p
}

// between is an agent without federation that takes from one platform to another, under a grant.
func between(t *testing.T, from, to *platformAt, state string) func(c *config.Config) {
	return func(c *config.Config) {
		c.Agent.State, c.Federation, c.Meters = state, nil, nil
		c.Sources = []config.Source{{
			Name: "enedis", Kind: config.KindPride, Renames: []config.Rename{{Item: "pride.enedis.cdc", Path: "consumption/power/active/mean", Unit: "W"}},
			Origin: config.FromPride{
				Pride:  config.Pride{URL: from.url, TokenFile: written(t, "read", "R\n"), Label: "PRM"},
				Asking: config.Asking{Since: 23 * time.Hour, Every: 50 * time.Millisecond, Repair: time.Hour}, Selectors: []string{"~pride.*{}"},
			},
		}}
		c.Recipients = []config.Recipient{{
			Name: "pride", Kind: config.KindPride, Every: 10 * time.Millisecond,
			Way: config.ToPride{Pride: config.Pride{URL: to.url, TokenFile: written(t, "write", "W\n"), Label: "device"}, Prefix: "releve."},
		}}
		c.Grants = []consent.Grant{{
			To: c.Recipients[0].Grantee(), Series: []string{"consumption/*"}, Sources: []string{"enedis"}, Resolution: "live", Purpose: "test", Identity: true,
		}}
	}
}

// runs lets all tasks of an agent run until stop.
func (h house) runs() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(ctx, h.log, h.tasks())
	}()
	return func() {
		cancel()
		<-done
	}
}

// A relay needs no federation: what one platform has of a household comes to another, all of it and nothing that was not
// granted, while either is away for a time and the agent is stopped in between.
func TestRelayBetweenPlatforms(t *testing.T) {
	t.Parallel()
	from, to := newPlatform(t), newPlatform(t)
	const point = "99123456789012" // no region is 99
	curve := warp10.GTS{Class: "pride.enedis.cdc", Labels: map[string]string{"PRM": point}}
	other := warp10.GTS{Class: "pride.other", Labels: map[string]string{"PRM": point}}
	begin := time.Now().Add(-22 * time.Hour).Truncate(time.Minute)
	heard := func(from *platformAt, first, last int) {
		for i := first; i < last; i++ {
			from.Put(curve, begin.Add(time.Duration(i)*time.Minute).UnixMicro(), float64(i))
			from.Put(other, begin.Add(time.Duration(i)*time.Minute).UnixMicro(), float64(i))
		}
	}
	labels := map[string]string{"device": "urn:dev:prm:" + point, "unit": "W"}
	came := func(n int) func() bool {
		return func() bool { return len(to.Points("releve.consumption.power.active.mean", labels)) == n }
	}
	state := t.TempDir()
	h := newHouse(t, between(t, from, to, state))
	stop := h.runs()
	heard(from, 0, 500)
	until(t, "the first came", came(500))
	to.away.Store(true)
	heard(from, 500, 800)
	last := begin.Add(799 * time.Minute)
	until(t, "all is stored here", func() bool {
		for _, one := range h.buffer.Series() {
			if strings.HasSuffix(one.Name, "/consumption/power/active/mean") && one.Last.Time == float64(last.Unix()) {
				return true
			}
		}
		return false
	})
	until(t, "the page says so", func() bool {
		return strings.Contains(h.tree(t), "enedis: 2 series; last reading of "+last.In(paris(t)).Format(time.DateTime))
	})
	stop()
	h.stop(t)

	from.away.Store(true)
	h = newHouse(t, between(t, from, to, state))
	stop = h.runs()
	until(t, "the page says so", func() bool { return strings.Contains(h.tree(t), "does not give all that it is asked for") })
	to.away.Store(false)
	until(t, "what waited came", came(800))
	heard(from, 800, 1200)
	from.away.Store(false)
	until(t, "all came", came(1200))
	shown := h.snapshot().Recipients
	stop()
	h.stop(t)

	for i, p := range to.Points("releve.consumption.power.active.mean", labels) {
		if want := (warp10.Point{Tick: begin.Add(time.Duration(i) * time.Minute).UnixMicro(), Value: float64(i)}); p != want {
			t.Fatalf("point %d is %+v, want %+v", i, p, want)
		}
	}
	if got := to.All(); len(got) != 1 {
		t.Errorf("the platform has %+v", got)
	}
	if len(shown) != 1 || shown[0].Name != "pride" || shown[0].LastSent.IsZero() {
		t.Errorf("the page shows %+v", shown)
	}
	if strings.Contains(h.said.String(), point) {
		t.Error("the delivery point is in the log")
	}
	if diff := cmp.Diff([]string{"recipient pride pride"}, cursorsOf(h)); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

// A platform is reached under its own authority, which is read when it is needed; nobody else is sent a token.
func TestWebClient(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }))
	defer secure.Close()
	if _, err := webClient("").Get(secure.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an authority that nobody knows: %v", err)
	}
	if _, err := webClient("/nowhere/ca.pem").Get(secure.URL); err == nil || !strings.Contains(err.Error(), "ca_file") {
		t.Errorf("an authority that is not there: %v", err)
	}
	answer, err := webClient(written(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))).Get(secure.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusFound {
		t.Errorf("followed to %d", answer.StatusCode)
	}
}
