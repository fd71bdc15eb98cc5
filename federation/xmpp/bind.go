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

// binding makes a stream ours: by the session that it goes on with (XEP-0198 §5), or by a resource.
type binding struct {
	resource string // to ask for
	tally    *tally // of the session to resume, or nil

	in      *xml.Decoder // of all that comes in from the answer on; nil when the server does not let us in
	managed bool         // the server counts stanzas when asked to
	resumed bool
}

// features are what a stream has for it. The wish to count is only noted: it follows the binding.
func (b *binding) features() []mellium.StreamFeature {
	return []mellium.StreamFeature{
		{
			Name: xml.Name{Space: nsManagement, Local: "sm"},
			Parse: func(_ context.Context, d *xml.Decoder, _ *xml.StartElement) (bool, any, error) {
				b.managed = true
				return false, nil, d.Skip()
			},
		},
		{
			Name:       xml.Name{Space: nsBind, Local: "bind"},
			Necessary:  mellium.Authn,
			Prohibited: mellium.Ready,
			Parse: func(_ context.Context, d *xml.Decoder, _ *xml.StartElement) (bool, any, error) {
				return true, nil, d.Skip()
			},
			Negotiate: func(_ context.Context, s *mellium.Session, _ any) (mellium.SessionState, io.ReadWriter, error) {
				b.in = openStream(s.Conn())
				return mellium.Ready, nil, b.negotiate(s)
			},
		},
	}
}

// negotiate asks for the resource by name (RFC 6120 §7.7) when there is no session to go on with. mellium's own feature
// (v0.22.0, v0.23.0) sends an empty <resource/>, so that the server invents one; Quoalise clients address the full JID,
// which must be stable.
func (b *binding) negotiate(s *mellium.Session) error {
	if b.tally != nil {
		if err := b.resume(s.Conn()); err != nil || b.resumed {
			return err
		}
	}
	full, err := b.ask(s.Conn())
	if err != nil {
		return fmt.Errorf("bind resource %q: %w", b.resource, err)
	}
	s.UpdateAddr(full)
	return nil
}

// resume goes on with the session of the tally. A server that does not know it any more may still know how much of it
// it had handled.
func (b *binding) resume(conn io.Writer) error {
	answer, err := b.exchange(conn, b.tally.resume())
	switch {
	case err != nil:
		return fmt.Errorf("resume the session: %w", err)
	case answer.Name.Space != nsManagement:
		return fmt.Errorf("resume the session: unexpected <%s/> in answer", answer.Name.Local)
	}
	if h := answer.Attr("h"); h != "" {
		b.tally.acknowledge(h)
	}
	b.resumed = answer.Name.Local == "resumed"
	return nil
}

func (b *binding) ask(conn io.Writer) (JID, error) {
	request := NewElement(nsBind, "bind")
	if b.resource != "" {
		request.Add(NewElement("", "resource").WithText(b.resource))
	}
	id := newID()
	answer, err := b.exchange(conn, NewElement(nsClient, "iq", "id", id, "type", "set").Add(request))
	if err != nil {
		return JID{}, err
	}
	return boundAddress(answer, id)
}

// exchange says one element and reads the next.
func (b *binding) exchange(conn io.Writer, word *Element) (*Element, error) {
	text, err := encode(word)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(text); err != nil {
		return nil, err
	}
	start, err := nextStanza(b.in)
	if err != nil {
		return nil, err
	}
	return readElement(b.in, start)
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
