package main

import (
	"context"
	"slices"
	"strings"
	"sync"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/senml"
)

// renaming gives items of a source the paths and units that the configuration has for them. Safe for concurrent use.
type renaming struct {
	byPath map[string]config.Rename // by the path that the source's kind makes of the item

	mu  sync.Mutex      // guards everything below
	met map[string]bool // paths that came since the start
}

func newRenaming(list []config.Rename) *renaming {
	n := &renaming{byPath: map[string]config.Rename{}, met: map[string]bool{}}
	for _, one := range list {
		_, path, _ := strings.Cut(federation.Outside("", one.Item), "_")
		n.byPath[path] = one
	}
	return n
}

// before renames what is taken.
func (n *renaming) before(take func(context.Context, senml.Pack) error) func(context.Context, senml.Pack) error {
	if len(n.byPath) == 0 {
		return take
	}
	return func(ctx context.Context, p senml.Pack) error {
		n.rename(p)
		return take(ctx, p)
	}
}

func (n *renaming) rename(p senml.Pack) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range p {
		device, path, _ := strings.Cut(p[i].Name, "_")
		one, ok := n.byPath[path]
		if !ok {
			continue
		}
		n.met[path] = true
		p[i].Name = device + "_" + one.Path
		if one.Unit != "" {
			p[i].Unit = one.Unit
		}
	}
}

// idle are the items that have not come since the start, in order.
func (n *renaming) idle() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var items []string
	for path, one := range n.byPath {
		if !n.met[path] {
			items = append(items, one.Item)
		}
	}
	slices.Sort(items)
	return items
}

// doubted adds to what is said of a source that gives readings which items have not come: perhaps they are mistyped.
func (n *renaming) doubted(f status.Finding) status.Finding {
	idle := n.idle()
	if len(idle) == 0 {
		return f
	}
	more := status.Sayf("[[rename]] sans effet depuis le démarrage : %[1]d (%[2]s) ; vérifiez leur item.",
		"[[rename]] that matched nothing since the start: %[1]d (%[2]s); check their item.", len(idle), strings.Join(idle, ", "))
	f.Text = status.Say(f.Text.FR+" "+more.FR, f.Text.EN+" "+more.EN)
	return f
}
