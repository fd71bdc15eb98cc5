package xmpp

import (
	"context"
	"fmt"
)

// Execute runs a one-step command of a peer (XEP-0050) with a filled-in form and returns its <command/> answer.
func (c *Client) Execute(ctx context.Context, to JID, node string, form *Form) (*Element, error) {
	request := NewElement(nsCommands, "command", "node", node, "action", "execute").Add(form.Element())
	answer, err := c.Query(ctx, "set", to, request)
	if err != nil {
		return nil, err
	}
	if answer == nil || answer.Attr("status") != "completed" {
		return nil, fmt.Errorf("run command %s: the answer is not that of a completed command", node)
	}
	return answer, nil
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
