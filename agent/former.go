package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"releve/buffer/statefile"
)

// formerNodes are the nodes of circles that a rotation has given up, until each is deleted: a power cut must not leave
// one that can be read under the old pseudonym.
type formerNodes struct {
	file string // set once

	mu  sync.Mutex // guards everything below
	all map[string][]string
}

// openFormerNodes reads them. A damaged file is set aside: what it said is lost, and said.
func openFormerNodes(file string, log *slog.Logger) (*formerNodes, error) {
	all, err := statefile.Read[map[string][]string](file, nil)
	var damaged *statefile.Damaged
	switch {
	case errors.As(err, &damaged):
		log.Warn("nodes under old pseudonyms forgotten: delete at the server what the agent does not publish on", "error", err)
	case err != nil:
		return nil, fmt.Errorf("read the nodes to delete: %w", err)
	}
	return &formerNodes{file: file, all: all}, nil
}

// add has the nodes of a circle deleted.
func (f *formerNodes) add(name string, nodes []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.set(name, append(slices.Clone(f.all[name]), nodes...))
}

// set keeps what there is to delete of a circle. The caller holds the lock.
func (f *formerNodes) set(name string, nodes []string) error {
	all := map[string][]string{}
	for other, theirs := range f.all {
		all[other] = theirs
	}
	if all[name] = nodes; len(nodes) == 0 {
		delete(all, name)
	}
	if err := statefile.Write(f.file, all); err != nil {
		return fmt.Errorf("write the nodes to delete: %w", err)
	}
	f.all = all
	return nil
}

// former is the part of one circle, and the names of its nodes now.
type former struct {
	*formerNodes
	name    string
	current func() []string
}

// Nodes are those that are to be deleted. One that is called so now is not given up yet: the rotation is about to come.
func (f former) Nodes() []string {
	f.mu.Lock()
	all := slices.Clone(f.all[f.name])
	f.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	current := f.current()
	return slices.DeleteFunc(all, func(node string) bool { return slices.Contains(current, node) })
}

// Gone notes that one is.
func (f former) Gone(node string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.set(f.name, slices.DeleteFunc(slices.Clone(f.all[f.name]), func(one string) bool { return one == node }))
}
