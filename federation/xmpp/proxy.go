package xmpp

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"

	"golang.org/x/net/proxy"
)

// Proxy is the way out of a network that lets nobody out directly.
type Proxy struct {
	Kind     string                 // http (the method CONNECT, RFC 9110 §9.3.6) or socks5 (RFC 1928)
	Address  string                 // host:port
	User     string                 // "" for none
	Password func() (string, error) // asked at each connection; nil without a user
}

// ParseProxy reads the address of a proxy: http://host:port or socks5://host:port, with user@ before the host where the
// proxy wants a name. A password does not belong there.
func ParseProxy(text string) (Proxy, error) {
	u, err := url.Parse(text)
	if err != nil { // the text may hold a password
		return Proxy{}, errors.New("this is not an address such as http://host:3128 or socks5://host:1080")
	}
	if _, secret := u.User.Password(); secret {
		return Proxy{}, errors.New("a password does not belong into an address: it goes into a file of its own")
	}
	p := Proxy{Kind: u.Scheme, Address: u.Host, User: u.User.Username()}
	t, err := parseTarget(u.Host)
	if p.Kind != "http" && p.Kind != "socks5" || err != nil || t.direct || u.Path+u.RawQuery+u.Fragment != "" {
		return Proxy{}, fmt.Errorf("%q is not an address such as http://host:3128 or socks5://host:1080", text)
	}
	return p, nil
}

// String names the proxy without who we are there.
func (p Proxy) String() string { return p.Kind + "://" + p.Address }

// dial connects to an address through the proxy, which looks up the name in it.
func (p Proxy) dial(ctx context.Context, direct *net.Dialer, address string) (net.Conn, error) {
	password := ""
	if p.Password != nil {
		var err error
		if password, err = p.Password(); err != nil {
			return nil, at(StageSecrets, fmt.Errorf("read the proxy's password: %w", err))
		}
	}
	through := p.tunnel
	if p.Kind == "socks5" {
		through = p.socks
	}
	conn, err := through(ctx, direct, address, password)
	if err != nil {
		return nil, at(StageProxy, fmt.Errorf("through proxy %s: %w", p, err))
	}
	return conn, nil
}

func (p Proxy) socks(ctx context.Context, direct *net.Dialer, address, password string) (net.Conn, error) {
	var auth *proxy.Auth
	if p.User != "" {
		auth = &proxy.Auth{User: p.User, Password: password}
	}
	dialer, err := proxy.SOCKS5("tcp", p.Address, auth, direct)
	if err != nil {
		return nil, err
	}
	return dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", address)
}

// maxProxyAnswer bounds what a proxy may say before the tunnel stands.
const maxProxyAnswer = 64 << 10

func (p Proxy) tunnel(ctx context.Context, direct *net.Dialer, address, password string) (net.Conn, error) {
	conn, err := direct.DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	open, err := p.ask(conn, address, password)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, ignoreClosed(conn.Close()))
	}
	return open, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p Proxy) ask(conn net.Conn, address, password string) (net.Conn, error) {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if p.User != "" {
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(p.User+":"+password)))
	}
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	bounded := &io.LimitedReader{R: conn, N: maxProxyAnswer}
	in := bufio.NewReader(bounded)
	answer, err := http.ReadResponse(in, request)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read its answer: %w", err)
	case answer.StatusCode == http.StatusProxyAuthRequired:
		return nil, errors.New("it refuses our name or password")
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusMethodNotAllowed:
		return nil, fmt.Errorf("it does not let us connect to %s (%s)", address, answer.Status)
	case answer.StatusCode/100 != 2:
		return nil, fmt.Errorf("it cannot connect to %s (%s)", address, answer.Status)
	}
	bounded.N = math.MaxInt64 // from here on it is the server who talks
	return &tunnelled{Conn: conn, in: in}, nil
}

// tunnelled is a connection of which some bytes may have been read with the proxy's answer.
type tunnelled struct {
	net.Conn
	in *bufio.Reader
}

func (t *tunnelled) Read(p []byte) (int, error) { return t.in.Read(p) }
