package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"

	mellium "mellium.im/xmpp"
)

const nsLimits = "urn:xmpp:stream-limits:0"

// leastStanza is what we never go below: under the 10 000 bytes that every server has to take (RFC 6120 §13.12).
const leastStanza = 4_000

// How a session ends over the size of a stanza.
var (
	// ErrShorter is the end of a session after which we send shorter stanzas.
	ErrShorter = errors.New("a stanza was too large for the server")
	// ErrShortest is the end of one whose server refuses what every server has to take.
	ErrShortest = fmt.Errorf("the server refuses stanzas of less than %d bytes", leastStanza)
)

// terms are what a login was agreed on.
type terms struct {
	limits
	mechanism string // how we proved who we are, such as "SCRAM-SHA-256-PLUS tls-exporter"
}

// tied says whether the login is bound to the connection: nobody in between could have passed it on.
func (t terms) tied() bool { return strings.Contains(t.mechanism, plus) }

// limits is what our server takes. The zero value is that of a server that says nothing.
type limits struct {
	maxBytes int   // of a stanza, as it says (XEP-0478); 0 when not told
	learned  *Room // from how sessions ended
}

// stated is the largest stanza that can ever be sent over this stream, in bytes.
func (l limits) stated() int {
	if l.maxBytes > 0 {
		return min(l.maxBytes, MaxStanza)
	}
	return MaxStanza
}

// stanza is the largest stanza we may send over this stream, in bytes.
func (l limits) stanza() int {
	return min(l.stated(), l.learned.Most())
}

// learn makes the stanzas of the sessions to come shorter, when one ended because of the rules of a server that does not
// say which, while a long one was on its way (RFC 6120 §4.9.3.14), or when two connections in a row ended on a long one
// without a word: the reason may be lost to a reset of TCP, and the same stanza would be sent over each resumption. It
// returns why the session ended.
func (c *Client) learn(l *link, w *wire, err error) error {
	size := l.tally.longest()
	if on, _ := l.tally.counting(); !on {
		size = w.gauge.longest()
	}
	fault := streamError(err)
	stuck := c.stuck(fault == nil && size > leastStanza && size > w.gauge.passed())
	refused := fault != nil && fault.Condition == "policy-violation"
	switch least := c.room.Most() == leastStanza; {
	case l.terms.maxBytes > 0 || !refused && !stuck:
		return err
	case c.room.TooLarge(size):
		return fmt.Errorf("%w, %d bytes; at most %d from now on: %w", ErrShorter, size, c.room.Most(), err)
	case refused && least && size > leastStanza/2:
		return fmt.Errorf("%w: %w", ErrShortest, err)
	}
	return err
}

// stuck counts the connections in a row that ended on a long stanza, and says whether there are enough to blame it.
func (c *Client) stuck(again bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !again {
		c.ends = 0
		return false
	}
	c.ends++
	return c.ends > 1
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
