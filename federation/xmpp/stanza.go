package xmpp

import (
	"encoding/xml"
	"errors"
	"regexp"
	"slices"
	"strings"

	"mellium.im/xmpp/jid"
)

// Namespaces used by more than one file.
const (
	nsClient  = "jabber:client"
	nsStanzas = "urn:ietf:params:xml:ns:xmpp-stanzas"
)

// JID is an XMPP address: localpart@domainpart/resourcepart (RFC 7622).
type JID = jid.JID

// ParseJID reads an address and brings it to its canonical form.
func ParseJID(s string) (JID, error) { return jid.Parse(s) }

// Among says whether a bare address is one of a list, in which one without a localpart is everybody of its domain: not the
// domain itself, which speaks for its server.
func Among(list []JID, who JID) bool {
	return who.Localpart() != "" && slices.ContainsFunc(list, func(one JID) bool { return one.Equal(who) || one.Equal(who.Domain()) })
}

// IQ is a request or its answer (RFC 6120 §8.2.3).
type IQ struct {
	ID, Type string // Type: get, set, result or error
	From, To JID
	Lang     string // xml:lang of the request, or ""
	Payload  *Element
}

// Message is a <message/> (RFC 6121 §5). Children are all its child elements.
type Message struct {
	ID, Type string // Type "" is normal
	From, To JID
	Children []*Element
}

// Child returns the first child element with that name, or nil.
func (m Message) Child(space, local string) *Element {
	return (&Element{Children: m.Children}).Child(space, local)
}

func (m Message) element() *Element {
	return NewElement(nsClient, "message", "id", m.ID, "type", m.Type, "to", m.To.String()).Add(m.Children...)
}

func (q IQ) element() *Element {
	return NewElement(nsClient, "iq", "id", q.ID, "type", q.Type, "to", q.To.String()).Add(q.Payload)
}

// StanzaError is an error that travels in a stanza (RFC 6120 §8.3). Handlers return it to say what the peer is told.
type StanzaError struct {
	Type      string // auth, cancel, continue, modify or wait
	Condition string // such as item-not-found
	Text      string
	App       *Element // application-specific condition, or nil
}

// Error is the condition and the text.
func (e *StanzaError) Error() string {
	if e.Text == "" {
		return e.Condition
	}
	return e.Condition + ": " + e.Text
}

// Temporary says whether the same stanza may be taken later. A remote server that is away is temporary
// although servers send it with type cancel.
func (e *StanzaError) Temporary() bool {
	switch e.Condition {
	case "remote-server-timeout", "remote-server-not-found", "resource-constraint", "recipient-unavailable",
		"service-unavailable", "internal-server-error", "undefined-condition":
		return true
	}
	return e.Type == "wait"
}

// TooLarge says whether a stanza came back for its size, or may have: policy-violation (RFC 6120 §8.3.3.12) and
// resource-constraint of type modify, and what says so in words. not-acceptable alone is also what our own server says of
// an address that our account has blocked (XEP-0191 §3.3), resource-constraint alone what one says that stores no more.
func (e *StanzaError) TooLarge() bool {
	switch {
	case e.App != nil && (e.App.Name.Local == "payload-too-big" || e.App.Name.Local == "stanza-too-big"): // XEP-0060 §7.1.3.4, XEP-0205
		return true
	case e.Condition == "policy-violation", e.Condition == "resource-constraint" && e.Type == "modify":
		return true
	}
	switch e.Condition {
	case "resource-constraint", "not-acceptable", "undefined-condition":
		return ofSize.MatchString(e.Text)
	}
	return false
}

// ofSize finds what servers write about a stanza that is too large, in English as they do.
var ofSize = regexp.MustCompile(`(?i)too (big|large|long)|(stanza|message|packet|payload) size|size limit`)

func (e *StanzaError) element() *Element {
	x := NewElement("", "error", "type", e.Type).Add(NewElement(nsStanzas, e.Condition))
	if e.Text != "" {
		x.Add(NewElement(nsStanzas, "text").WithText(e.Text))
	}
	return x.Add(e.App)
}

// BadRequest is the error for a request that cannot be understood or served as asked.
func BadRequest(text string) *StanzaError {
	return &StanzaError{Type: "modify", Condition: "bad-request", Text: text}
}

// NotFound is the error for a node or item that does not exist, or must look so.
func NotFound(text string) *StanzaError {
	return &StanzaError{Type: "cancel", Condition: "item-not-found", Text: text}
}

// NotAuthorized is Quoalise's error for a missing or lapsed consent.
func NotAuthorized(text string) *StanzaError {
	return &StanzaError{Type: "cancel", Condition: "not-authorized", Text: text}
}

// Internal is the error for a fault on our side.
func Internal(text string) *StanzaError {
	return &StanzaError{Type: "wait", Condition: "internal-server-error", Text: text}
}

// asStanzaError returns err as what a peer may be told: the details of other errors stay here.
func asStanzaError(err error) *StanzaError {
	var e *StanzaError
	if errors.As(err, &e) {
		return e
	}
	return Internal("the agent could not do this; its log says why")
}

// stanzaError reads the <error/> child of a stanza.
func stanzaError(stanza *Element) *StanzaError {
	x := stanza.Child("", "error")
	if x == nil {
		return &StanzaError{Type: "cancel", Condition: "undefined-condition", Text: "an error without an error element"}
	}
	e := &StanzaError{Type: x.Attr("type"), Condition: "undefined-condition"}
	for _, c := range x.Children {
		switch {
		case c.Name.Space == nsStanzas && c.Name.Local == "text":
			e.Text = strings.TrimSpace(c.Text)
		case c.Name.Space == nsStanzas:
			e.Condition = c.Name.Local
		default:
			e.App = c
		}
	}
	return e
}

// parseIQ reads an <iq/>. The address of the sender may be one that RFC 7622 refuses and servers let through:
// then the error is told to it as it came.
func parseIQ(e *Element) (IQ, error) {
	q := IQ{ID: e.Attr("id"), Type: e.Attr("type"), Lang: lang(e)}
	if len(e.Children) > 0 {
		q.Payload = e.Children[0]
	}
	var err error
	q.From, q.To, err = addresses(e)
	return q, err
}

func parseMessage(e *Element) (Message, error) {
	m := Message{ID: e.Attr("id"), Type: e.Attr("type"), Children: e.Children}
	var err error
	m.From, m.To, err = addresses(e)
	return m, err
}

func addresses(e *Element) (from, to JID, err error) {
	if s := e.Attr("from"); s != "" {
		if from, err = jid.Parse(s); err != nil {
			return from, to, err
		}
	}
	if s := e.Attr("to"); s != "" {
		to, err = jid.Parse(s)
	}
	return from, to, err
}

func lang(e *Element) string {
	for _, a := range e.Attrs {
		if a.Name.Local == "lang" && (a.Name.Space == "xml" || a.Name.Space == "http://www.w3.org/XML/1998/namespace") {
			return a.Value
		}
	}
	return ""
}

// name of the first child: what routes a stanza.
func payloadName(e *Element) xml.Name {
	if e == nil {
		return xml.Name{}
	}
	return e.Name
}
