package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"releve/agent/series"
	"releve/agent/status"
	"releve/buffer"
	"releve/federation/lab"
	"releve/senml"
	"releve/tic"
)

// asReleve makes the test binary behave as releve itself, so that the tests start the real thing as processes.
const asReleve = "RELEVE_TEST_AS_RELEVE"

func TestMain(m *testing.M) {
	if os.Getenv(asReleve) != "" {
		os.Args[0] = "releve"
		main()
	}
	os.Exit(m.Run())
}

const (
	houseJID    = "maison@breizh-sen1.example"
	consumerJID = "conseil@breizh-sen2.example"
	houseDomain = "breizh-sen1.example"
	meterSeed   = "7"
	meterStart  = "2026-06-01T12:00:00+02:00"
)

// household is a meter, an agent and a consumer on the other domain, each a process.
type household struct {
	t          *testing.T
	dir        string
	page       string
	federation *lab.Federation
	agent      *process
	meter      *process
	consumer   *process
	received   *received
}

// newHousehold starts everything; every second readings are stored and pushed.
func newHousehold(t *testing.T, own lab.Kind) *household {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	other := lab.Prosody
	if own == lab.Prosody {
		other = lab.Ejabberd
	}
	h := &household{t: t, dir: t.TempDir(), page: freeAddress(t), received: &received{}}
	h.federation = lab.New(t, lab.Options{Domains: []lab.Domain{
		{Name: houseDomain, Kind: own, Accounts: []lab.Account{{User: "maison", Password: "pw"}}},
		{Name: "breizh-sen2.example", Kind: other, Accounts: []lab.Account{{User: "conseil", Password: "pw"}}},
	}})
	h.write("password", "pw\n")
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
[[grant]]
to = %q
series = ["*"]
purpose = "test"
`, h.path("state"), h.path("meter"), h.page, consumerJID)+h.session(houseJID+"/releve"))
	h.write("consumer.toml", h.session(consumerJID+"/desk"))
	h.meter = h.start(nil, "simulate", "--seed", meterSeed, "--start", meterStart, "--contract", "hc", "--pty", h.path("meter"))
	h.startAgent()
	h.consumer = h.start(h.received, "listen", "--format", "senml-json", "--config", h.path("consumer.toml"), houseJID+"/releve")
	return h
}

func (h *household) session(jid string) string {
	_, domain, _ := strings.Cut(strings.Split(jid, "/")[0], "@")
	return fmt.Sprintf(`
[federation]
jid = %q
password_file = %q
address = %q
ca_file = %q
push_every = "1s"
push_slow_every = "1s"
`, jid, h.path("password"), h.federation.Server(domain).Addr(), h.federation.CAFile())
}

func (h *household) path(name string) string { return filepath.Join(h.dir, name) }

func (h *household) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func (h *household) startAgent() { h.agent = h.start(nil, "run", "--config", h.path("agent.toml")) }

// process is releve as a child.
type process struct {
	cmd  *exec.Cmd
	talk bytes.Buffer
	done chan struct{}
}

func (h *household) start(out io.Writer, args ...string) *process {
	h.t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), asReleve+"=1")
	p.cmd.Stdout, p.cmd.Stderr = out, &p.talk
	if err := p.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is asked of ProcessState
	}()
	h.t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if h.t.Failed() {
			h.t.Logf("releve %s:\n%s", args[0], &p.talk)
		}
	})
	return p
}

func (p *process) end(sig syscall.Signal) {
	_ = p.cmd.Process.Signal(sig) // it may have ended already
	<-p.done
}

// received is what the consumer printed: one resolved record a line.
type received struct {
	mu      sync.Mutex // guards everything below
	rest    []byte
	records senml.Pack
}

func (r *received) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rest = append(r.rest, p...)
	for {
		line, rest, found := bytes.Cut(r.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		pack, err := senml.DecodeJSON([]byte("[" + string(line) + "]"))
		if err != nil {
			return 0, err
		}
		r.records = append(r.records, pack...)
		r.rest = rest
	}
}

func (r *received) all() senml.Pack {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records)
}

// until waits for something to become true.
func (h *household) until(what string, limit time.Duration, is func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(limit)
	for !is() {
		if time.Now().After(deadline) {
			h.t.Fatalf("%s: not within %s", what, limit)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// arrives waits for n more records at the consumer.
func (h *household) arrives(n int) {
	h.t.Helper()
	had := len(h.received.all())
	h.until(fmt.Sprintf("%d more records", n), time.Minute, func() bool { return len(h.received.all()) >= had+n })
}

func (h *household) snapshot() (s status.Snapshot, err error) {
	response, err := http.Get("http://" + h.page + "/api/v1/status")
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	return s, json.NewDecoder(response.Body).Decode(&s)
}

// drain ends the meter, waits until everything stored was acknowledged, and ends the agent as systemd would.
func (h *household) drain() {
	h.t.Helper()
	h.meter.end(syscall.SIGTERM)
	var before uint64
	h.until("everything stored and acknowledged", time.Minute, func() bool {
		time.Sleep(1500 * time.Millisecond) // the last readings are stored within the period of one second
		s, err := h.snapshot()
		if err != nil || len(s.Recipients) != 1 {
			return false
		}
		quiet := s.Buffer.Packs == before && s.Recipients[0].Pending == 0
		before = s.Buffer.Packs
		return quiet
	})
	h.agent.end(syscall.SIGTERM)
	if code := h.agent.cmd.ProcessState.ExitCode(); code != exitDone {
		h.t.Errorf("the agent ended with %d", code)
	}
}

// stored returns everything in the agent's buffer, in order.
func (h *household) stored() senml.Pack {
	h.t.Helper()
	b, err := buffer.Open(buffer.Options{Dir: h.path("state/buffer")})
	if err != nil {
		h.t.Fatal(err)
	}
	defer b.Close()
	c, err := b.Cursor("test", buffer.Beginning())
	if err != nil {
		h.t.Fatal(err)
	}
	var all senml.Pack
	for last := b.Stats().Last; ; {
		items, err := c.Next(context.Background(), 100)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, item := range items {
			all = append(all, item.Pack...)
		}
		seq := items[len(items)-1].Seq
		if err := c.Ack(seq); err != nil {
			h.t.Fatal(err)
		}
		if seq == last {
			return all
		}
	}
}

// fact is a record without the part of its name that differs between house and consumer.
type fact struct {
	path, unit string
	value      senml.Value
	millis     int64
}

func factOf(r senml.Record, separator string) fact {
	_, path, _ := strings.Cut(r.Name, separator)
	return fact{path, r.Unit, r.Value, int64(r.Time*1000 + 0.5)}
}

// check compares what was stored with what arrived: none lost, none invented, in order.
func (h *household) check() {
	h.t.Helper()
	arrived := h.received.all()
	facts, last := map[fact]bool{}, map[string]int64{}
	first, dictionary := int64(math.MaxInt64), series.NewDictionary()
	for _, r := range arrived {
		f := factOf(r, "_")
		if !strings.HasPrefix(r.Name, "urn:dev:org:60060-") {
			h.t.Fatalf("a name without the pseudonym of its recipient: %s", r.Name)
		}
		if dictionary.Path(f.path).Aggregation == "" { // others are dated by the meter, some at yesterday
			first = min(first, f.millis)
		}
		if !facts[f] && f.millis < last[f.path] { // what comes again comes as it was
			h.t.Errorf("%s: a record of %d came after one of %d", f.path, f.millis, last[f.path])
		}
		facts[f], last[f.path] = true, max(last[f.path], f.millis)
	}
	truth := h.played()
	stored := map[fact]bool{}
	for _, r := range h.stored() {
		f := factOf(r, "/")
		stored[f] = true
		if f.millis >= first && !facts[f] {
			h.t.Errorf("stored and lost: %v", f)
		}
		if !truth[f.path][f.value] {
			h.t.Errorf("stored and never said by the meter: %v", f)
		}
	}
	for f := range facts {
		if !stored[f] {
			h.t.Errorf("received and never stored: %v", f)
		}
	}
	h.t.Logf("%d records stored, %d received, %d of them different", len(stored), len(arrived), len(facts))
}

// played returns every value the meter can have said until now: the same seed gives the same bytes.
func (h *household) played() map[string]map[senml.Value]bool {
	h.t.Helper()
	said := map[string]map[senml.Value]bool{}
	recorder := series.NewRecorder("linky", 0)
	decoder := tic.NewDecoder(tic.Standard, func(f *tic.Frame) {
		for _, r := range recorder.Record(f, time.Now()) {
			_, path, _ := strings.Cut(r.Name, "/")
			if said[path] == nil {
				said[path] = map[senml.Value]bool{}
			}
			said[path][r.Value] = true
		}
	})
	var out bytes.Buffer
	args := []string{"simulate", "--seed", meterSeed, "--start", meterStart, "--contract", "hc", "--speed", "max", "--frames", "400"}
	if code := execute(context.Background(), args, terminal{out: &out, err: io.Discard}); code != exitDone {
		h.t.Fatalf("simulate: exit code %d", code)
	}
	_, _ = decoder.Write(out.Bytes()) // never fails
	return said
}

// The whole path, and a kill -9 in the middle of it, with either server at home.
func TestIntegrationKillLosesNothing(t *testing.T) {
	t.Parallel()
	for _, own := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(own.String(), func(t *testing.T) {
			t.Parallel()
			h := newHousehold(t, own)
			h.arrives(20)
			for range 2 {
				h.agent.end(syscall.SIGKILL)
				h.startAgent()
				h.arrives(20)
			}
			h.drain()
			h.check()
		})
	}
}

// The agent's server goes away; what is read meanwhile arrives after it, in order.
func TestIntegrationOutage(t *testing.T) {
	t.Parallel()
	h := newHousehold(t, lab.Ejabberd)
	h.arrives(10)
	server := h.federation.Server(houseDomain)
	if err := server.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.until("readings waiting", 30*time.Second, func() bool {
		s, err := h.snapshot()
		return err == nil && s.Recipients[0].Pending >= 8 && s.Health.Ready() == nil
	})
	if err := server.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.arrives(20)
	h.drain()
	h.check()
}

// Nothing of the house leaves in logs or on the page: neither the meter's address nor the delivery point.
func TestIntegrationPrivacy(t *testing.T) {
	t.Parallel()
	h := newHousehold(t, lab.Ejabberd)
	h.arrives(5)
	secrets := h.secrets()
	response, err := http.Get("http://" + h.page + "/api/v1/status")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	h.drain()
	h.consumer.end(syscall.SIGTERM)
	for _, secret := range secrets {
		for where, text := range map[string]string{
			"agent's log": h.agent.talk.String(), "consumer's log": h.consumer.talk.String(), "page": string(page),
		} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s holds %s", where, secret)
			}
		}
		for _, r := range h.received.all() {
			if strings.Contains(r.Name+r.Value.String(), secret) {
				t.Errorf("a record holds %s", secret)
			}
		}
	}
}

// secrets are the identities the meter of this test has.
func (h *household) secrets() []string {
	h.t.Helper()
	found := map[string]bool{}
	decoder := tic.NewDecoder(tic.Standard, func(f *tic.Frame) {
		for _, g := range f.Groups {
			if label := string(g.Label); label == "ADSC" || label == "PRM" {
				found[string(g.Value)] = true
			}
		}
	})
	var out bytes.Buffer
	execute(context.Background(), []string{"simulate", "--seed", meterSeed, "--speed", "max", "--frames", "1"}, terminal{out: &out, err: io.Discard})
	_, _ = decoder.Write(out.Bytes()) // never fails
	if len(found) != 2 {
		h.t.Fatalf("the meter has %d identities, want 2", len(found))
	}
	return slices.Sorted(maps.Keys(found))
}
