package lognact

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"releve/federation"
)

// What an exam of the trapper finds. Nothing is stored.
func TestTrapperReach(t *testing.T) {
	t.Parallel()
	z := newZabbix(t, time.Now)
	for _, test := range []struct {
		name    string
		address string
		meant   error
	}{
		{"a Zabbix", z.addr, nil},
		{"a web server", z.api.Listener.Addr().String(), federation.ErrStranger},
		{"who hangs up", told(t, ""), federation.ErrStranger},
		{"who says little", told(t, "ZBX"), federation.ErrStranger},
		{"who says no JSON", told(t, string(encodeFrame([]byte("hello"), false))), federation.ErrStranger},
		{"who counts nothing", told(t, string(encodeFrame([]byte(`{"response":"success"}`), false))), federation.ErrStranger},
	} {
		meant(t, test.name, (&Trapper{Address: test.address}).Reach(t.Context()), test.meant)
	}
	if stored := z.stored(); len(stored) > 0 {
		t.Errorf("stored: %q", stored)
	}
	proxy := told(t, string(encodeFrame([]byte(`{"response":"failed","redirect":{"address":"x"}}`), false)))
	if err := (&Trapper{Address: proxy}).Reach(t.Context()); err == nil || errors.Is(err, federation.ErrStranger) {
		t.Errorf("a proxy that sends on: %v", err)
	}
}

// told listens, hears what comes, answers with a text and hangs up.
func told(t *testing.T, text string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			var head [frameHead]byte
			_, _ = io.ReadFull(conn, head[:])
			_, _ = io.WriteString(conn, text)
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

// What an exam of the API finds, for a recipient by either method and for a source.
func TestAPIReach(t *testing.T) {
	t.Parallel()
	type end func(z *zabbix, api *API) error
	recipient := func(hosts ...string) end {
		return func(z *zabbix, api *API) error { return api.Reach(z.t.Context(), hosts) }
	}
	pusher := func(z *zabbix, api *API) error { return (&Pusher{API: api}).Reach(z.t.Context(), []string{host}) }
	source := func(keys ...string) end {
		return func(z *zabbix, api *API) error { return (&Supplier{API: api, Keys: keys}).Reach(z.t.Context()) }
	}
	for _, test := range []struct {
		name  string
		end   end
		token string // "" for the right one
		alter func(z *zabbix)
		meant error
		text  string
	}{
		{name: "a host with items", end: recipient(host)},
		{name: "any host", end: recipient()},
		{name: "an item to read", end: source("a*")},
		{name: "7.0", end: pusher, alter: func(z *zabbix) { z.version = "7.0.22" }},
		{name: "push before 7.0", end: pusher, meant: ErrNoPush, text: "this Zabbix has no history.push"},
		{
			name: "a host that is not there", end: recipient(host, "linky-0000000000000000"), meant: federation.ErrAbsent,
			text: "1 of 2 hosts take no values: no such host with items, for this token",
		},
		{
			name: "a host whose item is off", end: recipient(host), meant: federation.ErrAbsent, alter: func(z *zabbix) { z.items[item{host, "a"}].disabled = true },
			text: "1 of 1 hosts take no values: the item is disabled",
		},
		{name: "no host", end: recipient(), meant: federation.ErrAbsent, alter: func(z *zabbix) { clear(z.items) }, text: "the token sees no host"},
		{name: "nothing to read", end: source("b"), meant: federation.ErrAbsent, text: "there is no item that hosts and keys name, for this token"},
		{name: "another token", end: recipient(host), token: "wrong", meant: federation.ErrDenied, text: "ask the API for item.get: Invalid params. Not authorised."},
		{name: "another token, any host", end: recipient(), token: "wrong", meant: federation.ErrDenied, text: "ask the API for host.get: Invalid params. Not authorised."},
		{name: "another token of a source", end: source(), token: "wrong", meant: federation.ErrDenied, text: "ask the API for item.get: Invalid params. Not authorised."},
		{
			name: "too old", end: recipient(host), meant: federation.ErrStranger, alter: func(z *zabbix) { z.version = "5.4.0" },
			text: `the API is version "5.4.0"; Relève knows 6.0 and what came after`,
		},
		{name: "in trouble", end: recipient(host), alter: func(z *zabbix) { z.away = true }, text: "ask the API for item.get: the server answers 502 Bad Gateway"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			z := newZabbix(t, time.Now)
			z.has(host, "a", typeFloat)
			if test.alter != nil {
				z.change(func() { test.alter(z) })
			}
			token := "secret"
			if test.token != "" {
				token = test.token
			}
			err := test.end(z, &API{URL: z.api.URL, Token: func() (string, error) { return token, nil }})
			meant(t, test.name, err, test.meant)
			if err != nil && err.Error() != test.text {
				t.Errorf("got %q, want %q", err, test.text)
			}
			if (err == nil) != (test.text == "") {
				t.Errorf("got %v, want %q", err, test.text)
			}
		})
	}
}

// Other servers at the address of the API.
func TestAPIReachStranger(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"another path":     http.NotFound,
		"a portal":         func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>log in</html>") },
		"sent elsewhere":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) },
		"another JSON-RPC": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"error":{"code":-32601}}`) },
		"another JSON":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a":1}`) },
		"no version":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"result":"one"}`) },
	} {
		server := httptest.NewServer(answer)
		api := &API{URL: server.URL, Token: func() (string, error) { return "secret", nil }}
		meant(t, name, api.Reach(t.Context(), nil), federation.ErrStranger)
		server.Close()
	}
}

// meant checks which of the errors of an exam one is.
func meant(t *testing.T, name string, err, want error) {
	t.Helper()
	for _, mark := range []error{federation.ErrStranger, federation.ErrDenied, federation.ErrAbsent, ErrNoPush} {
		if errors.Is(err, mark) != (mark == want) {
			t.Errorf("%s: %v: is it %q?", name, err, mark)
		}
	}
}
