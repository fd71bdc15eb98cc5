package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"releve/federation/lab"
	"releve/federation/xmpp"
)

const (
	houses   = "breizh-sen1.example"
	advisers = "breizh-sen2.example"
	password = "pw"
	// agentsPerConsumer keeps one consumer's receipts under the shaper of its own server.
	agentsPerConsumer = 50
	registeredAtOnce  = 8
	patience          = 5 * time.Minute
)

type options struct {
	Agents int
	Every  time.Duration
	For    time.Duration
	Start  int // agents a second
	Nodes  int // of the houses' domain
	Shaper lab.Shaper
}

// fleet is everything that runs.
type fleet struct {
	options   options
	dir       string
	lab       *lab.Federation
	roots     *x509.CertPool
	agents    []*agent
	consumers []*consumer
	logins    *logins
	running   sync.WaitGroup
}

// run measures one fleet from its first login to the last acknowledgement.
func run(ctx context.Context, o options) (r report, err error) {
	dir, err := os.MkdirTemp("", "releve-fleet-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	servers, err := lab.Start(ctx, lab.Options{
		Shaper:       o.Shaper,
		StartTimeout: patience,
		Domains:      []lab.Domain{{Name: houses, Kind: lab.Ejabberd, Nodes: o.Nodes}, {Name: advisers, Kind: lab.Ejabberd}},
	})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, servers.Close()) }()
	f := &fleet{options: o, dir: dir, lab: servers, logins: &logins{}}
	ctx, stop := context.WithCancel(ctx)
	defer f.running.Wait()
	defer stop()
	if err := f.furnish(ctx); err != nil {
		return r, err
	}
	return f.measure(ctx)
}

// furnish makes the accounts, the agents and the consumers; none of them runs yet.
func (f *fleet) furnish(ctx context.Context) error {
	pem, err := os.ReadFile(f.lab.CAFile())
	if err != nil {
		return err
	}
	f.roots = x509.NewCertPool()
	f.roots.AppendCertsFromPEM(pem)
	for i := range f.options.Agents {
		to := fmt.Sprintf("conseil%d@%s", i/agentsPerConsumer, advisers)
		if i%agentsPerConsumer == 0 {
			f.consumers = append(f.consumers, newConsumer(f.session(to+"/desk")))
		}
		a, err := newAgent(f.session(fmt.Sprintf("maison%d@%s/releve", i, houses)), filepath.Join(f.dir, fmt.Sprint(i)), to, f.options.Every, i)
		if err != nil {
			return err
		}
		a.session.OnLogin(func(context.Context) { f.logins.add(time.Now()) })
		a.session.OnFailure(f.logins.fail)
		f.agents = append(f.agents, a)
		last := f.consumers[len(f.consumers)-1]
		last.providers = append(last.providers, a.jid)
	}
	return f.register(ctx)
}

func (f *fleet) register(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(registeredAtOnce)
	for _, a := range f.agents {
		group.Go(func() error { return f.lab.Server(houses).Register(ctx, a.jid.Localpart(), password) })
	}
	for _, c := range f.consumers {
		group.Go(func() error { return f.lab.Server(advisers).Register(ctx, c.jid.Localpart(), password) })
	}
	return group.Wait()
}

// session is the session of the product, as the product makes it.
func (f *fleet) session(address string) xmpp.Config {
	jid, err := xmpp.ParseJID(address)
	if err != nil {
		panic(err) // addresses are made here
	}
	return xmpp.Config{
		JID:      jid,
		Resolver: f.resolver(),
		Password: func() (string, error) { return password, nil },
		RootCAs:  func() (*x509.CertPool, error) { return f.roots, nil },
		Identity: xmpp.Identity{Category: "client", Type: "bot", Name: "Relève", Version: "fleet", Node: "urn:releve:fleet"},
		Log:      slog.New(slog.DiscardHandler),
	}
}

// resolver asks the name server of the lab, so that servers are found as in the world: by SRV records.
func (f *fleet) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, f.lab.DNSAddr())
	}}
}

