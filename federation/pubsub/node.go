package pubsub

import (
	"context"
	"fmt"
	"slices"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

// Namespaces and form types of XEP-0060.
const (
	nsPubSub   = "http://jabber.org/protocol/pubsub"
	nsOwner    = nsPubSub + "#owner"
	nsErrors   = nsPubSub + "#errors"
	nsForm     = "jabber:x:data"
	nodeConfig = nsPubSub + "#node_config"
	options    = nsPubSub + "#publish-options"
)

// What a node must be before anything is published on it, and the option that holds its scope.
const (
	accessModel  = "pubsub#access_model"
	whitelist    = "whitelist" // those with an affiliation, and nobody else (XEP-0060 §4.5)
	publishModel = "pubsub#publish_model"
	publishers   = "publishers"
	description  = "pubsub#description"
)

// node is one node at one service.
type node struct {
	session Session
	service xmpp.JID
	name    string
}

// create makes the node, closed from its first moment (XEP-0060 §8.1.3). It has no readers and no scope yet.
func (n node) create(ctx context.Context) error {
	request := xmpp.NewElement(nsPubSub, "pubsub").Add(
		xmpp.NewElement("", "create", "node", n.name),
		xmpp.NewElement("", "configure").Add(form(nodeConfig,
			accessModel, whitelist,
			publishModel, publishers,
			"pubsub#persist_items", "1",
			"pubsub#max_items", "100",
			"pubsub#notify_retract", "0", // would double what readers are sent
			"pubsub#send_last_published_item", "never",
			"pubsub#presence_based_delivery", "0",
			"pubsub#deliver_payloads", "1")))
	_, err := n.query(ctx, "set", request)
	return err
}

// settings returns the configuration in force, by option (XEP-0060 §8.2.3).
func (n node) settings(ctx context.Context) (*xmpp.Form, error) {
	answer, err := n.query(ctx, "get", n.owner("configure"))
	if err != nil {
		return nil, err
	}
	x := answer.Child(nsOwner, "configure").Child(nsForm, "x")
	if x == nil {
		return nil, fmt.Errorf("read the configuration of node %s: the answer has no form", n.name)
	}
	return xmpp.ParseForm(x), nil
}

// admit makes exactly these readers members of the node, and says under which scope. What lies there under another one
// is thrown away before anybody new can see it. Nothing is admitted to a node that is not closed.
func (n node) admit(ctx context.Context, owner string, members []string, scope string) error {
	now, err := n.closed(ctx)
	if err != nil {
		return err
	}
	affiliated, err := n.affiliations(ctx)
	if err != nil {
		return err
	}
	delete(affiliated, owner)
	if err := n.dismiss(ctx, owner, affiliated, members); err != nil {
		return err
	}
	if now.Value(description) != scope {
		if _, err := n.query(ctx, "set", n.owner("purge")); err != nil {
			return fmt.Errorf("empty node %s: %w", n.name, err)
		}
		if err := n.configure(ctx, description, scope); err != nil {
			return err
		}
	}
	for _, member := range members {
		if affiliated[member] == "member" {
			continue
		}
		if err := n.affiliate(ctx, member, "member"); err != nil {
			return err
		}
	}
	return nil
}

// closed returns the configuration of a node that only members can read, and makes it one if it is not. The word of the
// service counts, not what it was asked for.
func (n node) closed(ctx context.Context) (*xmpp.Form, error) {
	now, err := n.settings(ctx)
	if err != nil || isClosed(now) {
		return now, err
	}
	if err := n.configure(ctx, accessModel, whitelist, publishModel, publishers); err != nil {
		return nil, err
	}
	now, err = n.settings(ctx)
	if err != nil || isClosed(now) {
		return now, err
	}
	return nil, fmt.Errorf("%w: node %s has access model %q and publish model %q whatever it is told; nothing is published on it",
		federation.ErrStopped, n.name, now.Value(accessModel), now.Value(publishModel))
}

func isClosed(f *xmpp.Form) bool {
	return f.Value(accessModel) == whitelist && f.Value(publishModel) == publishers
}

func (n node) configure(ctx context.Context, pairs ...string) error {
	request := n.owner("configure")
	request.Children[0].Add(form(nodeConfig, pairs...))
	if _, err := n.query(ctx, "set", request); err != nil {
		return fmt.Errorf("configure node %s: %w", n.name, err)
	}
	return nil
}

// dismiss takes subscription and affiliation from everybody who is not a member. Some servers go on sending to who is
// subscribed already, and Prosody 0.12 refuses to part with one who is; who subscribed in between is found at the end.
func (n node) dismiss(ctx context.Context, owner string, affiliated map[string]string, members []string) error {
	if err := n.unsubscribe(ctx, owner, members); err != nil {
		return err
	}
	left := false
	for reader := range affiliated {
		if slices.Contains(members, reader) {
			continue
		}
		if err := n.affiliate(ctx, reader, "none"); err != nil {
			return err
		}
		delete(affiliated, reader)
		left = true
	}
	if !left {
		return nil
	}
	return n.unsubscribe(ctx, owner, members)
}

// unsubscribe ends the subscriptions of everybody but the owner and members.
func (n node) unsubscribe(ctx context.Context, owner string, members []string) error {
	subscribed, err := n.subscriptions(ctx)
	if err != nil {
		return err
	}
	for _, one := range subscribed {
		if bare := bareOf(one.Attr("jid")); bare == owner || slices.Contains(members, bare) {
			continue
		}
		request := n.owner("subscriptions")
		request.Children[0].Add(xmpp.NewElement("", "subscription", "jid", one.Attr("jid"), "subscription", "none", "subid", one.Attr("subid")))
		if _, err := n.query(ctx, "set", request); err != nil {
			return fmt.Errorf("end a subscription to node %s: %w", n.name, err)
		}
	}
	return nil
}

// affiliations returns who is affiliated and how, by bare address (XEP-0060 §8.9.1).
func (n node) affiliations(ctx context.Context) (map[string]string, error) {
	answer, err := n.query(ctx, "get", n.owner("affiliations"))
	if err != nil {
		return nil, fmt.Errorf("list the readers of node %s: %w", n.name, err)
	}
	all := map[string]string{}
	for _, one := range childrenOf(answer.Child(nsOwner, "affiliations"), "affiliation") {
		if how := one.Attr("affiliation"); how != "none" {
			all[one.Attr("jid")] = how
		}
	}
	return all, nil
}

func (n node) affiliate(ctx context.Context, reader, how string) error {
	request := n.owner("affiliations")
	request.Children[0].Add(xmpp.NewElement("", "affiliation", "jid", reader, "affiliation", how))
	if _, err := n.query(ctx, "set", request); err != nil {
		return fmt.Errorf("make a reader of node %s %s: %w", n.name, how, err)
	}
	return nil
}

// subscriptions returns the <subscription/> elements in force (XEP-0060 §8.8.1).
func (n node) subscriptions(ctx context.Context) ([]*xmpp.Element, error) {
	answer, err := n.query(ctx, "get", n.owner("subscriptions"))
	if err != nil {
		return nil, fmt.Errorf("list the subscriptions to node %s: %w", n.name, err)
	}
	all := childrenOf(answer.Child(nsOwner, "subscriptions"), "subscription")
	return slices.DeleteFunc(all, func(one *xmpp.Element) bool { return one.Attr("subscription") == "none" }), nil
}

// publish puts records on the node on condition that it is closed (XEP-0060 §7.1.5): the service itself refuses
// them when somebody has opened it since.
func (n node) publish(ctx context.Context, p senml.Pack, terms func(string) []string) error {
	one, err := item(p, terms)
	if err != nil {
		return fmt.Errorf("%w: %w", federation.ErrRefused, err)
	}
	request := xmpp.NewElement(nsPubSub, "pubsub").Add(
		xmpp.NewElement("", "publish", "node", n.name).Add(one),
		xmpp.NewElement("", "publish-options").Add(form(options, accessModel, whitelist)))
	_, err = n.session.Deliver(ctx, n.service, request)
	return n.verdict(err)
}

func (n node) query(ctx context.Context, typ string, request *xmpp.Element) (*xmpp.Element, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return n.session.Query(ctx, typ, n.service, request)
}

// owner is a request about the node by who owns it.
func (n node) owner(about string) *xmpp.Element {
	return xmpp.NewElement(nsOwner, "pubsub").Add(xmpp.NewElement("", about, "node", n.name))
}

// form is a filled-in form of that type, with option, value pairs.
func form(kind string, pairs ...string) *xmpp.Element {
	f := xmpp.Form{Type: "submit", Fields: []xmpp.Field{{Var: "FORM_TYPE", Type: "hidden", Values: []string{kind}}}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Fields = append(f.Fields, xmpp.Field{Var: pairs[i], Values: []string{pairs[i+1]}})
	}
	return f.Element()
}

func childrenOf(x *xmpp.Element, local string) []*xmpp.Element {
	if x == nil {
		return nil
	}
	var all []*xmpp.Element
	for _, child := range x.Children {
		if child.Name.Local == local {
			all = append(all, child)
		}
	}
	return all
}

func bareOf(address string) string {
	j, err := xmpp.ParseJID(address)
	if err != nil {
		return address
	}
	return j.Bare().String()
}
