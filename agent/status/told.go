package status

// Told is one node of a tree of health, in the words of one language.
type Told struct {
	Depth                              int
	State, Title, Text, Advice, Detail string
}

// Tell words a tree as the page does, parents first. The language is that of a tag such as fr-FR, French for one that is
// not spoken.
func (n Node) Tell(tag string) ([]Told, error) {
	l, ok := known(tag)
	if !ok {
		l = french
	}
	c, err := openCatalogue(l)
	if err != nil {
		return nil, err
	}
	var all []Told
	for _, view := range c.health(n) {
		all = view.told(all, 0)
	}
	return all, nil
}

func (v nodeView) told(all []Told, depth int) []Told {
	all = append(all, Told{Depth: depth, State: v.Word, Title: v.Title, Text: v.Text, Advice: v.Advice, Detail: v.Detail})
	for _, child := range v.Children {
		all = child.told(all, depth+1)
	}
	return all
}
