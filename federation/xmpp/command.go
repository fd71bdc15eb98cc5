package xmpp

import (
	"context"
	"sync"
	"time"
)

const nsCommands = "http://jabber.org/protocol/commands"

// Bounds on the sessions that commands keep between two steps.
const (
	commandTTL  = 10 * time.Minute
	maxSessions = 64
)

// Step is one request of an ad-hoc command (XEP-0050).
type Step struct {
	From   JID
	Lang   string
	Action string // execute, next, prev or complete
	Form   *Form  // what was submitted, or nil on the first step of a person who has seen no form yet
}

// Outcome is the answer to a step: a form to fill in, or the end.
type Outcome struct {
	Form    *Form      // to fill in when Done is false, a result otherwise
	Payload []*Element // beside the form, when Done
	Note    string
	Done    bool
}

// Command is an ad-hoc command offered to peers.
type Command struct {
	Node, Name string
	Run        func(ctx context.Context, s Step) (Outcome, error)
}

// commands answers XEP-0050. mellium has only the client side.
type commands struct {
	list []Command // in the order of registration; filled before the session starts
	now  func() time.Time

	mu       sync.Mutex // guards everything below
	sessions map[string]commandSession
}

type commandSession struct {
	owner, node string
	last        time.Time
}

// Offer makes commands available to every peer. Who may do what is theirs to decide: see Step.From.
func (c *Client) Offer(list ...Command) {
	cs := &commands{list: list, now: time.Now, sessions: map[string]commandSession{}}
	c.Handle("set", nsCommands, "command", cs.handle)
	c.HandleItems(nsCommands, cs.items)
	for _, command := range list {
		c.disco.details[command.Node] = command.info
	}
	c.disco.details[nsCommands] = commandList
	c.Announce(nsCommands, nsForm)
}

// commandList is what disco#info says of the node that the commands are listed under (XEP-0050 §2.2).
func commandList(JID) *Element {
	return NewElement(nsDiscoInfo, "query").Add(
		NewElement("", "identity", "category", "automation", "type", "command-list", "name", "Commands"),
		NewElement("", "feature", "var", nsCommands),
	)
}

func (c Command) info(JID) *Element {
	return NewElement(nsDiscoInfo, "query").Add(
		NewElement("", "identity", "category", "automation", "type", "command-node", "name", c.Name),
		NewElement("", "feature", "var", nsCommands),
		NewElement("", "feature", "var", nsForm),
	)
}

func (cs *commands) items(JID) []Item {
	var items []Item
	for _, c := range cs.list {
		items = append(items, Item{Node: c.Node, Name: c.Name})
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

func (cs *commands) handle(ctx context.Context, q IQ) (*Element, error) {
	request := q.Payload
	command, ok := cs.find(request.Attr("node"))
	if !ok {
		return nil, NotFound("there is no such command")
	}
	session, err := cs.resume(request.Attr("sessionid"), q.From, command.Node)
	if err != nil {
		return nil, err
	}
	step := Step{From: q.From, Lang: q.Lang, Action: request.Attr("action")}
	switch step.Action {
	case "":
		step.Action = "execute"
	case "execute", "next", "prev", "complete":
	case "cancel":
		cs.end(session)
		return NewElement(nsCommands, "command", "node", command.Node, "sessionid", session, "status", "canceled"), nil
	default:
		return nil, malformed("malformed-action", "this action is not known")
	}
	// Clients that know the fields send the filled-in form at once; whether a form came tells them from people.
	if x := request.Child(nsForm, "x"); x != nil {
		step.Form = ParseForm(x)
	}
	outcome, err := command.Run(ctx, step)
	if err != nil {
		return nil, err
	}
	return cs.answer(command, session, q.From, outcome), nil
}

func malformed(condition, text string) *StanzaError {
	return &StanzaError{Type: "modify", Condition: "bad-request", Text: text, App: NewElement(nsCommands, condition)}
}

// resume checks that a session is the caller's, or returns "" for a new one.
func (cs *commands) resume(id string, from JID, node string) (string, error) {
	if id == "" {
		return "", nil
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	s, ok := cs.sessions[id]
	if !ok || s.owner != from.String() || s.node != node || cs.now().Sub(s.last) > commandTTL {
		return "", malformed("bad-sessionid", "this session is not known or has expired; begin again")
	}
	return id, nil
}

func (cs *commands) end(id string) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.sessions, id)
}

func (cs *commands) answer(command Command, session string, owner JID, o Outcome) *Element {
	if session == "" {
		session = newID()
	}
	status := "completed"
	if o.Done {
		cs.end(session)
	} else {
		status = "executing"
		cs.keep(session, commandSession{owner: owner.String(), node: command.Node, last: cs.now()})
	}
	answer := NewElement(nsCommands, "command", "node", command.Node, "sessionid", session, "status", status)
	if !o.Done {
		answer.Add(NewElement("", "actions", "execute", "complete").Add(NewElement("", "complete")))
	}
	if o.Note != "" {
		answer.Add(NewElement("", "note", "type", "info").WithText(o.Note))
	}
	if o.Form != nil {
		answer.Add(o.Form.Element())
	}
	return answer.Add(o.Payload...)
}

// keep stores a session; expired ones go first, then the oldest.
func (cs *commands) keep(id string, s commandSession) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	oldest := ""
	for k, other := range cs.sessions {
		switch {
		case cs.now().Sub(other.last) > commandTTL:
			delete(cs.sessions, k)
		case oldest == "" || other.last.Before(cs.sessions[oldest].last):
			oldest = k
		}
	}
	if _, known := cs.sessions[id]; !known && len(cs.sessions) >= maxSessions {
		delete(cs.sessions, oldest)
	}
	cs.sessions[id] = s
}
