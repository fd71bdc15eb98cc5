package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"releve/agent/status"
	"releve/federation/lab"
)

// asReleve makes the test binary behave as releve itself, so that the tests start the real thing as processes.
const asReleve = "RELEVE_TEST_AS_RELEVE"

func TestMain(m *testing.M) {
	if os.Getenv(asReleve) != "" {
		os.Args[0] = "releve"
		main()
	}
	if dir := os.Getenv(changesItself); dir != "" {
		fmt.Println(changeItself(dir))
		os.Exit(exitFailed)
	}
	os.Exit(m.Run())
}

const (
	houseDomain    = "breizh-sen1.example"
	consumerDomain = "breizh-sen2.example"
	houseJID       = "maison@" + houseDomain
	meterSeed      = "7"
	meterStart     = "2026-06-01T12:00:00+02:00"
)

// patience is how long anything is waited for: machines are slow, and pauses between attempts long.
const patience = 10 * time.Minute

// servers are a federation of two domains whose servers reach each other through links that can fail.
type servers struct {
	*lab.Federation
	peers []*lab.Proxy // before the server of the house, before that of the consumer
}

// newServers starts a server of one kind for the house and one of the other for the consumer.
func newServers(t *testing.T, own lab.Kind, o lab.Options) servers {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	other := lab.Prosody
	if own == lab.Prosody {
		other = lab.Ejabberd
	}
	o.Domains = []lab.Domain{{Name: houseDomain, Kind: own}, {Name: consumerDomain, Kind: other}}
	s := servers{Federation: lab.New(t, o)}
	for _, server := range s.Servers() {
		link := newLink(t, server.PeerAddr())
		s.peers = append(s.peers, link)
		must(t, s.Route(server.Domain(), link.Addr()))
	}
	return s
}

