package xmpp

import (
	"context"
	"errors"
	"fmt"
)

// ErrUnfinished is under the error for a command that its peer leaves before the end. Running it again does not help.
var ErrUnfinished = errors.New("not completed")

// Execute runs a command of a peer (XEP-0050) with a filled-in form and returns the <command/> that completes it. A peer
// that shows its form first, as to a person, is given the filled-in one then.
func (c *Client) Execute(ctx context.Context, to JID, node string, form *Form) (*Element, error) {
	answer, err := c.command(ctx, to, form, "node", node, "action", "execute")
	if err == nil && answer.Attr("status") == "executing" && answer.Child(nsForm, "x") != nil {
		answer, err = c.command(ctx, to, form, "node", node, "sessionid", answer.Attr("sessionid"), "action", onward(answer))
	}
	if err != nil {
		return nil, err
	}
	if status := answer.Attr("status"); status != "completed" {
		note := ""
		if said := answer.Child(nsCommands, "note"); said != nil {
			note = ": " + said.Text
		}
		return nil, fmt.Errorf("run command %s: it ends as %q, %w%s", node, status, ErrUnfinished, note)
	}
	return answer, nil
}

// command sends one step.
func (c *Client) command(ctx context.Context, to JID, form *Form, pairs ...string) (*Element, error) {
	answer, err := c.Query(ctx, "set", to, NewElement(nsCommands, "command", pairs...).Add(form.Element()))
	if err != nil {
		return nil, err
	}
	if answer == nil { // a result without a command
		return &Element{}, nil
	}
	return answer, nil
}

// onward is the action that a peer's step offers and that comes nearest to the end (XEP-0050 §3.4).
func onward(step *Element) string {
	actions := step.Child(nsCommands, "actions")
	if actions.Child("", "complete") == nil && actions.Child("", "next") != nil {
		return "next"
	}
	return "complete"
}

// ListItems returns what a peer lists under a node (XEP-0030).
func (c *Client) ListItems(ctx context.Context, to JID, node string) ([]Item, error) {
	answer, err := c.Query(ctx, "get", to, NewElement(nsDiscoItems, "query", "node", node))
	if err != nil || answer == nil {
		return nil, err
	}
	var items []Item
	for _, x := range answer.Children {
		items = append(items, Item{Node: x.Attr("node"), Name: x.Attr("name")})
	}
	return items, nil
}

// Features returns what a peer says it can do (XEP-0030).
func (c *Client) Features(ctx context.Context, to JID) ([]string, error) {
	answer, err := c.Query(ctx, "get", to, NewElement(nsDiscoInfo, "query"))
	if err != nil || answer == nil {
		return nil, err
	}
	var features []string
	for _, x := range answer.Children {
		if x.Name.Local == "feature" {
			features = append(features, x.Attr("var"))
		}
	}
	return features, nil
}

// Described returns the form of a type by which a peer says more of itself (XEP-0128), nil when it has none.
func (c *Client) Described(ctx context.Context, to JID, typ string) (*Form, error) {
	answer, err := c.Query(ctx, "get", to, NewElement(nsDiscoInfo, "query"))
	if err != nil || answer == nil {
		return nil, err
	}
	for _, x := range answer.Children {
		if x.Name.Space != nsForm || x.Name.Local != "x" {
			continue
		}
		if form := ParseForm(x); form.Value(formType) == typ {
			return form, nil
		}
	}
	return nil, nil
}
