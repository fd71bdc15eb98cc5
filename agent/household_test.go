package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/api"
	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/led"
	"releve/agent/series"
	"releve/agent/status"
	"releve/buffer"
	"releve/federation/consent"
	"releve/federation/xmpp"
	"releve/tic"
	"releve/tic/linky"
	"releve/tic/port"
)

// house is an agent whose parts are open and none of which runs, and all it has logged.
type house struct {
	*agent
	said *said
}

// newHouse opens an agent with the meters and a session that nobody dials.
func newHouse(t testing.TB, change func(c *config.Config)) house {
	t.Helper()
	machine, err := clock.OpenSystem()
	if err != nil {
		t.Fatal(err)
	}
	return newHouseOn(t, machine, change)
}

// newHouseOn opens it on a machine, whose clock it trusts.
func newHouseOn(t testing.TB, machine clock.Machine, change func(c *config.Config)) house {
	t.Helper()
	address, err := xmpp.ParseJID("maison@sen1.example/releve")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{
		Agent:  config.Agent{State: t.TempDir(), Location: paris(t), TrustClock: true},
		Meters: []config.Meter{{Name: "linky", Port: "/dev/ttyUSB0"}},
		Buffer: config.Buffer{Period: 10 * time.Second, FullSet: 10 * time.Minute, MaxBytes: 64 << 20, MaxAge: 24 * time.Hour},
		Federation: &config.Federation{
			JID: address, PasswordFile: written(t, "password", "pw\n"), Address: "127.0.0.1:1", PushEvery: time.Second, PushSlow: time.Second,
		},
		Grants: []consent.Grant{{To: "client@sen2.example", Series: []string{"*"}, Resolution: "live", Purpose: "test"}},
	}
	if change != nil {
		change(&cfg)
	}
	log := &said{}
	a, err := newAgent(t.Context(), cfg, machine, slog.New(slog.NewTextHandler(log, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.buffer.Close(); err != nil {
			t.Error(err)
		}
	})
	return house{a, log}
}

// play lets the first meter hear frames of a scenario, and returns what of them is personal.
func (h house) play(t *testing.T, s linky.Scenario, frames int) []string {
	t.Helper()
	emulated, err := linky.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var secrets []string
	line := &countedLine{meter: h.meters[0]}
	line.decoder = tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		for _, g := range f.Groups {
			switch string(g.Label) {
			case "ADCO", "ADSC", "PRM":
				secrets = append(secrets, string(g.Value))
			}
		}
		h.meters[0].frame(f)
	})
	h.meters[0].setState(port.State{Open: true})
	for range frames {
		if _, err := line.Write(emulated.Frame(nil)); err != nil {
			t.Fatal(err)
		}
	}
	return secrets
}

