package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/xmpp"
)

// openDesk serves the counter of a house, and returns what the verbs of consents need to find it.
func openDesk(t *testing.T, h house) (file string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.serveCounter(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	until(t, "the counter", func() bool {
		conn, err := net.Dial("unix", h.state(counterFile))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return written(t, "releve.toml", "[agent]\nstate = \""+h.cfg.Agent.State+"\"\n")
}

// consentVerb runs one of the verbs.
func consentVerb(t *testing.T, file string, args ...string) (code int, out, said string) {
	t.Helper()
	var data, talk bytes.Buffer
	code = execute(t.Context(), append([]string{"consent"}, append(args, "--config", file)...), terminal{out: &data, err: &talk})
	return code, data.String(), talk.String()
}

// withoutIDs has a letter in place of each identifier and time.
func withoutIDs(text string) string {
	text = regexp.MustCompile(`[0-9a-f]{16}`).ReplaceAllString(text, "ID")
	return regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}`).ReplaceAllString(text, "TIME")
}

// A recipient of the configuration without a grant gets nothing until a person at the terminal says so, in the terms
// they choose, and nothing any more once it is taken back. The ledger has it all.
func TestConsentAtTheTerminal(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		to, err := xmpp.ParseJID("serveur@sen2.example/releve")
		if err != nil {
			t.Fatal(err)
		}
		c.Grants = nil
		c.Recipients = []config.Recipient{{Name: "serveur", Kind: config.KindReleve, Way: config.ToReleve{To: to, Naming: config.NamingQuoalise}}}
	})
	file := openDesk(t, h)
	must := func(want string, args ...string) string {
		t.Helper()
		code, out, said := consentVerb(t, file, args...)
		if code != exitDone || said != "" {
			t.Fatalf("%v: exit code %d: %s", args, code, said)
		}
		if diff := cmp.Diff(want, withoutIDs(out)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", args, diff)
		}
		id, _, _ := strings.Cut(out, " ")
		return id
	}
	id := must(`ID  pending    PT30M  serveur@sen2.example  "destinataire serveur (releve)"`+"\n", "list")
	must(`consent     ID
state       pending since TIME, by configuration
to          serveur@sen2.example
series      *
finest      PT30M
purpose     destinataire serveur (releve)
purpose_en  recipient serveur (releve)
`, "show", id[:8])
	if h.book.Knows("serveur@sen2.example") {
		t.Error("what is pending is in force")
	}
	id = must(`ID  in force   live   serveur@sen2.example  "destinataire serveur (releve)"  until 2999-12-31`+"\n",
		"accept", id, "--resolution", "live", "--until", "2999-12-31")
	if !h.book.Knows("serveur@sen2.example") {
		t.Error("what was accepted is not in force")
	}
	must(`ID  withdrawn  live   serveur@sen2.example  "destinataire serveur (releve)"  until 2999-12-31`+"\n", "withdraw", id)
	if h.book.Knows("serveur@sen2.example") {
		t.Error("what was withdrawn is in force")
	}
	asked := must(`ID  pending    P1D    lycee@sen2.example  "étude"`+"\n", "request", "lycee@sen2.example", "--resolution", "P1D", "--purpose", "étude", "--role", "processor")
	must(`ID  refused    P1D    lycee@sen2.example  "étude"`+"\n", "refuse", asked)

	var kinds []string
	for _, e := range (&registry{t: t, dir: h.notary.dir}).entries()[2:] {
		kinds = append(kinds, string(e.Kind)+" of "+e.Recipient+" by "+e.By+" "+e.Finest)
	}
	want := []string{
		"request of serveur@sen2.example by configuration PT30M", "request of serveur@sen2.example by configuration live",
		"grant of serveur@sen2.example by terminal live", "withdrawal of serveur@sen2.example by terminal ",
		"request of lycee@sen2.example by terminal P1D", "refusal of lycee@sen2.example by terminal ",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("the ledger (-want +got):\n%s", diff)
	}
}

func TestConsentVerbsRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil) // with one grant of the configuration
	file := openDesk(t, h)
	id := h.notary.consents.All()[0].ID
	for _, test := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{"accept", "nothing"}, exitFailed, "there is no consent \"nothing\""},
		{[]string{"accept", id}, exitFailed, "consent " + id + " is in force"},
		{[]string{"accept", id, "--until", "tomorrow"}, exitUsage, `--until: "tomorrow" is not a day such as 2027-12-31; see releve --help`},
		{[]string{"refuse", id}, exitFailed, "consent " + id + " is in force"},
		{[]string{"request", "a@b", "--purpose", "p", "--resolution", "PT15M"}, exitUsage,
			`the grant to a@b has resolution "PT15M"; it may be one of live, PT10S, PT10M, PT30M, PT1H, P1D; see releve --help`},
	} {
		code, _, said := consentVerb(t, file, test.args...)
		if code != test.code || said != "releve: "+test.said+"\n" {
			t.Errorf("%v: exit code %d, %q; want %d, %q", test.args, code, said, test.code, test.said)
		}
	}
}

// Nobody answers for an agent that does not run: the list has one writer.
func TestConsentWithoutAgent(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	file := written(t, "releve.toml", "[agent]\nstate = \""+state+"\"\n")
	const none = "there is no consent yet: the agent lists those of the configuration once it runs\n"
	if code, out, said := consentVerb(t, file, "list"); code != exitDone || out != "" || said != none {
		t.Errorf("list: exit code %d: %s%s", code, out, said)
	}
	code, _, said := consentVerb(t, file, "request", "a@b", "--purpose", "p")
	if want := "releve: the agent does not run: start it, consents are answered while it does\n"; code != exitFailed || said != want {
		t.Errorf("exit code %d, %q", code, said)
	}
}

// Whatever a terminal sends, it gets an answer in words, and the next one is served.
func TestCounterTakesAnything(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	openDesk(t, h)
	for text, want := range map[string]string{
		"{}\n":                 `"error":"the agent that runs does not know \"\"; it may be of another version"`,
		"hello\n":              `"error":"invalid character`,
		`{"do":"withdraw"}`:    `"error":"there is no consent \"\""`,
		`{"do":"request"}`:     `"error":"a grant needs to: an address, a domain or the name of a recipient"`,
		`{"do":1}` + "\n":      `"error":"json: cannot unmarshal`,
		`{"do":"refuse","id":`: `"error":"unexpected EOF"`,
	} {
		conn, err := net.Dial("unix", h.state(counterFile))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := got.ReadFrom(conn); err != nil || !strings.Contains(got.String(), want) {
			t.Errorf("%q is answered %q, %v; want %q", text, got.String(), err, want)
		}
		_ = conn.Close()
	}
}

// Only the agent's own user reaches the counter.
func TestCounterIsPrivate(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	openDesk(t, h)
	info, err := os.Stat(filepath.Join(h.cfg.Agent.State, counterFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info, err)
	}
}

// A consent that comes to its end soon is spoken of once.
func TestConsentEndsSoon(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		c.Grants[0].Until = time.Now().Add(24 * time.Hour)
	})
	h.notary.look()
	h.notary.look()
	if n := strings.Count(h.said.String(), "consent ends soon"); n != 1 {
		t.Errorf("said %d times: %s", n, h.said)
	}
	if e := (&registry{t: t, dir: h.notary.dir}).entries(); e[len(e)-1].Kind != ledger.Grant {
		t.Errorf("the last entry is %+v", e[len(e)-1])
	}
	if c := h.notary.consents.All()[0]; c.State != consent.InForce {
		t.Errorf("it is %s", c.State)
	}
}

