package xmpp

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
)

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