// tree is the health as a terminal shows it.
func (h house) tree(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	if _, err := h.health.Run().WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestPageIsNotPersonal feeds every kind of meter. Nothing the page can say holds an address or a delivery point, nor
// does the log.
func TestPageIsNotPersonal(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	page := httptest.NewServer(status.Handler(h.snapshot, status.Options{API: api.Handler(h.house())}))
	defer page.Close()
	secrets := map[string]bool{}
	for _, mode := range []tic.Mode{tic.Standard, tic.Historic} {
		for _, contract := range []linky.Contract{linky.Base, linky.PeakOffPeak, linky.Tempo} {
			for _, phases := range []int{1, 3} {
				for _, producer := range []bool{false, true} {
					s := linky.Scenario{Mode: mode, Contract: contract, Phases: phases, Producer: producer, Seed: 3, Overload: true}
					for _, secret := range h.play(t, s, 3) {
						secrets[secret] = true
					}
					search(t, fmt.Sprint(s), secrets, h, page.URL)
				}
			}
		}
	}
	prm := h.identities.prm("linky")
	if len(secrets) < 3 || !secrets[prm] || prm == "" {
		t.Errorf("%d secrets, PRM learned %t: nothing was tested", len(secrets), prm != "")
	}
}

func search(t *testing.T, when string, secrets map[string]bool, h house, url string) {
	t.Helper()
	snapshot, err := json.Marshal(h.snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(snapshot, []byte(`"apparent_va"`)) {
		t.Fatalf("%s: the page shows nothing", when)
	}
	places := map[string]string{"snapshot": string(snapshot), "log": h.said.String()}
	for _, path := range []string{"/", "/readyz", "/api/v1/status", "/api/v1/latest", "/api/v1/series", "/api/v1/history", "/metrics"} {
		places[path] = fetched(t, url+path)
	}
	for secret := range secrets {
		for place, text := range places {
			if strings.Contains(text, strings.TrimLeft(secret, "0")) {
				t.Errorf("%s: what is personal is in %s", when, place)
			}
		}
	}
}

func fetched(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return body.String()
}

func TestHealth(t *testing.T) {
	t.Parallel()
	const (
		clockOK    = "ok         clock: The time is the system's.\n"
		lineOK     = "ok         port: ok\nok           frames: ok\nok             checksums: ok\nok             readings: ok\n" + clockOK
		bufferOK   = clockOK + "ok         buffer: ok\nok         ledger: ok\nok         consents: ok\n"
		connecting = "waiting    federation: Connecting to the federation…\n"
	)
	healthy := linky.Scenario{Seed: 3}
	for _, test := range []struct {
		name    string
		trouble func(t *testing.T, h house)
		tree    string // under the heading
		ready   string
		light   led.State
	}{
		{
			"at first", func(*testing.T, house) {},
			"waiting    port: The port is being opened.\nwaiting      frames: depends on port\nwaiting        checksums: depends on port\nwaiting        readings: depends on port\n" + bufferOK + connecting,
			"port: The port is being opened.", led.Waiting,
		},
		{
			"port does not open",
			func(_ *testing.T, h house) {
				h.meters[0].setState(port.State{Err: fmt.Errorf("port /dev/ttyUSB0 is in use by another program")})
			},
			"fault      port: The port /dev/ttyUSB0 does not open (port /dev/ttyUSB0 is in use by another program). Check that the adapter is plugged in and that no other program reads it.\n" +
				"waiting      frames: depends on port\nwaiting        checksums: depends on port\nwaiting        readings: depends on port\n" + bufferOK + connecting,
			"port: The port /dev/ttyUSB0 does not open (port /dev/ttyUSB0 is in use by another program). Check that the adapter is plugged in and that no other program reads it.",
			led.Fault,
		},
		{
			"nothing heard", func(_ *testing.T, h house) { h.meters[0].setState(port.State{Open: true, Speed: 9600}) },
			"waiting    port: waiting\nwaiting      frames: No frame has been read yet. Check the two wires between terminals I1 and I2 of the meter and the adapter.\n" +
				"waiting        checksums: depends on frames\nwaiting        readings: depends on frames\n" + bufferOK + connecting,
			"frames: No frame has been read yet. Check the two wires between terminals I1 and I2 of the meter and the adapter.", led.Waiting,
		},
		{
			"silent", func(t *testing.T, h house) {
				h.play(t, healthy, 1)
				h.meters[0].view.lastFrame = clock.Stamp(h.clock.Instant() - silentAfter - time.Second)
			},
			"fault      port: fault\nfault        frames: The meter has stopped saying anything readable. Check the wires; if the meter has just changed mode, wait a minute.\n" +
				"waiting        checksums: depends on frames\nwaiting        readings: depends on frames\n" + bufferOK + connecting,
			"frames: The meter has stopped saying anything readable. Check the wires; if the meter has just changed mode, wait a minute.", led.Fault,
		},
		{
			"other mode", func(_ *testing.T, h house) {
				h.meters[0].cfg.Mode = tic.Historic
				h.meters[0].setState(port.State{Open: true, Speed: 9600, Mode: tic.Standard})
			},
			"fault      port: fault\nfault        frames: The meter talks in standard mode, and the configuration wants historic mode. Put mode = \"auto\" into the meter's section.\n" +
				"waiting        checksums: depends on frames\nwaiting        readings: depends on frames\n" + bufferOK + connecting,
			"frames: The meter talks in standard mode, and the configuration wants historic mode. Put mode = \"auto\" into the meter's section.", led.Fault,
		},
		{
			"another reader", func(t *testing.T, h house) {
				h.play(t, healthy, 1)
				h.meters[0].setState(port.State{Open: true, Speed: 9600, Rivals: "cat (process 12)"})
			},
			"warning    port: Another program reads the port too and takes some of the bytes. End cat (process 12).\n" +
				"ok           frames: ok\nok             checksums: ok\nok             readings: ok\n" + bufferOK + connecting,
			"", led.Away,
		},
		{
			"noise", func(t *testing.T, h house) {
				h.play(t, healthy, 1)
				h.meters[0].counters = tic.Counters{Groups: 100}
				h.meters[0].counters.Rejected[tic.BadChecksum] = 10
			},
			"warning    port: warning\nwarning      frames: warning\nwarning        checksums: 10 of 110 lines are refused, most for their checksum: the receiver circuit is marginal " +
				"(at 9600 Bd its resistor is often too large), the wires are too long, or two programs read the port.\nok             readings: ok\n" + bufferOK + connecting,
			"", led.Away,
		},
		{
			"buffer takes nothing", func(t *testing.T, h house) {
				h.play(t, healthy, 1)
				h.gatherer.err = fmt.Errorf("put pack: %w", buffer.ErrFull)
			},
			lineOK + "fault      buffer: Readings cannot be stored (put pack: " + buffer.ErrFull.Error() + "). Check the space left on the card, and its health.\nok         ledger: ok\nok         consents: ok\n" + connecting,
			"buffer: Readings cannot be stored (put pack: " + buffer.ErrFull.Error() + "). Check the space left on the card, and its health.", led.Fault,
		},
		{
			"readings were lost, and are stored again", func(t *testing.T, h house) {
				h.play(t, healthy, 1)
				h.gatherer.dropped = 12
			},
			lineOK + "warning    buffer: 12 readings were lost because they could not be stored.\nok         ledger: ok\nok         consents: ok\n" + connecting, "", led.Away,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, nil)
			test.trouble(t, h)
			_, below, _ := strings.Cut(h.tree(t), "\n")
			if diff := cmp.Diff(test.tree, below); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			ready := ""
			if err := h.health.Run().Ready(); err != nil {
				ready = err.Error()
			}
			if ready != test.ready {
				t.Errorf("ready is %q, want %q", ready, test.ready)
			}
			if got := h.light(); got != test.light {
				t.Errorf("light is %s, want %s", got, test.light)
			}
		})
	}
}

