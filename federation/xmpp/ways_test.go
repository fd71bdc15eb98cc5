package xmpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

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
	taken := make(chan string, 1)
	c.HandleMessage("urn:test", "data", func(_ context.Context, m Message) error {
		taken <- m.Child("urn:test", "data").Text
		return nil
	})
	run(t, c)
	ctx := within(t, 60*time.Second)
	want := strings.Repeat("é<'>\"/&]]> \n", 350)
	data := NewElement("urn:test", "data", "note", "<'/>").WithText(want).Add(NewElement("", "empty"))
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

// What a gate refuses is told with its name and the stage, and the server is not blamed for it.
func TestProxyRefusals(t *testing.T) {
	t.Parallel()
	h := listen(t, welcome)
	server := h.listener.Addr().String()
	for _, tt := range []struct {
		name, kind, password, place, want string
	}{
		{"wrong password", "http", "guess", server, "it refuses our name or password"},
		{"wrong password", "socks5", "guess", server, "username/password authentication failed"},
		{"a place it does not lead to", "http", "open sesame", "elsewhere:1", "it does not let us connect to " + server + " (403 Forbidden)"},
		{"a place it does not lead to", "socks5", "open sesame", "elsewhere:1", "connection not allowed by ruleset"},
	} {
		t.Run(tt.kind+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := h.config()
			cfg.Proxy = proxyTo(tt.kind, gate(t, map[string]string{tt.place: server}))
			cfg.Proxy.Password = func() (string, error) { return tt.password, nil }
			err := Reach(within(t, 60*time.Second), cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), cfg.Proxy.String()) || StageOf(err) != StageProxy {
				t.Errorf("got %v at %q", err, StageOf(err))
			}
		})
	}
}

func TestParseProxy(t *testing.T) {
	t.Parallel()
	const form = "is not an address such as http://host:3128 or socks5://host:1080"
	for _, tt := range []struct{ text, want, user, err string }{
		{"http://box:3128", "http://box:3128", "", ""},
		{"socks5://maison@[::1]:1080", "socks5://[::1]:1080", "maison", ""},
		{"http://maison:secret@box:3128", "", "", "a password does not belong into an address: it goes into a file of its own"},
		{"https://box:3128", "", "", `"https://box:3128" ` + form},
		{"http://box", "", "", `"http://box" ` + form},
		{"http://box:3128/path", "", "", `"http://box:3128/path" ` + form},
		{"box:3128", "", "", `"box:3128" ` + form},
		{"http://[", "", "", "this " + form},
	} {
		got, err := ParseProxy(tt.text)
		if text(err) != tt.err || err == nil && (got.String() != tt.want || got.User != tt.user) {
			t.Errorf("%s: got %s of %q, %v", tt.text, got, got.User, err)
		}
	}
}

