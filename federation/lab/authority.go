package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// authority is a throw-away certificate authority. Its key never leaves memory.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte // the certificate, for those who are to trust it
	draw func() (crypto.Signer, error)
}

// identity is what one domain shows to clients and to other servers, in PEM.
type identity struct {
	cert []byte
	key  []byte
}

const validity = 24 * time.Hour

func newAuthority() (*authority, error) {
	return newAuthorityOf(func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
}

// newAuthorityOf makes an authority that draws keys of one kind, its own and those of others.
func newAuthorityOf(draw func() (crypto.Signer, error)) (*authority, error) {
	key, err := draw()
	if err != nil {
		return nil, fmt.Errorf("make key of the authority: %w", err)
	}
	template, err := certificate("Releve throw-away authority", longTerm())
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate of the authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read certificate of the authority: %w", err)
	}
	return &authority{cert: cert, key: key, pem: pemBlock("CERTIFICATE", der), draw: draw}, nil
}

// term is how long a certificate is good.
type term struct{ from, until time.Time }

// longTerm spans a clock that is wrong by a day in either direction.
func longTerm() term {
	now := time.Now()
	return term{now.Add(-validity), now.Add(30 * validity)}
}

// issue signs an identity for a domain and its component names. It is good for
// both ends of a connection, since a server calls other servers with it.
func (a *authority) issue(domain string, good term) (*identity, error) {
	key, err := a.draw()
	if err != nil {
		return nil, fmt.Errorf("make key of %s: %w", domain, err)
	}
	template, err := certificate(domain, good)
	if err != nil {
		return nil, err
	}
	template.DNSNames, template.IPAddresses = namesOf(domain), []net.IP{net.ParseIP(loopback)}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate of %s: %w", domain, err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key of %s: %w", domain, err)
	}
	return &identity{cert: pemBlock("CERTIFICATE", der), key: pemBlock("PRIVATE KEY", pkcs8)}, nil
}

// namesOf lists a domain and the names its components may have. Each component
// opens its own connection to the other server and needs a name of its own.
func namesOf(domain string) []string {
	names := []string{domain}
	for _, component := range []string{"pubsub", "conference", "upload", "proxy"} {
		names = append(names, component+"."+domain)
	}
	return names
}

func certificate(name string, good term) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("draw serial number for %s: %w", name, err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    good.from,
		NotAfter:     good.until,
	}, nil
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
