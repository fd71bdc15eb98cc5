package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"releve/agent/status"
	"releve/federation"
	"releve/federation/lab"
	"releve/federation/peer"
	"releve/federation/xmpp"
	"releve/senml"
)

// What each emulated agent hands on in a pack: about what a meter in standard mode gives in a minute.
const (
	hostedSeries = 12
	hostedRounds = 40 // records of each series in a pack
)

// relayHost is one or more relays on the consumers' server, and the agents on the houses' that hand them packs.
type relayHost struct {
	*household // of the first relay: servers, waiting
	relays     []*household
	platform   *platformAt
	agents     []*hosted
	roots      *x509.CertPool
	packs      int
	began      time.Time
}

// hosted is an emulated agent: a real session, and packs that are made up.
type hosted struct {
	*relayHost
	number  int
	session *xmpp.Client
	to      *household
}

// newRelayHost starts servers, relays and sessions. Relay r says that it takes the senders that of returns.
func newRelayHost(t *testing.T, relays, agents, packs int, of func(r int) []string) *relayHost {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	f := lab.New(t, lab.Options{Domains: []lab.Domain{{Name: houseDomain, Kind: lab.Ejabberd}, {Name: consumerDomain, Kind: lab.Ejabberd}}, StartTimeout: patience})
	pem, err := os.ReadFile(f.CAFile())
	must(t, err)
	h := &relayHost{platform: newPlatform(t), roots: x509.NewCertPool(), packs: packs, began: time.Now().Add(-time.Hour).Truncate(time.Second)}
	h.roots.AppendCertsFromPEM(pem)
	for r := range relays {
		h.relays = append(h.relays, h.newRelay(t, servers{Federation: f}, r, of(r)))
	}
	h.household = h.relays[0]
	for i := range agents {
		h.agents = append(h.agents, h.newHosted(i))
	}
	return h
}

// newRelay starts a relay, the real program, from packs to a platform.
func (h *relayHost) newRelay(t *testing.T, s servers, number int, senders []string) *household {
	t.Helper()
	relay := &household{t: t, dir: t.TempDir(), page: lab.FreeAddress(t), servers: s, house: lab.Account{User: fmt.Sprint("relais", number), Password: "pw"}}
	relay.register(consumerDomain, relay.house)
	relay.write("password", "pw\n")
	relay.write("write", "W\n")
	relay.write("agent.toml", fmt.Sprintf(`
[agent]
state = %q
clock = "system"
[status]
listen = %q
[[source]]
name = "maisons"
kind = "releve"
senders = %s
[[recipient]]
name = "pride"
kind = "pride"
url = %q
token_file = %q
every = "1s"
[[grant]]
to = "pride"
series = ["*"]
sources = ["maisons"]
purpose = "test"
`, relay.path("state"), relay.page, tomlList(senders), h.platform.url, relay.path("write"))+
		session(addressOf(relay.house, consumerDomain)+"/releve", relay.path("password"), s.Server(consumerDomain).Addr(), s.CAFile()))
	relay.startAgent()
	return relay
}

func (h *relayHost) newHosted(number int) *hosted {
	h.t.Helper()
	account := lab.Account{User: fmt.Sprint("maison", number), Password: "pw"}
	h.register(houseDomain, account)
	jid, err := xmpp.ParseJID(addressOf(account, houseDomain) + "/releve")
	must(h.t, err)
	a := &hosted{relayHost: h, number: number, to: h.relays[number%len(h.relays)], session: xmpp.New(xmpp.Config{
		JID: jid, Address: h.servers.Server(houseDomain).Addr(), Log: slog.New(slog.DiscardHandler),
		RootCAs:  func() (*x509.CertPool, error) { return h.roots, nil },
		Password: func() (string, error) { return account.Password, nil },
		Identity: xmpp.Identity{Category: "client", Type: "bot", Name: "Relève", Version: "test", Node: "urn:releve:test"},
	})}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = a.session.Run(ctx) }() // returns nil
	h.t.Cleanup(func() { cancel(); <-done })
	return a
}

// pack is made up. All agents give their series the same names: only who sends them tells them apart.
func (a *hosted) pack(number int) senml.Pack {
	var p senml.Pack
	for round := range hostedRounds {
		at := float64(a.began.Add(time.Duration(number*hostedRounds+round) * time.Second).Unix())
		for s := range hostedSeries {
			p = append(p, senml.Record{
				Name: fmt.Sprintf("urn:dev:org:60060-1f2e3d4c5b6a7988_consumption/power/%d", s), Unit: "VA", Time: at,
				Value: senml.NumberValue(float64(a.number*1000 + number*hostedRounds + round)),
			})
		}
	}
	return p
}

