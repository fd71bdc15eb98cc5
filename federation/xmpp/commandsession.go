package xmpp

import (
	"slices"
	"time"
)

// Bounds on the sessions that commands keep between two steps. Those that only some may begin have a room of their own:
// a stranger cannot push out an owner who reads a form.
const (
	commandTTL  = 10 * time.Minute
	maxSessions = 64 // of each kind
	maxEach     = 8  // of one account
	maxEnded    = 64 // are remembered
)

// session is one command that somebody is in the middle of, bound to a full address.
type session struct {
	id          string
	owner, node string
	account     string // the owner without resource
	closed      bool   // its command is for some only, and the owner one of them
	last        time.Time
	offered     []string // actions; none when it has not begun
	state       any
	busy        bool // a step is being done
}

// sessions are those that wait for a step, and the identifiers of the last that ended.
type sessions struct {
	open  map[string]*session
	ended []string // full address, node and identifier; the latest last
}

// action is what a step asks for, with the name a client left out.
func (s *session) action(asked string) (string, error) {
	switch asked {
	case "", ActionExecute:
		if s.offered == nil {
			return ActionExecute, nil
		}
		return s.offered[0], nil
	case actionCancel:
		return actionCancel, nil
	case ActionNext, ActionPrev, ActionComplete:
		if s.offered == nil || slices.Contains(s.offered, asked) {
			return asked, s.begun(asked)
		}
		return "", malformed("bad-action", "this step does not offer the action "+asked)
	}
	return "", malformed("malformed-action", "this action is not known")
}

// begun refuses to go back from where nothing has begun.
func (s *session) begun(asked string) error {
	if s.offered == nil && asked == ActionPrev {
		return malformed("bad-action", "there is no step before the first")
	}
	return nil
}

func (s *session) key() string { return s.owner + "\n" + s.node + "\n" + s.id }

// resume finds the caller's session, or begins one for an empty id. Nobody else does a step of it before it is released.
func (cs *commands) resume(id string, from JID, c Command) (*session, error) {
	if id == "" {
		return &session{id: newID(), owner: from.String(), account: from.Bare().String(), node: c.Node, closed: c.For != nil && c.For(from)}, nil
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	s, ok := cs.sessions.open[id]
	asked := session{id: id, owner: from.String(), node: c.Node}
	switch {
	case !ok && slices.Contains(cs.sessions.ended, asked.key()):
		return nil, expired("this was done or left already, and is not done again; begin anew")
	case !ok || s.owner != asked.owner || s.node != asked.node:
		return nil, malformed("bad-sessionid", "this session is not known; begin again")
	case cs.now().Sub(s.last) > commandTTL:
		cs.sessions.end(s)
		return nil, expired("this session has expired; begin again")
	case s.busy:
		return nil, &StanzaError{Type: "wait", Condition: "unexpected-request", Text: "the step before is still being done"}
	}
	s.busy = true
	return s, nil
}

func expired(text string) *StanzaError {
	return &StanzaError{Type: "cancel", Condition: "not-allowed", Text: text, App: NewElement(nsCommands, "session-expired")}
}

func (cs *commands) release(s *session) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	s.busy = false
}

func (cs *commands) end(s *session) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.sessions.end(s)
}

// keep stores a session until its next step.
func (cs *commands) keep(s *session, o Outcome) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	s.state, s.offered, s.last = o.State, o.Actions, cs.now()
	if len(s.offered) == 0 {
		s.offered = []string{ActionComplete, ActionNext}
	}
	cs.sessions.add(s)
}

// end forgets a session but for its identifier.
func (ss *sessions) end(s *session) {
	delete(ss.open, s.id)
	ss.ended = append(ss.ended, s.key())
	if len(ss.ended) > maxEnded {
		ss.ended = slices.Delete(ss.ended, 0, 1)
	}
}

// add makes room: expired sessions go first, then the oldest of who has too many, then the oldest of its kind.
func (ss *sessions) add(s *session) {
	for _, other := range ss.open {
		if s.last.Sub(other.last) > commandTTL {
			delete(ss.open, other.id)
		}
	}
	ss.bound(maxEach, s, func(other *session) bool { return other.account == s.account && other.closed == s.closed })
	ss.bound(maxSessions, s, func(other *session) bool { return other.closed == s.closed })
	ss.open[s.id] = s
}

// bound drops the oldest of those that are alike until there is room for s among them.
func (ss *sessions) bound(most int, s *session, alike func(*session) bool) {
	var oldest *session
	count := 0
	for _, other := range ss.open {
		if other == s || !alike(other) {
			continue
		}
		count++
		if oldest == nil || other.last.Before(oldest.last) {
			oldest = other
		}
	}
	if count >= most {
		delete(ss.open, oldest.id)
	}
}
