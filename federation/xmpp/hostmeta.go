package xmpp

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

const (
	relWebSocket = "urn:xmpp:alt-connections:websocket"
	maxHostMeta  = 64 << 10
)

var errNoWebSocket = errors.New("the domain names no WebSocket (XEP-0156)")

// findWebSocket asks the web server of our domain where XMPP over WebSocket is (XEP-0156 §3). The answer is as good as
// the certificate it came under.
func findWebSocket(ctx context.Context, cfg Config, security *tls.Config) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, targetPatience)
	defer cancel()
	domain, err := hostOf(cfg.JID)
	if err != nil {
		return "", at(StageNames, err)
	}
	page := url.URL{Scheme: "https", Host: domain, Path: "/.well-known/host-meta"}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page.String(), nil)
	if err != nil {
		return "", at(StageNames, err)
	}
	client := (&browser{cfg: cfg, security: security}).client()
	defer client.CloseIdleConnections()
	client.CheckRedirect = stayEncrypted
	answer, err := client.Do(request)
	if err != nil {
		return "", at(StageTLS, trust(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", at(StageNames, fmt.Errorf("%w: %s answers %s", errNoWebSocket, page.String(), answer.Status))
	}
	address, err := parseHostMeta(io.LimitReader(answer.Body, maxHostMeta))
	return address, at(StageNames, err)
}

func stayEncrypted(next *http.Request, before []*http.Request) error {
	if next.URL.Scheme != "https" || len(before) > 3 {
		return fmt.Errorf("%w: its web server sends us to %s", errNoWebSocket, next.URL.Redacted())
	}
	return nil
}

// parseHostMeta returns the first WebSocket of a host-meta file (RFC 6415 §3) that is encrypted.
//
//	<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
//	  <Link rel="urn:xmpp:alt-connections:websocket" href="wss://web.example/ws"/>
//	</XRD>
func parseHostMeta(r io.Reader) (string, error) {
	var file struct {
		Links []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 Link"`
	}
	if err := xml.NewDecoder(r).Decode(&file); err != nil {
		return "", fmt.Errorf("%w: its host-meta file cannot be read (%w)", errNoWebSocket, err)
	}
	for _, link := range file.Links {
		if link.Rel == relWebSocket && CheckWebSocket(link.Href) == nil {
			return link.Href, nil
		}
	}
	return "", errNoWebSocket
}
