package xmpp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// Every error of an attempt knows how far it came, however often it is wrapped.
func TestStageOf(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		err  error
		want Stage
	}{
		{"none", nil, ""},
		{"not of an attempt", broken, ""},
		{"marked", fmt.Errorf("dial: %w", at(StageProxy, broken)), StageProxy},
		{"marked twice", at(StageStream, fmt.Errorf("reach: %w", at(StageTLS, broken))), StageTLS},
		{"marked without an error", at(StageTLS, nil), ""},
		{"certificate", at(StageTLS, fmt.Errorf("%w (expired)", ErrUntrusted)), StageCertificate},
		{"password", afterDial(fmt.Errorf("log in: %w", &Failure{Condition: "not-authorized"})), StageLogin},
		{"not now", &Failure{Condition: "temporary-auth-failure"}, StageLogin},
		{"several places", failures{at(StageNetwork, broken), at(StageTLS, broken)}, StageNetwork},
		{"several places, one with a bad certificate", failures{at(StageNetwork, broken), ErrUntrusted}, StageCertificate},
		{"hung up", afterDial(fmt.Errorf("log in: %w", io.EOF)), StageNetwork},
		{"silent", afterDial(fmt.Errorf("log in: %w", context.DeadlineExceeded)), StageNetwork},
		{"reset", afterDial(&net.OpError{Op: "read", Err: broken}), StageNetwork},
		{"nonsense", afterDial(broken), StageStream},
	} {
		if got := StageOf(tt.err); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Where an attempt ends on the way to a place that is not our server.
func TestReachStages(t *testing.T) {
	t.Parallel()
	h := listen(t, func(_ *host, s *server) bool {
		s.say("HTTP/1.1 400 Bad Request\r\n\r\n")
		return s.conn.Close() != nil
	})
	for _, tt := range []struct {
		name   string
		change func(c *Config)
		want   Stage
	}{
		{"another protocol", func(*Config) {}, StageStream},
		{"TLS where none is spoken", func(c *Config) { c.Address = directScheme + c.Address }, StageTLS},
		{"a WebSocket where none is", func(c *Config) { c.WebSocket = "wss://" + c.Address + "/ws" }, StageTLS},
		{"nobody", func(c *Config) { c.Address = nobody }, StageNetwork},
		{"no such name", func(c *Config) { c.Address, c.Resolver = "xmpp.invalid:5222", asking(nobody) }, StageNames},
		{"no such proxy", func(c *Config) { c.Proxy = &Proxy{Kind: "http", Address: nobody} }, StageProxy},
		{"password of the proxy", func(c *Config) {
			c.Proxy = &Proxy{Kind: "http", Address: nobody, Password: func() (string, error) { return "", io.ErrNoProgress }}
		}, StageSecrets},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := h.config()
			tt.change(&cfg)
			if err := Reach(within(t, 60*time.Second), cfg); StageOf(err) != tt.want {
				t.Errorf("got %v at %q, want %q", err, StageOf(err), tt.want)
			}
		})
	}
}
