package xmpp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"mellium.im/sasl"
	mellium "mellium.im/xmpp"
	"mellium.im/xmpp/jid"
	"mellium.im/xmpp/stream"
)

// The domain of the scripted server and the address of its only account.
const (
	domain = "home.example"
	house  = "maison@" + domain + "/releve"
	peer   = "conseil@other.example/desk"
)

// server is one connection of an XMPP server that says what a test tells it to. Errors of the connection are not its
// business: a test sees them at the client.
type server struct {
	conn        net.Conn
	in          *xml.Decoder
	sent        chan *Element // by the client after its login; closed at the end
	wire        *wire         // the client's side
	resumedFrom string        // the h of its <resume/>
	end         error         // why sent was closed: io.EOF when the client said goodbye
}

func newServer(conn net.Conn) *server {
	return &server{conn: conn, in: xml.NewDecoder(conn), sent: make(chan *Element, 1024)}
}

// say writes XML as it is.
func (s *server) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.conn, format, args...)
}

// next reads one element, or nil at the end.
func (s *server) next() *Element {
	start, err := nextStart(s.in)
	if err != nil {
		s.end = err
		return nil
	}
	e, err := readElement(s.in, start)
	s.end = err
	return e
}

// open answers the client's opening tag and offers one feature.
func (s *server) open(feature string) {
	s.in = xml.NewDecoder(s.conn)
	if _, err := nextStart(s.in); err != nil {
		return
	}
	s.say(`<?xml version="1.0"?><stream:stream xmlns="jabber:client" xmlns:stream="%s" id="1" version="1.0" from="%s">`, stream.NS, domain)
	s.say(`<stream:features>%s</stream:features>`, feature)
}

// secure plays STARTTLS.
func (s *server) secure(security *tls.Config) {
	s.open(`<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls>`)
	if s.next() == nil {
		return
	}
	s.say(`<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>`)
	s.conn = tls.Server(s.conn, security)
}

// authenticate plays SCRAM for an account with that password and says whether the client knew it.
func (s *server) authenticate(password string) bool {
	s.open(`<mechanisms xmlns="` + nsSASL + `"><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`)
	salt, rounds := []byte("salt"), 4096
	scram := sasl.NewServer(sasl.ScramSha256, nil, sasl.SaltedCredentials(func(_, _ []byte, _ string) ([]byte, []byte, int64, error) {
		return salt, sasl.SCRAMSaltPassword(sha256.New, []byte(password), salt, rounds), int64(rounds), nil
	}))
	word := "challenge"
	for word == "challenge" {
		e := s.next()
		if e == nil {
			return false
		}
		said, _ := base64.StdEncoding.DecodeString(e.Text)
		more, answer, err := scram.Step(said)
		switch {
		case err != nil:
			s.say(`<failure xmlns="%s"><not-authorized/></failure>`, nsSASL)
			return false
		case !more:
			word = "success"
		}
		s.say(`<%s xmlns="%s">%s</%s>`, word, nsSASL, base64.StdEncoding.EncodeToString(answer), word)
	}
	return true
}

// bind gives the client its resource.
func (s *server) bind() {
	s.open(`<bind xmlns="` + nsBind + `"/>`)
	e := s.next()
	if e == nil {
		return
	}
	resource := e.Child(nsBind, "bind").Child(nsBind, "resource")
	s.say(`<iq type="result" id="%s"><bind xmlns="%s"><jid>%s/%s</jid></bind></iq>`,
		e.Attr("id"), nsBind, jid.MustParse(house).Bare(), resource.Text)
}

// hear notes what the client sends until the end.
func (s *server) hear() {
	defer close(s.sent)
	for e := s.next(); e != nil; e = s.next() {
		s.sent <- e
	}
}

// heard returns what was sent and not yet looked at. Everything must be at rest.
func (s *server) heard() []string {
	var all []string
	for {
		select {
		case e, ok := <-s.sent:
			if !ok {
				return all
			}
			all = append(all, brief(e))
		default:
			return all
		}
	}
}

// brief is a stanza in a line: name, type, id, address and what is in it. The ids of messages and presences are ours,
// and random.
func brief(e *Element) string {
	line := e.Name.Local
	for _, name := range []string{"type", "id", "to"} {
		if v := e.Attr(name); v != "" && (name != "id" || e.Name.Local == "iq") {
			line += " " + name + "=" + v
		}
	}
	for _, child := range e.Children {
		line += " <" + child.Name.Local
		for _, inner := range child.Children {
			line += " " + inner.Name.Local
		}
		line += ">"
	}
	return line
}

