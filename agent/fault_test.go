package main

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/lab"
)

// fault is one thing that goes wrong between an agent and its consumer. strike begins it, and returns what ends it, as
// whoever's fault it is would. One of the sentences is on the page meanwhile.
type fault struct {
	name   string
	strike func(h *household) (mend func())
	says   []status.Words
}

var (
	away        = status.Say("La fédération est injoignable ; les relevés attendent ici.", "The federation cannot be reached; readings wait here.")
	notValid    = status.Say("Le certificat du serveur de la fédération n'est pas valable à cette date ; les relevés attendent ici.", "The certificate of the federation's server is not valid at this date; readings wait here.")
	notTrusted  = status.Say("Le certificat du serveur de la fédération n'est pas reconnu ; les relevés attendent ici.", "The certificate of the federation's server is not trusted; readings wait here.")
	notLetIn    = status.Say("Le serveur de la fédération refuse le nom ou le mot de passe du compte ; les relevés attendent ici.", "The federation's server refuses the account's name or password; readings wait here.")
	pushedOut   = status.Say("Un autre programme a pris l'adresse de Relève dans la fédération ; les relevés attendent ici.", "Another program has taken Relève's address in the federation; readings wait here.")
	unreachable = status.Say("Le serveur de ce destinataire est injoignable ; ses relevés l'attendent ici.", "This recipient's server cannot be reached; its readings wait here.")
	full        = status.Say("Le serveur de ce destinataire ne garde plus de messages pour lui ; ses relevés l'attendent ici.", "This recipient's server keeps no more messages for it; its readings wait here.")
	tooLong     = status.Say("Un message était trop long pour le serveur de la fédération : les suivants seront plus courts ; les relevés attendent ici.", "A message was too long for the federation's server: the next ones will be shorter; readings wait here.")
	tooLongHere = status.Say("Un message était trop long pour le serveur de ce destinataire : les suivants seront plus courts ; ses relevés l'attendent ici.", "A message was too long for this recipient's server: the next ones will be shorter; its readings wait here.")
	silent      = status.Say("Ce destinataire n'accuse pas réception ; ses relevés l'attendent ici.", "This recipient does not acknowledge; its readings wait here.")
)

// serverFaults are those of the servers and of the way between them.
func serverFaults() []fault {
	return []fault{
		{"own server killed", killed, []status.Words{away}},
		{"own server restarted", stopped, []status.Words{away}},
		{"certificate expired", expired, []status.Words{notValid}},
		{"way between servers cut", peersCut, []status.Words{unreachable}},
	}
}

// accountFaults are those of the agent's account and of what it trusts.
func accountFaults() []fault {
	return []fault{
		{"wrong authority", distrusted, []status.Words{notTrusted}},
		{"password changed", passwordChanged, []status.Words{notLetIn}},
		{"account deleted", accountDeleted, []status.Words{notLetIn, pushedOut}}, // ejabberd ends the session with <conflict/>,
		{"resource taken", resourceTaken, []status.Words{pushedOut}},
	}
}

// endFaults are those of the two ends.
func endFaults() []fault {
	return []fault{
		{"agent killed", agentKilled, nil},
		{"consumer killed", consumerKilled, nil},
		{"hostile stanzas", rude, nil},
	}
}

// otherFaults are those of a consumer that never acknowledges. Only ejabberd has a bound of what it stores for one.
func otherFaults(own lab.Kind) []fault {
	if own == lab.Ejabberd {
		return []fault{{"unacknowledging consumer killed", consumerKilled, nil}}
	}
	return []fault{{"offline store full", offlineFull, []status.Words{full}}}
}

// Faults that show only in that nothing comes back.
var (
	freeze = fault{"own server frozen", frozen, []status.Words{silent, away}}
	strand = fault{"connection forgotten on the way", stranded, []status.Words{silent, away}}
	unplug = fault{"connection half open", unplugged, []status.Words{away}}
	mute   = fault{"consumer never acknowledges", muted, []status.Words{silent}}
	// Servers that take no more than every server has to (RFC 6120 §13.12).
	narrow     = lab.Options{ClientStanzaMax: 10_000}
	narrowHere = lab.Options{PeerStanzaMax: 10_000}
	long       = fault{"stanza too large for the own server", piledUp, []status.Words{tooLong}}
	longHere   = fault{"stanza too large for the consumer's server", piledUp, []status.Words{silent, tooLongHere, unreachable}}
	drought    = fault{"way between servers cut for minutes", cutForMinutes, []status.Words{unreachable, silent}}
)

