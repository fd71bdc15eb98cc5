package xmpp

import "context"

const nsRegister = "jabber:iq:register"

// ChangePassword asks our server for another password of our account (XEP-0077 §3.3). The session goes on. An error answer
// is a *StanzaError: then nothing has changed. After any other error nobody knows.
func (c *Client) ChangePassword(ctx context.Context, password string) error {
	account := c.cfg.JID
	_, err := c.Query(ctx, "set", account.Domain(), NewElement(nsRegister, "query").Add(
		NewElement("", "username").WithText(account.Localpart()),
		NewElement("", "password").WithText(password),
	))
	return err
}
