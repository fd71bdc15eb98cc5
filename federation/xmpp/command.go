package xmpp

import (
	"context"
	"regexp"
	"slices"
	"sync"
	"time"
)

const nsCommands = "http://jabber.org/protocol/commands"

// What a step can ask for (XEP-0050 §3.4). ActionCancel never reaches a command.
const (
	ActionExecute  = "execute"
	ActionNext     = "next"
	ActionPrev     = "prev"
	ActionComplete = "complete"
	actionCancel   = "cancel"
)

// Step is one request of an ad-hoc command (XEP-0050).
type Step struct {
	From   JID
	Lang   string
	Action string // execute on the first step, what was offered later
	Form   *Form  // what was submitted, or nil on the first step of a person who has seen no form yet
	State  any    // what the step before left, nil on the first
}

// Outcome is the answer to a step: a form to fill in, or the end.
type Outcome struct {
	Form    *Form      // to fill in when Done is false, a result otherwise
	Payload []*Element // beside the form, when Done
	Notes   []Note
	Done    bool

	// Actions are what the next step may ask for, the first of them when it asks for none; cancel is always possible.
	// Without any, the form on its own leads to the end, by whatever name a client calls that.
	Actions []string
	State   any // what the next step finds in Step.State
}

// Note is a sentence beside the form (XEP-0050 §3.2).
type Note struct {
	Severity string // info, warn or error
	Text     string
}

// Command is an ad-hoc command offered to peers.
type Command struct {
	Node, Name string
	// Title names it in a language, which is a tag such as fr-FR, or ""; nil for Name in all.
	Title func(lang string) string
	// For says who sees the command and may begin it; nil for everybody. An error of Run decides for itself.
	For func(from JID) bool
	Run func(ctx context.Context, s Step) (Outcome, error)
}

// commands answers XEP-0050. mellium has only the client side.
type commands struct {
	list []Command // in the order of registration; filled before the session starts
	now  func() time.Time

	mu       sync.Mutex // guards everything below
	sessions sessions
}

func newCommands(now func() time.Time) *commands {
	return &commands{now: now, sessions: sessions{open: map[string]*session{}}}
}

// Offer makes commands available to peers. Who may do what is theirs to decide: see Command.For and Step.From.
func (c *Client) Offer(list ...Command) {
	c.commands.list = append(c.commands.list, list...)
	c.Handle("set", nsCommands, "command", c.commands.handle)
	c.disco.nodes[nsCommands] = c.commands.items
	for _, command := range list {
		c.disco.details[command.Node] = command.info
	}
	c.disco.details[nsCommands] = commandList
	c.Announce(nsCommands, nsForm, nsValidate)
}

// commandList is what disco#info says of the node that the commands are listed under (XEP-0050 §2.2).
func commandList(IQ) *Element {
	return NewElement(nsDiscoInfo, "query").Add(
		NewElement("", "identity", "category", "automation", "type", "command-list", "name", "Commands"),
		NewElement("", "feature", "var", nsCommands),
	)
}

// info is nil, as of a node that does not exist, for who does not see the command.
func (c Command) info(q IQ) *Element {
	if !c.isFor(q.From) {
		return nil
	}
	return NewElement(nsDiscoInfo, "query").Add(
		NewElement("", "identity", "category", "automation", "type", "command-node", "name", c.title(q.Lang)),
		NewElement("", "feature", "var", nsCommands),
		NewElement("", "feature", "var", nsForm),
	)
}

func (c Command) isFor(from JID) bool { return c.For == nil || c.For(from) }

func (c Command) title(lang string) string {
	if c.Title == nil {
		return c.Name
	}
	return c.Title(lang)
}

func (cs *commands) items(q IQ) []Item {
	var items []Item
	for _, c := range cs.list {
		if c.isFor(q.From) {
			items = append(items, Item{Node: c.Node, Name: c.title(q.Lang)})
		}
	}
	return items
}

