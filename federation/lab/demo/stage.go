package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"releve/federation/lab"
)

// The two households' organisations of the demo.
const (
	home     = "breizh-sen1.example"
	abroad   = "breizh-sen2.example"
	agent    = "maison@" + home
	consumer = "conseil@" + abroad
	password = "throw-away"
)

// stage is everything that runs during the demo.
type stage struct {
	options options
	releve  string // absolute path of the binary
	dir     string
	log     *slog.Logger

	federation *lab.Federation // nil offline
	page       string          // host:port

	wg       sync.WaitGroup
	stopAll  context.CancelFunc
	stopUser func()
}

// set starts the servers, then the programs in the order of the data.
func (s *stage) set(ctx context.Context) error {
	began := time.Now()
	if !s.options.offline {
		if err := s.startServers(ctx); err != nil {
			return err
		}
		say("two domains are up after %.1f s: %s (ejabberd) and %s (Prosody)", time.Since(began).Seconds(), home, abroad)
	}
	var err error
	if s.page, err = freeAddress(); err != nil {
		return err
	}
	if err := s.writeFiles(); err != nil {
		return err
	}
	playCtx, stop := context.WithCancel(context.Background())
	s.stopAll = stop
	say("the local page: http://%s/", s.page)
	if err := s.play(ctx, playCtx); err != nil {
		return err
	}
	if !s.options.offline {
		s.watchOutages(playCtx)
		say("try: kill -9 the agent (its number is above; it is started again, as systemd would do)")
		say("try: kill -USR1 %d   takes the agent's server away for %s; what is read meanwhile arrives after it, in order",
			os.Getpid(), s.options.outage)
	}
	return nil
}

func (s *stage) startServers(ctx context.Context) error {
	say("starting two XMPP servers on loopback …")
	var err error
	s.federation, err = lab.Start(ctx, lab.Options{
		Log: s.log, Shaper: lab.ShaperStock,
		Domains: []lab.Domain{
			{Name: home, Kind: lab.Ejabberd, Accounts: []lab.Account{{User: "maison", Password: password}}},
			{Name: abroad, Kind: lab.Prosody, Accounts: []lab.Account{{User: "conseil", Password: password}}},
		},
	})
	return err
}

// play starts the programs, each when the one before is ready. The meter goes on while the agent is away, as a real
// one does.
func (s *stage) play(setting, ctx context.Context) error {
	s.start(ctx, program{name: "meter", args: []string{
		"simulate", "--mode", "standard", "--contract", "hc", "--start", "now", "--pty", s.path("meter")}})
	if err := until(setting, func() bool { return exists(s.path("meter")) }); err != nil {
		return fmt.Errorf("wait for the meter: %w", err)
	}
	s.start(ctx, program{name: "agent", args: []string{"run", "--config", s.path("agent.toml")}})
	if err := until(setting, s.ready); err != nil {
		return fmt.Errorf("wait for the agent to read its first frame: %w", err)
	}
	if s.options.offline {
		s.wg.Go(func() { s.narrate(ctx) })
		return nil
	}
	s.start(ctx, program{name: "consumer", out: os.Stdout, args: []string{
		"listen", "--config", s.path("consumer.toml"), agent + "/releve"}})
	return nil
}

func (s *stage) start(ctx context.Context, p program) {
	p.path = s.releve
	s.wg.Go(func() { p.keep(ctx) })
}

// watchOutages takes the agent's server away when asked to by SIGUSR1.
func (s *stage) watchOutages(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	s.stopUser = func() { signal.Stop(asked) }
	s.wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-asked:
				s.outage(ctx)
			}
		}
	})
}

func (s *stage) outage(ctx context.Context) {
	server := s.federation.Server(home)
	say("the server of %s stops for %s", home, s.options.outage)
	if err := server.Stop(ctx); err != nil {
		say("%s", err)
	}
	select {
	case <-ctx.Done():
		return
	case <-time.After(s.options.outage):
	}
	if err := server.Start(ctx); err != nil {
		say("%s", err)
		return
	}
	say("the server of %s is back", home)
}

// clear ends everything that set started, however far it came.
func (s *stage) clear() {
	if s.stopUser != nil {
		s.stopUser()
	}
	if s.stopAll != nil {
		s.stopAll()
	}
	s.wg.Wait()
	if s.federation == nil {
		return
	}
	if err := s.federation.Close(); err != nil {
		say("%s", err)
	}
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

// writeFiles writes what a household and an adviser would have in /etc/releve.
func (s *stage) writeFiles() error {
	agentFile := fmt.Sprintf(agentHead, s.path("state"), s.path("meter"), s.page)
	if s.options.offline {
		return s.write("agent.toml", agentFile)
	}
	ca := s.federation.CAFile()
	agentFile += fmt.Sprintf(session, agent+"/releve", s.path("password"), s.federation.Server(home).Addr(), ca)
	agentFile += fmt.Sprintf(grant, consumer)
	consumerFile := fmt.Sprintf(session, consumer+"/demo", s.path("password"), s.federation.Server(abroad).Addr(), ca)
	return errors.Join(
		s.write("password", password+"\n"),
		s.write("agent.toml", agentFile),
		s.write("consumer.toml", consumerFile),
	)
}

func (s *stage) write(name, text string) error {
	return os.WriteFile(s.path(name), []byte(text), 0o600)
}

const (
	agentHead = `[agent]
state = %q
clock = "system"

[[meter]]
name = "linky"
port = %q

[buffer]
period = "1s"

[status]
listen = %q
`
	session = `
[federation]
jid = %q
password_file = %q
address = %q
ca_file = %q
push_every = "5s"
push_slow_every = "5s"
`
	grant = `
[[grant]]
to = %q
series = ["*"]
resolution = "live"
purpose = "demonstration"
`
)

// freeAddress returns a loopback address that nothing listens on now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
