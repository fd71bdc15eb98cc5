package xmpp

import (
	"crypto/x509"
	"errors"
	"os"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"releve/federation/lab"
)

func TestIntegrationRefusals(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f := start(t, kind)
			good := config(t, f, maison.String())
			tests := []struct {
				name   string
				change func(c *Config)
				want   error
			}{
				{"wrong password", func(c *Config) { c.Password = func() (string, error) { return "wrong", nil } }, ErrCredentials},
				{"no such account", func(c *Config) { c.JID = jid.MustParse("nobody@breizh-sen1.example/x") }, ErrCredentials},
				{"another authority", func(c *Config) { c.RootCAs = func() (*x509.CertPool, error) { return x509.NewCertPool(), nil } }, ErrUntrusted},
				{"another domain's certificate", func(c *Config) { c.Address = f.Server("breizh-sen2.example").Addr() }, nil},
				{"password not readable", func(c *Config) { c.Password = func() (string, error) { return "", os.ErrPermission } }, os.ErrPermission},
				{"authorities not readable", func(c *Config) { c.RootCAs = func() (*x509.CertPool, error) { return nil, os.ErrNotExist } }, os.ErrNotExist},
				{"nobody listens", func(c *Config) { c.Address = "127.0.0.1:1" }, nil},
			}
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					c := good
					tt.change(&c)
					_, err := New(c).login(within(t, 20*time.Second))
					if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
						t.Errorf("got %v, want %v", err, tt.want)
					}
				})
			}
		})
	}
}

// Two programs with one address must not throw each other out for ever.
func TestIntegrationConflict(t *testing.T) {
	t.Parallel()
	f := start(t, lab.Ejabberd)
	first := New(config(t, f, maison.String()))
	run(t, first)
	second, err := New(config(t, f, maison.String())).login(within(t, 20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer second.conn.Close()
	deadline := within(t, 20*time.Second)
	for first.State().Err == nil && deadline.Err() == nil {
		time.Sleep(20 * time.Millisecond)
	}
	state := first.State()
	if !errors.Is(state.Err, ErrConflict) {
		t.Fatalf("got %v", state.Err)
	}
	if wait := time.Until(state.Retry); wait < retryConflict/2 {
		t.Errorf("it comes back after %s already", wait)
	}
}
