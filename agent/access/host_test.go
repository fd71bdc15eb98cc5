package access

import (
	"os"
	"strings"
	"testing"
)

func TestHostsAllow(t *testing.T) {
	t.Parallel()
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	h := newHosts([]string{"energie.example", "Compteur.Mairie.example."})
	table := []struct {
		host string
		want bool
	}{
		{"", true},
		{"localhost", true},
		{"LOCALHOST:8080", true},
		{"releve.localhost", true},
		{"127.0.0.1:8080", true},
		{"127.0.0.1", true},
		{"[::1]:8080", true},
		{"[::1]", true},
		{"192.168.1.20:8080", true},
		{"[fe80::1%25eth0]:8080", true},
		{own, true},
		{strings.ToUpper(own) + ":80", true},
		{"raspberrypi.local", true},
		{"raspberrypi.local.:8080", true},
		{"raspberrypi.lan", true},
		{"raspberrypi.home.arpa:8080", true},
		{"energie.example", true},
		{"compteur.mairie.EXAMPLE:8443", true},
		{"evil.example", false},
		{"evil.example:8080", false},
		{"localhost.evil.example", false},
		{"127.0.0.1.evil.example", false},
		{"evil-local", false},
		{"local", false},
		{"other.energie.example", false},
		{"127.0.0.1:8080:evil", false},
	}
	for _, row := range table {
		if got := h.allow(row.host); got != row.want {
			t.Errorf("allow(%q) = %t, want %t", row.host, got, row.want)
		}
	}
}