// measure goes through the life of a fleet.
func (f *fleet) measure(ctx context.Context) (r report, err error) {
	r.agents = f.options.Agents
	before := f.memory()
	began := time.Now()
	if err := f.switchOn(ctx); err != nil {
		return r, err
	}
	r.up, r.peakUp = time.Since(began), f.logins.peak(began)
	r.memory = f.memory().less(before).over(r.agents)
	for _, c := range f.consumers {
		f.running.Go(func() { c.run(ctx) })
	}
	if err := f.until(ctx, "all are subscribed to", func() bool { return f.count((*agent).subscribed) == r.agents }); err != nil {
		return r, err
	}
	if err := f.listen(ctx, &r); err != nil {
		return r, err
	}
	if err := f.restart(ctx, &r); err != nil {
		return r, err
	}
	return r, f.drain(ctx, &r)
}

// switchOn starts the agents, so many a second, and waits until all are logged in.
func (f *fleet) switchOn(ctx context.Context) error {
	for _, a := range f.agents {
		f.running.Go(func() { a.run(ctx) })
		time.Sleep(time.Second / time.Duration(f.options.Start))
	}
	return f.until(ctx, "all are logged in", func() bool { return f.count((*agent).up) == len(f.agents) })
}

// listen counts messages for the time asked for.
func (f *fleet) listen(ctx context.Context, r *report) error {
	before, began := f.taken(), time.Now()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(f.options.For):
	}
	r.rate = f.taken().less(before).per(time.Since(began))
	return nil
}

// restart takes the server of the houses away and counts how they come back.
func (f *fleet) restart(ctx context.Context, r *report) error {
	if nodes := f.lab.Nodes(houses); len(nodes) > 1 {
		return f.lose(ctx, nodes[len(nodes)-1], r)
	}
	server := f.lab.Server(houses)
	if err := server.Stop(ctx); err != nil {
		return err
	}
	if err := f.until(ctx, "all are away", func() bool { return f.count((*agent).up) == 0 }); err != nil {
		return err
	}
	failed := f.logins.failures()
	if err := server.Start(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := f.until(ctx, "all are back", func() bool { return f.count((*agent).up) == len(f.agents) }); err != nil {
		return err
	}
	r.back, r.peakBack, r.failed = time.Since(began), f.logins.peak(began), f.logins.failures()-failed
	return nil
}

// lose kills one of several servers of the houses and counts how its agents go over to the others.
func (f *fleet) lose(ctx context.Context, node *lab.Server, r *report) error {
	failed, began := f.logins.failures(), time.Now()
	if err := node.Kill(); err != nil {
		return err
	}
	if err := f.until(ctx, "some are away", func() bool { return f.count((*agent).up) < len(f.agents) }); err != nil {
		return err
	}
	if err := f.until(ctx, "all are back", func() bool { return f.count((*agent).up) == len(f.agents) }); err != nil {
		return err
	}
	r.moved = f.logins.since(began)
	r.back, r.peakBack, r.failed = time.Since(began), f.logins.peak(began), f.logins.failures()-failed-r.moved
	return nil
}

// drain ends the making of readings and waits until everything made has arrived.
func (f *fleet) drain(ctx context.Context, r *report) error {
	made := 0
	for _, a := range f.agents {
		made += a.source.stop()
	}
	err := f.until(ctx, fmt.Sprintf("the %d records that were made have arrived", made), func() bool { return f.arrived() == made })
	r.made, r.arrived, r.twice = made, f.arrived(), f.taken().records-f.arrived()
	return err
}

// until polls for something that takes its time.
func (f *fleet) until(ctx context.Context, what string, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait until %s: %w", what, ctx.Err()), f.trouble())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// trouble is why the first of those that are away is.
func (f *fleet) trouble() error {
	for _, a := range f.agents {
		if state := a.session.State(); !state.Up {
			return fmt.Errorf("%s: %w", a.jid, state.Err)
		}
	}
	return nil
}

func (f *fleet) count(is func(*agent) bool) int {
	n := 0
	for _, a := range f.agents {
		if is(a) {
			n++
		}
	}
	return n
}

// taken is what the consumers were sent, repetitions included.
func (f *fleet) taken() (sum volume) {
	for _, c := range f.consumers {
		sum = sum.plus(c.volume())
	}
	return sum
}

// arrived is how many different records the consumers have.
func (f *fleet) arrived() int {
	n := 0
	for _, c := range f.consumers {
		n += c.different()
	}
	return n
}