func killed(h *household) func() {
	server := h.servers.Server(houseDomain)
	must(h.t, server.Kill())
	return func() { must(h.t, server.Start(context.Background())) }
}

func stopped(h *household) func() {
	server := h.servers.Server(houseDomain)
	must(h.t, server.Stop(context.Background()))
	return func() { must(h.t, server.Start(context.Background())) }
}

func frozen(h *household) func() {
	server := h.servers.Server(houseDomain)
	must(h.t, server.Freeze())
	return func() { must(h.t, server.Thaw()) }
}

func expired(h *household) func() {
	const day = 24 * time.Hour
	h.certify(-2*day, -day)
	return func() { h.certify(-day, day) }
}

// certify gives the agent's server a certificate, by its distance from now.
func (h *household) certify(from, until time.Duration) {
	h.t.Helper()
	must(h.t, h.servers.Certify(houseDomain, time.Now().Add(from), time.Now().Add(until)))
	stopped(h)()
}

func distrusted(h *household) func() {
	good, err := os.ReadFile(h.path("ca.pem"))
	must(h.t, err)
	stranger := httptest.NewTLSServer(nil)
	defer stranger.Close()
	h.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: stranger.Certificate().Raw})))
	h.link.Cut()
	return func() { h.write("ca.pem", string(good)) }
}

func passwordChanged(h *household) func() {
	h.house.Password = rand.Text()
	must(h.t, h.servers.Server(houseDomain).ChangePassword(context.Background(), h.house.User, h.house.Password))
	h.link.Cut()
	return func() {
		h.write("password", h.house.Password+"\n")
		h.restartAgent()
	}
}

func accountDeleted(h *household) func() {
	must(h.t, h.servers.Server(houseDomain).Unregister(context.Background(), h.house.User))
	h.link.Cut()
	return func() {
		h.register(houseDomain, h.house)
		h.restartAgent()
	}
}

// resourceTaken logs another program in as the agent.
func resourceTaken(h *household) func() {
	cfg, err := config.Load(h.path("agent.toml"))
	must(h.t, err)
	ctx, leave := context.WithCancel(context.Background())
	rival := newSession(cfg, 0, quiet)
	left := make(chan error, 1)
	go func() { left <- rival.Run(ctx) }()
	end := func() {
		leave()
		must(h.t, <-left)
		h.restartAgent()
	}
	return end
}

func peersCut(h *household) func() {
	for _, link := range h.servers.peers {
		must(h.t, link.Refuse())
	}
	return func() {
		for _, link := range h.servers.peers {
			must(h.t, link.Resume())
		}
	}
}

// cutForMinutes leaves the servers without each other for longer than any of them tries.
func cutForMinutes(h *household) func() {
	mend := peersCut(h)
	h.measures(&loss{fault: "cut for minutes"}, 150)
	return mend
}

// piledUp lets so much gather that one message of it is longer than 10 kB, and lets it go. The way to the server is
// stalled, not closed: in a minute somebody else might take its port.
func piledUp(h *household) func() {
	h.link.Stall()
	h.link.Cut()
	h.hurry.pause.Store(int64(time.Second / 20))
	h.measures(&loss{fault: "piling up"}, 45)
	h.hears(900) // readings of a series that are over 10 kB, however slow the machine
	h.hurry.pause.Store(int64(time.Second))
	must(h.t, h.link.Resume())
	return func() {}
}

func stranded(h *household) func() {
	h.link.Strand()
	return func() { must(h.t, h.link.Resume()) }
}

// unplugged leaves both ends of a connection with nothing to hear, not even its end: the link comes back under another
// address. Only the agent's own watch can tell.
func unplugged(h *household) func() {
	h.cable.pull()
	return func() {
		h.cable.move()
		h.cable.plug()
	}
}

// noticed checks, once the agent has ended, that it gave its server up for its silence.
func (h *household) noticed() {
	h.t.Helper()
	if log := h.agent.talk.String(); !strings.Contains(log, "the server has been silent for too long") {
		h.t.Error("the agent did not give its server up for its silence")
	}
}

func muted(h *household) func() {
	h.consumer.signal(syscall.SIGSTOP)
	return func() { h.consumer.signal(syscall.SIGCONT) }
}

func agentKilled(h *household) func() {
	h.agent.end(syscall.SIGKILL)
	return h.startAgent
}

func consumerKilled(h *household) func() {
	h.consumer.end(syscall.SIGKILL)
	return h.startConsumer
}

