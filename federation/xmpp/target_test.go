package xmpp

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"releve/federation/lab"
)

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
