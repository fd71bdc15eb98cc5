package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"releve/agent/config"
	"releve/federation/xmpp"
)

// What this program is called in the federation: its name for people, and the URI that stands for it in XEP-0115.
const (
	software = "Relève"
	capsNode = "urn:uuid:6f0c2f0e-8f5e-4a57-9d39-0f4d2b9c7a51"
)

// newSession prepares the session of a configuration. Nothing is dialled or read yet: the files of secrets may be on
// a disk that comes later, and measuring does not wait for them.
func newSession(c config.Federation, priority int8, log *slog.Logger) *xmpp.Client {
	return xmpp.New(sessionConfig(c, priority, log))
}

func sessionConfig(c config.Federation, priority int8, log *slog.Logger) xmpp.Config {
	return xmpp.Config{
		JID:      c.JID,
		Password: func() (string, error) { return password(c.PasswordFile) },
		Address:  c.Address,
		RootCAs:  func() (*x509.CertPool, error) { return authorities(c.CAFile) },
		Priority: priority,
		Identity: xmpp.Identity{Category: "client", Type: "bot", Name: software, Version: versionText(), Node: capsNode},
		Log:      log,
	}
}

// secrets says whether what a login needs can be read now.
func secrets(c config.Federation) error {
	_, errPassword := password(c.PasswordFile)
	_, errRoots := authorities(c.CAFile)
	return errors.Join(errPassword, errRoots)
}

// authorities reads an own authority; nil means the system's.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("federation.ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("federation.ca_file: there is no PEM certificate in %s", file)
	}
	return roots, nil
}

// password is the first line of its file, read at each login so that it can be changed while running.
func password(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("federation.password_file: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	line = strings.TrimRight(line, "\r")
	if line == "" {
		return "", fmt.Errorf("federation.password_file: the first line of %s is empty", file)
	}
	return line, nil
}
