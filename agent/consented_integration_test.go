package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/lab"
	"releve/federation/ledger"
	"releve/federation/xmpp"
	"releve/senml"
)

// consented is a house whose meter is read live and a member of the other domain, each an agent on a real server.
type consented struct {
	t         *testing.T
	servers   *lab.Federation
	link      *lab.Proxy // between the house and its server
	near, far house
	leave     func()  // ends the house
	page      string  // the address of the page of the house
	person    *reader // who has its password
	file      string  // the configuration of a terminal of the house
	begin     time.Time
	heard     int // minutes that the meter was read for
	id        string
}

// Paths of the two series, of which one is granted live in the file and the other on request.
const (
	askedPath = "consumption/power/apparent/raw"
	filedPath = "voltage/1"
)

func newConsented(t *testing.T, own lab.Kind) *consented {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	other := lab.Prosody
	if own == lab.Prosody {
		other = lab.Ejabberd
	}
	account := []lab.Account{{User: "relais", Password: "pw"}}
	c := &consented{t: t, begin: time.Now().Add(-9 * time.Hour).Truncate(30 * time.Minute)}
	c.servers = lab.New(t, lab.Options{Domains: []lab.Domain{{Name: houseDomain, Kind: own, Accounts: account}, {Name: consumerDomain, Kind: other, Accounts: account}}})
	c.link, c.page = newLink(t, c.servers.Server(houseDomain).Addr()), lab.FreeAddress(t)
	c.open(t.TempDir())
	t.Cleanup(func() { c.leave() })
	c.visit()
	return c
}

// open starts the house on a state folder.
func (c *consented) open(state string) {
	c.near = newHouse(c.t, func(cfg *config.Config) {
		cfg.Agent.State, cfg.Meters[0].PRM, cfg.Status.Listen = state, chainPoint, c.page
		cfg.Federation = member(c.servers, houseDomain, written(c.t, "password", "pw\n"))
		cfg.Federation.Address = c.link.Addr()
		cfg.Grants = []consent.Grant{{To: "relais@" + consumerDomain, Series: []string{"voltage/*"}, Resolution: consent.Live, Purpose: "a study"}}
		cfg.Ledger.Witnesses = []xmpp.JID{jidOf(c.t, "relais@"+consumerDomain+"/releve")}
	})
	var err error
	c.near.entry, err = openEntry(state, c.near.machine, quiet)
	must(c.t, err)
	stop := c.near.runs()
	c.leave = func() { stop(); c.near.stop(c.t); c.leave = func() {} }
	c.file = written(c.t, "releve.toml", "[agent]\nstate = \""+state+"\"\n")
	until(c.t, "the house is connected", func() bool { return c.near.session.State().Up })
}

// join starts the member, which follows the house and cosigns its ledger.
func (c *consented) join() {
	c.far = newHouse(c.t, func(cfg *config.Config) {
		cfg.Meters, cfg.Grants = nil, nil
		cfg.Federation = member(c.servers, consumerDomain, written(c.t, "password", "pw\n"))
		cfg.Sources = []config.Source{{Name: "voisins", Kind: config.KindFederation, Origin: config.FromFederation{
			Provider: jidOf(c.t, "relais@"+houseDomain+"/releve"), Since: 12 * time.Hour, Repair: time.Hour,
		}}}
		cfg.Ledger.WitnessFor = []xmpp.JID{jidOf(c.t, "relais@"+houseDomain)}
	})
	stop := c.far.runs()
	c.t.Cleanup(func() { stop(); c.far.stop(c.t) })
	until(c.t, "the member is connected", func() bool { return c.far.session.State().Up })
}

