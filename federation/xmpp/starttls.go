package xmpp

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	mellium "mellium.im/xmpp"
)

const nsTLS = "urn:ietf:params:xml:ns:xmpp-tls"

// ErrPlain means that the server, or somebody on the way, does not let us encrypt. Nothing is said in the clear.
var ErrPlain = errors.New("the server does not encrypt (no STARTTLS), or somebody on the way takes it out; Relève never talks in the clear")

// encrypt is STARTTLS (RFC 6120 §5). It is asked for whether the server offers it or not, so that nobody can talk us out
// of it (RFC 7590 §3.1). mellium's own does not tell a refusal from a broken connection, and leaves the handshake to
// the first write.
func encrypt(security *tls.Config) mellium.StreamFeature {
	return mellium.StreamFeature{
		Name:       xml.Name{Space: nsTLS, Local: "starttls"},
		Prohibited: mellium.Secure,
		Parse: func(_ context.Context, d *xml.Decoder, _ *xml.StartElement) (bool, any, error) {
			return true, nil, d.Skip()
		},
		Negotiate: func(ctx context.Context, s *mellium.Session, _ any) (mellium.SessionState, io.ReadWriter, error) {
			if err := askEncryption(s); err != nil {
				return 0, nil, err
			}
			conn := tls.Client(s.Conn(), security)
			if err := conn.HandshakeContext(ctx); err != nil {
				return 0, nil, at(StageTLS, trust(err))
			}
			return mellium.Secure, conn, nil
		},
	}
}

func askEncryption(s *mellium.Session) (err error) {
	if _, err := fmt.Fprintf(s.Conn(), `<starttls xmlns="%s"/>`, nsTLS); err != nil {
		return err
	}
	r := s.TokenReader()
	defer func() { err = errors.Join(err, r.Close()) }()
	start, err := nextStart(r)
	if _, offered := s.Feature(nsTLS); err != nil && !offered {
		return at(StageTLS, fmt.Errorf("%w (%w)", ErrPlain, err))
	}
	if err != nil {
		return err
	}
	answer, err := readElement(r, start)
	switch {
	case err != nil:
		return err
	case answer.Name != xml.Name{Space: nsTLS, Local: "proceed"}:
		return at(StageTLS, fmt.Errorf("%w: it answers <%s/>", ErrPlain, answer.Name.Local))
	}
	return nil
}
