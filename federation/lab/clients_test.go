package lab_test

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/federation/lab"
)

// talker has a session of his own; a second one would end the first.
var talker = lab.Account{User: "bavard", Password: "bla"}

// TestClients looks at both kinds of server as a client does.
func TestClients(t *testing.T) {
	t.Parallel()
	domains := pair(lab.Ejabberd, lab.Prosody)
	for i := range domains {
		domains[i].Accounts = append(domains[i].Accounts, talker)
	}
	fed := lab.New(t, lab.Options{Domains: domains, ClientStanzaMax: 20000})
	for _, server := range fed.Servers() {
		for _, row := range []struct {
			name string
			test func(*testing.T, *lab.Federation, *lab.Server)
		}{
			{"accounts", accounts},
			{"two ways in", twoWaysIn},
			{"no password in the clear", noPasswordInTheClear},
			{"stanza limit", stanzaLimit},
			{"extensions", extensions},
			{"component of the other domain", farComponent},
			{"stored messages", storedMessages},
		} {
			t.Run(server.Kind().String()+" "+row.name, func(t *testing.T) {
				t.Parallel()
				row.test(t, fed, server)
			})
		}
	}
}

func accounts(t *testing.T, fed *lab.Federation, server *lab.Server) {
	added := lab.Account{User: "plus-tard", Password: `sé"c'ret <&> $HOME`}
	must(t, server.Register(t.Context(), added.User, added.Password))
	mustLogIn(t, fed, server.Domain(), added)
	if made := server.Accounts(); !slices.Contains(made, added) || made[1] != talker {
		t.Errorf("accounts are %v, want the given ones first and %v among them", made, added)
	}
	if err := server.Register(t.Context(), added.User, "another"); !errors.Is(err, lab.ErrExists) {
		t.Errorf("registered twice: got %v, want ErrExists", err)
	}
	mustLogIn(t, fed, server.Domain(), added) // the password is still the first one
	other := lab.Account{User: added.User, Password: "another"}
	mustNotLogIn(t, fed, server, other)
	must(t, server.ChangePassword(t.Context(), other.User, other.Password))
	mustNotLogIn(t, fed, server, added)
	mustLogIn(t, fed, server.Domain(), other)
	must(t, server.Unregister(t.Context(), other.User))
	mustNotLogIn(t, fed, server, other)
	must(t, server.Register(t.Context(), added.User, added.Password))
	mustLogIn(t, fed, server.Domain(), added)
}

func mustNotLogIn(t *testing.T, fed *lab.Federation, server *lab.Server, account lab.Account) {
	t.Helper()
	if _, err := logIn(t.Context(), fed, server, account, ""); err == nil {
		t.Errorf("%s logged in on %s with a password that is not the account's", account.User, server.Kind())
	}
}

// twoWaysIn: STARTTLS is used by all other tests.
func twoWaysIn(t *testing.T, fed *lab.Federation, server *lab.Server) {
	config, err := trust(fed, server.Domain())
	must(t, err)
	conn, err := tls.Dial("tcp", server.DirectTLSAddr(), config)
	must(t, err)
	defer func() { _ = conn.Close() }()
	c := &client{conn: conn, domain: server.Domain()}
	must(t, c.authenticate(server.Accounts()[0]))
	other, err := trust(fed, "elsewhere.example")
	must(t, err)
	if _, err := tls.Dial("tcp", server.DirectTLSAddr(), other); err == nil {
		t.Error("the certificate is good for another domain")
	}
}

func noPasswordInTheClear(t *testing.T, _ *lab.Federation, server *lab.Server) {
	conn, err := net.Dial("tcp", server.Addr())
	must(t, err)
	defer func() { _ = conn.Close() }()
	c := &client{conn: conn, domain: server.Domain()}
	if err := c.authenticate(server.Accounts()[0]); err == nil {
		t.Error("a password was accepted without TLS")
	}
}

