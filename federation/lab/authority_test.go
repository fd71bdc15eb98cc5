package lab

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
)

func TestIdentityIsTrustedForItsNamesOnly(t *testing.T) {
	t.Parallel()
	ca, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	id, err := ca.issue("breizh-sen1.example", longTerm())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(id.cert, id.key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.pem) {
		t.Fatal("the authority's certificate cannot be read")
	}
	for _, row := range []struct {
		name string
		use  x509.ExtKeyUsage
		err  string
	}{
		{"breizh-sen1.example", x509.ExtKeyUsageServerAuth, ""},
		{"breizh-sen1.example", x509.ExtKeyUsageClientAuth, ""},
		{"pubsub.breizh-sen1.example", x509.ExtKeyUsageServerAuth, ""},
		{"conference.breizh-sen1.example", x509.ExtKeyUsageClientAuth, ""},
		{"breizh-sen1.example", x509.ExtKeyUsageCodeSigning, "x509: certificate specifies an incompatible key usage"},
		{"breizh-sen2.example", x509.ExtKeyUsageServerAuth, "x509: certificate is valid for breizh-sen1.example, pubsub.breizh-sen1.example, conference.breizh-sen1.example, upload.breizh-sen1.example, proxy.breizh-sen1.example, not breizh-sen2.example"},
	} {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: row.name, Roots: pool, KeyUsages: []x509.ExtKeyUsage{row.use}})
		if errText(err) != row.err {
			t.Errorf("%s for use %d: got %q, want %q", row.name, row.use, errText(err), row.err)
		}
	}
}

func TestAuthoritiesDoNotTrustEachOther(t *testing.T) {
	t.Parallel()
	one, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	two, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	id, err := one.issue("breizh-sen1.example", longTerm())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(id.cert, id.key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(two.cert)
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: pool}); err == nil {
		t.Error("a certificate of one is good for the other")
	}
}
