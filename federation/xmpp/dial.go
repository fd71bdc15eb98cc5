package xmpp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	mellium "mellium.im/xmpp"
)

// Reasons why a session cannot be had that repeating does not cure. Match them with errors.Is.
var (
	// ErrCredentials means the server knows the account but not this password, or not the account.
	ErrCredentials = errors.New("the server refuses the name or password")
	// ErrConflict means another program took our full address.
	ErrConflict = errors.New("another program uses the same address and resource")
)

var errNoLogin = errors.New("the server offers no login over this connection")

// targetPatience bounds the attempt to reach one of several places, so that one that swallows packets does not use up
// the time of the others.
const targetPatience = 10 * time.Second

// watchedConn is the connection that all bytes go over. It notes when any last came in: that is a sign of life.
type watchedConn struct {
	net.Conn
	lastRead atomic.Int64 // Unix nanoseconds
}

func watch(conn net.Conn) *watchedConn {
	w := &watchedConn{Conn: conn}
	w.lastRead.Store(time.Now().UnixNano())
	return w
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.lastRead.Store(time.Now().UnixNano())
	}
	return n, err
}

func (c *watchedConn) silence() time.Duration {
	return time.Since(time.Unix(0, c.lastRead.Load()))
}

// transport is an open way to the server on which no XMPP has been said.
type transport struct {
	stream net.Conn     // what XMPP is said on: conn, or what encrypts or frames it
	conn   *watchedConn // what is closed to end it all
	secure bool         // encrypted, by somebody we trust
}

// AutoWebSocket asks the domain for its WebSocket once the server cannot be reached otherwise.
const AutoWebSocket = "auto"

// dialServer opens the way that is configured.
func dialServer(ctx context.Context, cfg Config, security *tls.Config) (*transport, error) {
	switch cfg.WebSocket {
	case "":
		return dialTargets(ctx, cfg, security)
	case AutoWebSocket:
		t, err := dialTargets(ctx, cfg, security)
		if err == nil || ctx.Err() != nil {
			return t, err
		}
		address, second := findWebSocket(ctx, cfg, security)
		if second == nil {
			t, second = dialWebSocket(ctx, cfg, security, address)
		}
		if second != nil {
			return nil, failures{err, second}
		}
		return t, nil
	}
	t, err := dialWebSocket(ctx, cfg, security, cfg.WebSocket)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", cfg.WebSocket, err)
	}
	return t, nil
}

// dialTargets tries the places where the server may be, in their order.
func dialTargets(ctx context.Context, cfg Config, security *tls.Config) (*transport, error) {
	list, err := targets(ctx, cfg)
	if err != nil {
		return nil, err
	}
	var failed failures
	for _, t := range list {
		opened, err := dialTarget(ctx, cfg, security, t)
		if err == nil {
			return opened, nil
		}
		failed = append(failed, fmt.Errorf("dial %s: %w", t, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// failures are the reasons of several attempts, in one sentence.
type failures []error

func (f failures) Error() string {
	var all []string
	for _, err := range f {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}

func (f failures) Unwrap() []error { return f }

func dialTarget(ctx context.Context, cfg Config, security *tls.Config, t target) (*transport, error) {
	ctx, cancel := context.WithTimeout(ctx, targetPatience)
	defer cancel()
	raw, err := dialTCP(ctx, cfg, t.address)
	if err != nil {
		return nil, err
	}
	conn := watch(raw)
	if !t.direct {
		return &transport{stream: conn, conn: conn}, nil
	}
	direct := security.Clone()
	direct.NextProtos = []string{"xmpp-client"} // XEP-0368 §2.1
	encrypted := tls.Client(conn, direct)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, at(StageTLS, trust(err))
	}
	return &transport{stream: encrypted, conn: conn, secure: true}, nil
}

// dialTCP opens a TCP connection, of a name with addresses of both kinds to the one that answers first (RFC 8305, by the
// standard library).
func dialTCP(ctx context.Context, cfg Config, address string) (net.Conn, error) {
	direct := &net.Dialer{Resolver: cfg.Resolver}
	if cfg.Proxy != nil {
		return cfg.Proxy.dial(ctx, direct, address)
	}
	conn, err := direct.DialContext(ctx, "tcp", address)
	var unknown *net.DNSError
	if errors.As(err, &unknown) {
		return nil, at(StageNames, err)
	}
	return conn, at(StageNetwork, err)
}

// negotiate logs in and makes the stream ours. The connection is closed on error.
func negotiate(ctx context.Context, cfg Config, security *tls.Config, t *transport, b *binding) (session *mellium.Session, told terms, err error) {
	password, err := cfg.Password()
	if err != nil {
		return nil, told, at(StageSecrets, errors.Join(fmt.Errorf("read password: %w", err), t.conn.Close()))
	}
	features := append(authenticate(cfg.JID.Localpart(), password, &told), told.announced())
	features = append(features, b.features()...)
	session, err = begin(ctx, cfg, security, t, features...)
	if err == nil && b.in == nil { // a server that offers nothing more has not let us in
		t.conn.Close()
		err = errNoLogin
	}
	if err != nil {
		return nil, told, afterDial(fmt.Errorf("log in as %s: %w", cfg.JID.Bare(), err))
	}
	return session, told, nil
}

// begin opens a stream and negotiates TLS, then the features given. The connection is closed on error.
func begin(ctx context.Context, cfg Config, security *tls.Config, t *transport, features ...mellium.StreamFeature) (*mellium.Session, error) {
	features = append([]mellium.StreamFeature{encrypt(security)}, features...)
	var state mellium.SessionState
	if t.secure {
		state = mellium.Secure
	}
	negotiator := mellium.NewNegotiator(func(*mellium.Session, *mellium.StreamConfig) mellium.StreamConfig {
		return mellium.StreamConfig{Features: features}
	})
	// The end of ctx closes the connection. mellium gets a context that never ends, for the reason given at setWriteDeadline in its session.go: when one ends just after a write, mellium may set a deadline in the past for an instant.
	stop := context.AfterFunc(ctx, func() { t.conn.Close() })
	session, err := mellium.NewSession(context.WithoutCancel(ctx), cfg.JID.Domain(), cfg.JID, t.stream, state, negotiator)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil { // a half-made session comes with the error, and the connection stays open
		t.conn.Close()
		return nil, reason(err)
	}
	return session, nil
}

// reason maps what the stream can say to the errors of this package.
func reason(err error) error {
	fault := streamError(err)
	switch {
	case fault != nil && fault.Condition == "conflict":
		return fmt.Errorf("%w (%w)", ErrConflict, err)
	case fault != nil && !errors.Is(err, fault):
		return fmt.Errorf("%w (%w)", fault, err)
	}
	return trust(err)
}

// newID is unguessable: answers are matched by it.
func newID() string { return rand.Text() }
