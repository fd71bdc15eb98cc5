package xmpp

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// ErrUntrusted means the server's certificate is not one we trust for its domain.
var ErrUntrusted = errors.New("the server's certificate is not trusted (an own authority goes into ca_file)")

// Pin is the SHA-256 of a server's public key (the SubjectPublicKeyInfo of its certificate, as in RFC 7469 §2.4).
type Pin [sha256.Size]byte

const pinScheme = "sha256/"

// ParsePin reads a pin as it is written: sha256/ and 44 characters of base64.
func ParsePin(text string) (Pin, error) {
	var p Pin
	code, ok := strings.CutPrefix(text, pinScheme)
	sum, err := base64.StdEncoding.DecodeString(code)
	if !ok || err != nil || len(sum) != len(p) {
		return p, fmt.Errorf("%q is not a pin: %s and the 44 characters of a SHA-256 in base64", text, pinScheme)
	}
	return Pin(sum), nil
}

// PinOf returns the pin of the key in a certificate.
func PinOf(c *x509.Certificate) Pin { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// String is the pin as ParsePin reads it.
func (p Pin) String() string { return pinScheme + base64.StdEncoding.EncodeToString(p[:]) }

// tlsConfig checks the certificate against the domain of the address, never against the host an SRV record names
// (RFC 6120 §13.7.2). With pins the key alone decides.
func tlsConfig(cfg Config) (*tls.Config, error) {
	security := &tls.Config{
		ServerName: cfg.JID.Domainpart(),
		MinVersion: tls.VersionTLS12,
	}
	if len(cfg.Pins) > 0 {
		security.InsecureSkipVerify = true // what follows takes its place
		security.VerifyConnection = func(s tls.ConnectionState) error { return pinned(cfg.Pins, s) }
		return security, nil
	}
	if cfg.RootCAs == nil {
		return security, nil
	}
	var err error
	security.RootCAs, err = cfg.RootCAs()
	return security, err
}

// pinned asks for the key we were told of. Whoever holds it is the server, whatever else its certificate says: who
// signed it, for whom, and until when.
func pinned(pins []Pin, s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return fmt.Errorf("%w: it shows none", ErrUntrusted)
	}
	shown := PinOf(s.PeerCertificates[0])
	for _, p := range pins {
		if subtle.ConstantTimeCompare(p[:], shown[:]) == 1 {
			return nil
		}
	}
	return fmt.Errorf("%w: its key is %s, which is not the pinned one", ErrUntrusted, shown)
}

// trust maps what TLS says of a certificate to ErrUntrusted, and names the key, for who knows that it is the right one.
func trust(err error) error {
	var untrusted *tls.CertificateVerificationError
	if errors.Is(err, ErrUntrusted) || !errors.As(err, &untrusted) || len(untrusted.UnverifiedCertificates) == 0 {
		return err
	}
	return fmt.Errorf("%w; its key is %s (%w)", ErrUntrusted, PinOf(untrusted.UnverifiedCertificates[0]), err)
}
