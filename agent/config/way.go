package config

import (
	"strings"

	"releve/federation/xmpp"
)

// way checks how the server of the federation is reached.
func (f *findings) way(d document, to *Federation) {
	raw := d.Federation
	to.Address, to.CAFile = raw.Address, raw.CAFile
	if raw.Address != "" {
		if err := xmpp.CheckAddress(raw.Address); err != nil {
			f.addf("federation.address: %w", err)
		}
	}
	f.pins(raw.Pin, raw.CAFile, to)
	f.proxy(raw.Proxy, raw.ProxyPasswordFile, to)
	to.WebSocket = raw.WebSocket
	switch raw.WebSocket {
	case "", xmpp.AutoWebSocket:
		return
	}
	if err := xmpp.CheckWebSocket(raw.WebSocket); err != nil {
		f.addf("federation.websocket: %w, nor %s", err, xmpp.AutoWebSocket)
	}
	if raw.Address != "" {
		f.addf("federation.websocket: the session goes there, and federation.address would never be used; remove one of them")
	}
}

// pins reads one key or several with spaces between them: a server that changes its key has two for a while.
func (f *findings) pins(text, caFile string, to *Federation) {
	for _, one := range strings.Fields(text) {
		pin, err := xmpp.ParsePin(one)
		if err != nil {
			f.addf("federation.pin: %w", err)
		}
		to.Pins = append(to.Pins, pin)
	}
	if len(to.Pins) > 0 && caFile != "" {
		f.addf("federation.pin: with a pinned key no authority is asked, and federation.ca_file would never be used; remove one of them")
	}
}

func (f *findings) proxy(text, passwordFile string, to *Federation) {
	to.ProxyPasswordFile = passwordFile
	user := ""
	if text != "" {
		proxy, err := xmpp.ParseProxy(text)
		if err != nil {
			f.addf("federation.proxy: %w", err)
			return
		}
		to.Proxy, user = &proxy, proxy.User
	}
	switch {
	case user != "" && passwordFile == "":
		f.addf("federation.proxy_password_file is missing: the file whose first line is the password of %s at the proxy", user)
	case user == "" && passwordFile != "":
		f.addf("federation.proxy_password_file: federation.proxy names no user, as in http://user@host:3128")
	}
}
