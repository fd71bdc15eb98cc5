package lab

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Service is one SRV record of a domain for its clients (RFC 2782).
type Service struct {
	TLS      bool   // _xmpps-client (XEP-0368) instead of _xmpp-client
	Addr     string // host:port; the host a name, or "." to say that there is no such service
	Priority int
	IPv6     bool // the host has the address ::1 too, whoever listens there
}

// Announce replaces what the name server says of a domain to clients. Hosts it does not know get the address 127.0.0.1.
func (f *Federation) Announce(domain string, services ...Service) error {
	answers := map[string][]dnsmessage.SRVResource{}
	for _, s := range services {
		host, port, err := net.SplitHostPort(s.Addr)
		if err != nil {
			return fmt.Errorf("announce %s: %w", domain, err)
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fmt.Errorf("announce %s: %w", domain, err)
		}
		target, err := dnsmessage.NewName(strings.TrimSuffix(host, ".") + ".")
		if err != nil {
			return fmt.Errorf("announce %s: %w", domain, err)
		}
		if host != "." {
			f.names.addHost(host)
		}
		if s.IPv6 {
			f.names.addIPv6(host)
		}
		name := clientService
		if s.TLS {
			name = directService
		}
		answers[name] = append(answers[name], dnsmessage.SRVResource{Priority: uint16(s.Priority), Port: uint16(number), Target: target})
	}
	for _, service := range []string{clientService, directService} {
		f.names.setService(service, domain, answers[service])
	}
	return nil
}

// setService replaces the records of a service; without any the name goes on to exist.
func (n *names) setService(service, domain string, answers []dnsmessage.SRVResource) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := service + "._tcp." + strings.ToLower(domain) + "."
	n.srv[name] = answers
	n.know(name)
}

// addIPv6 gives a name the address ::1 too.
func (n *names) addIPv6(host string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dual[strings.ToLower(host)+"."] = true
}
