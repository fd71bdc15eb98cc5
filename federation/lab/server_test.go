package lab_test

import (
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
)

func itoa[T ~int | ~uint16](n T) string { return strconv.Itoa(int(n)) }

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func requireServers(t *testing.T) {
	t.Helper()
	if missing := lab.Missing(); len(missing) > 0 {
		t.Skipf("Debian packages are missing: %s", strings.Join(missing, " "))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a state that the kernel reaches on its own.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func frozen(pid int) bool {
	stat, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") T ")
}

// serverGoesAndComesBack does to the server of home what may happen to one, and
// sees each time that the two domains find together again.
func serverGoesAndComesBack(t *testing.T, fed *lab.Federation) {
	t.Helper()
	server := fed.Server(home)
	b := mustLogIn(t, fed, far, consumer)
	stopAndStart(t, fed, server, server.Kill)
	together(t, mustLogIn(t, fed, home, agent), b)
	stopAndStart(t, fed, server, func() error { return server.Stop(t.Context()) })
	a := mustLogIn(t, fed, home, agent)
	together(t, a, b)
	freezeAndThaw(t, server, a, b)
}

func together(t *testing.T, a, b *client) {
	t.Helper()
	deliver(t, a, b, "there")
	deliver(t, b, a, "and back")
}

func stopAndStart(t *testing.T, fed *lab.Federation, server *lab.Server, stop func() error) {
	t.Helper()
	addr, pid := server.Addr(), server.PID()
	must(t, stop())
	if server.Running() {
		t.Fatal("the server still runs")
	}
	if _, err := os.Stat("/proc/" + itoa(pid)); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("process %d is still there: %v", pid, err)
	}
	if _, err := logIn(t.Context(), fed, server, agent, ""); err == nil {
		t.Fatal("a stopped server lets clients in")
	}
	must(t, stop()) // a second time does nothing
	must(t, server.Start(t.Context()))
	if server.Addr() != addr {
		t.Fatalf("the address was %s and is %s", addr, server.Addr())
	}
}

func freezeAndThaw(t *testing.T, server *lab.Server, a, b *client) {
	t.Helper()
	must(t, server.Freeze())
	eventually(t, "the server is frozen", func() bool { return frozen(server.PID()) })
	if !server.Running() {
		t.Error("a frozen server is not running")
	}
	b.say(t, a, "while you slept")
	must(t, server.Thaw())
	a.awaits(t, "while you slept")
}

func TestFrozenServerCanBeEnded(t *testing.T) {
	t.Parallel()
	fed := lab.New(t, lab.Options{Domains: pair(lab.Prosody, lab.Prosody)})
	for _, row := range []struct {
		domain string
		end    func(*lab.Server) error
	}{
		{home, func(s *lab.Server) error { return s.Stop(t.Context()) }},
		{far, (*lab.Server).Kill},
	} {
		server := fed.Server(row.domain)
		must(t, server.Freeze())
		must(t, row.end(server))
		if server.Running() {
			t.Errorf("%s still runs", row.domain)
		}
	}
}

func TestRegisterErrors(t *testing.T) {
	t.Parallel()
	fed := lab.New(t, lab.Options{Domains: pair(lab.Prosody, lab.Prosody)})
	server := fed.Server(home)
	must(t, server.Kill())
	for _, row := range []struct{ user, err string }{
		{"maison", "register maison@breizh-sen1.example: the server is not running"},
		{"Maison", `user "Maison": want lower-case letters, digits, dots, hyphens, underscores`},
		{"", `user "": want lower-case letters, digits, dots, hyphens, underscores`},
	} {
		if diff := cmp.Diff(row.err, text(server.Register(t.Context(), row.user, "secret"))); diff != "" {
			t.Errorf("register %q (-want +got):\n%s", row.user, diff)
		}
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	fed := lab.New(t, lab.Options{Domains: pair(lab.Ejabberd, lab.Prosody)})
	for _, server := range fed.Servers() {
		t.Run(server.Kind().String(), func(t *testing.T) {
			t.Parallel()
			refused(t, server, "start "+server.Domain()+": it is running already")
			must(t, server.Kill())
			squatter, err := net.Listen("tcp", server.DirectTLSAddr())
			must(t, err)
			refused(t, server, "start "+server.Domain()+": another program listens on "+server.DirectTLSAddr())
			must(t, squatter.Close())
			spoilConfig(t, fed, server)
			explains(t, server, map[lab.Kind]string{
				lab.Ejabberd: "Failed to read YAML file",
				lab.Prosody:  "A problem occurred while reading the config file",
			}[server.Kind()])
		})
	}
}

func refused(t *testing.T, server *lab.Server, want string) {
	t.Helper()
	if diff := cmp.Diff(want, text(server.Start(t.Context()))); diff != "" {
		t.Errorf("start (-want +got):\n%s", diff)
	}
}

func spoilConfig(t *testing.T, fed *lab.Federation, server *lab.Server) {
	t.Helper()
	name := map[lab.Kind]string{lab.Ejabberd: "ejabberd.yml", lab.Prosody: "prosody.cfg.lua"}[server.Kind()]
	path := filepath.Join(filepath.Dir(fed.CAFile()), server.Domain(), name)
	must(t, os.WriteFile(path, []byte("hosts: [\"unfinished"), 0o600))
}

// explains expects that a server that ends by itself is noticed before any
// deadline, and that its last words are in the error.
func explains(t *testing.T, server *lab.Server, words string) {
	t.Helper()
	err := server.Start(t.Context())
	what, log, found := strings.Cut(text(err), "\nlast lines of its log:\n--- "+server.Domain())
	start := "start " + server.Domain() + " on " + server.Kind().String() + ": wait for 127.0.0.1:"
	if !strings.HasPrefix(what, start) || !strings.Contains(what, "the server ended: exit status ") {
		t.Errorf("got %q, want %q… the server ended", what, start)
	}
	if !found || !strings.Contains(log, words) {
		t.Errorf("the log does not say %q: %s", words, log)
	}
	if server.Running() {
		t.Error("the server that did not come up still runs")
	}
}

// A certificate that has run out is what clients see after the next start, and the next one mends it.
func TestCertify(t *testing.T) {
	t.Parallel()
	for _, kind := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			fed := lab.New(t, lab.Options{Domains: pair(kind, kind)[:1]})
			server := fed.Server(home)
			day := 24 * time.Hour
			must(t, fed.Certify(home, time.Now().Add(-2*day), time.Now().Add(-day)))
			restart(t, server)
			var expired x509.CertificateInvalidError
			if _, err := logIn(t.Context(), fed, server, agent, ""); !errors.As(err, &expired) || expired.Reason != x509.Expired {
				t.Errorf("got %v, want an expired certificate", err)
			}
			must(t, fed.Certify(home, time.Now().Add(-day), time.Now().Add(day)))
			restart(t, server)
			mustLogIn(t, fed, home, agent)
		})
	}
	if err := lab.New(t, lab.Options{Domains: pair(lab.Prosody, lab.Prosody)[:1]}).Certify(far, time.Now(), time.Now()); err == nil {
		t.Error("a domain that is not there has a certificate")
	}
}

func restart(t *testing.T, server *lab.Server) {
	t.Helper()
	must(t, server.Stop(t.Context()))
	must(t, server.Start(t.Context()))
}
