package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// webClient reaches a web service, which the authority in a file vouches for; "" for those of the system. The file is read
// at each connection, so that it can come later and be changed. Redirects are not followed: a token is for one address.
// No variable names a proxy.
func webClient(caFile string) *http.Client {
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	transport := &http.Transport{
		DialContext:           dialer.DialContext,
		ResponseHeaderTimeout: time.Minute,
		MaxIdleConns:          1,
		IdleConnTimeout:       time.Minute,
	}
	transport.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		roots, err := authorities("ca_file", caFile)
		if err != nil {
			return nil, err
		}
		secure := tls.Dialer{NetDialer: dialer, Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		return secure.DialContext(ctx, network, address)
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
