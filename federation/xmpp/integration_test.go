package xmpp

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stream"

	"releve/federation/lab"
)

const secret = "s3cret"

// kinds of servers: every test of a session runs against each, as the agent's own.
var kinds = []lab.Kind{lab.Ejabberd, lab.Prosody}

func start(t *testing.T, own lab.Kind) *lab.Federation {
	t.Helper()
	return startWith(t, own, lab.Options{})
}

// startWith starts a server of one kind for the house and one of the other for the adviser.
func startWith(t *testing.T, own lab.Kind, o lab.Options) *lab.Federation {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	other := lab.Prosody
	if own == lab.Prosody {
		other = lab.Ejabberd
	}
	o.Domains = []lab.Domain{
		{Name: "breizh-sen1.example", Kind: own, Accounts: []lab.Account{{User: "maison", Password: secret}}},
		{Name: "breizh-sen2.example", Kind: other, Accounts: []lab.Account{{User: "conseil", Password: secret}}},
	}
	return lab.New(t, o)
}

func config(t *testing.T, f *lab.Federation, address string) Config {
	t.Helper()
	pem, err := os.ReadFile(f.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	j := jid.MustParse(address)
	return Config{
		JID: j, Address: f.Server(j.Domainpart()).Addr(),
		RootCAs:  func() (*x509.CertPool, error) { return roots, nil },
		Password: func() (string, error) { return secret, nil },
		Identity: Identity{Category: "client", Type: "bot", Name: "Relève", Version: "test", Node: "urn:releve"},
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// run keeps a client until the test ends and waits for its first session.
func run(t *testing.T, c *Client) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	up := make(chan struct{}, 16)
	c.OnLogin(func(context.Context) { up <- struct{}{} })
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-up:
	case <-time.After(20 * time.Second):
		t.Fatalf("no session: %v", c.State().Err)
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func ping(ctx context.Context, c *Client, to JID) error {
	_, err := c.Query(ctx, "get", to, NewElement(nsPing, "ping"))
	return err
}

var (
	maison  = jid.MustParse("maison@breizh-sen1.example/releve")
	conseil = jid.MustParse("conseil@breizh-sen2.example/desk")
)

func TestIntegrationSession(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f := start(t, kind)
			unpaced := config(t, f, conseil.String())
			unpaced.Pace = PaceOff
			house, adviser := New(config(t, f, maison.String())), New(unpaced)
			slow := make(chan struct{})
			house.Handle("get", "urn:test", "slow", func(context.Context, IQ) (*Element, error) {
				<-slow
				return NewElement("urn:test", "done"), nil
			})
			house.Offer(Command{Node: "greet", Name: "Greet", Run: greet})
			house.HandleItems("list", func(from JID) []Item { return []Item{{Node: from.Bare().String(), Name: "yours"}} })
			taken := make(chan Message, 8)
			adviser.HandleMessage("urn:test", "data", func(_ context.Context, m Message) error {
				if m.Child("urn:test", "data").Text == "refuse" {
					return errors.New("refused")
				}
				taken <- m
				return nil
			})
			run(t, house)
			run(t, adviser)

			t.Run("full address is the one asked for", func(t *testing.T) {
				if got := house.State().JID; !got.Equal(maison) {
					t.Errorf("bound %s", got)
				}
			})
			t.Run("disco, version, caps", func(t *testing.T) { checkDisco(t, house, adviser) })
			t.Run("a slow request delays no other", func(t *testing.T) {
				answered := make(chan error, 1)
				go func() {
					_, err := adviser.Query(within(t, 20*time.Second), "get", maison, NewElement("urn:test", "slow"))
					answered <- err
				}()
				if err := ping(within(t, 10*time.Second), adviser, maison); err != nil {
					t.Error(err)
				}
				close(slow)
				if err := <-answered; err != nil {
					t.Error(err)
				}
			})
			t.Run("command", func(t *testing.T) {
				form := &Form{Type: "submit", Fields: []Field{{Var: "name", Values: []string{"Ana"}}}}
				answer, err := adviser.Execute(within(t, 10*time.Second), maison, "greet", form)
				if err != nil || answer.Child("", "note") == nil {
					t.Errorf("got %v, %v", answer, err)
				}
			})
			t.Run("receipts", func(t *testing.T) { checkReceipts(t, house, taken) })
			t.Run("hostile stanzas", func(t *testing.T) { checkHostile(t, house, adviser) })
			t.Run("restart of the server", func(t *testing.T) { checkRestart(t, f, house, adviser) })
		})
	}
}

func checkDisco(t *testing.T, house, adviser *Client) {
	t.Helper()
	ctx := within(t, 10*time.Second)
	features, err := adviser.Features(ctx, maison)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{nsPing, nsVersion, nsCommands, nsDiscoItems, NSReceipts} {
		if !slices.Contains(features, want) {
			t.Errorf("feature %s is not announced", want)
		}
	}
	caps := house.disco.capabilities()
	query := NewElement(nsDiscoInfo, "query", "node", caps.Attr("node")+"#"+caps.Attr("ver"))
	if answer, err := adviser.Query(ctx, "get", maison, query); err != nil || !slices.Equal(featuresOf(answer), features) {
		t.Errorf("the announced capabilities are not answered for: %v", err)
	}
	items, err := adviser.ListItems(ctx, maison, "list")
	if err != nil || len(items) != 1 || items[0].Node != conseil.Bare().String() {
		t.Errorf("items %v, %v", items, err)
	}
	if _, err := adviser.ListItems(ctx, maison, "nope"); text(err) != "item-not-found" {
		t.Errorf("an unknown node: %v", err)
	}
	version, err := adviser.Query(ctx, "get", maison, NewElement(nsVersion, "query"))
	if err != nil || version.Child(nsVersion, "name").Text != "Relève" {
		t.Errorf("version %v, %v", version, err)
	}
}

