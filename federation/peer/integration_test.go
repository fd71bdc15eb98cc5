package peer

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/lab"
	"releve/federation/xmpp"
	"releve/senml"
)

const secret = "pw"

// stage is a house on one server and a consumer on the other.
type stage struct {
	t     *testing.T
	fed   *lab.Federation
	store string
}

func newStage(t *testing.T, own lab.Kind) *stage {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	other := lab.Prosody
	if own == lab.Prosody {
		other = lab.Ejabberd
	}
	account := func(j xmpp.JID) lab.Account { return lab.Account{User: j.Localpart(), Password: secret} }
	return &stage{t: t, store: filepath.Join(t.TempDir(), "store"), fed: lab.New(t, lab.Options{Domains: []lab.Domain{
		{Name: maison.Domainpart(), Kind: own, Accounts: []lab.Account{account(maison)}},
		{Name: serveur.Domainpart(), Kind: other, Accounts: []lab.Account{account(serveur), account(voisin)}},
	}})}
}

func (s *stage) dial(j xmpp.JID) *xmpp.Client {
	s.t.Helper()
	pem, err := os.ReadFile(s.fed.CAFile())
	if err != nil {
		s.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return xmpp.New(xmpp.Config{
		JID: j, Address: s.fed.Server(j.Domainpart()).Addr(), Log: quiet,
		RootCAs:  func() (*x509.CertPool, error) { return roots, nil },
		Password: func() (string, error) { return secret, nil },
		Identity: xmpp.Identity{Category: "client", Type: "bot", Name: "Relève", Version: "test", Node: "urn:releve"},
	})
}

func (s *stage) run(c *xmpp.Client) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = c.Run(ctx) }()
	s.t.Cleanup(func() { cancel(); <-done })
	s.until("a session", func() bool { return c.State().Up })
}

func (s *stage) until(what string, is func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !is() {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: not within two minutes", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// consumer is the other program, and what it says.
type consumer struct {
	said chan string // closed at its end
	kill func()
}

// consumer starts the program in Python that was written from the document. It needs Debian's python3-slixmpp.
func (s *stage) consumer(moods ...string) *consumer {
	s.t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import slixmpp").Run(); err != nil {
		const reason = "the consumer needs the Debian package python3-slixmpp"
		if os.Getenv("CI") != "" {
			s.t.Fatal(reason)
		}
		s.t.Skip(reason)
	}
	host, port, err := net.SplitHostPort(s.fed.Server(serveur.Domainpart()).Addr())
	if err != nil {
		s.t.Fatal(err)
	}
	args := append([]string{
		"testdata/consumer.py", serveur.String(), secret, host, port, s.fed.CAFile(), maison.Bare().String(), s.store,
	}, moods...)
	cmd := exec.Command(python, args...)
	var talk strings.Builder
	cmd.Stderr = &talk
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	c := &consumer{said: make(chan string, 1000)}
	go func() {
		defer close(c.said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			c.said <- lines.Text()
		}
		_ = cmd.Wait()
	}()
	c.kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // it may have ended
		for range c.said {
		}
	})
	s.t.Cleanup(func() {
		c.kill()
		if s.t.Failed() {
			s.t.Log(talk.String())
		}
	})
	if got := <-c.said; got != "up" {
		s.t.Fatalf("the consumer says %q: %s", got, &talk)
	}
	return c
}

// stored are the values the consumer has in its file, in order.
func (s *stage) stored() []string {
	s.t.Helper()
	text, err := os.ReadFile(s.store)
	if err != nil {
		s.t.Fatal(err)
	}
	var values []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if fields[0] != device+"_current/1" || fields[3] != "A" || len(fields[1]) != len("1700000000000") {
			s.t.Errorf("stored: %s", line)
		}
		values = append(values, fields[2])
	}
	return values
}

// hasty gives up on an answer sooner than the session does.
type hasty struct{ *xmpp.Client }

func (h hasty) Deliver(ctx context.Context, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return h.Client.Deliver(ctx, to, payload)
}

// line is a cursor in memory.
type line struct {
	more chan struct{}

	mu    sync.Mutex // guards everything below
	items []federation.Item
	last  uint64
}

