package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/bmhs"
	"releve/federation/lab"
	labbmhs "releve/federation/lab/bmhs"
)

const (
	bmhsUser = "foyer@breizh-sen1.example"
	bmhsKey  = "00000000-0000-4000-8000-000000000001"
	bmhsMAC  = "02:00:00:00:00:01"
)

// bmhsHousehold is a meter and an agent, each a process, and a BMHS server that they hand readings to. Nothing else is
// there: no federation.
func bmhsHousehold(t *testing.T, grant string) (*household, *labbmhs.Server) {
	t.Helper()
	server, err := labbmhs.Start(labbmhs.Options{Zone: paris(t)})
	must(t, err)
	t.Cleanup(server.Close)
	server.AddUser(bmhsUser, bmhsKey)
	server.Activate(bmhsUser, bmhsMAC)
	h := &household{t: t, dir: t.TempDir(), page: lab.FreeAddress(t)}
	h.write("key", bmhsKey+"\n")
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
name = "bmhs"
kind = "bmhs"
url = %q
username = %q
application_key_file = %q
mac = %q
every = "2s"
presence = true
devices = ["linky=linky-12"]
[[grant]]
to = "bmhs"
series = ["*"]
purpose = "test"
%s`, h.path("state"), h.path("meter"), h.page, server.URL(), bmhsUser, h.path("key"), bmhsMAC, grant))
	h.meter = h.start(nil, "simulate", "--seed", meterSeed, "--start", meterStart, "--contract", "hc", "--pty", h.path("meter"))
	h.startAgent()
	return h, server
}

// bmhsMessages are those that the server has, each once, and how many came twice: the very same, or the server would have
// two of one time.
func bmhsMessages(t *testing.T, server *labbmhs.Server) (once []labbmhs.Message, twice int) {
	t.Helper()
	seen := map[time.Time]string{}
	for _, m := range server.Messages() {
		before, again := seen[m.At]
		if again && before != string(m.Raw) {
			t.Errorf("two messages of one time:\n%s\n%s", before, m.Raw)
		}
		if again {
			twice++
			continue
		}
		seen[m.At] = string(m.Raw)
		once = append(once, m)
	}
	return once, twice
}

// TestBMHSKillLosesNothing kills the agent again and again, and the server once. What arrives is in order, and the energy of
// the periods adds up to what the meter counted.
func TestBMHSKillLosesNothing(t *testing.T) {
	t.Parallel()
	h, server := bmhsHousehold(t, "identity = true\n")
	more := func(n int) {
		t.Helper()
		before := len(server.Messages())
		h.until(fmt.Sprintf("%d more messages", n), patience, func() bool { return len(server.Messages()) >= before+n })
	}
	more(3)
	h.until("presence", patience, func() bool { return server.Online(bmhsUser, bmhsMAC) })
	const kills = 5
	r := rand.New(rand.NewPCG(7, 7))
	for range kills {
		time.Sleep(time.Duration(r.IntN(2500)) * time.Millisecond) // any moment will do
		h.agent.end(syscall.SIGKILL)
		h.startAgent()
		more(1)
	}
	server.Stop()
	h.until("readings waiting", patience, func() bool {
		s, err := h.snapshot()
		return err == nil && len(s.Recipients) == 1 && s.Recipients[0].Pending >= 5
	})
	must(t, server.Resume())
	more(3)
	h.drain()
	messages, twice := bmhsMessages(t, server)
	if twice > kills+1 {
		t.Errorf("%d messages came twice, more than were cut off", twice)
	}
	if !slices.IsSortedFunc(messages, func(a, b labbmhs.Message) int { return a.At.Compare(b.At) }) {
		t.Error("messages came out of order")
	}
	if diff := cmp.Diff([]string{"linky-12"}, server.Devices()); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	addsUp(t, messages)
}

// addsUp holds that what was drawn in each period is what the indexes say in the end.
func addsUp(t *testing.T, messages []labbmhs.Message) {
	t.Helper()
	count := func(m labbmhs.Message, name string) (sum int) {
		n, err := strconv.Atoi(m.Metavalues[name].Value)
		must(t, err)
		return n
	}
	first, last, sum := messages[0], messages[len(messages)-1], 0
	for _, m := range messages {
		sum += count(m, "hcinst") + count(m, "hpinst")
	}
	want := count(last, "hchc") + count(last, "hchp") - count(first, "hchc") - count(first, "hchp")
	if sum != want || want <= 0 {
		t.Errorf("periods add up to %d Wh, the indexes to %d", sum, want)
	}
	t.Logf("%d messages, %d Wh", len(messages), sum)
}

// TestBMHSPseudonym holds that a meter whose identity was not granted is a pseudonym there, whatever name the configuration
// has for it.
func TestBMHSPseudonym(t *testing.T) {
	t.Parallel()
	h, server := bmhsHousehold(t, "")
	h.until("a message", patience, func() bool { return len(server.Messages()) > 0 })
	h.drain()
	devices := server.Devices()
	if len(devices) != 1 || !strings.HasPrefix(devices[0], "60060-") {
		t.Errorf("devices are %q", devices)
	}
}

// TestBMHSActivation holds that the page tells a person what to do about an agent that the server does not know yet.
func TestBMHSActivation(t *testing.T) {
	t.Parallel()
	h, server := bmhsHousehold(t, "")
	server.Lock(bmhsUser, bmhsMAC)
	h.until("the sentence", patience, func() bool {
		return slices.ContainsFunc(h.sentences(), func(w status.Words) bool { return strings.Contains(w.EN, "activate this agent on the BMHS server") })
	})
	server.Activate(bmhsUser, bmhsMAC)
	h.until("messages", patience, func() bool { return len(server.Messages()) > 1 })
}

// TestBMHSForgotten holds that what a server had is kept while it is in the configuration, and no longer.
func TestBMHSForgotten(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	file, journal := filepath.Join(state, "recipients", "bmhs.json"), filepath.Join(state, "recipients", "bmhs")
	to := config.Recipient{Name: "bmhs", Kind: config.KindBMHS, Every: time.Minute, Way: config.ToBMHS{
		BMHS: config.BMHS{URL: "http://127.0.0.1:1", Zone: paris(t)}, Username: bmhsUser, KeyFile: "/nowhere/k", MAC: bmhsMAC,
	}}
	for _, tt := range []struct {
		recipients []config.Recipient
		kept       bool
	}{{[]config.Recipient{to}, true}, {[]config.Recipient{to}, true}, {nil, false}, {nil, false}} {
		h := newHouse(t, func(c *config.Config) { c.Agent.State, c.Federation, c.Recipients = state, nil, tt.recipients })
		if tt.kept {
			must(t, os.WriteFile(file, []byte("{}"), 0o600))
			must(t, os.MkdirAll(journal, 0o700))
		}
		h.stop(t)
		for _, path := range []string{file, journal} {
			if _, err := os.Stat(path); (err == nil) != tt.kept {
				t.Errorf("with %d recipients: %v", len(tt.recipients), err)
			}
		}
	}
}

// TestBMHSDoubt holds what the page says of a server that takes what it is sent.
func TestBMHSDoubt(t *testing.T) {
	t.Parallel()
	up := bmhs.PresenceStanding{Up: true}
	for _, tt := range []struct {
		stats    bmhs.Stats
		presence bmhs.PresenceStanding
		want     string
	}{
		{bmhs.Stats{Messages: 3}, up, ""},
		{bmhs.Stats{Refused: 2, Why: fmt.Errorf("no")}, up, "2 messages were refused, the last one so: no"},
		{bmhs.Stats{}, bmhs.PresenceStanding{Err: fmt.Errorf("away")}, "Presence interrupted: away"},
		{bmhs.Stats{}, bmhs.PresenceStanding{Up: true, Ignored: 4}, "The server has asked 4 times for what Relève does not do (commands, settings)."},
	} {
		if got := bmhsDoubt(tt.stats, tt.presence).EN; got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestBMHSSource holds that rows of a BMHS server come into the buffer, each once, also over a restart.
func TestBMHSSource(t *testing.T) {
	t.Parallel()
	server, err := labbmhs.Start(labbmhs.Options{Zone: paris(t)})
	must(t, err)
	t.Cleanup(server.Close)
	server.AddUser(bmhsUser, bmhsKey)
	server.Grant(bmhsUser, "releve", "dG9rZW4=")
	begin := time.Now().Add(-3 * time.Hour).Truncate(time.Minute)
	want := map[float64]float64{}
	for n := range 1300 {
		at := begin.Add(time.Duration(n) * 5 * time.Second)
		server.Put(bmhsUser, "021528603314", "base", labbmhs.Row{At: at, Value: 13_427_301 + float64(n)})
		want[float64(at.Unix())] = 13_427_301 + float64(n)
	}
	state, token := t.TempDir(), written(t, "token", "dG9rZW4=\n")
	for range 2 {
		h := newHouse(t, func(c *config.Config) {
			c.Agent.State, c.Federation, c.Meters = state, nil, nil
			c.Sources = []config.Source{{Name: "bmhs", Kind: config.KindBMHS, Origin: config.FromBMHS{
				BMHS:   config.BMHS{URL: server.URL(), Application: "releve", TokenFile: token, Zone: paris(t)},
				Series: []string{"021528603314/base"}, Asking: config.Asking{Every: time.Minute, Since: 24 * time.Hour, Repair: time.Hour},
			}}}
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.sources[0].task.Run(ctx) }()
		until(t, "a round", func() bool {
			f := h.sources[0].finding()
			return f.State == status.OK && strings.Contains(f.Text.EN, "1 series; last reading of ")
		})
		stop()
		must(t, <-ended)
		series := h.buffer.Series()
		if len(series) != 1 || !strings.HasSuffix(series[0].Name, "/consumption/energy/active/index") || strings.Contains(series[0].Name, "0215") {
			t.Fatalf("series are %v", series)
		}
		got := map[float64]float64{}
		records, _, err := h.buffer.History(t.Context(), series[0].Name, begin, time.Now(), 10_000)
		must(t, err)
		for _, r := range records {
			got[r.Time], _ = r.Value.Number()
		}
		if !maps.Equal(want, got) {
			t.Errorf("%d records, want %d: %s", len(got), len(want), cmp.Diff(want, got))
		}
		if strings.Contains(h.said.String(), "0215") {
			t.Errorf("the log names a meter:\n%s", h.said)
		}
		h.stop(t)
	}
}
