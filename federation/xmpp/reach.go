package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	mellium "mellium.im/xmpp"
)

// errReached ends a stream that has come as far as it should.
var errReached = errors.New("the server offers a login")

// Reach dials our server, secures the connection, and leaves where one would log in. It needs no password. Its errors
// are those of a session, and StageOf tells how far it came.
func Reach(ctx context.Context, cfg Config) error {
	security, err := tlsConfig(cfg)
	if err != nil {
		return at(StageSecrets, err)
	}
	t, err := dialServer(ctx, cfg, security)
	if err != nil {
		return err
	}
	_, err = begin(ctx, cfg, security, t, leave())
	switch {
	case errors.Is(err, errReached):
		return nil
	case err == nil:
		t.conn.Close()
		err = errNoLogin
	}
	return afterDial(fmt.Errorf("reach %s: %w", cfg.JID.Domainpart(), err))
}

// leave takes the place of a login (RFC 6120 §6.4.1).
func leave() mellium.StreamFeature {
	return mellium.StreamFeature{
		Name:      xml.Name{Space: nsSASL, Local: "mechanisms"},
		Necessary: mellium.Secure,
		Parse: func(_ context.Context, d *xml.Decoder, _ *xml.StartElement) (bool, any, error) {
			return true, nil, d.Skip()
		},
		Negotiate: func(context.Context, *mellium.Session, any) (mellium.SessionState, io.ReadWriter, error) {
			return 0, nil, errReached
		},
	}
}