func (l *line) put(values ...float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range values {
		l.last++
		l.items = append(l.items, federation.Item{Seq: l.last, Pack: senml.Pack{record("current/1", v, 1_700_000_000+v)}})
	}
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

// deliver runs a delivery to the consumer until the test ends.
func (s *stage) deliver(l *line, session Session, wake <-chan struct{}) *federation.Delivery {
	d := &federation.Delivery{Recipient: New(session, serveur), Cursor: l, Gate: through{}, Log: quiet, Wake: wake}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = d.Run(ctx) }()
	s.t.Cleanup(func() { cancel(); <-done })
	return d
}

type through struct{}

func (through) Pass(p senml.Pack) senml.Pack                  { return p }
func (through) Settled(bool)                                  {}
func (through) Leaving(senml.Pack, func(string) string) error { return nil }
func (through) Scope() string                                 { return "" }

func values(from, to int) (all []float64, texts []string) {
	for v := from; v < to; v++ {
		all, texts = append(all, float64(v)), append(texts, fmt.Sprint(v))
	}
	return all, texts
}

// A consumer written from the document alone is busy, silent, loses answers, refuses, is killed, says yes to everything and takes little: it has every record
// once and in order, but the one that it will never take.
func TestIntegrationConsumer(t *testing.T) {
	t.Parallel()
	for _, own := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(own.String(), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, own)
			client := s.dial(maison)
			s.run(client)
			l := &line{more: make(chan struct{}, 1)}
			first, want := values(0, 10)
			l.put(first...)
			wake := make(chan struct{}, 1)
			d := s.deliver(l, hasty{client}, wake)
			s.until("the consumer is missed", func() bool { return d.Stats().Err != nil })
			c := s.consumer("busy", "silent", "lost")
			s.until("ten records", func() bool { return d.Stats().Records == 10 })
			for _, mood := range []string{"busy 10", "silent 10", "lost 10", "well 10"} {
				if got := <-c.said; got != mood {
					t.Errorf("the consumer was %s, want %s", got, mood)
				}
			}

			more, texts := values(10, 20) // of which 13 is refused
			l.put(more...)
			s.until("the refusal", func() bool { return d.Stats().Records == 19 })
			want = append(want, slices.DeleteFunc(texts, func(v string) bool { return v == "13" })...)
			if stats := d.Stats(); stats.Refused != 1 || !errors.Is(stats.Refusal, federation.ErrRefused) {
				t.Errorf("stats %+v", stats)
			}

			c.kill()
			more, texts = values(20, 30)
			l.put(more...)
			want = append(want, texts...)
			s.until("the consumer is missed again", func() bool { return d.Stats().Err != nil })
			s.consumer("empty", "small")
			s.until("a yes to everything is no acknowledgement", func() bool { return errors.Is(d.Stats().Err, federation.ErrStopped) })
			wake <- struct{}{}
			s.until("all records", func() bool { return d.Stats().Records == 29 })
			if diff := cmp.Diff(want, s.stored()); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// Two of us: what is acknowledged is stored, in CBOR; a stranger is turned away.
func TestIntegrationPeers(t *testing.T) {
	t.Parallel()
	s := newStage(t, lab.Ejabberd)
	far := s.dial(serveur)
	var mu sync.Mutex
	var taken []float64
	r := &Receiver{From: []xmpp.JID{maison.Bare()}, Log: quiet, Take: func(_ context.Context, _ xmpp.JID, p senml.Pack) error {
		mu.Lock()
		defer mu.Unlock()
		for _, one := range p {
			v, _ := one.Value.Number()
			taken = append(taken, v)
		}
		return nil
	}}
	r.Register(far)
	s.run(far)
	house, stranger := s.dial(maison), s.dial(voisin)
	s.run(house)
	s.run(stranger)
	var all senml.Pack
	for i := range 2000 {
		all = append(all, record("current/1", float64(i), 1_700_000_000+float64(i)))
	}
	if err := New(house, serveur).Send(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := New(stranger, serveur).Send(t.Context(), all[:1]); !errors.Is(err, federation.ErrStopped) || !strings.Contains(err.Error(), "forbidden: no source names voisin@breizh-sen2.example") {
		t.Errorf("the stranger is told %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	want, _ := values(0, 2000)
	if diff := cmp.Diff(want, taken); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(ReceiverStats{Records: 2000, Forbidden: 1}, r.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}