// After a rotation a recipient sees names that it has never seen, and another one the names it knows.
func TestRotate(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		c.Grants = append(c.Grants, consent.Grant{To: "other@sen2.example", Series: []string{"*"}, Resolution: "live", Purpose: "test"})
	})
	file := openDesk(t, h)
	name := func(of string) string { return h.book.Name(of, "linky/current/1") }
	before, others := name("client@sen2.example"), name("other@sen2.example")
	code, _, said := consentVerb(t, file, "rotate", "client@sen2.example")
	if want := "client@sen2.example sees other pseudonyms from now on; who subscribes has to subscribe anew\n"; code != exitDone || said != want {
		t.Fatalf("exit code %d: %s", code, said)
	}
	after := name("client@sen2.example")
	if after == before || name("other@sen2.example") != others {
		t.Errorf("%s became %s", before, after)
	}
	again, err := consent.OpenRotations(h.state("rotations.json"))
	if err != nil {
		t.Fatal(err)
	}
	h.book.Rotations = again
	if name("client@sen2.example") != after {
		t.Error("a restart rotates, too")
	}
	code, _, said = consentVerb(t, file, "rotate", "nobody@sen2.example")
	if want := "releve: no consent in force is for \"nobody@sen2.example\", so that it sees no pseudonym\n"; code != exitFailed || said != want {
		t.Errorf("exit code %d: %s", code, said)
	}
	entries := (&registry{t: t, dir: h.notary.dir}).entries()
	if last := entries[len(entries)-1]; last.Kind != ledger.Change || last.Text != "pseudonyms of client@sen2.example" || last.By != byTerminal {
		t.Errorf("the last entry is %+v", last)
	}
}
