package xmpp

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"testing"
	"time"
)

// The whole login, from TCP to the bound address, against every answer a server may give.
func TestLogin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		play   func(h *host, s *server) bool
		change func(c *Config)
		want   error
	}{
		{name: "welcome", play: welcome},
		{name: "wrong password", play: welcome, want: ErrCredentials,
			change: func(c *Config) { c.Password = func() (string, error) { return "wrong", nil } }},
		{name: "another authority", play: welcome, want: ErrUntrusted,
			change: func(c *Config) { c.RootCAs = func() (*x509.CertPool, error) { return x509.NewCertPool(), nil } }},
		{name: "password not readable", play: welcome, want: io.ErrNoProgress,
			change: func(c *Config) { c.Password = func() (string, error) { return "", io.ErrNoProgress } }},
		{name: "authorities not readable", play: welcome, want: io.ErrNoProgress,
			change: func(c *Config) { c.RootCAs = func() (*x509.CertPool, error) { return nil, io.ErrNoProgress } }},
		{name: "address is taken", want: ErrConflict, play: func(h *host, s *server) bool {
			s.secure(h.security)
			s.authenticate(secret)
			s.open(`<bind xmlns="` + nsBind + `"/>`)
			s.next()
			s.say(`<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error></stream:stream>`)
			return false
		}},
		{name: "resource is refused", want: &StanzaError{}, play: func(h *host, s *server) bool {
			s.secure(h.security)
			s.authenticate(secret)
			s.open(`<bind xmlns="` + nsBind + `"/>`)
			s.say(`<iq type="error" id="%s"><error type="wait"><resource-constraint xmlns="%s"/></error></iq>`,
				s.next().Attr("id"), nsStanzas)
			return false
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := listen(t, tt.play).config()
			if tt.change != nil {
				tt.change(&cfg)
			}
			l, err := New(cfg).login(within(t, 10*time.Second))
			var refused *StanzaError
			switch {
			case tt.want == nil && err == nil && l.session.LocalAddr().String() == house:
				l.conn.Close()
			case tt.want == nil:
				t.Errorf("got %v", err)
			case !errors.Is(err, tt.want) && !(errors.As(tt.want, &refused) && errors.As(err, &refused)):
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// A server that sends us on is obeyed once (RFC 6120 §4.9.3.19): the next connection goes there, the one after it where it
// always went.
func TestSeeOtherHost(t *testing.T) {
	t.Parallel()
	other := listen(t, welcome)
	first := listen(t, func(h *host, s *server) bool {
		s.secure(h.security)
		s.open(`<mechanisms xmlns="` + nsSASL + `"><mechanism>SCRAM-SHA-256</mechanism></mechanisms>`)
		s.next()
		s.say(`<stream:error><see-other-host xmlns="urn:ietf:params:xml:ns:xmpp-streams">%s</see-other-host></stream:error></stream:stream>`, other.listener.Addr())
		return false
	})
	cfg, roots := first.config(), x509.NewCertPool()
	for _, h := range []*host{first, other} {
		leaf, err := x509.ParseCertificate(h.security.Certificates[0].Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		roots.AddCert(leaf)
	}
	cfg.RootCAs = func() (*x509.CertPool, error) { return roots, nil }
	c := New(cfg)
	for i, sentOn := range []bool{true, false, true} {
		w, err := c.login(within(t, 10*time.Second))
		fault := streamError(err)
		switch {
		case err == nil && !sentOn:
			w.conn.Close()
		case err == nil, fault == nil || fault.Condition != "see-other-host":
			t.Errorf("login %d: %v", i, err)
		}
	}
}

// Where it sends us, without a port, has the usual one; what it says without a place is not followed.
func TestRedirect(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"two.example": "two.example:5222", "two.example:9222": "two.example:9222", "192.0.2.1": "192.0.2.1:5222",
		"[2001:db8::1]": "[2001:db8::1]:5222", "[2001:db8::1]:9222": "[2001:db8::1]:9222", "2001:db8::1": "[2001:db8::1]:5222", "": "",
	} {
		c := idle()
		if c.redirect(&StreamError{Condition: "see-other-host", Text: said}); c.place != want {
			t.Errorf("%q: next at %q, want %q", said, c.place, want)
		}
		if c.place = ""; said != "" {
			c.redirect(&StreamError{Condition: "reset", Text: said})
		}
		if c.place != "" {
			t.Errorf("another reason: next at %q", c.place)
		}
	}
}

// A server that accepts and then says nothing is given up when the wait for it ends.
func TestLoginEndsWithItsContext(t *testing.T) {
	t.Parallel()
	silent := make(chan struct{})
	h := listen(t, func(*host, *server) bool { <-silent; return false })
	t.Cleanup(func() { close(silent) })
	ctx, cancel := context.WithCancel(context.Background())
	cfg := h.config()
	cfg.Password = func() (string, error) { cancel(); return secret, nil } // past dialling
	if l, err := New(cfg).login(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", l, err)
	}
}
