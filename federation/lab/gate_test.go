package lab_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
)

// A gate leads Go's own web client, which speaks both protocols, to the places it knows and to no others.
func TestGate(t *testing.T) {
	t.Parallel()
	page := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "bonjour") }))
	t.Cleanup(page.Close)
	there := strings.TrimPrefix(page.URL, "https://")
	for _, row := range []struct {
		kind, user, secret, place string
		want, err                 string
	}{
		{kind: "http", place: "example.com:443", want: "bonjour"},
		{kind: "socks5", place: "example.com:443", want: "bonjour"},
		{kind: "http", place: "example.com:443", user: "ana", secret: "sesame", want: "bonjour"},
		{kind: "socks5", place: "example.com:443", user: "ana", secret: "sesame", want: "bonjour"},
		{kind: "http", place: "example.com:443", user: "ana", secret: "guess", err: "Proxy Authentication Required"},
		{kind: "socks5", place: "example.com:443", user: "ana", secret: "guess", err: "username/password authentication failed"},
		{kind: "http", place: "elsewhere:443", err: "Forbidden"},
		{kind: "socks5", place: "elsewhere:443", err: "connection not allowed by ruleset"},
	} {
		t.Run(strings.Join([]string{row.kind, row.place, row.user, row.secret}, " "), func(t *testing.T) {
			t.Parallel()
			known := ""
			if row.user != "" {
				known = "sesame"
			}
			gate, err := lab.NewGate(map[string]string{row.place: there}, row.user, known)
			if err != nil {
				t.Fatal(err)
			}
			got, err := throughGate(page.Client(), gate, row.kind, row.user, row.secret)
			if got != row.want || (row.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), row.err) {
				t.Errorf("got %q, %v", got, err)
			}
			asked := []string{"example.com:443"}
			if known != "" && row.secret != known {
				asked = nil
			}
			if diff := cmp.Diff(asked, gate.Asked()); diff != "" {
				t.Error(diff)
			}
			if err := gate.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func throughGate(client *http.Client, gate *lab.Gate, kind, user, secret string) (string, error) {
	transport := client.Transport.(*http.Transport).Clone()
	proxy := &url.URL{Scheme: kind, Host: gate.Addr()}
	if user != "" {
		proxy.User = url.UserPassword(user, secret)
	}
	transport.Proxy = http.ProxyURL(proxy)
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get("https://example.com/")
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}