// ask has the member ask for half-hours of the power, and returns the identifier of the consent.
func (c *consented) ask() string {
	c.t.Helper()
	account := member(c.servers, consumerDomain, written(c.t, "password", "pw\n"))
	account.JID = jidOf(c.t, "relais@"+consumerDomain+"/desk")
	session := newSession(config.Config{Agent: config.Agent{State: c.t.TempDir()}, Federation: account}, 0, quiet)
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan error, 1)
	go func() { done <- session.Run(ctx) }()
	defer func() { cancel(); <-done }()
	until(c.t, "a session of the member", func() bool { return session.State().Up })
	form := &xmpp.Form{Type: "submit"}
	for _, pair := range [][2]string{
		{"name", "Agence"}, {"contact", "dpo@example.org"}, {"role", "independent"}, {"series", "consumption/*"}, {"resolution", "PT30M"}, {"purpose", "Conseil"},
		{"purpose_en", "advice"}, {"until", time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}, {"retention", "P1Y"}, {"identity", "0"},
	} {
		form.Fields = append(form.Fields, xmpp.Field{Var: pair[0], Values: []string{pair[1]}})
	}
	answer, err := session.Execute(ctx, jidOf(c.t, "relais@"+houseDomain+"/releve"), "request_consent", form)
	must(c.t, err)
	if state := fieldOf(answer, "state"); state != string(consent.Pending) {
		c.t.Fatalf("asked, it is %q", state)
	}
	return fieldOf(answer, "consent")
}

// verb runs releve at a terminal of the house.
func (c *consented) verb(args ...string) string {
	c.t.Helper()
	var out, said bytes.Buffer
	if code := execute(c.t.Context(), append(args, "--config", c.file), terminal{out: &out, err: &said}); code != exitDone {
		c.t.Fatalf("releve %s: exit code %d: %s", strings.Join(args, " "), code, &said)
	}
	return out.String()
}

// hear has the meter read for so many minutes. The power is the same within each half-hour; the voltage counts minutes.
func (c *consented) hear(minutes int) {
	c.t.Helper()
	for range minutes / 10 {
		var p senml.Pack
		for range 10 {
			at := float64(c.begin.Add(time.Duration(c.heard) * time.Minute).Unix())
			p = append(p, senml.Record{Name: "linky/" + askedPath, Unit: "VA", Time: at, Value: senml.NumberValue(float64(1000 + c.heard/30))},
				senml.Record{Name: "linky/" + filedPath, Unit: "V", Time: at, Value: senml.NumberValue(float64(c.heard))})
			c.heard++
		}
		_, err := c.near.buffer.Put(p)
		must(c.t, err)
	}
}

// came are what the member has of the series that end so, by time.
func (c *consented) came(ending string) senml.Pack {
	c.t.Helper()
	var all senml.Pack
	for _, s := range c.far.buffer.Series() {
		if !strings.HasSuffix(s.Name, ending) {
			continue
		}
		p, _, err := c.far.buffer.History(c.t.Context(), s.Name, c.begin, c.begin.Add(24*time.Hour), 10_000)
		must(c.t, err)
		all = append(all, p...)
	}
	return all
}

// hasVoltage waits until the member has the last voltage.
func (c *consented) hasVoltage() {
	c.t.Helper()
	until(c.t, "the voltage is there", func() bool {
		p := c.came(filedPath)
		return slices.ContainsFunc(p, func(r senml.Record) bool { v, _ := r.Value.Number(); return int(v) == c.heard-1 })
	})
}

// A member of the other domain asks for a consent, it is accepted on the page, half-hours go while the house is read live,
// it is withdrawn there during an outage, and the member knows before it has anything else. The ledger verifies, has it
// all, proves it to a program of its own, and is cosigned by the member; another history is said at both.
func TestIntegrationConsented(t *testing.T) {
	t.Parallel()
	for _, own := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(own.String(), func(t *testing.T) {
			t.Parallel()
			c := newConsented(t, own)
			early, err := os.ReadFile(filepath.Join(c.near.notary.dir, "entries"))
			must(t, err)
			c.id = c.ask()
			c.hear(180)
			t.Logf("releve consent list:\n%s", c.verb("consent", "list"))
			c.answer("accept", "The consent is given.")
			c.join()
			c.checkHalfHours()
			c.checkWithdrawal()
			c.checkLedger()
			c.checkFork(early)
		})
	}
}

