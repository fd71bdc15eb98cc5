package lab_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
)

const (
	home = "breizh-sen1.example"
	far  = "breizh-sen2.example"
)

var (
	agent    = lab.Account{User: "maison", Password: "un secret"}
	consumer = lab.Account{User: "client", Password: "un autre"}
)

func pair(a, b lab.Kind) []lab.Domain {
	return []lab.Domain{
		{Name: home, Kind: a, Accounts: []lab.Account{agent}},
		{Name: far, Kind: b, Accounts: []lab.Account{consumer}},
	}
}

func talk(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// TestFederation takes pairs of servers through their life: they find each other,
// the link between them fails, one of them goes and comes back.
func TestFederation(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		home, far lab.Kind
		onlyTalk  bool // what else can happen is seen with the other pairs
	}{
		{home: lab.Ejabberd, far: lab.Prosody},
		{home: lab.Prosody, far: lab.Prosody},
		{home: lab.Ejabberd, far: lab.Ejabberd, onlyTalk: true},
	} {
		t.Run(row.home.String()+" and "+row.far.String(), func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			fed := lab.New(t, lab.Options{Domains: pair(row.home, row.far), Log: talk(t), Shaper: lab.ShaperStock})
			t.Logf("both domains up with accounts after %s", time.Since(began))
			link := mustProxy(t, fed.Server(far).PeerAddr())
			must(t, fed.Route(far, link.Addr()))
			messagesCross(t, fed, link)
			if !row.onlyTalk {
				linkFails(t, fed, link)
				serverGoesAndComesBack(t, fed)
			}
		})
	}
}

func messagesCross(t *testing.T, fed *lab.Federation, link *lab.Proxy) {
	t.Helper()
	a, b := mustLogIn(t, fed, home, agent), mustLogIn(t, fed, far, consumer)
	began := time.Now()
	deliver(t, a, b, "there")
	t.Logf("first message across after %s", time.Since(began))
	deliver(t, b, a, "and back")
	if link.Traffic().Accepted != 1 {
		t.Errorf("the servers did not use the route: %+v", link.Traffic())
	}
}

// linkFails makes the link from home to far fail in several ways.
func linkFails(t *testing.T, fed *lab.Federation, link *lab.Proxy) {
	t.Helper()
	a, b := mustLogIn(t, fed, home, agent), mustLogIn(t, fed, far, consumer)
	link.Stall()
	a.say(t, b, "held back")
	must(t, link.Resume())
	b.awaits(t, "held back")
	link.Cut()
	deliver(t, a, b, "after a cut")
	must(t, link.Refuse())
	bounce(t, a, b, "into the void")
	must(t, link.Resume())
	deliver(t, a, b, "after a refusal")
}

func TestFederationsDoNotClash(t *testing.T) {
	t.Parallel()
	domains := pair(lab.Prosody, lab.Prosody)
	one, two := lab.New(t, lab.Options{Domains: domains}), lab.New(t, lab.Options{Domains: domains})
	oneA, oneB := mustLogIn(t, one, home, agent), mustLogIn(t, one, far, consumer)
	twoA, twoB := mustLogIn(t, two, home, agent), mustLogIn(t, two, far, consumer)
	deliver(t, oneA, oneB, "in the first")
	deliver(t, twoA, twoB, "in the second")
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	deliver(t, twoB, twoA, "the second does not mind")
}

func TestCloseRemovesFolderAndIsRepeatable(t *testing.T) {
	t.Parallel()
	fed := lab.New(t, lab.Options{Domains: pair(lab.Prosody, lab.Prosody)})
	for range 2 {
		if err := fed.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(fed.CAFile()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the certificate is still there: %v", err)
	}
	for _, s := range fed.Servers() {
		if conn, err := net.Dial("tcp", s.Addr()); err == nil {
			t.Errorf("%s still listens on %s", s.Domain(), conn.RemoteAddr())
		}
		if s.PID() != 0 || s.Running() {
			t.Errorf("%s still runs as %d", s.Domain(), s.PID())
		}
	}
}

func TestResolverFindsServers(t *testing.T) {
	t.Parallel()
	fed := lab.New(t, lab.Options{Domains: pair(lab.Prosody, lab.Prosody)})
	for _, network := range []string{"udp", "tcp"} {
		resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, fed.DNSAddr())
		}}
		_, records, err := resolver.LookupSRV(t.Context(), "xmpp-client", "tcp", home)
		if err != nil {
			t.Fatalf("%s: %v", network, err)
		}
		_, port, err := net.SplitHostPort(fed.Server(home).Addr())
		if err != nil {
			t.Fatal(err)
		}
		if got := net.JoinHostPort(records[0].Target, itoa(records[0].Port)); got != "localhost.:"+port {
			t.Errorf("%s: SRV of %s is %s, want localhost.:%s", network, home, got, port)
		}
	}
}

