package xmpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"releve/federation/lab"
)

// single starts one domain.
func single(t *testing.T, kind lab.Kind) (*lab.Federation, *lab.Server) {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	f := lab.New(t, lab.Options{Domains: []lab.Domain{
		{Name: "breizh-sen1.example", Kind: kind, Accounts: []lab.Account{{User: "maison", Password: secret}}},
	}})
	return f, f.Server("breizh-sen1.example")
}

// gate opens a forward proxy that leads to the places given.
func gate(t *testing.T, places map[string]string) *lab.Gate {
	t.Helper()
	g, err := lab.NewGate(places, "maison", "open sesame")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func proxyTo(kind string, g *lab.Gate) *Proxy {
	return &Proxy{Kind: kind, Address: g.Addr(), User: "maison", Password: func() (string, error) { return "open sesame", nil }}
}

// asking is a resolver that asks one name server only; of an address where nobody listens it is one without any.
func asking(server string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server)
	}}
}

const nobody = "127.0.0.1:1"

// Every way to a real server that a household's network may leave, up to a long stanza and back.
func TestIntegrationWays(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f, s := single(t, kind)
			home := s.Domain()
			service := func(addr string, tls bool, priority int) lab.Service {
				_, port, _ := net.SplitHostPort(addr)
				return lab.Service{TLS: tls, Addr: net.JoinHostPort("xmpp."+home, port), Priority: priority, IPv6: true}
			}
			web, _ := url.Parse(s.WebSocketURL())
			places := map[string]string{home + ":5222": s.Addr(), home + ":5223": s.DirectTLSAddr(), web.Host: s.WebAddr()}
			resolver := asking(f.DNSAddr())
			tests := []struct {
				name     string
				announce []lab.Service
				change   func(c *Config)
			}{
				{name: "STARTTLS at an address", change: func(*Config) {}},
				{name: "TLS at an address", change: func(c *Config) { c.Address = "xmpps://" + s.DirectTLSAddr() }},
				{name: "a key", change: func(c *Config) {
					c.Pins = []Pin{{}, pinAt(t, s.DirectTLSAddr(), home)}
					c.RootCAs = func() (*x509.CertPool, error) { return x509.NewCertPool(), nil }
				}},
				{name: "DNS, with TLS first", announce: []lab.Service{service(s.DirectTLSAddr(), true, 5), service(nobody, false, 5)},
					change: func(c *Config) { c.Address, c.Resolver = "", resolver }},
				{name: "DNS, the third of three places", announce: []lab.Service{service(nobody, true, 1), service(nobody, false, 2), service(s.Addr(), false, 3)},
					change: func(c *Config) { c.Address, c.Resolver = "", resolver }},
				{name: "CONNECT, no name server", change: func(c *Config) {
					c.Address, c.Resolver, c.Proxy = "", asking(nobody), proxyTo("http", gate(t, places))
				}},
				{name: "SOCKS5, no name server, only 5223", change: func(c *Config) {
					c.Address, c.Resolver = "", asking(nobody)
					c.Proxy = proxyTo("socks5", gate(t, map[string]string{home + ":5223": s.DirectTLSAddr()}))
				}},
				{name: "WebSocket", change: func(c *Config) { c.WebSocket, c.Resolver = s.WebSocketURL(), resolver }},
				{name: "WebSocket through CONNECT", change: func(c *Config) {
					c.WebSocket, c.Proxy = s.WebSocketURL(), proxyTo("http", gate(t, places))
				}},
				{name: "WebSocket through SOCKS5", change: func(c *Config) {
					c.WebSocket, c.Proxy = s.WebSocketURL(), proxyTo("socks5", gate(t, places))
				}},
			}
			if kind == lab.Ejabberd { // Debian's Prosody has no module for host-meta
				tests = append(tests, tests[0])
				last := &tests[len(tests)-1]
				last.name, last.change = "WebSocket that the domain names, where nothing but the web gets through", func(c *Config) {
					c.Address, c.Resolver, c.WebSocket = "", asking(nobody), AutoWebSocket
					c.Proxy = proxyTo("http", gate(t, map[string]string{home + ":443": s.WebAddr(), web.Host: s.WebAddr()}))
				}
			}
			for _, tt := range tests { // one after the other: each takes the same resource
				t.Run(tt.name, func(t *testing.T) {
					if err := f.Announce(home, tt.announce...); err != nil {
						t.Fatal(err)
					}
					cfg := config(t, f, maison.String())
					tt.change(&cfg)
					if err := Reach(within(t, 60*time.Second), cfg); err != nil {
						t.Errorf("reach: %v", err)
					}
					echo(t, cfg)
				})
			}
		})
	}
}

// echo runs a session and sends itself a long stanza, in bits that XML has words of its own for.
func echo(t *testing.T, cfg Config) {
	t.Helper()
	c := New(cfg)
	taken, mine := make(chan string, 1), newID()
	c.HandleMessage("urn:test", "data", func(_ context.Context, m Message) error {
		if data := m.Child("urn:test", "data"); data.Attr("of") == mine { // not what a session before left
			taken <- data.Text
		}
		return nil
	})
	run(t, c)
	ctx := within(t, 60*time.Second)
	want := strings.Repeat("é<'>\"/&]]> \n", 350)
	data := NewElement("urn:test", "data", "of", mine, "note", "<'/>").WithText(want).Add(NewElement("", "empty"))
	receipt, err := c.Post(ctx, maison, data, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := receipt.Wait(ctx); err != nil {
		t.Fatalf("%v; the session is %+v", err, c.State())
	}
	if got := <-taken; got != want {
		t.Errorf("%d bytes came back as %d others", len(want), len(got))
	}
}

// pinAt is what openssl would say of a server's key.
func pinAt(t *testing.T, address, name string) Pin {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return PinOf(conn.ConnectionState().PeerCertificates[0])
}

// Over TLS 1.2 both servers can tie a login to its connection, and do.
func TestIntegrationTiedLogin(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f, _ := single(t, kind)
			cfg := config(t, f, maison.String())
			for version, tied := range map[uint16]bool{tls.VersionTLS12: true, tls.VersionTLS13: false} {
				ctx := within(t, 60*time.Second)
				security, err := tlsConfig(cfg)
				if err != nil {
					t.Fatal(err)
				}
				security.MaxVersion = version
				opened, err := dialServer(ctx, cfg, security)
				if err != nil {
					t.Fatal(err)
				}
				_, told, err := negotiate(ctx, cfg, security, opened, &binding{resource: cfg.JID.Resourcepart()})
				if err != nil {
					t.Fatal(err)
				}
				if err := opened.conn.Close(); err != nil {
					t.Error(err)
				}
				if t.Logf("%s: %s", tls.VersionName(version), told.mechanism); told.tied() != tied {
					t.Errorf("over %s the login is %s", tls.VersionName(version), told.mechanism)
				}
			}
		})
	}
}