// checkHalfHours lets the meter be read on, and looks at what comes of it.
func (c *consented) checkHalfHours() {
	c.t.Helper()
	c.hasVoltage()
	c.hear(120)
	until(c.t, "the half-hours are there", func() bool {
		return len(c.came("/mean/PT30M")) >= 9
	})
	c.hasVoltage()
	for _, r := range c.came("/mean/PT30M") {
		c.t.Logf("the member has %s: %v VA at %s", r.Name, r.Value, time.Unix(int64(r.Time), 0).UTC().Format(time.RFC3339))
		minute := int(r.Time-float64(c.begin.Unix())) / 60
		if v, _ := r.Value.Number(); minute%30 != 0 || int(v) != 1000+minute/30 {
			c.t.Errorf("the half-hour at minute %d is %v", minute, r.Value)
		}
	}
	for _, s := range c.far.buffer.Series() {
		if strings.Contains(s.Name, askedPath) && !strings.HasSuffix(s.Name, "/PT30M") || strings.Contains(s.Name, chainPoint) {
			c.t.Errorf("the member has %s", s.Name)
		}
	}
}

// checkWithdrawal withdraws during an outage.
func (c *consented) checkWithdrawal() {
	c.t.Helper()
	had := len(c.came("/mean/PT30M"))
	must(c.t, c.link.Refuse())
	until(c.t, "the house is away", func() bool { return !c.near.session.State().Up })
	c.hear(60)
	c.answer("withdraw", "The consent is withdrawn")
	c.hear(30)
	must(c.t, c.link.Resume())
	until(c.t, "what was heard meanwhile comes", func() bool {
		p := c.came(filedPath)
		return slices.ContainsFunc(p, func(r senml.Record) bool { v, _ := r.Value.Number(); return int(v) > 300 })
	})
	if of := c.far.notary.lastLost().By; of != "relais@"+houseDomain {
		c.t.Errorf("there is data of after the withdrawal, and the member has heard of that of %q", of)
	}
	c.hasVoltage()
	c.hear(60)
	c.hasVoltage()
	if now := len(c.came("/mean/PT30M")); now != had {
		c.t.Errorf("%d half-hours came after the withdrawal", now-had)
	}
	until(c.t, "the acknowledgement", func() bool {
		return strings.Contains(c.verb("consent", "show", c.id), "relais@"+consumerDomain+" acknowledged on")
	})
	c.t.Logf("releve consent show:\n%s", c.verb("consent", "show", c.id))
	for n, e := range (&registry{t: c.t, dir: c.far.notary.dir}).entries() {
		c.t.Logf("ledger of the member: %s", entryLine(ledger.Numbered{N: int64(n), Entry: e}))
	}
}

// checkFork has the member cosign, and then writes another history from before.
func (c *consented) checkFork(early []byte) {
	c.t.Helper()
	member := c.near.cfg.Ledger.Witnesses[0]
	c.near.cosignatures.ask(c.t.Context(), member)
	if got := c.near.cosignatures.last(member); got.Size == 0 || c.near.cosignatures.finding() != (status.Finding{}) {
		c.t.Fatalf("cosigned: %+v", got)
	}
	c.leave()
	must(c.t, os.WriteFile(filepath.Join(c.near.notary.dir, "entries"), early, 0o600))
	c.open(c.near.cfg.Agent.State)
	for i := range 12 { // more than were cosigned: else the house itself sees that some are missing
		must(c.t, c.near.notary.Changed("page", "x", "", fmt.Sprint(i)))
	}
	c.near.cosignatures.ask(c.t.Context(), member)
	if ours, theirs := c.near.cosignatures.finding(), c.far.witness.finding(); ours.State != status.Fault || theirs.State != status.Warning {
		c.t.Errorf("of another history it is said %+v here, and %+v at the witness", ours, theirs)
	}
}