func TestRouteRefusesNonsense(t *testing.T) {
	t.Parallel()
	fed := lab.New(t, lab.Options{Domains: pair(lab.Prosody, lab.Prosody)})
	for _, row := range []struct{ domain, addr, err string }{
		{"nowhere.example", "127.0.0.1:5269", "route nowhere.example to 127.0.0.1:5269: the federation has no such domain"},
		{far, "127.0.0.1", "route breizh-sen2.example: address 127.0.0.1: missing port in address"},
		{far, "192.0.2.1:5269", "route breizh-sen2.example to 192.0.2.1:5269: want an address on 127.0.0.1"},
		{far, "127.0.0.1:70000", "route breizh-sen2.example to 127.0.0.1:70000: want an address on 127.0.0.1"},
	} {
		if diff := cmp.Diff(row.err, text(fed.Route(row.domain, row.addr))); diff != "" {
			t.Errorf("Route(%s, %s) (-want +got):\n%s", row.domain, row.addr, diff)
		}
	}
}

func TestStartRefusesOptions(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		domains []lab.Domain
		err     string
	}{
		{"a quote", []lab.Domain{{Name: `a".example`, Kind: lab.Prosody}}, `check options: domain "a\".example": want lower-case letters, digits, hyphens and at least one dot`},
		{"no dot", []lab.Domain{{Name: "localhost", Kind: lab.Prosody}}, `check options: domain "localhost": want lower-case letters, digits, hyphens and at least one dot`},
		{"no kind", []lab.Domain{{Name: home}}, "check options: domain breizh-sen1.example: unknown kind of server 0"},
		{"twice", []lab.Domain{{Name: home, Kind: lab.Prosody}, {Name: home, Kind: lab.Ejabberd}}, "check options: domain breizh-sen1.example is given twice"},
		{"an option as user", []lab.Domain{{Name: home, Kind: lab.Prosody, Accounts: []lab.Account{{User: "--help"}}}}, `check options: domain breizh-sen1.example: user "--help": want lower-case letters, digits, dots, hyphens, underscores`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := lab.Start(t.Context(), lab.Options{Domains: row.domains})
			if diff := cmp.Diff(row.err, text(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStartExplainsFolderNotThere(t *testing.T) {
	t.Parallel()
	requireServers(t)
	_, err := lab.Start(t.Context(), lab.Options{Dir: t.TempDir() + "/not/there", Domains: pair(lab.Prosody, lab.Prosody)})
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(text(err), "prepare federation: make temporary folder: ") {
		t.Errorf("got %v, want that the folder is not there", err)
	}
}

func TestStartExplainsClosedFolder(t *testing.T) {
	t.Parallel()
	requireServers(t)
	if os.Geteuid() != 0 {
		t.Skip("only root runs servers as another user")
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o700))
	_, err := lab.Start(t.Context(), lab.Options{Dir: dir, Domains: pair(lab.Prosody, lab.Prosody)})
	want := "prepare federation: breizh-sen1.example: folder " + dir + " keeps other users out, and the server runs as one; set TMPDIR or Options.Dir to another folder"
	if diff := cmp.Diff(want, text(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	requireServers(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := lab.Start(ctx, lab.Options{Domains: pair(lab.Prosody, lab.Prosody)})
	if !errors.Is(err, context.Canceled) || !strings.Contains(text(err), " on prosody: wait for 127.0.0.1:") {
		t.Errorf("got %v, want that the start was cancelled", err)
	}
}
