package xmpp

import (
	"strings"
	"testing"
	"time"
)

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
