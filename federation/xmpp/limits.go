package xmpp

import (
	"context"
	"encoding/xml"
	"strconv"
	"strings"

	mellium "mellium.im/xmpp"
)

const nsLimits = "urn:xmpp:stream-limits:0"

// terms are what a login was agreed on.
type terms struct {
	limits
	mechanism string // how we proved who we are, such as "SCRAM-SHA-256-PLUS tls-exporter"
}

// tied says whether the login is bound to the connection: nobody in between could have passed it on.
func (t terms) tied() bool { return strings.Contains(t.mechanism, plus) }

// limits is what our server says it takes (XEP-0478). The zero value is that of a server that says nothing.
type limits struct {
	maxBytes int // of a stanza; 0 when not told
}

// stanza is the largest stanza we may send over this stream, in bytes.
func (l limits) stanza() int {
	if l.maxBytes > 0 {
		return min(l.maxBytes, MaxStanza)
	}
	return MaxStanza
}

// announced only notes the limits, which a server may raise once it knows who we are.
func (l *limits) announced() mellium.StreamFeature {
	return mellium.StreamFeature{
		Name: xml.Name{Space: nsLimits, Local: "limits"},
		Parse: func(_ context.Context, d *xml.Decoder, start *xml.StartElement) (bool, any, error) {
			e, err := readElement(d, *start)
			if err == nil {
				*l = parseLimits(e)
			}
			return false, nil, err
		},
	}
}

// parseLimits passes over what is not a number: a limit that cannot be read is none.
func parseLimits(e *Element) limits {
	n, err := strconv.ParseUint(strings.TrimSpace(e.Child(nsLimits, "max-bytes").text()), 10, 31)
	if err != nil {
		return limits{}
	}
	return limits{maxBytes: int(n)}
}

// text is the character data of e, "" of no element.
func (e *Element) text() string {
	if e == nil {
		return ""
	}
	return e.Text
}
