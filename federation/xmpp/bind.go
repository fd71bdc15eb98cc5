package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	mellium "mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

const nsBind = "urn:ietf:params:xml:ns:xmpp-bind"

// bind asks for a resource by name (RFC 6120 §7.7). mellium's own feature (v0.22.0, v0.23.0) sends an empty
// <resource/>, so that the server invents one; Quoalise clients address the full JID, which must be stable.
// opened gets the reader of all that comes in from the answer on.
func bind(resource string, opened func(in *xml.Decoder)) mellium.StreamFeature {
	return mellium.StreamFeature{
		Name:       xml.Name{Space: nsBind, Local: "bind"},
		Necessary:  mellium.Authn,
		Prohibited: mellium.Ready,
		Parse: func(_ context.Context, d *xml.Decoder, _ *xml.StartElement) (bool, any, error) {
			return true, nil, d.Skip()
		},
		Negotiate: func(_ context.Context, s *mellium.Session, _ any) (mellium.SessionState, io.ReadWriter, error) {
			in := openStream(s.Conn())
			opened(in)
			full, err := askResource(s, in, resource)
			if err != nil {
				return 0, nil, fmt.Errorf("bind resource %q: %w", resource, err)
			}
			s.UpdateAddr(full)
			return mellium.Ready, nil, nil
		},
	}
}

func askResource(s *mellium.Session, in *xml.Decoder, resource string) (JID, error) {
	request := NewElement(nsBind, "bind")
	if resource != "" {
		request.Add(NewElement("", "resource").WithText(resource))
	}
	iq := NewElement(nsClient, "iq", "id", newID(), "type", "set").Add(request)
	text, err := encode(iq)
	if err != nil {
		return JID{}, err
	}
	if _, err := s.Conn().Write(text); err != nil {
		return JID{}, err
	}
	start, err := nextStanza(in)
	if err != nil {
		return JID{}, err
	}
	answer, err := readElement(in, start)
	if err != nil {
		return JID{}, err
	}
	return boundAddress(answer, iq.Attr("id"))
}

// boundAddress reads the server's answer to a bind request.
func boundAddress(answer *Element, id string) (JID, error) {
	switch {
	case answer.Name.Local != "iq" || answer.Attr("id") != id:
		return JID{}, fmt.Errorf("unexpected <%s/> in answer", answer.Name.Local)
	case answer.Attr("type") == "error":
		return JID{}, stanzaError(answer)
	}
	address := answer.Child(nsBind, "bind").Child(nsBind, "jid")
	if address == nil {
		return JID{}, errors.New("the answer has no address")
	}
	return jid.Parse(address.Text)
}
