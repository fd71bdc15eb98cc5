package status

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// State says how one thing is doing. Worse states compare greater.
type State int

// The four states, from best to worst.
const (
	OK      State = iota // works
	Waiting              // cannot be judged yet, or depends on something that does not work
	Warning              // works, and someone should look at it
	Fault                // does not work
)

var stateNames = [...]string{OK: "ok", Waiting: "waiting", Warning: "warning", Fault: "fault"}

// String returns "ok", "waiting", "warning" or "fault".
func (s State) String() string {
	if s < OK || s > Fault {
		return fmt.Sprintf("state %d", int(s))
	}
	return stateNames[s]
}

// MarshalText writes the state as [State.String] spells it.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what [State.MarshalText] wrote.
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("read state %q: want ok, waiting, warning or fault", text)
}

// Node is one checked thing and the things that depend on it.
//
// Children of a node that is at fault or waiting were not looked at: they are
// [Waiting] and DependsOn names the ancestor that explains them.
type Node struct {
	Name      string `json:"name"`                 // short, stable, ASCII: "port", "buffer"; the page translates the ones it knows
	State     State  `json:"state"`                //
	Text      Words  `json:"text,omitzero"`        // what is so, in one sentence
	Advice    Words  `json:"advice,omitzero"`      // what to do about it, in one sentence
	Detail    string `json:"detail,omitempty"`     // the error as the program worded it, untranslated
	Required  bool   `json:"required,omitempty"`   // unready when this is not OK or Warning
	DependsOn string `json:"depends_on,omitempty"` // name of the ancestor that failed
	Children  []Node `json:"children,omitempty"`
}

// Worst returns the worst state of the node and all below it.
func (n Node) Worst() State {
	worst := n.State
	for _, child := range n.Children {
		worst = max(worst, child.Worst())
	}
	return worst
}

// shown is the state a person is told: a node with nothing to say of itself is
// only a heading, and is as well as what it stands above.
func (n Node) shown() State {
	if n.Text.IsZero() && n.DependsOn == "" {
		return n.Worst()
	}
	return n.State
}

// Ready returns nil when every required node works (OK or Warning), else the
// first that does not, as an error. A node that was never filled in is not ready.
func (n Node) Ready() error {
	if n.Name == "" && len(n.Children) == 0 {
		return errors.New("health: nothing has been checked yet")
	}
	missing, found := n.first(func(n Node) bool {
		return n.Required && (n.State == Fault || n.State == Waiting)
	})
	if !found {
		return nil
	}
	return errors.New(missing.sentence())
}

// first finds a node depth first, parents before children.
func (n Node) first(match func(Node) bool) (Node, bool) {
	if match(n) {
		return n, true
	}
	for _, child := range n.Children {
		if found, ok := child.first(match); ok {
			return found, true
		}
	}
	return Node{}, false
}

// sentence is the node on one line of English:
// "port: the port is in use (open /dev/ttyS0: busy). Stop the other reader."
func (n Node) sentence() string {
	text := n.Text.String()
	switch {
	case n.DependsOn != "":
		text = "depends on " + n.DependsOn
	case text == "":
		text = n.shown().String()
	}
	line := n.Name + ": " + text
	if n.Detail != "" {
		line = strings.TrimSuffix(line, ".") + " (" + n.Detail + ")"
	}
	if advice := n.Advice.String(); advice != "" {
		line = strings.TrimSuffix(line, ".") + ". " + advice
	}
	return strings.Join(strings.Fields(line), " ")
}

// WriteTo writes the tree as indented lines of plain English, for a terminal:
//
//	ok       meter: frames are read
//	fault      port: the port is in use. Stop the other reader.
func (n Node) WriteTo(w io.Writer) (int64, error) {
	return n.write(w, 0)
}

func (n Node) write(w io.Writer, depth int) (int64, error) {
	written, err := fmt.Fprintf(w, "%-8s %s%s\n", n.shown(), strings.Repeat("  ", depth), n.sentence())
	total := int64(written)
	for _, child := range n.Children {
		if err != nil {
			return total, err
		}
		var below int64
		below, err = child.write(w, depth+1)
		total += below
	}
	return total, err
}
