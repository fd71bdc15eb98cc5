package xmpp

import "context"

// Notify sends a message that has to arrive, also at a client that comes later: a payload for programs, the same in words
// for people, and a request for a receipt (XEP-0184). The recipient's server is asked to keep it meanwhile (XEP-0334). It
// goes before data, and returns the wait for its fate once it has left.
func (c *Client) Notify(ctx context.Context, to JID, text string, payload *Element) (*Receipt, error) {
	m := Message{ID: newID(), To: to, Children: []*Element{
		NewElement(nsClient, "body").WithText(text), payload, NewElement(NSReceipts, "request"), NewElement(nsHints, "store"),
	}}
	stanza, err := encodeWithin(m.element(), MaxStanza)
	if err != nil {
		return nil, err
	}
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	wait := c.router.receipts.expect(m.ID, to, l.confirm)
	if err := l.send(ctx, to, stanza, urgent, wait.Settle); err != nil {
		wait.Forget()
		return nil, err
	}
	return wait, nil
}
