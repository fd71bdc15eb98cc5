package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
	"releve/federation/lab/warp10"
	"releve/senml"
)

// TestPrideKillLosesNothing kills the agent at random moments and while a platform holds a request to update, before it stores
// or after. In the end the platform has what the buffer has, each reading once.
func TestPrideKillLosesNothing(t *testing.T) {
	t.Parallel()
	p := &warp10.Platform{Write: "W", Read: "R"}
	caught, release := make(chan struct{}), make(chan struct{})
	var before, after atomic.Bool // the next request is held then
	hold := func(armed *atomic.Bool) {
		if armed.CompareAndSwap(true, false) {
			caught <- struct{}{}
			<-release
		}
	}
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hold(&before)
		p.ServeHTTP(w, r)
		hold(&after) // nothing is sent before the handler ends
	}))
	t.Cleanup(platform.Close)
	h := prideHousehold(t, platform.URL+"/api")
	more := func() {
		t.Helper()
		had := p.Count()
		h.until("more readings", patience, func() bool { return p.Count() > had })
	}
	more()
	r := rand.New(rand.NewPCG(11, 11))
	for _, moment := range []*atomic.Bool{&before, nil, &after, nil} {
		if moment == nil {
			time.Sleep(time.Duration(r.IntN(1500)) * time.Millisecond) // any moment will do
			h.agent.end(syscall.SIGKILL)
		} else {
			moment.Store(true)
			<-caught
			h.agent.end(syscall.SIGKILL)
			release <- struct{}{}
		}
		h.startAgent()
		more()
	}
	h.drain()
	want := map[string]any{}
	for _, one := range h.stored() {
		_, path, _ := strings.Cut(one.Name, "/")
		want[fmt.Sprintf("releve.%s %.3f", strings.ReplaceAll(path, "/", "."), one.Time)] = plainValue(one.Value)
	}
	got := map[string]any{}
	for _, g := range p.All() {
		for _, point := range p.Points(g.Class, g.Labels) {
			got[fmt.Sprintf("%s %.3f", g.Class, float64(point.Tick)/1e6)] = point.Value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-stored here +on the platform):\n%s", diff)
	}
	t.Logf("%d readings in %d requests", len(got), p.Requests())
}

// plainValue is a value as a platform has it.
func plainValue(v senml.Value) any {
	if n, ok := v.Number(); ok {
		return n
	}
	if b, ok := v.Bool(); ok {
		return b
	}
	text, _ := v.Text()
	return text
}

// prideHousehold is a meter and an agent, each a process, that hands all readings to a platform. There is no federation.
func prideHousehold(t *testing.T, url string) *household {
	t.Helper()
	h := &household{t: t, dir: t.TempDir(), page: lab.FreeAddress(t)}
	h.write("token", "W\n")
	h.write("agent.toml", fmt.Sprintf(`
[agent]
state = %q
clock = "system"
[[meter]]
name = "linky"
derived = false
port = %q
[buffer]
period = "1s"
[status]
listen = %q
[[recipient]]
name = "pride"
kind = "pride"
url = %q
token_file = %q
every = "1s"
[[grant]]
to = "pride"
series = ["*"]
purpose = "test"
`, h.path("state"), h.path("meter"), h.page, url, h.path("token")))
	h.meter = h.start(nil, "simulate", "--seed", meterSeed, "--start", meterStart, "--contract", "hc", "--pty", h.path("meter"))
	h.startAgent()
	return h
}