// featuresOf are the features of a disco#info answer, which has identities and forms besides.
func featuresOf(answer *Element) []string {
	var all []string
	for _, c := range answer.Children {
		if c.Name.Local == "feature" {
			all = append(all, c.Attr("var"))
		}
	}
	return all
}

func checkReceipts(t *testing.T, house *Client, taken <-chan Message) {
	t.Helper()
	ctx := within(t, 15*time.Second)
	post := func(to JID, text string) *Receipt {
		r, err := house.Post(ctx, to, NewElement("urn:test", "data").WithText(text), true)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := post(conseil.Bare(), "one").Wait(ctx); err != nil {
		t.Errorf("taken: %v", err)
	}
	if m := <-taken; !m.From.Equal(maison) || m.Child("urn:test", "data").Text != "one" {
		t.Errorf("got %v", m)
	}
	var bounce *StanzaError
	if err := post(jid.MustParse("nobody@breizh-sen2.example"), "two").Wait(ctx); !errors.As(err, &bounce) {
		t.Errorf("to nobody: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := post(conseil.Bare(), "refuse").Wait(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("what was not taken: %v", err)
	}
	big := NewElement("urn:test", "data").WithText(string(make([]byte, MaxStanza)))
	if _, err := house.Post(ctx, conseil, big, false); !errors.Is(err, ErrTooBig) {
		t.Errorf("too big: %v", err)
	}
}

// checkHostile sends what kills a session of stock mellium from any federated domain.
func checkHostile(t *testing.T, house, adviser *Client) {
	t.Helper()
	l, err := adviser.current()
	if err != nil {
		t.Fatal(err)
	}
	since := house.State().Since
	to := maison.String()
	long := strings.Repeat("&", 40_000) // five times as long when it is written in an answer
	hostile := []*Element{
		NewElement(nsClient, "iq", "id", long, "type", "get", "to", to).Add(NewElement("urn:x", "a")),
		NewElement(nsClient, "iq", "id", newID(), "type", "get", "to", to).Add(NewElement(nsDiscoInfo, "query", "node", long)),
		NewElement(nsClient, "iq", "id", newID(), "type", "get", "to", to),
		NewElement(nsClient, "iq", "id", newID(), "type", "error", "to", to),
		NewElement(nsClient, "iq", "id", newID(), "type", "result", "to", to),
		NewElement(nsClient, "iq", "id", newID(), "type", "set", "to", to).WithText("only text"),
		NewElement(nsClient, "message", "to", to, "type", "error"),
		NewElement(nsClient, "message", "to", to).Add(NewElement(NSReceipts, "received", "id", "unknown")),
		NewElement(nsClient, "presence", "to", to, "type", "subscribe"),
		NewElement(nsClient, "message", "to", to).Add(NewElement(stream.NS, "x").Add(NewElement(stream.NS, "stream"))),
		NewElement(nsClient, "message", "to", to).Add(NewElement(stream.NS, "error").Add(NewElement("urn:ietf:params:xml:ns:xmpp-streams", "conflict"))),
	}
	for _, stanza := range hostile {
		text, err := stanza.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if err := l.send(context.Background(), JID{}, text, urgent, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := ping(within(t, 10*time.Second), adviser, maison); err != nil {
		t.Errorf("after hostile stanzas: %v", err)
	}
	if state := house.State(); !state.Up || !state.Since.Equal(since) {
		t.Errorf("the session did not survive: %+v", state)
	}
}

// checkRestart kills the agent's server: requests under way end, and the session comes back by itself.
func checkRestart(t *testing.T, f *lab.Federation, house, adviser *Client) {
	t.Helper()
	server := f.Server(maison.Domainpart())
	since := house.State().Since
	waiting := make(chan error, 1)
	go func() {
		if err := server.Kill(); err != nil {
			t.Error(err)
		}
		waiting <- ping(within(t, 20*time.Second), house, conseil)
	}()
	if err := <-waiting; err == nil {
		t.Error("a request over a dead link was answered")
	}
	if err := server.Start(within(t, 30*time.Second)); err != nil {
		t.Fatal(err)
	}
	deadline := within(t, 40*time.Second)
	for state := house.State(); !state.Up || state.Since.Equal(since); state = house.State() {
		if deadline.Err() != nil {
			t.Fatalf("the session did not come back: %+v", state)
		}
		time.Sleep(20 * time.Millisecond)
	}
	for ping(deadline, adviser, maison) != nil { // the servers find each other again in their own time
		if deadline.Err() != nil {
			t.Fatal("the other domain does not reach us any more")
		}
	}
}
