package quoalise

import (
	"context"
	"crypto/x509"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"releve/federation"
	"releve/federation/lab"
	"releve/federation/xmpp"
	"releve/senml"
)

// startServers starts both domains, the house's on that kind of server and the adviser's on the other.
func startServers(t testing.TB, own lab.Kind) *lab.Federation {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	other := lab.Prosody
	if own == lab.Prosody {
		other = lab.Ejabberd
	}
	account := func(j xmpp.JID) lab.Account { return lab.Account{User: j.Localpart(), Password: secret} }
	return lab.New(t, lab.Options{Domains: []lab.Domain{
		{Name: maison.Domainpart(), Kind: own, Accounts: []lab.Account{account(maison)}},
		{Name: conseil.Domainpart(), Kind: other, Accounts: []lab.Account{account(conseil), account(voisin)}},
	}})
}

func newClient(t testing.TB, f *lab.Federation, j xmpp.JID) *xmpp.Client {
	t.Helper()
	return xmpp.New(clientConfig(t, f, j))
}

func clientConfig(t testing.TB, f *lab.Federation, j xmpp.JID) xmpp.Config {
	t.Helper()
	pem, err := os.ReadFile(f.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return xmpp.Config{
		JID: j, Address: f.Server(j.Domainpart()).Addr(), Log: quiet,
		RootCAs:  func() (*x509.CertPool, error) { return roots, nil },
		Password: func() (string, error) { return secret, nil },
		Identity: xmpp.Identity{Category: "client", Type: "bot", Name: "Relève", Version: "test", Node: "urn:releve"},
	}
}

// runClient keeps a session until stop or the end of the test, and returns when it is up.
func runClient(t testing.TB, c *xmpp.Client) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	up := make(chan struct{}, 16)
	c.OnLogin(func(context.Context) { up <- struct{}{} })
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	select {
	case <-up:
	case <-time.After(20 * time.Second):
		t.Fatalf("no session: %v", c.State().Err)
	}
	return stop
}

func patience(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// line is a cursor that also feeds an archive: what is put is kept and waits to be sent.
type line struct {
	archive *archive
	more    chan struct{}

	mu    sync.Mutex // guards everything below
	items []federation.Item
	last  uint64
}

func (l *line) put(records ...senml.Record) {
	for _, r := range records {
		l.archive.put(r.Name, r)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	l.items = append(l.items, federation.Item{Seq: l.last, Pack: records})
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func (l *line) waiting(limit int) []federation.Item {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.items[:min(limit, len(l.items))])
}

func (l *line) Next(ctx context.Context, limit int) ([]federation.Item, error) {
	for {
		if items := l.waiting(limit); len(items) > 0 {
			return items, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.more:
		}
	}
}

func (l *line) Ack(seq uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = slices.DeleteFunc(l.items, func(item federation.Item) bool { return item.Seq <= seq })
	return nil
}

// granted is the gate of conseil: the names of the book, and of them what was subscribed.
type granted struct{ h house }

func (g granted) Settled(bool) {}

func (g granted) Leaving(senml.Pack, func(string) string) error { return nil }

func (g granted) Scope() string { return "" }

func (g granted) Pass(p senml.Pack) senml.Pack {
	var passed senml.Pack
	bare := conseil.Bare().String()
	for _, r := range p {
		r.Name = g.h.Consent.(book)[bare][r.Name]
		for _, one := range g.h.Subscriptions.All() {
			if one.JID == bare && one.Wants(r.Name) {
				passed = append(passed, r)
			}
		}
	}
	return passed
}

// watched tells of every message that has left.
type watched struct {
	Poster
	left chan struct{}
}

func (w watched) Post(ctx context.Context, to xmpp.JID, payload *xmpp.Element, receipt bool) (*xmpp.Receipt, error) {
	r, err := w.Poster.Post(ctx, to, payload, receipt)
	if err == nil {
		w.left <- struct{}{}
	}
	return r, err
}

// adviser listens to the house and notes what it takes.
type adviser struct {
	client *xmpp.Client
	stop   func()
	taken  chan senml.Record
}

// newFollower follows the house, from now on.
func newFollower(t *testing.T, session Asker, take func(context.Context, senml.Pack) error) *Follower {
	t.Helper()
	progress, err := OpenProgress("")
	if err != nil {
		t.Fatal(err)
	}
	return &Follower{
		Remote: &Remote{Session: session, Provider: maison}, Every: time.Hour, Progress: progress, Take: take, Log: quiet,
	}
}

func newAdviser(t *testing.T, f *lab.Federation) *adviser {
	t.Helper()
	a := &adviser{client: newClient(t, f, conseil), taken: make(chan senml.Record, 10_000)}
	follower := newFollower(t, a.client, func(_ context.Context, p senml.Pack) error {
		for _, r := range p {
			a.taken <- r
		}
		return nil
	})
	listener := &Listener{Session: a.client, Followers: []*Follower{follower}}
	listener.Register()
	a.stop = runClient(t, a.client)
	return a
}

// until reads what is taken up to a value, and returns the values and what repeats another.
func (a *adviser) until(t *testing.T, last float64) (values []float64, repeated int) {
	t.Helper()
	ctx := patience(t)
	for {
		select {
		case r := <-a.taken:
			v, _ := r.Value.Number()
			if slices.Contains(values, v) {
				repeated++
				continue
			}
			values = append(values, v)
			if v == last {
				return values, repeated
			}
		case <-ctx.Done():
			t.Fatalf("%v did not come, only %v", last, values)
		}
	}
}

// follow runs a delivery and starts it anew at each change of the subscriptions, as the agent does: who asks again is
// back, and what waits for it goes at once.
func follow(t *testing.T, d *federation.Delivery, h house) {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			turn, stop := context.WithCancel(ctx)
			ran := make(chan error, 1)
			go func() { ran <- d.Run(turn) }()
			select {
			case <-ctx.Done():
			case <-h.Subscriptions.Changed():
			}
			stop()
			if err := <-ran; err != nil {
				t.Error(err)
			}
		}
	}()
	t.Cleanup(func() { end(); <-done })
}

// awaitSubscription waits until the house knows, since a time, that conseil wants its series.
func awaitSubscription(t *testing.T, h house, since time.Time) {
	t.Helper()
	ctx := patience(t)
	for all := h.Subscriptions.All(); len(all) == 0 || !all[0].Since.After(since); all = h.Subscriptions.All() {
		if ctx.Err() != nil {
			t.Fatal("nobody subscribed")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// awaitAbsence waits until the servers know that conseil is gone.
func awaitAbsence(t *testing.T, house *xmpp.Client) {
	t.Helper()
	ctx := patience(t)
	for {
		one, cancel := context.WithTimeout(ctx, time.Second) // a session that dies may swallow a request
		_, err := house.Query(one, "get", conseil, xmpp.NewElement("urn:xmpp:ping", "ping"))
		cancel()
		var gone *xmpp.StanzaError
		if errors.As(err, &gone) {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("conseil is still there: %v", err)
		}
	}
}
