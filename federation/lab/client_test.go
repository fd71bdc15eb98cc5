package lab_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"releve/federation/lab"
)

// client is the smallest XMPP client that can log in: STARTTLS, PLAIN, bind. It
// is here so that these tests do not stand on the library the product uses.
type client struct {
	conn   net.Conn
	stream *xml.Decoder
	domain string
	jid    string // full JID, once bound
	in     chan element

	features string // what the server offered last, as XML
}

// element is any element directly below the stream.
type element struct {
	XMLName xml.Name
	ID      string `xml:"id,attr"`
	Type    string `xml:"type,attr"`
	From    string `xml:"from,attr"`
	Body    string `xml:"body"`
	JID     string `xml:"urn:ietf:params:xml:ns:xmpp-bind bind>jid"`
	Inner   string `xml:",innerxml"`
}

const patience = 20 * time.Second

// logIn opens a session at host:port, the server's own when addr is "".
func logIn(ctx context.Context, fed *lab.Federation, server *lab.Server, account lab.Account, addr string) (*client, error) {
	if addr == "" {
		addr = server.Addr()
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	c := &client{conn: conn, domain: server.Domain(), in: make(chan element, 64)}
	if err := c.negotiate(fed, account); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("log in as %s@%s: %w", account.User, c.domain, err)
	}
	return c, conn.SetDeadline(time.Time{})
}

func mustLogIn(t *testing.T, fed *lab.Federation, domain string, account lab.Account) *client {
	t.Helper()
	c, err := logIn(t.Context(), fed, fed.Server(domain), account, "")
	if err != nil {
		t.Fatal(err)
	}
	go c.listen()
	t.Cleanup(func() { _ = c.conn.Close() })
	return c
}

func (c *client) negotiate(fed *lab.Federation, account lab.Account) error {
	if err := c.open(); err != nil {
		return err
	}
	if _, err := c.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "proceed"); err != nil {
		return err
	}
	config, err := trust(fed, c.domain)
	if err != nil {
		return err
	}
	c.conn = tls.Client(c.conn, config)
	return c.authenticate(account)
}

func (c *client) authenticate(account lab.Account) error {
	if err := c.open(); err != nil {
		return err
	}
	secret := base64.StdEncoding.EncodeToString([]byte("\x00" + account.User + "\x00" + account.Password))
	if _, err := c.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"+secret+"</auth>", "success"); err != nil {
		return err
	}
	if err := c.open(); err != nil {
		return err
	}
	bound, err := c.ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>lab</resource></bind></iq>", "iq")
	if err != nil {
		return err
	}
	if c.jid = bound.JID; c.jid == "" {
		return fmt.Errorf("bind: got %+v", bound)
	}
	return c.send("<presence/>")
}

// trust makes a TLS configuration that trusts the federation's authority only.
func trust(fed *lab.Federation, domain string) (*tls.Config, error) {
	ca, err := os.ReadFile(fed.CAFile())
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("no certificate in %s", fed.CAFile())
	}
	return &tls.Config{ServerName: domain, RootCAs: pool}, nil
}

// open starts a stream and reads up to the features.
func (c *client) open() error {
	c.stream = xml.NewDecoder(c.conn)
	header := "<?xml version='1.0'?><stream:stream to='" + c.domain + "' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
	if err := c.send(header); err != nil {
		return err
	}
	for {
		token, err := c.stream.Token()
		if err != nil {
			return fmt.Errorf("open stream: %w", err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "stream" {
			break
		}
	}
	features, err := c.read("features")
	c.features = features.Inner
	return err
}

func (c *client) send(stanza string) error {
	_, err := c.conn.Write([]byte(stanza))
	return err
}

func (c *client) ask(stanza, want string) (element, error) {
	if err := c.send(stanza); err != nil {
		return element{}, err
	}
	return c.read(want)
}

// next reads the next element below the stream.
func (c *client) next() (element, error) {
	for {
		token, err := c.stream.Token()
		if err != nil {
			return element{}, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		var e element
		err = c.stream.DecodeElement(&e, &start)
		return e, err
	}
}

// read expects an element of this name next, presences aside.
func (c *client) read(want string) (element, error) {
	for {
		e, err := c.next()
		if err != nil {
			return e, fmt.Errorf("read %s: %w", want, err)
		}
		if e.XMLName.Local == want {
			return e, nil
		}
		if e.XMLName.Local != "presence" {
			return e, fmt.Errorf("read %s: got %s %s", want, e.XMLName.Local, e.Inner)
		}
	}
}

// listen passes on what comes in until the connection ends.
func (c *client) listen() {
	defer close(c.in)
	for {
		e, err := c.next()
		if err != nil {
			return
		}
		c.in <- e
	}
}

// message waits for the next message; what else comes in is dropped.
func (c *client) message(t *testing.T) element {
	t.Helper()
	for {
		select {
		case e, open := <-c.in:
			if !open {
				t.Fatalf("%s: the connection ended while a message was awaited", c.jid)
			}
			if e.XMLName.Local == "message" {
				return e
			}
		case <-time.After(patience):
			t.Fatalf("%s: no message within %s", c.jid, patience)
		}
	}
}

// awaits waits for a message, past late copies of earlier ones.
func (c *client) awaits(t *testing.T, body string) {
	t.Helper()
	for c.message(t).Body != body {
	}
}

func (c *client) say(t *testing.T, to *client, body string) {
	t.Helper()
	if err := c.send(fmt.Sprintf("<message to='%s' type='chat' id='1'><body>%s</body></message>", to.jid, body)); err != nil {
		t.Fatal(err)
	}
}

// deliver sends a message and waits until it is there. Around a broken link it is
// sent again: it may come back as an error, and may as well be lost without a word
// when the sending server has not noticed yet.
func deliver(t *testing.T, from, to *client, body string) {
	t.Helper()
	repeat(t, from, to, body, to.in, func(e element) bool { return e.Body == body && e.From == from.jid })
}

// bounce sends a message until it comes back as an error.
func bounce(t *testing.T, from, to *client, body string) {
	t.Helper()
	repeat(t, from, to, body, from.in, func(e element) bool { return e.Type == "error" })
}

func repeat(t *testing.T, from, to *client, body string, in <-chan element, done func(element) bool) {
	t.Helper()
	again := time.NewTicker(300 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	from.say(t, to, body)
	for {
		select {
		case e, open := <-in:
			if !open {
				t.Fatalf("the connection ended while %q was under way from %s to %s", body, from.jid, to.jid)
			}
			if done(e) {
				return
			}
		case <-again.C:
			from.say(t, to, body)
		case <-deadline:
			t.Fatalf("%q from %s to %s had no effect within %s", body, from.jid, to.jid, patience)
		}
	}
}
