package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Federation is a set of servers that know and trust each other.
type Federation struct {
	dir     string
	log     *slog.Logger
	servers []*Server
	ca      *authority
	names   *names // nil once closed
	dns     int    // port of names
	ports   ports
}

// Start starts a server for each domain and returns when all of them accept
// clients and each other. The context bounds the start only. On error nothing is
// left behind. The error of a server that does not come up carries the last lines
// of its log; missing packages are named.
func Start(ctx context.Context, o Options) (*Federation, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	if missing := Missing(o.kinds()...); len(missing) > 0 {
		return nil, fmt.Errorf("start federation: Debian packages are missing; run: federation/lab/packages.sh %s", strings.Join(missing, " "))
	}
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	f := &Federation{log: o.Log}
	if err := f.build(o); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare federation: %w", err), f.Close())
	}
	if err := f.startAll(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// CAFile returns the path of the certificate (PEM) that clients are to trust.
// It goes away with Close.
func (f *Federation) CAFile() string { return filepath.Join(f.dir, "ca.pem") }

// DNSAddr returns host:port of the name server of this federation, UDP and TCP,
// for a client that is to find its server through SRV records.
func (f *Federation) DNSAddr() string { return address(f.dns) }

// Servers returns the servers in the order of the domains.
func (f *Federation) Servers() []*Server { return append([]*Server(nil), f.servers...) }

// Server returns the server of a domain, nil when the federation has no such domain.
func (f *Federation) Server(domain string) *Server {
	for _, s := range f.servers {
		if s.domain.Name == domain {
			return s
		}
	}
	return nil
}

// Route makes other servers reach a domain and its components through another
// loopback address, for instance that of a [Proxy]. Connections that exist stay
// as they are. The server's own PeerAddr takes it back.
func (f *Federation) Route(domain, addr string) error {
	if f.Server(domain) == nil {
		return fmt.Errorf("route %s to %s: the federation has no such domain", domain, addr)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("route %s: %w", domain, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || host != loopback {
		return fmt.Errorf("route %s to %s: want an address on %s", domain, addr, loopback)
	}
	for _, name := range namesOf(domain) {
		f.names.addService(serverService, name, int(number))
	}
	return nil
}

// Certify gives a server a new certificate that is good from one instant until
// another, of the same authority. The server reads it when it starts.
func (f *Federation) Certify(domain string, from, until time.Time) error {
	s := f.Server(domain)
	if s == nil {
		return fmt.Errorf("certify %s: the federation has no such domain", domain)
	}
	id, err := f.ca.issue(domain, term{from, until})
	if err == nil {
		err = s.furnish(id)
	}
	if err != nil {
		return fmt.Errorf("certify %s: %w", domain, err)
	}
	return nil
}

// Close kills the servers, removes the temporary folder and gives the ports back.
// No process is left. A second Close does nothing.
func (f *Federation) Close() error {
	group := new(errgroup.Group)
	for _, s := range f.servers {
		group.Go(s.Kill)
	}
	errs := []error{group.Wait()}
	if f.names != nil {
		errs = append(errs, f.names.close())
		f.names = nil
	}
	errs = append(errs, f.ports.release())
	if f.dir != "" {
		errs = append(errs, os.RemoveAll(f.dir))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close federation: %w", err)
	}
	return nil
}

// build makes everything but processes: folder, certificates, names, configuration.
func (f *Federation) build(o Options) error {
	dir, err := os.MkdirTemp(o.Dir, "releve-lab-")
	if err != nil {
		return fmt.Errorf("make temporary folder: %w", err)
	}
	f.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil { // Prosody may run as another user
		return err
	}
	if err := f.buildNames(); err != nil {
		return err
	}
	if f.ca, err = newAuthority(); err != nil {
		return err
	}
	if err := os.WriteFile(f.CAFile(), f.ca.pem, 0o644); err != nil {
		return err
	}
	for _, d := range o.Domains {
		if err := f.addServers(d, o); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return nil
}

func (f *Federation) buildNames() error {
	reserved, err := f.ports.reserve(1)
	if err != nil {
		return err
	}
	f.dns = reserved[0]
	f.names, err = serveNames(f.dns)
	return err
}

func (f *Federation) addServers(d Domain, o Options) error {
	nodes, err := f.newNodes(d)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if err := f.addServer(d, o, n); err != nil {
			return err
		}
	}
	return f.Route(d.Name, f.Server(d.Name).PeerAddr())
}

func (f *Federation) addServer(d Domain, o Options, n *node) error {
	s, err := f.newServer(d, o, n)
	if err != nil {
		return err
	}
	id, err := f.ca.issue(d.Name, longTerm())
	if err != nil {
		return err
	}
	if err := s.furnish(id); err != nil {
		return err
	}
	if n == nil || n.number == 1 {
		f.names.addService(clientService, d.Name, s.ports.client)
	} else {
		f.names.addTarget(clientService, d.Name, s.ports.client)
	}
	f.servers = append(f.servers, s)
	return nil
}

func (f *Federation) newServer(d Domain, o Options, n *node) (*Server, error) {
	p, err := productOf(d.Kind)
	if err != nil {
		return nil, err
	}
	own, err := f.serverPorts(d.Kind)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(f.dir, d.Name)
	if n != nil {
		dir += "-" + strconv.Itoa(n.number)
	}
	return &Server{
		node: n, domain: d, product: p, dir: dir, log: f.log, limits: o, names: f.dns, ports: own,
		authFile: f.CAFile(),
		certFile: filepath.Join(dir, "cert.pem"),
		keyFile:  filepath.Join(dir, "key.pem"),
	}, nil
}

func (f *Federation) serverPorts(k Kind) (serverPorts, error) {
	reserved, err := f.ports.reserve(5)
	if err != nil {
		return serverPorts{}, err
	}
	own := serverPorts{client: reserved[0], direct: reserved[1], peer: reserved[2], web: reserved[4]}
	if k == Ejabberd {
		own.api = reserved[3]
	}
	return own, nil
}

func (f *Federation) startAll(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, first := range f.servers {
		if first.node != nil && first.node.number > 1 {
			continue
		}
		group.Go(func() error {
			if err := first.startWithAccounts(ctx); err != nil {
				return err
			}
			for _, joining := range f.Nodes(first.domain.Name)[1:] {
				if err := joining.Start(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (s *Server) startWithAccounts(ctx context.Context) error {
	if err := s.Start(ctx); err != nil {
		return err
	}
	for _, account := range s.domain.Accounts {
		if err := s.Register(ctx, account.User, account.Password); err != nil {
			return err
		}
	}
	return nil
}
