package xmpp

import (
	"context"
	"crypto/sha1" //nolint:gosec // the hash XEP-0115 prescribes; nothing depends on its strength
	"encoding/base64"
	"slices"
	"strings"
)

// Namespaces of what we say about ourselves.
const (
	nsDiscoInfo  = "http://jabber.org/protocol/disco#info"
	nsDiscoItems = "http://jabber.org/protocol/disco#items"
	nsCaps       = "http://jabber.org/protocol/caps"
)

// Item is one entry of a disco#items answer.
type Item struct{ Node, Name string }

// Items lists what a peer may see under a node.
type Items func(from JID) []Item

// disco answers XEP-0030. Its tables are filled before the session starts.
type disco struct {
	identity Identity
	features []string
	forms    []*Form // XEP-0128, by their FORM_TYPE
	nodes    map[string]func(q IQ) []Item
	details  map[string]func(q IQ) *Element // disco#info of a node
}

func newDisco(identity Identity) *disco {
	return &disco{
		identity: identity,
		features: []string{nsCaps, nsDiscoInfo, nsDiscoItems},
		nodes:    map[string]func(IQ) []Item{},
		details:  map[string]func(IQ) *Element{},
	}
}

func (d *disco) announce(features ...string) {
	d.features = append(d.features, features...)
	slices.Sort(d.features)
	d.features = slices.Compact(d.features)
}

// HandleItems registers what disco#items lists under node.
func (c *Client) HandleItems(node string, items Items) {
	c.disco.nodes[node] = func(q IQ) []Item { return items(q.From) }
}

// Announce adds features to what disco#info says of us.
func (c *Client) Announce(features ...string) { c.disco.announce(features...) }

// Describe adds a form to what disco#info says of us (XEP-0128). Its first field is its FORM_TYPE, unlike any other form's.
func (c *Client) Describe(form *Form) {
	c.disco.forms = append(c.disco.forms, form)
	slices.SortFunc(c.disco.forms, func(a, b *Form) int { return strings.Compare(a.Value(formType), b.Value(formType)) })
}

func (d *disco) info(_ context.Context, q IQ) (*Element, error) {
	node := q.Payload.Attr("node")
	answer := NewElement(nsDiscoInfo, "query", "node", node)
	if details, ok := d.details[node]; ok {
		found := details(q)
		if found == nil {
			return nil, NotFound("")
		}
		return answer.Add(found.Children...), nil
	}
	if node != "" && node != d.identity.Node+"#"+d.verification() {
		return nil, NotFound("")
	}
	return d.tell(answer), nil
}

// tell adds what we are and can to an answer.
func (d *disco) tell(answer *Element) *Element {
	answer.Add(d.identity.element())
	for _, f := range d.features {
		answer.Add(NewElement("", "feature", "var", f))
	}
	for _, form := range d.forms {
		answer.Add(form.Element())
	}
	return answer
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
	for _, item := range list(q) {
		answer.Add(NewElement("", "item", "jid", q.To.String(), "node", item.Node, "name", item.Name))
	}
	return answer, nil
}

// verification stands for what we tell, so that a server need not ask every agent the same.
func (d *disco) verification() string {
	return verificationOf(d.tell(NewElement(nsDiscoInfo, "query")))
}

// verificationOf is the XEP-0115 §5.1 string of an answer to disco#info.
func verificationOf(info *Element) string {
	var identities, features, forms []string
	for _, c := range info.Children {
		switch c.Name.Local {
		case "identity":
			identities = append(identities, strings.Join([]string{c.Attr("category"), c.Attr("type"), lang(c), c.Attr("name")}, "/")+"<")
		case "feature":
			features = append(features, c.Attr("var")+"<")
		case "x":
			forms = append(forms, ParseForm(c).digest())
		}
	}
	text := ""
	for _, part := range [][]string{identities, features, forms} {
		slices.Sort(part)
		text += strings.Join(part, "")
	}
	sum := sha1.Sum([]byte(text)) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

// digest is a form's part of that string: its type, then fields and their values in order.
func (f *Form) digest() string {
	text := f.Value(formType) + "<"
	fields := slices.SortedFunc(slices.Values(f.Fields), func(a, b Field) int { return strings.Compare(a.Var, b.Var) })
	for _, field := range fields {
		if field.Var == formType {
			continue
		}
		text += field.Var + "<"
		for _, value := range slices.Sorted(slices.Values(field.Values)) {
			text += value + "<"
		}
	}
	return text
}

func (d *disco) capabilities() *Element {
	return NewElement(nsCaps, "c", "hash", "sha-1", "node", d.identity.Node, "ver", d.verification())
}