// send hands one pack to a relay, as a delivery does: once it was refused for good it says so, or again until it is stored.
func (a *hosted) send(ctx context.Context, relay *household, number int) error {
	to, err := xmpp.ParseJID(addressOf(relay.house, consumerDomain) + "/releve")
	if err != nil {
		return err
	}
	recipient := peer.New(a.session, to)
	for {
		err := recipient.Send(ctx, a.pack(number))
		if err == nil || errors.Is(err, federation.ErrRefused) || strings.Contains(fmt.Sprint(err), "forbidden") || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// work lets all agents send some of their packs at once, each one after the other, and returns when all are stored.
func (h *relayHost) work(from, to int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	var all sync.WaitGroup
	for _, a := range h.agents {
		all.Go(func() {
			for n := from; n < to; n++ {
				if err := a.send(ctx, a.to, n); err != nil {
					h.t.Errorf("agent %d, pack %d: %v", a.number, n, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func (h *relayHost) made() int { return len(h.agents) * h.packs * hostedSeries * hostedRounds }

// areUp waits for all sessions.
func (h *relayHost) areUp() {
	h.t.Helper()
	for _, a := range h.agents {
		h.until(fmt.Sprintf("agent %d has a session", a.number), patience, func() bool { return a.session.State().Up })
	}
	for _, relay := range h.relays {
		h.until("the relay has a session", patience, func() bool {
			s, err := relay.snapshot()
			return err == nil && s.Federation.State == status.OK
		})
	}
}

// isComplete waits for all that was made, and looks at each datapoint: every agent has its own series at the destination.
func (h *relayHost) isComplete() {
	h.t.Helper()
	h.until("all came", patience, func() bool { return h.platform.Count() >= h.made() || h.t.Failed() })
	all := h.platform.All()
	if len(all) != len(h.agents)*hostedSeries || h.platform.Count() != h.made() {
		h.t.Errorf("%d datapoints of %d series came; %d of %d were sent", h.platform.Count(), len(all), h.made(), len(h.agents)*hostedSeries)
	}
	devices := map[string]int{} // the agent
	for _, g := range all {
		points := h.platform.Points(g.Class, g.Labels)
		if len(points) != h.packs*hostedRounds {
			h.t.Fatalf("%d datapoints of one series", len(points))
		}
		first, _ := points[0].Value.(float64)
		agent := int(first) / 1000
		if known, seen := devices[g.Labels["device"]]; seen && known != agent {
			h.t.Fatalf("agents %d and %d are one device", known, agent)
		}
		devices[g.Labels["device"]] = agent
		for i, p := range points {
			if v, _ := p.Value.(float64); v != float64(agent*1000+i) || p.Tick != h.began.Add(time.Duration(i)*time.Second).UnixMicro() {
				h.t.Fatalf("datapoint %d of agent %d is %+v", i, agent, p)
			}
		}
	}
	if len(devices) != len(h.agents) {
		h.t.Errorf("%d devices of %d agents", len(devices), len(h.agents))
	}
}

// fromEnvironment is a number of the environment, or another.
func fromEnvironment(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// One process takes the packs of all agents of a domain, named by that alone, and hands them on: all of them, each datum
// once, each agent's apart. RELAY_AGENTS and RELAY_PACKS make it larger.
func TestIntegrationRelayHost(t *testing.T) {
	t.Parallel()
	agents, packs := fromEnvironment(t, "RELAY_AGENTS", 12), fromEnvironment(t, "RELAY_PACKS", 3)
	h := newRelayHost(t, 1, agents, packs, func(int) []string { return []string{"@" + houseDomain} })
	h.areUp()
	atRest, most := h.relays[0].agent.anonymous(), 0
	ctx, stop := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for ctx.Err() == nil {
			most = max(most, h.relays[0].agent.anonymous())
			time.Sleep(50 * time.Millisecond)
		}
	}()
	began := time.Now()
	h.work(0, packs)
	stored := time.Since(began)
	h.isComplete()
	arrived := time.Since(began)
	stop()
	<-watched
	t.Logf("%d agents: %d records sent and stored in %s (%.0f a second), %d at the destination after %s (%.0f a second); anonymous memory %.1f MB at rest, %.1f at most",
		agents, h.made(), stored.Round(10*time.Millisecond), float64(h.made())/stored.Seconds(), h.platform.Count(), arrived.Round(10*time.Millisecond),
		float64(h.made())/arrived.Seconds(), float64(atRest)/1e6, float64(most)/1e6)
}

// Two processes share the work: each names its senders. Who comes to the wrong one is told so, keeps what it has, and hands
// it to the right one; a relay that is killed meanwhile has all in the end. Nothing is lost, nothing there twice.
func TestIntegrationRelaysShare(t *testing.T) {
	t.Parallel()
	const agents, packs = 8, 3
	h := newRelayHost(t, 2, agents, packs, func(r int) (senders []string) {
		for i := r; i < agents; i += 2 {
			senders = append(senders, fmt.Sprintf("maison%d@%s", i, houseDomain))
		}
		return senders
	})
	h.areUp()
	err := h.agents[0].send(t.Context(), h.relays[1], 0)
	if !errors.Is(err, federation.ErrStopped) || !strings.Contains(fmt.Sprint(err), "no source names maison0@"+houseDomain) {
		t.Fatalf("at the wrong relay: %v", err)
	}
	h.work(0, 1)
	victim := h.relays[1]
	victim.agent.end(syscall.SIGKILL)
	again := make(chan struct{})
	go func() { defer close(again); h.work(1, packs) }()
	victim.startAgent()
	<-again
	h.isComplete()
}
