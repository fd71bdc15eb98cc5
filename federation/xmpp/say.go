package xmpp

import "context"

// Say sends a person a message to read (RFC 6121 §5.2.2, type chat): to a bare address, for whichever client is there or
// comes later. That it has left is all that is known then.
func (c *Client) Say(ctx context.Context, to JID, text string) error {
	m := Message{ID: newID(), Type: "chat", To: to, Children: []*Element{NewElement(nsClient, "body").WithText(text)}}
	stanza, err := encodeWithin(m.element(), MaxStanza)
	if err != nil {
		return err
	}
	l, err := c.current()
	if err != nil {
		return err
	}
	return l.send(ctx, to, stanza, urgent, func(error) {})
}
