package xmpp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// ErrNoService means that the domain says by DNS that it has no XMPP server for clients (RFC 2782: a target of ".").
var ErrNoService = errors.New("the domain says that it has no XMPP server for clients")

// Where a server listens that no SRV record names (RFC 6120 §3.2.2; 5223 by custom).
const (
	portSTARTTLS = "5222"
	portTLS      = "5223"
)

const (
	namesPatience = 10 * time.Second
	maxTargets    = 8
	directScheme  = "xmpps://"
)

// target is one place where the server may be.
type target struct {
	address string // host:port
	direct  bool   // TLS from the first byte (XEP-0368) instead of STARTTLS
}

func (t target) String() string {
	if t.direct {
		return directScheme + t.address
	}
	return t.address
}

// CheckAddress says what is wrong with an address of a server: host:port, or xmpps://host:port where TLS begins at once.
func CheckAddress(text string) error {
	_, err := parseTarget(text)
	return err
}

func parseTarget(text string) (target, error) {
	address, direct := strings.CutPrefix(text, directScheme)
	host, port, err := net.SplitHostPort(address)
	number, errPort := strconv.ParseUint(port, 10, 16)
	if err != nil || errPort != nil || number == 0 || host == "" || strings.ContainsAny(host, "/@ ") {
		return target{}, fmt.Errorf("%q is not host:port or %shost:port", text, directScheme)
	}
	return target{address, direct}, nil
}

// targets lists where to try, in order.
func targets(ctx context.Context, cfg Config) ([]target, error) {
	if cfg.Address != "" {
		t, err := parseTarget(cfg.Address)
		return []target{t}, at(StageNames, err)
	}
	domain, err := hostOf(cfg.JID)
	if err != nil {
		return nil, at(StageNames, err)
	}
	usual := []target{{net.JoinHostPort(domain, portSTARTTLS), false}, {net.JoinHostPort(domain, portTLS), true}}
	if net.ParseIP(domain) != nil {
		return usual, nil
	}
	found, err := discover(ctx, cfg.Resolver, domain)
	switch {
	case errors.Is(err, ErrNoService):
		return nil, at(StageNames, err)
	case len(found) == 0:
		// A lookup that breaks is taken for one that finds nothing: a network may have a hosts file and no name server.
		return usual, nil
	}
	return found, nil
}

// hostOf is the domain of an address as DNS and certificates write it.
func hostOf(j JID) (string, error) {
	domain := strings.Trim(j.Domainpart(), "[]")
	if net.ParseIP(domain) != nil {
		return domain, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", fmt.Errorf("the domain %s cannot be looked up: %w", domain, err)
	}
	return ascii, nil
}

// discover asks for the records of both kinds at once and puts them in one order (XEP-0368 §2).
func discover(ctx context.Context, resolver *net.Resolver, domain string) ([]target, error) {
	ctx, cancel := context.WithTimeout(ctx, namesPatience)
	defer cancel()
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	direct := make(chan []*net.SRV, 1)
	go func() {
		_, records, _ := resolver.LookupSRV(ctx, "xmpps-client", "tcp", domain)
		direct <- records
	}()
	_, plain, err := resolver.LookupSRV(ctx, "xmpp-client", "tcp", domain)
	return merge(<-direct, plain, err)
}

// merge sorts records by priority, TLS from the first byte before STARTTLS. The resolver has shuffled by weight.
func merge(direct, plain []*net.SRV, err error) ([]target, error) {
	type ranked struct {
		target
		priority uint16
	}
	var all []ranked
	refused := false
	add := func(records []*net.SRV, tls bool) {
		for _, r := range records {
			if r.Target == "." {
				refused = true
				continue
			}
			address := net.JoinHostPort(strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port)))
			all = append(all, ranked{target{address, tls}, r.Priority})
		}
	}
	add(direct, true)
	add(plain, false)
	if len(all) == 0 && refused {
		return nil, ErrNoService
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.priority, b.priority) })
	var found []target
	for _, r := range all[:min(len(all), maxTargets)] {
		found = append(found, r.target)
	}
	return found, err
}
