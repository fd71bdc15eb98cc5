package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"releve/agent/config"
	"releve/agent/strict"
	"releve/federation/xmpp"
)

// What this program is called in the federation: its name for people, and the URI that stands for it in XEP-0115.
const (
	software = "Relève"
	capsNode = "urn:uuid:6f0c2f0e-8f5e-4a57-9d39-0f4d2b9c7a51"
)

// newSession prepares the session of a configuration. Nothing is dialled or read yet: the files of secrets may be on
// a disk that comes later, and measuring does not wait for them.
func newSession(c config.Config, priority int8, log *slog.Logger) *xmpp.Client {
	return xmpp.New(withSecret(c, sessionConfig(*c.Federation, priority, log)))
}

// withSecret has a session log in with the password that counts, also after it was changed from afar.
func withSecret(c config.Config, session xmpp.Config) xmpp.Config {
	session.Password = newKeyring(filepath.Join(c.Agent.State, secretFile), *c.Federation).password
	return session
}

func sessionConfig(c config.Federation, priority int8, log *slog.Logger) xmpp.Config {
	return xmpp.Config{
		JID:       c.JID,
		Password:  func() (string, error) { return password(passwordKey, c.PasswordFile) },
		Address:   c.Address,
		RootCAs:   func() (*x509.CertPool, error) { return authorities(caKey, c.CAFile) },
		Pins:      c.Pins,
		Proxy:     proxy(c),
		WebSocket: c.WebSocket,
		Priority:  priority,
		Pace:      c.Pace,
		Identity:  xmpp.Identity{Category: "client", Type: "bot", Name: software, Version: versionText(), Node: capsNode},
		Log:       log,
	}
}

// The keys that name a file with a secret, or with whom to trust.
const (
	caKey            = "federation.ca_file"
	passwordKey      = "federation.password_file"
	proxyPasswordKey = "federation.proxy_password_file"
)

// proxy is the proxy of a configuration with its password; nil for none.
func proxy(c config.Federation) *xmpp.Proxy {
	if c.Proxy == nil || c.ProxyPasswordFile == "" {
		return c.Proxy
	}
	with := *c.Proxy
	with.Password = func() (string, error) { return password(proxyPasswordKey, c.ProxyPasswordFile) }
	return &with
}

// secrets says whether what a login needs can be read now.
func secrets(c config.Federation) error {
	_, errPassword := password(passwordKey, c.PasswordFile)
	_, errRoots := authorities(caKey, c.CAFile)
	var errProxy error
	if c.ProxyPasswordFile != "" {
		_, errProxy = password(proxyPasswordKey, c.ProxyPasswordFile)
	}
	return errors.Join(errPassword, errRoots, errProxy)
}

// authorities reads an own authority, from the file that a key names; nil means the system's.
func authorities(key, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: there is no PEM certificate in %s", key, file)
	}
	return roots, nil
}

// password is the first line of the file that a key names, read at each login so that it can be changed while running.
func password(key, file string) (string, error) {
	text, err := os.ReadFile(credential(file))
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	if text, err = strict.Text(file, text); err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	line = strings.TrimRight(line, "\r")
	if line == "" {
		return "", fmt.Errorf("%s: the first line of %s is empty", key, file)
	}
	return line, nil
}
