package xmpp

import (
	"context"
	"runtime"
	"strconv"
	"time"
)

// Namespaces of what we answer about ourselves.
const (
	nsPing       = "urn:xmpp:ping"
	nsVersion    = "jabber:iq:version"
	nsLast       = "jabber:iq:last"
	nsTime       = "urn:xmpp:time"
	nsSoftware   = "urn:xmpp:dataforms:softwareinfo"
	timeInUTC    = "2006-01-02T15:04:05.000Z" // XEP-0082
	offsetFormat = "-07:00"
)

// Identity is what we say about ourselves (XEP-0030, XEP-0092).
type Identity struct {
	Category, Type string // registered disco categories, such as client, bot
	Name, Version  string
	Node           string // URI that stands for this software in XEP-0115
}

func (id Identity) element() *Element {
	return NewElement("", "identity", "category", id.Category, "type", id.Type, "name", id.Name)
}

// form is the same for machines (XEP-0232), so that who knows our capabilities need not ask for the version.
func (id Identity) form() *Form {
	return &Form{Type: "result", Fields: []Field{
		{Var: formType, Type: "hidden", Values: []string{nsSoftware}},
		{Var: "os", Values: []string{runtime.GOOS}},
		{Var: "software", Values: []string{id.Name}},
		{Var: "software_version", Values: []string{id.Version}},
	}}
}

func (id Identity) version(context.Context, IQ) (*Element, error) {
	return NewElement(nsVersion, "query").Add(
		NewElement("", "name").WithText(id.Name),
		NewElement("", "version").WithText(id.Version),
		NewElement("", "os").WithText(runtime.GOOS),
	), nil
}

// pong is all there is to say to a ping (XEP-0199).
func pong(context.Context, IQ) (*Element, error) { return nil, nil }

// uptime answers XEP-0012 as servers and components do, with the seconds since we began: nobody sits at a meter. ejabberd
// lets only those ask who may see our presence.
func uptime(began time.Time) IQHandler {
	return func(context.Context, IQ) (*Element, error) {
		seconds := int64(time.Since(began) / time.Second)
		return NewElement(nsLast, "query", "seconds", strconv.FormatInt(seconds, 10)), nil
	}
}

// clockTime answers XEP-0202, once the time is known: a wrong time is worse than none.
func clockTime(now func() (time.Time, bool)) IQHandler {
	return func(context.Context, IQ) (*Element, error) {
		t, known := now()
		if !known {
			return nil, &StanzaError{Type: "wait", Condition: "service-unavailable", Text: "the time is not known yet"}
		}
		return NewElement(nsTime, "time").Add(
			NewElement("", "tzo").WithText(t.Format(offsetFormat)),
			NewElement("", "utc").WithText(t.UTC().Format(timeInUTC)),
		), nil
	}
}

// answerAbout registers the answers about ourselves.
func (c *Client) answerAbout() {
	now := c.cfg.Now
	if now == nil {
		now = func() (time.Time, bool) { return time.Now(), true }
	}
	c.Handle("get", nsDiscoInfo, "query", c.disco.info)
	c.Handle("get", nsDiscoItems, "query", c.disco.items)
	c.Handle("get", nsPing, "ping", pong)
	c.Handle("get", nsVersion, "query", c.cfg.Identity.version)
	c.Handle("get", nsLast, "query", uptime(time.Now()))
	c.Handle("get", nsTime, "time", clockTime(now))
	c.Announce(nsPing, nsVersion, nsLast, nsTime, NSReceipts)
	c.Describe(c.cfg.Identity.form())
}
