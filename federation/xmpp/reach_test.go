package xmpp

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"testing"
	"time"
)

// Reach goes as far as the offer of a login, and never asks for the password.
func TestReach(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		play   func(h *host, s *server) bool
		change func(c *Config)
		want   error
	}{
		{name: "welcome", play: welcome},
		{name: "another authority", play: welcome, want: ErrUntrusted,
			change: func(c *Config) { c.RootCAs = func() (*x509.CertPool, error) { return x509.NewCertPool(), nil } }},
		{name: "authorities not readable", play: welcome, want: io.ErrNoProgress,
			change: func(c *Config) { c.RootCAs = func() (*x509.CertPool, error) { return nil, io.ErrNoProgress } }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := listen(t, test.play).config()
			cfg.Password = func() (string, error) {
				t.Error("the password was asked for")
				return "", io.ErrUnexpectedEOF
			}
			if test.change != nil {
				test.change(&cfg)
			}
			if err := Reach(within(t, 20*time.Second), cfg); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestReachNobody(t *testing.T) {
	t.Parallel()
	h := listen(t, func(_ *host, s *server) bool { return s.conn.Close() != nil })
	err := Reach(within(t, 20*time.Second), h.config())
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v from a server that hangs up", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Reach(ctx, h.config()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
