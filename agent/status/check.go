package status

// Finding is what one look at one thing found. The zero value is OK and silent.
type Finding struct {
	State  State
	Text   Words  // what is so, in one sentence
	Advice Words  // what to do about it
	Detail string // the underlying error, untranslated
}

// Check is a thing to look at and the checks that make sense only once it works.
//
//	tree := Named("releve", nil).Then(
//		Named("port", port).Required().Then(
//			Named("frames", frames).Required().Then(
//				Named("checksums", checksums))),
//		Named("buffer", buffer).Required(),
//		Named("federation", session))
//	snapshot.Health = tree.Run()
type Check struct {
	name     string
	look     func() Finding
	required bool
	children []*Check
}

// Named makes a check from a name (see [Node].Name) and a function that looks.
// A nil look is always OK: a heading for what follows.
func Named(name string, look func() Finding) *Check {
	return &Check{name: name, look: look}
}

// Then adds checks that are run only while this one is OK or warns. It returns c.
func (c *Check) Then(children ...*Check) *Check {
	c.children = append(c.children, children...)
	return c
}

// Required makes /readyz depend on this check. It returns c.
func (c *Check) Required() *Check {
	c.required = true
	return c
}

// Run looks at everything once, parents first, and returns the tree of what was found.
func (c *Check) Run() Node { return c.run("") }

func (c *Check) run(failed string) Node {
	node := Node{Name: c.name, Required: c.required, DependsOn: failed}
	switch {
	case failed != "":
		node.State = Waiting
	case c.look != nil:
		found := c.look()
		node.State, node.Text, node.Advice, node.Detail = found.State, found.Text, found.Advice, found.Detail
	}
	if failed == "" && (node.State == Fault || node.State == Waiting) {
		failed = c.name
	}
	for _, child := range c.children {
		node.Children = append(node.Children, child.run(failed))
	}
	return node
}