func TestParseTarget(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]target{
		"host:5222":         {"host:5222", false},
		"xmpps://[::1]:443": {"[::1]:443", true},
	} {
		if got, err := parseTarget(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, wrong := range []string{"", "host", ":5222", "host:", "host:0", "host:xmpp", "host:65536", "https://host:443", "xmpps://host", "xmpps://host:1/"} {
		if err := CheckAddress(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

// The order of places is that of the priorities; of equals, TLS comes first. "." alone says that there is no service.
func TestMerge(t *testing.T) {
	t.Parallel()
	record := func(target string, priority uint16) *net.SRV {
		return &net.SRV{Target: target, Port: 1, Priority: priority}
	}
	broken := errors.New("broken")
	for _, tt := range []struct {
		name          string
		direct, plain []*net.SRV
		err           error
		want          string
		wantErr       error
	}{
		{name: "mixed", direct: []*net.SRV{record("b.", 5), record("d.", 20)}, plain: []*net.SRV{record("a.", 1), record("c.", 5)}, want: "a:1 xmpps://b:1 c:1 xmpps://d:1"},
		{name: "none", err: broken, wantErr: broken},
		{name: "no service", plain: []*net.SRV{record(".", 0)}, wantErr: ErrNoService},
		{name: "TLS only", direct: []*net.SRV{record("b.", 5)}, plain: []*net.SRV{record(".", 0)}, want: "xmpps://b:1"},
		{name: "too many", plain: []*net.SRV{record("1.", 0), record("2.", 0), record("3.", 0), record("4.", 0), record("5.", 0), record("6.", 0), record("7.", 0), record("8.", 0), record("9.", 0)},
			want: "1:1 2:1 3:1 4:1 5:1 6:1 7:1 8:1"},
	} {
		got, err := merge(tt.direct, tt.plain, tt.err)
		var names []string
		for _, g := range got {
			names = append(names, g.String())
		}
		if strings.Join(names, " ") != tt.want || !errors.Is(err, tt.wantErr) {
			t.Errorf("%s: got %v, %v", tt.name, names, err)
		}
	}
}

// A domain that says that it serves no clients is not asked on the usual ports; a dead name server is no such word.
func TestTargets(t *testing.T) {
	t.Parallel()
	f, err := lab.Start(t.Context(), lab.Options{Domains: []lab.Domain{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := f.Announce("none.example", lab.Service{Addr: ".:0"}); err != nil {
		t.Fatal(err)
	}
	usual := func(domain string) string {
		return "[" + net.JoinHostPort(domain, "5222") + " xmpps://" + net.JoinHostPort(domain, "5223") + "]"
	}
	for _, tt := range []struct {
		domain, server, want string
		err                  error
	}{
		{"none.example", f.DNSAddr(), "[]", ErrNoService},
		{"silent.example", f.DNSAddr(), usual("silent.example"), nil},
		{"silent.example", nobody, usual("silent.example"), nil},
		{"énergie.example", nobody, usual("xn--nergie-9ua.example"), nil},
		{"192.0.2.7", nobody, usual("192.0.2.7"), nil},
		{"[2001:db8::7]", nobody, usual("2001:db8::7"), nil},
	} {
		cfg := Config{JID: jid.MustParse("maison@" + tt.domain), Resolver: asking(tt.server)}
		got, err := targets(within(t, 60*time.Second), cfg)
		var names []string
		for _, g := range got {
			names = append(names, g.String())
		}
		if "["+strings.Join(names, " ")+"]" != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, %v", tt.domain, names, err)
		}
	}
}

// A pin stands for everything else a certificate says; without it the certificate is judged whole.
func TestPins(t *testing.T) {
	t.Parallel()
	h := listen(t, welcome)
	leaf, err := x509.ParseCertificate(h.security.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	right := PinOf(leaf)
	if again, err := ParsePin(right.String()); err != nil || again != right {
		t.Errorf("%s is read as %s, %v", right, again, err)
	}
	for _, tt := range []struct {
		name string
		pins []Pin
		jid  string
		want error
	}{
		{"the key", []Pin{right}, house, nil},
		{"one of two keys", []Pin{{1}, right}, house, nil},
		{"the key under another name", []Pin{right}, "maison@" + domain + "/other", nil},
		{"another key", []Pin{{1}}, house, ErrUntrusted},
	} {
		cfg := h.config()
		cfg.JID = jid.MustParse(tt.jid)
		cfg.RootCAs = func() (*x509.CertPool, error) { return nil, errors.New("asked for") }
		cfg.Pins = tt.pins
		if err := Reach(within(t, 60*time.Second), cfg); !errors.Is(err, tt.want) || tt.want != nil && (StageOf(err) != StageCertificate || !strings.Contains(err.Error(), right.String())) {
			t.Errorf("%s: got %v at %q", tt.name, err, StageOf(err))
		}
	}
}

// What is wrong with a certificate is told together with its key, which, once pinned, makes it good.
func TestBadCertificates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, certified string
		end             time.Duration
		want            string
	}{
		{"expired", domain, -time.Hour, "expired"},
		{"of another domain", "other.example", time.Hour, "valid for other.example, not " + domain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			security, trusted := certifiedUntil(t, tt.certified, time.Now().Add(tt.end))
			h := listen(t, func(h *host, s *server) bool {
				s.secure(security)
				return s.authenticate(secret)
			})
			cfg := h.config()
			cfg.RootCAs = func() (*x509.CertPool, error) { return trusted, nil }
			err := Reach(within(t, 60*time.Second), cfg)
			leaf, errLeaf := x509.ParseCertificate(security.Certificates[0].Certificate[0])
			if errLeaf != nil {
				t.Fatal(errLeaf)
			}
			if !errors.Is(err, ErrUntrusted) || StageOf(err) != StageCertificate || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), PinOf(leaf).String()) {
				t.Errorf("got %v at %q", err, StageOf(err))
			}
			cfg.Pins = []Pin{PinOf(leaf)}
			if err := Reach(within(t, 60*time.Second), cfg); err != nil {
				t.Errorf("with the key pinned: %v", err)
			}
		})
	}
}

func TestParsePin(t *testing.T) {
	t.Parallel()
	right := Pin{1, 2, 3}
	for _, wrong := range []string{"", "sha256/", "sha1/" + right.String()[7:], right.String()[7:], right.String() + "A", "sha256/AAAA"} {
		if _, err := ParsePin(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
