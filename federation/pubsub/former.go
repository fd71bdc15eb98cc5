package pubsub

import (
	"context"
	"errors"
	"fmt"
)

// Former is the names of nodes that were given up, and which of them are gone.
type Former interface {
	Nodes() []string
	Gone(node string) error
}

// deleteFormer deletes the nodes whose names were given up. Nothing is published before: who reads both would know that
// they are of one house.
func (r *Recipient) deleteFormer(ctx context.Context) error {
	if r.Former == nil {
		return nil
	}
	for _, name := range r.Former.Nodes() {
		if err := r.delete(ctx, name); err != nil {
			return err
		}
		if err := r.Former.Gone(name); err != nil {
			return err
		}
	}
	return nil
}

// Delete deletes every node there is: the circle is no more.
func (r *Recipient) Delete(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.deleteFormer(ctx); err != nil && !errors.Is(err, errNoService) {
		return err
	}
	for _, name := range r.Devices() {
		if err := r.delete(ctx, name); err != nil && !errors.Is(err, errNoService) {
			return err
		}
	}
	return nil
}

// delete deletes a node where it is (XEP-0060 §8.4). One that is nowhere is no error.
func (r *Recipient) delete(ctx context.Context, name string) error {
	delete(r.scopes, name)
	n, err := r.find(ctx, name, false)
	switch {
	case errors.Is(err, errNoNode):
		return nil
	case err != nil:
		return err
	}
	if _, err := n.query(ctx, "set", n.owner("delete")); err != nil {
		return fmt.Errorf("delete node %s: %w", name, err)
	}
	return nil
}