func TestLightWithoutFederation(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Federation = nil })
	h.play(t, linky.Scenario{Seed: 3}, 1)
	if got := h.light(); got != led.Reading {
		t.Errorf("light is %s, want %s", got, led.Reading)
	}
	if got := h.snapshot(); got.Federation != (status.Federation{}) || len(got.Recipients) != 0 {
		t.Errorf("page shows %+v and %+v", got.Federation, got.Recipients)
	}
}

// A session that cannot be reached is a warning: readings wait, and what the agent is for goes on.
func TestHealthOfSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.play(t, linky.Scenario{Seed: 3}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- h.session.Run(ctx) }()
	deadline := time.After(30 * time.Second)
	for h.session.State().Err == nil {
		select {
		case <-deadline:
			t.Fatal("the session never said that it is away")
		case <-time.After(5 * time.Millisecond):
		}
	}
	shown := h.federationShown()
	if shown.State != status.Warning || shown.JID != "maison@sen1.example/releve" || shown.Text.EN != "The federation cannot be reached; readings wait here." {
		t.Errorf("page shows %+v", shown)
	}
	if err := h.health.Run().Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	if got := h.light(); got != led.Away {
		t.Errorf("light is %s, want %s", got, led.Away)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What was heard before a stop is there after it: in the buffer, and on the page as the index the day began with.
func TestAgentComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.play(t, linky.Scenario{Seed: 3}, 2)
	if err := h.gatherer.flush(); err != nil {
		t.Fatal(err)
	}
	names := archive{buffer: h.buffer, now: time.Now}.Series()
	if len(names) < 15 || !strings.HasPrefix(names[0], "linky/") {
		t.Fatalf("series are %v", names)
	}
	if err := h.buffer.Close(); err != nil {
		t.Fatal(err)
	}
	again := newHouse(t, func(c *config.Config) { *c = h.cfg })
	if diff := cmp.Diff(names, archive{buffer: again.buffer, now: time.Now}.Series()); diff != "" {
		t.Errorf("series (-before +after):\n%s", diff)
	}
	if got, want := again.identities.prm("linky"), h.identities.prm("linky"); got != want || want == "" {
		t.Errorf("delivery point known is %t, before %t", got != "", want != "")
	}
	p, more, err := archive{buffer: again.buffer, now: time.Now}.History(t.Context(), "linky/"+series.PathDrawn, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), 10)
	if err != nil || more || len(p) == 0 {
		t.Errorf("history of the index is %v, %t, %v", p, more, err)
	}
}

// tasks is the list of what runs, by name.
func TestTasks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(c *config.Config)
		want   []string
	}{
		{"everything", func(c *config.Config) {
			c.Status.Listen, c.LED.Pin = "127.0.0.1:0", "GPIO17"
			c.Meters = append(c.Meters, config.Meter{Name: "shed", Port: "tcp://shed:2000"})
		}, []string{"gatherer", "ledger", "consents", "clock", "ready", "meter linky", "meter shed", "federation maison@sen1.example/releve", "subscribers", "notices of withdrawal", "traces", "page", "led"}},
		{"a meter only", func(c *config.Config) { c.Federation = nil }, []string{"gatherer", "ledger", "consents", "clock", "ready", "meter linky"}},
	} {
		h := newHouse(t, test.change)
		var got []string
		for _, task := range h.tasks() {
			got = append(got, task.String())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