func newLink(t *testing.T, target string) *lab.Proxy {
	t.Helper()
	link, err := lab.NewProxy(target)
	must(t, err)
	t.Cleanup(func() { must(t, link.Close()) })
	return link
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// household is a meter, an agent and a consumer on the other domain, each a process.
type household struct {
	t        *testing.T
	dir      string
	page     string
	house    lab.Account
	consumes lab.Account
	servers  servers
	link     *lab.Proxy // from the agent to its server
	cable    *cable     // before it, when the agent is in a network of its own; nil
	pages    http.Client
	began    time.Time
	agent    *process
	meter    *process
	consumer *process
	hurry    *hurry // the meter, in place of a process; nil
	slixmpp  bool   // the consumer is a client of another make, which never acknowledges
	received *received
	pushed   int // how many of the records received were pushed; the others were fetched. 0: all
	losses   []*loss
}

// newHousehold starts servers and everything; every second readings are stored and pushed.
func newHousehold(t *testing.T, own lab.Kind) *household {
	t.Helper()
	return settle(t, newServers(t, own, lab.Options{}), "")
}

// settle starts a meter, an agent and a consumer on servers that may have others, told apart by a suffix.
func settle(t *testing.T, s servers, suffix string) *household {
	t.Helper()
	return settleWith(t, s, suffix, habits{})
}

// habits are what is unusual about a household.
type habits struct {
	slixmpp bool // the consumer is a client of another make
	hurried bool // the meter can talk faster than a bus
	apart   bool // the agent is in a network of its own
}

// settleWith starts a household with its habits.
func settleWith(t *testing.T, s servers, suffix string, of habits) *household {
	t.Helper()
	h := &household{
		slixmpp: of.slixmpp,
		t:       t, dir: t.TempDir(), page: lab.FreeAddress(t), received: &received{}, servers: s, began: time.Now(),
		house:    lab.Account{User: "maison" + suffix, Password: "pw"},
		consumes: lab.Account{User: "conseil" + suffix, Password: "pw"},
		link:     newLink(t, s.Server(houseDomain).Addr()),
	}
	way := h.link.Addr()
	if of.apart {
		h.cable = newCable(t, way)
		h.pages, way = h.cable.client(), h.cable.server
	}
	h.register(houseDomain, h.house)
	h.register(consumerDomain, h.consumes)
	ca, err := os.ReadFile(s.CAFile())
	must(t, err)
	h.write("ca.pem", string(ca))
	h.write("password", h.house.Password+"\n")
	h.write("consumer.password", h.consumes.Password+"\n")
	port := h.path("meter")
	if of.hurried {
		h.hurry = newHurry(t, h.simulated(mostFrames))
		port = "tcp://" + h.hurry.listener.Addr().String()
	}
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
`, h.path("state"), port, h.page, addressOf(h.consumes, consumerDomain))+
		session(addressOf(h.house, houseDomain)+"/releve", h.path("password"), way, h.path("ca.pem")))
	h.write("consumer.toml", session(addressOf(h.consumes, consumerDomain)+"/desk", h.path("consumer.password"),
		s.Server(consumerDomain).Addr(), s.CAFile()))
	if h.hurry == nil {
		h.meter = h.start(nil, "simulate", "--seed", meterSeed, "--start", meterStart, "--contract", "hc", "--pty", h.path("meter"))
	}
	h.startAgent()
	h.startConsumer()
	return h
}

func (h *household) register(domain string, account lab.Account) {
	h.t.Helper()
	must(h.t, h.servers.Server(domain).Register(h.t.Context(), account.User, account.Password))
}

func addressOf(a lab.Account, domain string) string { return a.User + "@" + domain }

func session(jid, password, address, ca string) string {
	return fmt.Sprintf(`
[federation]
jid = %q
password_file = %q
address = %q
ca_file = %q
push_every = "1s"
push_slow_every = "1s"
`, jid, password, address, ca)
}

func (h *household) path(name string) string { return filepath.Join(h.dir, name) }

func (h *household) write(name, text string) {
	h.t.Helper()
	must(h.t, os.WriteFile(h.path(name), []byte(text), 0o600))
}

func (h *household) startAgent() {
	start := func() error {
		h.agent = h.start(nil, "run", "--config", h.path("agent.toml"))
		return nil
	}
	if h.cable == nil {
		must(h.t, start())
		return
	}
	must(h.t, h.cable.house.within(start))
}

func (h *household) startConsumer() {
	if h.slixmpp {
		h.consumer = h.neighbour(h.consumes, nil, h.received, "listen")
		return
	}
	h.consumer = h.start(h.received, "listen", "--format", "senml-json", "--config", h.path("consumer.toml"),
		addressOf(h.house, houseDomain)+"/releve")
}

// restartAgent does what a user does who has put something right.
func (h *household) restartAgent() {
	h.t.Helper()
	h.stopAgent()
	h.startAgent()
}

func (h *household) stopAgent() {
	h.t.Helper()
	h.until("the agent has begun", patience, h.hasBegun) // before, the signal would kill it
	h.agent.end(syscall.SIGTERM)
	if code := h.agent.cmd.ProcessState.ExitCode(); code != exitDone {
		h.t.Errorf("the agent ended with %d", code)
	}
}

// hasBegun says whether the agent shows its page, or has ended by itself.
func (h *household) hasBegun() bool {
	select {
	case <-h.agent.done:
		return true
	default:
	}
	_, err := h.snapshot()
	return err == nil
}

// process is releve as a child.
type process struct {
	cmd  *exec.Cmd
	talk bytes.Buffer
	done chan struct{}
}

func (h *household) start(out io.Writer, args ...string) *process {
	h.t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asReleve+"=1")
	return h.launch(cmd, nil, out)
}

// launch starts a program that ends with the test.
func (h *household) launch(cmd *exec.Cmd, in io.Reader, out io.Writer) *process {
	h.t.Helper()
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &p.talk
	must(h.t, cmd.Start())
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is asked of ProcessState
	}()
	h.t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if h.t.Failed() || os.Getenv("FAULT_LOGS") != "" {
			h.t.Logf("%s:\n%s", strings.Join(cmd.Args[1:], " "), &p.talk)
		}
	})
	return p
}

func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) } // it may have ended already

func (p *process) end(sig syscall.Signal) {
	p.signal(sig)
	<-p.done
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
	had := h.received.count()
	h.until(fmt.Sprintf("%d more records", n), patience, func() bool { return h.received.count() >= had+n })
}

func (h *household) snapshot() (s status.Snapshot, err error) {
	response, err := h.pages.Get("http://" + h.page + "/api/v1/status")
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	return s, json.NewDecoder(response.Body).Decode(&s)
}

// sentences is what the page says of the federation and of recipients.
func (h *household) sentences() []status.Words {
	s, err := h.snapshot()
	if err != nil {
		return nil
	}
	said := []status.Words{s.Federation.Text}
	for _, r := range s.Recipients {
		said = append(said, r.Text)
	}
	return slices.DeleteFunc(said, status.Words.IsZero)
}

// waiting is how many packs the recipients have not acknowledged, and whether the page can say.
func (h *household) waiting() (packs uint64, known bool) {
	s, err := h.snapshot()
	if err != nil || len(s.Recipients) == 0 || s.Federation.State != status.OK {
		return 0, false
	}
	for _, r := range s.Recipients {
		packs += r.Pending
	}
	return packs, true
}

// mostFrames is how much a hurried meter has to say.
const mostFrames = 4000

// frames is how much the meter can have said until now.
func (h *household) frames() int {
	if h.hurry != nil {
		return int(h.hurry.said.Load())
	}
	return 400 + int(time.Since(h.began).Seconds())
}

// silence ends the meter.
func (h *household) silence() {
	if h.hurry != nil {
		h.hurry.stop()
		return
	}
	h.meter.end(syscall.SIGTERM)
}

// drain ends the meter, waits until everything stored was acknowledged, and ends the agent as systemd would.
func (h *household) drain() {
	h.t.Helper()
	h.silence()
	var before uint64
	looks := 0
	h.until("everything stored and acknowledged", patience, func() bool {
		time.Sleep(1500 * time.Millisecond) // the last readings are stored within the period of one second
		s, err := h.snapshot()
		if err != nil || len(s.Recipients) == 0 {
			return false
		}
		quiet := s.Buffer.Packs == before
		for _, r := range s.Recipients {
			quiet = quiet && r.Pending == 0
		}
		before = s.Buffer.Packs
		if looks++; !quiet {
			looks = 0
		}
		return looks == 2 // what rests for a second before it sends more does not count as pending
	})
	if h.slixmpp {
		h.repair()
	}
	h.stopAgent()
}

// simulated is what the meter of a household says in so many frames.
func (h *household) simulated(frames int) []byte {
	h.t.Helper()
	var out bytes.Buffer
	args := strings.Fields("simulate --seed " + meterSeed + " --start " + meterStart + " --contract hc --speed max --frames " + fmt.Sprint(frames))
	if code := execute(context.Background(), args, terminal{out: &out, err: io.Discard}); code != exitDone {
		h.t.Fatalf("simulate: exit code %d", code)
	}
	return out.Bytes()
}
