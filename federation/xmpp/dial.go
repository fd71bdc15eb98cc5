package xmpp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"mellium.im/sasl"
	mellium "mellium.im/xmpp"
	"mellium.im/xmpp/dial"
	"mellium.im/xmpp/stream"
)

// Reasons why a session cannot be had that repeating does not cure. Match them with errors.Is.
var (
	// ErrCredentials means the server knows the account but not this password, or not the account.
	ErrCredentials = errors.New("the server refuses the name or password")
	// ErrConflict means another program took our full address.
	ErrConflict = errors.New("another program uses the same address and resource")
	// ErrUntrusted means the server's certificate is not one we trust for its domain.
	ErrUntrusted = errors.New("the server's certificate is not trusted (an own authority goes into ca_file)")
)

// watchedConn notes when bytes last came in: any of them is a sign of life.
type watchedConn struct {
	net.Conn
	lastRead atomic.Int64 // Unix nanoseconds
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

// dialServer opens the transport and says whether it is already encrypted (XEP-0368).
func dialServer(ctx context.Context, cfg Config, security *tls.Config) (conn *watchedConn, secure bool, err error) {
	var raw net.Conn
	if cfg.Address != "" {
		raw, err = (&net.Dialer{}).DialContext(ctx, "tcp", cfg.Address)
	} else {
		raw, err = dialDomain(ctx, cfg, security)
	}
	if err != nil {
		return nil, false, fmt.Errorf("dial %s: %w", cfg.JID.Domainpart(), trust(err))
	}
	conn = &watchedConn{Conn: raw}
	conn.lastRead.Store(time.Now().UnixNano())
	_, secure = raw.(*tls.Conn)
	return conn, secure, nil
}

// dialDomain finds the server by SRV records. mellium gives up when the lookup itself breaks; the domain may
// still have an address, for instance on a network with a hosts file and no name server.
func dialDomain(ctx context.Context, cfg Config, security *tls.Config) (net.Conn, error) {
	d := dial.Dialer{TLSConfig: security}
	conn, err := d.Dial(ctx, "tcp", cfg.JID)
	if err == nil || errors.Is(trust(err), ErrUntrusted) {
		return conn, err
	}
	d.NoLookup, d.NoTLS = true, true
	conn, second := d.Dial(ctx, "tcp", cfg.JID)
	if second != nil {
		return nil, err
	}
	return conn, nil
}

// tlsConfig checks the certificate against the domain of the address, never against the host an SRV record names
// (RFC 6120 §13.7.2).
func tlsConfig(cfg Config) (*tls.Config, error) {
	security := &tls.Config{
		ServerName: cfg.JID.Domainpart(),
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"xmpp-client"},
	}
	if cfg.RootCAs == nil {
		return security, nil
	}
	var err error
	security.RootCAs, err = cfg.RootCAs()
	return security, err
}

// negotiate logs in and binds our resource. What comes in after that is read from in. The connection is closed on error.
func negotiate(ctx context.Context, cfg Config, security *tls.Config, conn *watchedConn, secure bool) (session *mellium.Session, in *xml.Decoder, err error) {
	password, err := cfg.Password()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read password: %w", err), conn.Close())
	}
	session, err = begin(ctx, cfg, security, conn, secure,
		// Without -PLUS: ejabberd 23.01 refuses channel binding over TLS 1.3 (it knows tls-unique only).
		mellium.SASL("", password, sasl.ScramSha256, sasl.ScramSha1),
		bind(cfg.JID.Resourcepart(), func(d *xml.Decoder) { in = d }))
	if err != nil {
		return nil, nil, fmt.Errorf("log in as %s: %w", cfg.JID.Bare(), err)
	}
	return session, in, nil
}

// begin opens a stream and negotiates TLS, then the features given. The connection is closed on error.
func begin(ctx context.Context, cfg Config, security *tls.Config, conn *watchedConn, secure bool, features ...mellium.StreamFeature) (*mellium.Session, error) {
	starttls := security.Clone()
	starttls.NextProtos = nil // ALPN is for direct TLS only (XEP-0368)
	features = append([]mellium.StreamFeature{mellium.StartTLS(starttls)}, features...)
	var state mellium.SessionState
	if secure {
		state = mellium.Secure
	}
	negotiator := mellium.NewNegotiator(func(*mellium.Session, *mellium.StreamConfig) mellium.StreamConfig {
		return mellium.StreamConfig{Features: features}
	})
	// The end of ctx closes the connection. mellium gets a context that never ends, for the reason given at link.send.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	session, err := mellium.NewSession(context.WithoutCancel(ctx), cfg.JID.Domain(), cfg.JID, conn, state, negotiator)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil { // a half-made session comes with the error, and the connection stays open
		conn.Close()
		return nil, reason(err)
	}
	return session, nil
}

// reason maps what negotiation and the stream can answer to the errors of this package.
func reason(err error) error {
	switch {
	case saslCondition(err) == "not-authorized", saslCondition(err) == "account-disabled",
		saslCondition(err) == "credentials-expired":
		return fmt.Errorf("%w (%w)", ErrCredentials, err)
	case errors.Is(err, stream.Conflict):
		return fmt.Errorf("%w (%w)", ErrConflict, err)
	}
	return trust(err)
}

func trust(err error) error {
	var untrusted *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &untrusted) || errors.As(err, &unknown) {
		return fmt.Errorf("%w (%w)", ErrUntrusted, err)
	}
	return err
}

// newID is unguessable: answers are matched by it.
func newID() string { return rand.Text() }