func (cs *commands) find(node string) (Command, bool) {
	for _, c := range cs.list {
		if c.Node == node {
			return c, true
		}
	}
	return Command{}, false
}

// languageTag is what xml:lang may be (RFC 5646 §2.1, without its finer rules).
var languageTag = regexp.MustCompile(`^([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8})?$`)

func (cs *commands) handle(ctx context.Context, q IQ) (*Element, error) {
	request := q.Payload
	command, ok := cs.find(request.Attr("node"))
	if !ok {
		return nil, NotFound("there is no such command")
	}
	if !languageTag.MatchString(q.Lang) {
		return nil, malformed("bad-locale", "xml:lang is not a language such as en or fr-FR")
	}
	s, err := cs.resume(request.Attr("sessionid"), q.From, command)
	if err != nil {
		return nil, err
	}
	defer cs.release(s)
	step := Step{From: q.From, Lang: q.Lang, State: s.state}
	if step.Action, err = s.action(request.Attr("action")); err != nil {
		return nil, err
	}
	if step.Action == actionCancel {
		cs.end(s)
		return NewElement(nsCommands, "command", "node", command.Node, "sessionid", s.id, "status", "canceled"), nil
	}
	// Clients that know the fields send the filled-in form at once; whether a form came tells them from people.
	if x := request.Child(nsForm, "x"); x != nil {
		if step.Form, err = submitted(x); err != nil {
			return nil, err
		}
	}
	outcome, err := command.Run(ctx, step)
	if err != nil {
		return nil, err
	}
	return cs.answer(s, outcome), nil
}

// Bounds on a form that is submitted.
const (
	maxFields     = 128
	maxValues     = 512     // of a field
	maxValueBytes = 8 << 10 // of all values of a field
)

// submitted reads a form that a peer filled in, or gave up on.
func submitted(x *Element) (*Form, error) {
	form := ParseForm(x)
	if form.Type == "cancel" {
		return nil, nil
	}
	if len(form.Fields) > maxFields {
		return nil, malformed("bad-payload", "the form has more fields than any of ours")
	}
	for _, f := range form.Fields {
		size := 0
		for _, v := range f.Values {
			size += len(v)
		}
		if len(f.Values) > maxValues || size > maxValueBytes {
			return nil, malformed("bad-payload", "a field of the form is longer than any of ours may be")
		}
	}
	return form, nil
}

func malformed(condition, text string) *StanzaError {
	return &StanzaError{Type: "modify", Condition: "bad-request", Text: text, App: NewElement(nsCommands, condition)}
}

// BadPayload is the error for a form that cannot be what was asked for.
func BadPayload(text string) *StanzaError { return malformed("bad-payload", text) }

// Forbidden is the error for who may not do what was asked.
func Forbidden(text string) *StanzaError {
	return &StanzaError{Type: "auth", Condition: "forbidden", Text: text}
}

func (cs *commands) answer(s *session, o Outcome) *Element {
	status := "completed"
	if o.Done {
		cs.end(s)
	} else {
		status = "executing"
		cs.keep(s, o)
	}
	answer := NewElement(nsCommands, "command", "node", s.node, "sessionid", s.id, "status", status)
	if !o.Done {
		answer.Add(actions(o.Actions))
	}
	for _, n := range o.Notes {
		answer.Add(NewElement("", "note", "type", n.Severity).WithText(n.Text))
	}
	if o.Form != nil {
		answer.Add(o.Form.Element())
	}
	return answer.Add(o.Payload...)
}

// actions says what is possible, in the order of the schema.
func actions(offered []string) *Element {
	if len(offered) == 0 {
		offered = []string{ActionComplete}
	}
	e := NewElement("", "actions", "execute", offered[0])
	for _, action := range []string{ActionPrev, ActionNext, ActionComplete} {
		if slices.Contains(offered, action) {
			e.Add(NewElement("", action))
		}
	}
	return e
}
