package pride_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"releve/federation"
	"releve/federation/lab/warp10"
	"releve/federation/pride"
)

// What an exam of either end finds, and that it neither stores nor reads anything.
func TestReach(t *testing.T) {
	t.Parallel()
	says := func(status int, text string) func(*http.Request) (int, string) {
		return func(*http.Request) (int, string) { return status, text }
	}
	for _, test := range []struct {
		name     string
		token    string
		selector string
		mind     func(*http.Request) (int, string)
		meant    error // of those that examine
		text     string
	}{
		{name: "write token", token: "writes"},
		{name: "another write token", token: "reads", meant: federation.ErrDenied, text: "stopped until somebody mends it: PRIDE answers 403: Error 403 HTTP ERROR 403 Reason: Error when updating data: Invalid token."},
		{name: "in trouble", token: "writes", mind: says(http.StatusServiceUnavailable, "down"), text: "PRIDE answers 503: Error 503 HTTP ERROR 503 Reason: down"},
		{name: "another path", token: "writes", mind: says(http.StatusNotFound, "Not Found"), meant: federation.ErrStranger, text: "stopped until somebody mends it: PRIDE answers 404: Error 404 HTTP ERROR 404 Reason: Not Found"},
		{name: "sent elsewhere", token: "writes", mind: says(http.StatusFound, ""), meant: federation.ErrStranger, text: "stopped until somebody mends it: PRIDE answers 302: Error 302 HTTP ERROR 302 Reason:"},
		{name: "a portal", token: "writes", mind: says(http.StatusOK, "log in"), meant: federation.ErrStranger, text: "stopped until somebody mends it: who answers 200 in place of PRIDE says something to an update"},
		{name: "read token", token: "reads", selector: "=a{PRM=" + point + "}"},
		{name: "another read token", token: "writes", selector: "=a{}", meant: federation.ErrDenied, text: "stopped until somebody mends it: PRIDE answers 500: Exception at '=>FIND<=' in section '[TOP]' (FIND given an invalid read token. (Invalid token.))"},
		{name: "no series", token: "reads", selector: "=b{PRM=" + point + "}", meant: federation.ErrAbsent, text: "selector 1 has no series, for this token"},
		{name: "a portal to read", token: "reads", selector: "=a{}", mind: says(http.StatusOK, "log in"), meant: federation.ErrStranger, text: "what PRIDE answers is no stack of WarpScript"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &warp10.Platform{Write: "writes", Read: "reads", Mind: test.mind}
			p.Put(warp10.GTS{Class: "a", Labels: map[string]string{"PRM": point}}, 1, 2.0)
			reach := recipient(t, p, test.token).Reach
			if test.selector != "" {
				reach = (&pride.Supplier{Service: service(t, p, test.token), Selectors: []string{test.selector}}).Reach
			}
			meant(t, reach(t.Context()), test.meant, test.text)
			if n := p.Count(); n != 1 {
				t.Errorf("%d datapoints are stored, want 1", n)
			}
		})
	}
}

// A platform that is not there is an error of the network.
func TestReachNobody(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	secret := errors.New("no file")
	s := &pride.Service{URL: gone.URL, Token: func() (string, error) { return "", secret }, Client: gone.Client()}
	for _, reach := range []func(context.Context) error{(&pride.Recipient{Service: s}).Reach, (&pride.Supplier{Service: s}).Reach} {
		if err := reach(t.Context()); err != secret {
			t.Errorf("without a token: %v", err)
		}
	}
	s.Token = func() (string, error) { return "W", nil }
	err := (&pride.Recipient{Service: s}).Reach(t.Context())
	for _, mark := range []error{federation.ErrStranger, federation.ErrDenied, federation.ErrAbsent} {
		if err == nil || errors.Is(err, mark) {
			t.Errorf("nobody listens: %v", err)
		}
	}
}

// meant checks what an error says, and which of those of an exam it is.
func meant(t *testing.T, err, want error, text string) {
	t.Helper()
	for _, mark := range []error{federation.ErrStranger, federation.ErrDenied, federation.ErrAbsent} {
		if errors.Is(err, mark) != (mark == want) {
			t.Errorf("%v: is it %q?", err, mark)
		}
	}
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != text {
		t.Errorf("got %q, want %q", got, text)
	}
}