// connect joins a link and a scripted server by a pipe. TLS and SASL are done: TestLogin plays them.
func connect(t *testing.T, r *router) (*link, *server) {
	t.Helper()
	w, s := plug(t, &binding{resource: jid.MustParse(house).Resourcepart()}, func(s *server) { s.bind() })
	l := newLink(w.session.LocalAddr(), r, newPacer(PaceOff))
	t.Cleanup(l.end)
	s.wire = w
	return l, s
}

// plug makes a connection to a scripted server that plays the binding.
func plug(t *testing.T, b *binding, play func(s *server)) (*wire, *server) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() {
		_ = ours.Close()
		_ = theirs.Close()
	})
	s := newServer(theirs)
	played := make(chan struct{})
	go func() {
		defer close(played)
		play(s)
	}()
	conn := watch(ours)
	full := jid.MustParse(house)
	negotiator := mellium.NewNegotiator(func(*mellium.Session, *mellium.StreamConfig) mellium.StreamConfig {
		return mellium.StreamConfig{Features: b.features()}
	})
	session, err := mellium.NewSession(context.Background(), full.Domain(), full, conn, mellium.Secure|mellium.Authn, negotiator)
	if err != nil {
		t.Fatal(err)
	}
	<-played
	return newWire(session, conn, terms{}, *b), s
}

// serving is connect with both sides at work. The channel has the end of serve.
func serving(t *testing.T, r *router) (*link, *server, <-chan error) {
	t.Helper()
	l, s := connect(t, r)
	return l, s, serve(t, l, s)
}

// serve puts both sides to work; the link ends with the connection.
func serve(t *testing.T, l *link, s *server) <-chan error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go s.hear()
	go func() {
		err := l.serve(ctx, s.wire)
		l.end()
		ended <- err
	}()
	t.Cleanup(cancel)
	return ended
}

// host is a server on loopback that accepts one connection after another.
type host struct {
	listener net.Listener
	security *tls.Config
	roots    *x509.CertPool
	clients  chan *server // those that logged in
	wg       sync.WaitGroup
}

// listen starts a host; play does what comes after the connection and says whether the client got in.
func listen(t *testing.T, play func(h *host, s *server) bool) *host {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{listener: listener, clients: make(chan *server, 8)}
	h.security, h.roots = certified(t, domain)
	h.wg.Go(func() { h.accept(t, play) })
	t.Cleanup(func() {
		_ = listener.Close()
		h.wg.Wait()
	})
	return h
}

func (h *host) accept(t *testing.T, play func(h *host, s *server) bool) {
	for {
		conn, err := h.listener.Accept()
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = conn.Close() })
		s := newServer(conn)
		if !play(h, s) {
			continue
		}
		h.clients <- s
		go s.hear()
	}
}

// welcome lets a client in that knows the password of the tests.
func welcome(h *host, s *server) bool {
	s.secure(h.security)
	if !s.authenticate(secret) {
		return false
	}
	s.bind()
	return true
}

// config is that of a client of the host.
func (h *host) config() Config {
	cfg := idleConfig()
	cfg.Address = h.listener.Addr().String()
	cfg.RootCAs = func() (*x509.CertPool, error) { return h.roots, nil }
	return cfg
}

func idleConfig() Config {
	return Config{
		JID: jid.MustParse(house), Priority: 5,
		Password: func() (string, error) { return secret, nil },
		Identity: Identity{Category: "client", Type: "bot", Name: "Relève", Version: "test", Node: "urn:releve"},
		Log:      slog.New(slog.DiscardHandler),
	}
}

// certified makes a certificate that is its own authority.
func certified(t *testing.T, name string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	return certifiedUntil(t, name, time.Now().Add(time.Hour))
}

func certifiedUntil(t *testing.T, name string, end time.Time) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: end.Add(-2 * time.Hour), NotAfter: end,
	}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

// logTo is a log that calls f at each line.
func logTo(f func()) *slog.Logger { return slog.New(slog.NewTextHandler(writer(f), nil)) }

type writer func()

func (w writer) Write(p []byte) (int, error) { w(); return len(p), nil }

// slow reads 1000 bytes a second.
type slow struct{ net.Conn }

func (s slow) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p[:min(len(p), slowest)])
	time.Sleep(time.Duration(n) * time.Second / slowest)
	return n, err
}