// suffer lets a fault happen until the page has said what is wrong, and waits until nothing waits any more.
func (h *household) suffer(f fault) {
	h.t.Helper()
	row := h.row(f.name)
	mend := f.strike(h)
	if len(f.says) > 0 {
		h.until(f.name+": the page says so", patience, func() bool {
			for _, said := range h.sentences() {
				if slices.Contains(f.says, said) {
					row.sentence = said
				}
			}
			return !row.sentence.IsZero()
		})
	}
	h.measures(row, 3)
	mend()
	h.recovers(row)
}

// measures waits until the agent has stored so many packs more: nothing stops a source.
func (h *household) measures(row *loss, packs uint64) {
	h.t.Helper()
	var first uint64
	h.until(row.fault+": readings are stored", patience, func() bool {
		s, err := h.snapshot()
		if err != nil { // the agent itself may be gone
			return row.fault == "agent killed"
		}
		if first == 0 {
			first = s.Buffer.Packs
		}
		row.memory = max(row.memory, h.agent.anonymous())
		return s.Buffer.Packs >= first+packs
	})
}

// hears waits for so many frames more.
func (h *household) hears(frames uint64) {
	h.t.Helper()
	heard := func() uint64 {
		s, err := h.snapshot()
		if err != nil || len(s.Meters) == 0 {
			return 0
		}
		return s.Meters[0].Frames
	}
	first := heard()
	h.until("more frames", patience, func() bool { return heard() >= first+frames })
}

// row begins a row of the table.
func (h *household) row(name string) *loss {
	row := &loss{fault: name, from: time.Now()}
	h.losses = append(h.losses, row)
	return row
}

// recovers waits until records arrive and hardly anything waits.
func (h *household) recovers(row *loss) {
	h.t.Helper()
	h.arrives(5)
	h.until("nothing waits after "+row.fault, patience, func() bool {
		row.memory = max(row.memory, h.agent.anonymous())
		packs, known := h.waiting()
		return known && packs <= 2
	})
}

// TestIntegrationFaults: whatever goes wrong, what was measured is what arrives, each series in order, in bounded
// memory, and the page says what is wrong.
func TestIntegrationFaults(t *testing.T) {
	t.Parallel()
	requireSlixmpp(t)
	atOnce(t, func(t *testing.T, own lab.Kind) {
		calm := newServers(t, own, lab.Options{}) // those that nothing happens to serve several households
		together(t, map[string]func(t *testing.T){
			"servers": func(t *testing.T) { newHousehold(t, own).endure(serverFaults()...) },
			"frozen":  func(t *testing.T) { newHousehold(t, own).endure(freeze, drought) },
			"account": func(t *testing.T) { settle(t, calm, "-account").endure(accountFaults()...) },
			"ends":    func(t *testing.T) { settle(t, calm, "-ends").endure(endFaults()...) },
			"others":  func(t *testing.T) { settleWith(t, calm, "-others", habits{slixmpp: true}).endure(otherFaults(own)...) },
			"long":    func(t *testing.T) { settleWith(t, newServers(t, own, narrow), "", habits{hurried: true}).endure(long) },
			"longHere": func(t *testing.T) {
				settleWith(t, newServers(t, own, narrowHere), "", habits{hurried: true}).endure(longHere)
			},
			"unplugged": func(t *testing.T) {
				h := settleWith(t, calm, "-unplugged", habits{apart: true})
				h.endure(unplug)
				h.noticed()
			},
			"muted": func(t *testing.T) { settle(t, calm, "-muted").endure(mute) },
		})
	})
}

// atOnce runs a test with each kind of server at the agent's home, both at the same time: they mostly wait.
func atOnce(t *testing.T, test func(t *testing.T, own lab.Kind)) {
	t.Helper()
	together(t, map[string]func(t *testing.T){
		"ejabberd": func(t *testing.T) { test(t, lab.Ejabberd) },
		"prosody":  func(t *testing.T) { test(t, lab.Prosody) },
	})
}

// together runs tests at the same time in one turn of the parallel ones.
func together(t *testing.T, tests map[string]func(t *testing.T)) {
	t.Helper()
	var group sync.WaitGroup
	for name, test := range tests {
		group.Go(func() { t.Run(name, test) })
	}
	group.Wait()
}

// endure suffers faults one after the other and compares what was measured with what arrived.
func (h *household) endure(faults ...fault) {
	h.t.Helper()
	h.arrives(20)
	calm := h.row("none")
	h.recovers(calm)
	for _, f := range faults {
		h.suffer(f)
	}
	h.drain()
	h.check()
	for _, l := range h.losses {
		if limit := 2*calm.memory + 48<<20; l.memory > limit {
			h.t.Errorf("%s: the agent held %d bytes, more than %d", l.fault, l.memory, limit)
		}
	}
}
