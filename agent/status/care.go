package status

// stateView is a state as an icon and a word.
type stateView struct {
	State State
	Word  string
}

// nodeView is a health node in one language.
type nodeView struct {
	stateView
	Title, Text, Advice, Detail string
	Children                    []nodeView
}

// outgoingView is what leaves the device and what waits to.
type outgoingView struct {
	Federation rowView
	Buffer     rowView
	Recipients []rowView
	Consents   []rowView
}

// rowView is one party or place: a name, a state, a fact and a remark.
type rowView struct {
	stateView
	Name, Fact, Note string
	Quiet            bool // there is no state to show
}

func (c catalogue) state(s State) stateView {
	return stateView{State: s, Word: c.say("state." + s.String())}
}

// overallView is one word for all, and where each thing says how it does.
type overallView struct {
	stateView
	Path string
}

// overall words the worst of all that the page says of the device: its tree, of which one never filled in is waiting, what
// leaves it, the consents, the machine.
func (c catalogue) overall(s Snapshot) overallView {
	worst := s.Health.Worst()
	if s.Health.Name == "" {
		worst = Waiting
	}
	if s.Federation.JID != "" {
		worst = max(worst, s.Federation.State)
	}
	for _, r := range s.Recipients {
		worst = max(worst, r.State)
	}
	for _, one := range s.Consents {
		worst = max(worst, one.State)
	}
	for _, vital := range c.machine(s) {
		worst = max(worst, vital.State)
	}
	return overallView{stateView{State: worst, Word: c.say("health.all." + worst.String())}, health.in(c.language)}
}

func (c catalogue) alert(n Node) *nodeView {
	fault, found := n.first(func(n Node) bool { return n.State == Fault })
	if !found {
		return nil
	}
	fault.Children = nil
	view := c.node(fault)
	return &view
}

// health words the tree. A root with nothing to say is only a heading, which
// the page already has.
func (c catalogue) health(n Node) []nodeView {
	view := c.node(n)
	switch {
	case n.Name == "":
		return view.Children
	case n.State == OK && n.Text.IsZero() && len(n.Children) > 0:
		return view.Children
	}
	return []nodeView{view}
}

func (c catalogue) node(n Node) nodeView {
	view := nodeView{
		stateView: c.state(n.shown()),
		Title:     c.title(n.Name),
		Text:      n.Text.in(c.language),
		Advice:    n.Advice.in(c.language),
		Detail:    n.Detail,
	}
	if n.DependsOn != "" {
		view.Text = c.say("health.depends", c.title(n.DependsOn))
	}
	for _, child := range n.Children {
		view.Children = append(view.Children, c.node(child))
	}
	return view
}

func (c catalogue) outgoing(s Snapshot) outgoingView {
	view := outgoingView{Federation: c.federation(s), Buffer: c.buffer(s)}
	for _, r := range s.Recipients {
		view.Recipients = append(view.Recipients, c.recipient(s, r))
	}
	for _, one := range s.Consents {
		view.Consents = append(view.Consents, rowView{
			stateView: c.state(one.State), Name: c.say("consent.to", one.To), Fact: one.Text.in(c.language), Note: one.Terms.in(c.language),
		})
	}
	return view
}

func (c catalogue) federation(s Snapshot) rowView {
	f := s.Federation
	if f.JID == "" {
		return rowView{Name: c.say("federation.title"), Fact: c.say("federation.none"), Quiet: true}
	}
	row := rowView{stateView: c.state(f.State), Name: c.say("federation.title"), Fact: f.JID, Note: f.Text.in(c.language)}
	if !f.Since.IsZero() {
		row.Note = join(c.say("federation.since."+f.State.String(), c.clock(s.Now, f.Since)), row.Note)
	}
	return row
}

func (c catalogue) buffer(s Snapshot) rowView {
	b := s.Buffer
	row := rowView{Name: c.say("buffer.title"), Fact: c.count("buffer.kept", b.Packs), Note: b.Note.in(c.language), Quiet: true}
	if b.Packs > 0 {
		row.Fact += " (" + c.size(b.Bytes) + ")"
	}
	if b.Packs > 0 && !b.Oldest.IsZero() {
		row.Note = join(c.say("buffer.since", c.clock(s.Now, b.Oldest)), row.Note)
	}
	return row
}

func (c catalogue) recipient(s Snapshot, r Recipient) rowView {
	row := rowView{stateView: c.state(r.State), Name: r.Name, Fact: c.count("recipient.pending", r.Pending), Note: r.Text.in(c.language)}
	sent := c.say("recipient.never")
	if !r.LastSent.IsZero() {
		sent = c.say("recipient.last", c.ago(s.Now, r.LastSent))
	}
	row.Note = join(sent, row.Note)
	if r.Pending > 0 && r.State != OK {
		row.Fact = join(row.Fact, c.say("recipient.safe"))
	}
	return row
}

// join puts two remarks on one line.
func join(first, second string) string {
	if second == "" {
		return first
	}
	return first + " · " + second
}
