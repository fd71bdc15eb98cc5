package access

import (
	"net"
	"net/netip"
	"os"
	"strings"
)

// hosts decides under which names the page answers. A web site whose name was
// made to point at this device (DNS rebinding) sends its own name, and is refused.
type hosts map[string]bool

// privateSuffixes are top-level names that no public site can have.
var privateSuffixes = [...]string{
	".localhost", ".local", ".home.arpa", ".internal", // RFC 6761, 6762, 8375; ICANN 2024
	".lan", ".home", // what French boxes and OpenWrt call the home network; not delegated
}

func newHosts(further []string) hosts {
	h := hosts{"localhost": true}
	if own, err := os.Hostname(); err == nil {
		h[strings.ToLower(own)] = true
	}
	for _, name := range further {
		h[strings.ToLower(strings.TrimSuffix(name, "."))] = true
	}
	return h
}

// allow judges a Host header: a name with an optional port. Address literals
// pass, no name having been resolved; so does an absent Host, which no browser sends.
func (h hosts) allow(header string) bool {
	name := header
	if host, _, err := net.SplitHostPort(header); err == nil {
		name = host
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if name == "" || h[name] {
		return true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	for _, suffix := range privateSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}
