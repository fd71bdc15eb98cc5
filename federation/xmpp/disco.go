package xmpp

import (
	"context"
	"crypto/sha1" //nolint:gosec // the hash XEP-0115 prescribes; nothing depends on its strength
	"encoding/base64"
	"runtime"
	"slices"
	"strings"
)

// Namespaces of what we say about ourselves.
const (
	nsDiscoInfo  = "http://jabber.org/protocol/disco#info"
	nsDiscoItems = "http://jabber.org/protocol/disco#items"
	nsCaps       = "http://jabber.org/protocol/caps"
	nsPing       = "urn:xmpp:ping"
	nsVersion    = "jabber:iq:version"
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

func (id Identity) version(context.Context, IQ) (*Element, error) {
	return NewElement(nsVersion, "query").Add(
		NewElement("", "name").WithText(id.Name),
		NewElement("", "version").WithText(id.Version),
		NewElement("", "os").WithText(runtime.GOOS),
	), nil
}

// Item is one entry of a disco#items answer.
type Item struct{ Node, Name string }

// Items lists what a peer may see under a node.
type Items func(from JID) []Item

// disco answers XEP-0030. Its tables are filled before the session starts.
type disco struct {
	identity Identity
	features []string
	nodes    map[string]Items
	details  map[string]func(from JID) *Element // disco#info of a node
}

func newDisco(identity Identity) *disco {
	return &disco{
		identity: identity,
		features: []string{nsCaps, nsDiscoInfo, nsDiscoItems},
		nodes:    map[string]Items{},
		details:  map[string]func(JID) *Element{},
	}
}

func (d *disco) announce(features ...string) {
	d.features = append(d.features, features...)
	slices.Sort(d.features)
	d.features = slices.Compact(d.features)
}

// HandleItems registers what disco#items lists under node.
func (c *Client) HandleItems(node string, items Items) { c.disco.nodes[node] = items }

// Announce adds features to what disco#info says of us.
func (c *Client) Announce(features ...string) { c.disco.announce(features...) }

func (d *disco) info(_ context.Context, q IQ) (*Element, error) {
	node := q.Payload.Attr("node")
	answer := NewElement(nsDiscoInfo, "query", "node", node)
	if details, ok := d.details[node]; ok {
		found := details(q.From)
		if found == nil {
			return nil, NotFound("")
		}
		return answer.Add(found.Children...), nil
	}
	if node != "" && node != d.identity.Node+"#"+d.verification() {
		return nil, NotFound("")
	}
	answer.Add(d.identity.element())
	for _, f := range d.features {
		answer.Add(NewElement("", "feature", "var", f))
	}
	return answer, nil
}

func (d *disco) items(_ context.Context, q IQ) (*Element, error) {
	node := q.Payload.Attr("node")
	answer := NewElement(nsDiscoItems, "query", "node", node)
	list, ok := d.nodes[node]
	switch {
	case !ok && node == "":
		return answer, nil
	case !ok:
		return nil, NotFound("")
	}
	for _, item := range list(q.From) {
		answer.Add(NewElement("", "item", "jid", q.To.String(), "node", item.Node, "name", item.Name))
	}
	return answer, nil
}

// verification is the XEP-0115 §5.1 string, so that a server need not ask every agent the same.
func (d *disco) verification() string {
	var s strings.Builder
	s.WriteString(d.identity.Category + "/" + d.identity.Type + "//" + d.identity.Name + "<")
	for _, f := range d.features {
		s.WriteString(f + "<")
	}
	sum := sha1.Sum([]byte(s.String())) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (d *disco) capabilities() *Element {
	return NewElement(nsCaps, "c", "hash", "sha-1", "node", d.identity.Node, "ver", d.verification())
}
