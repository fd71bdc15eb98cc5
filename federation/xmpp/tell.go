package xmpp

import "context"

// Tell sends a person's client a text as a chat message, at the pace of bulk data, and returns the wait for a bounce once
// it has left. It is for those who wait for it: their server is asked to keep it for no other time (XEP-0334).
func (c *Client) Tell(ctx context.Context, to JID, text string) (*Receipt, error) {
	m := Message{ID: newID(), Type: "chat", To: to, Children: []*Element{
		NewElement("", "body").WithText(text), NewElement(nsHints, "no-store"),
	}}
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	stanza, err := encodeWithin(m.element(), l.terms.stanza())
	if err != nil {
		return nil, err
	}
	wait := c.router.receipts.expect(m.ID, to, nil)
	if err := l.send(ctx, to, stanza, bulk, wait.Settle); err != nil {
		wait.Forget()
		return nil, err
	}
	return wait, nil
}