// stanzaLimit: who says more than the limit loses the stream.
func stanzaLimit(t *testing.T, fed *lab.Federation, server *lab.Server) {
	c := mustLogIn(t, fed, server.Domain(), talker)
	c.say(t, c, strings.Repeat("x", 15000))
	if got := c.message(t).Body; len(got) != 15000 {
		t.Fatalf("below the limit: got %d bytes back", len(got))
	}
	c.say(t, c, strings.Repeat("x", 25000))
	var last element
	for e := range c.in {
		last = e
	}
	if last.XMLName.Local != "error" || !strings.Contains(last.Inner, "policy-violation") {
		t.Errorf("above the limit: got %s %s, want the end of the stream", last.XMLName.Local, last.Inner)
	}
}

// answer sends an IQ that asks and returns what comes back.
func (c *client) answer(t *testing.T, to, question string) element {
	t.Helper()
	must(t, c.send("<iq type='get' id='q' to='"+to+"'>"+question+"</iq>"))
	deadline := time.After(patience)
	for {
		select {
		case e := <-c.in:
			if e.XMLName.Local == "iq" && e.ID == "q" {
				return e
			}
		case <-deadline:
			t.Fatalf("%s did not answer %s", to, question)
		}
	}
}

// newcomer makes an account and a session of his own for one test.
func newcomer(t *testing.T, fed *lab.Federation, server *lab.Server, user string) *client {
	t.Helper()
	account := lab.Account{User: user, Password: "secret"}
	must(t, server.Register(t.Context(), account.User, account.Password))
	return mustLogIn(t, fed, server.Domain(), account)
}

// extensions: what agents and those who talk to them rely on.
func extensions(t *testing.T, fed *lab.Federation, server *lab.Server) {
	c := newcomer(t, fed, server, "curieux")
	if !strings.Contains(c.features, "urn:xmpp:sm:3") {
		t.Errorf("no stream management (XEP-0198) among %s", c.features)
	}
	info := c.answer(t, server.Domain(), "<query xmlns='http://jabber.org/protocol/disco#info'/>")
	for _, feature := range []string{
		"http://jabber.org/protocol/commands", "http://jabber.org/protocol/disco#items",
		"urn:xmpp:ping", "jabber:iq:last", "urn:xmpp:time", "jabber:iq:version", "msgoffline",
	} {
		if !strings.Contains(info.Inner, "'"+feature+"'") && !strings.Contains(info.Inner, `"`+feature+`"`) {
			t.Errorf("no %s among %s", feature, info.Inner)
		}
	}
}

// farComponent: a component has a name, a certificate name and a link of its own.
func farComponent(t *testing.T, fed *lab.Federation, server *lab.Server) {
	other := far
	if server.Domain() == far {
		other = home
	}
	c := newcomer(t, fed, server, "lecteur")
	info := c.answer(t, "pubsub."+other, "<query xmlns='http://jabber.org/protocol/disco#info'/>")
	if info.Type != "result" || info.From != "pubsub."+other || !strings.Contains(info.Inner, "http://jabber.org/protocol/pubsub#publish") {
		t.Errorf("got %s from %s: %s", info.Type, info.From, info.Inner)
	}
}

// storedMessages: what is sent to somebody who is away waits for him.
func storedMessages(t *testing.T, fed *lab.Federation, server *lab.Server) {
	away := lab.Account{User: "absent", Password: "secret"}
	must(t, server.Register(t.Context(), away.User, away.Password))
	sender := newcomer(t, fed, server, "present")
	sender.say(t, &client{jid: away.User + "@" + server.Domain()}, "pour plus tard")
	if sender.answer(t, server.Domain(), "<ping xmlns='urn:xmpp:ping'/>").Type != "result" {
		t.Fatal("the server does not answer after the message")
	}
	mustLogIn(t, fed, server.Domain(), away).awaits(t, "pour plus tard")
}
