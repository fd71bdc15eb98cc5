package xmpp

import (
	"encoding/xml"
	"errors"
)

const nsSASL = "urn:ietf:params:xml:ns:xmpp-sasl"

// saslCondition returns the condition of a SASL failure (RFC 6120 §6.5), or "". mellium keeps the type of that
// error to itself and its text may be only the server's prose, but the error can write itself as XML.
func saslCondition(err error) string {
	var failure interface{ TokenReader() xml.TokenReader }
	if !errors.As(err, &failure) {
		return ""
	}
	r := failure.TokenReader()
	start, err := nextStart(r)
	if err != nil || start.Name != (xml.Name{Space: nsSASL, Local: "failure"}) {
		return ""
	}
	e, err := readElement(r, start)
	if err != nil {
		return ""
	}
	for _, c := range e.Children {
		if c.Name.Local != "text" {
			return c.Name.Local
		}
	}
	return ""
}
