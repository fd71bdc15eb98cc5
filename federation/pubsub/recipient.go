// Package pubsub publishes packs on nodes of our own server (XEP-0060), one a meter, for many readers: the server hands
// them on and keeps the last ones for who comes later. Its answer is the acknowledgement.
//
// In: packs under the names of a circle of readers. Out: items that hold a <pack xmlns="urn:releve:pack:0"/>. A node is
// for those only who have a grant in force: closed before its first item, looked at again before each publication that
// follows a login or a change, and emptied before it gets another reader. The package knows nothing of meters or storage.
package pubsub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"releve/federation"
	"releve/federation/peer"
	"releve/federation/xmpp"
	"releve/senml"
)

const (
	recordsPerItem = 1_500
	careEvery      = time.Minute // how late a reader is let in, or out
)

// Session is what publishing needs of an XMPP session. *xmpp.Client is one.
type Session interface {
	Query(ctx context.Context, typ string, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error)
	Deliver(ctx context.Context, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error)
}

var _ Session = (*xmpp.Client)(nil)

// Circle says who may read now. *consent.Circle is one.
type Circle interface {
	Members() []string // bare addresses, sorted
	Scope() string     // another word whenever what may be read, or by whom, changes

	Terms(name string) []string // what binds all of them about what is published under a name, which travels along
}

// Recipient is the nodes of one circle.
type Recipient struct {
	Name    string
	Session Session
	Account xmpp.JID // ours, bare
	Service xmpp.JID // where the nodes are; the zero JID to find it
	Circle  Circle
	Devices func() []string // the nodes there may be, also before anything is published
	Former  Former          // those there may be under names that were given up; may be nil
	Erased  func() int      // how often readings were erased, of which the nodes may have some; may be nil
	Log     *slog.Logger

	mu       sync.Mutex        // guards everything below, and is held while the service is talked to
	services []xmpp.JID        // where nodes may be, once found; the one where they are, once there is a node
	scopes   map[string]string // node → the scope that it is known to have
	trouble  error             // of the last care
}

var _ federation.Gradual = (*Recipient)(nil)

// String is the recipient's name.
func (r *Recipient) String() string { return r.Name }

// Send publishes p and returns nil when the service has all of it.
func (r *Recipient) Send(ctx context.Context, p senml.Pack) error {
	return r.SendWhile(ctx, p, func() error { return nil })
}

// SendWhile is Send while all of p is granted, which is asked before each item, and when it is written.
func (r *Recipient) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	ctx = xmpp.While(ctx, granted)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.deleteFormer(ctx); err != nil {
		return err
	}
	var refused error
	nodes, packs := byDevice(p)
	for _, node := range nodes {
		if err := granted(); err != nil { // under these names nothing is made any more
			return err
		}
		if err := r.open(ctx, node); err != nil {
			return err
		}
		err := r.publish(ctx, node, packs[node], granted)
		switch {
		case errors.Is(err, federation.ErrRefused):
			refused = err
		case err != nil:
			delete(r.scopes, node) // it may be gone, or somebody else's: look before the next
			return err
		}
	}
	return refused
}

// byDevice sorts records by device, the part of a name before "_" (RFC 9039 §3), in the order of their first.
func byDevice(p senml.Pack) (nodes []string, packs map[string]senml.Pack) {
	packs = map[string]senml.Pack{}
	for _, record := range p {
		device, _, _ := strings.Cut(record.Name, "_")
		if packs[device] == nil {
			nodes = append(nodes, device)
		}
		packs[device] = append(packs[device], record)
	}
	return nodes, packs
}

// open makes sure that a node is there, and for the circle as it is now.
func (r *Recipient) open(ctx context.Context, node string) error {
	scope := r.scope()
	if known, ok := r.scopes[node]; ok && known == scope {
		return nil
	}
	n, err := r.find(ctx, node, true)
	if err != nil {
		return err
	}
	return r.furnish(ctx, n, scope)
}

// scope is that of the circle, and another once readings were erased: then the nodes are emptied.
func (r *Recipient) scope() string {
	scope := r.Circle.Scope()
	if r.Erased != nil && r.Erased() > 0 {
		scope += fmt.Sprintf(" %d", r.Erased())
	}
	return scope
}

// furnish brings an existing node in line with the circle and notes that it is.
func (r *Recipient) furnish(ctx context.Context, n node, scope string) error {
	delete(r.scopes, n.name)
	if err := n.admit(ctx, r.Account.String(), r.Circle.Members(), scope); err != nil {
		return err
	}
	r.note(n.name, scope)
	return nil
}

// publish sends records as items, fewer at once where the service finds them too large.
func (r *Recipient) publish(ctx context.Context, name string, p senml.Pack, granted func() error) error {
	n := node{r.Session, r.services[0], name} // where open found it
	var refused error
	for size := recordsPerItem; len(p) > 0; {
		part := p[:min(size, len(p))]
		err := granted()
		if err == nil {
			err = n.publish(ctx, part, r.Circle.Terms)
		}
		switch {
		case errors.Is(err, errTooLarge) && len(part) > 1:
			size = len(part) / 2
			continue
		case errors.Is(err, xmpp.ErrTooBig):
			refused = fmt.Errorf("%w: %w", federation.ErrRefused, err)
		case errors.Is(err, errTooLarge): // for the service, which may be told to take more
			return fmt.Errorf("%w: %w", federation.ErrStopped, err)
		case err != nil:
			return err
		}
		p = p[len(part):]
	}
	return refused
}

// item is the payload and its name. The same records have the same name, whatever was agreed to about them since: published
// twice, they are there once.
func item(p senml.Pack, terms func(string) []string) (*xmpp.Element, error) {
	pack, err := peer.Element(p, senml.XML)
	if err != nil {
		return nil, err
	}
	text, err := pack.Bytes()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return xmpp.NewElement("", "item", "id", hex.EncodeToString(sum[:12])).Add(peer.Agree(pack, p, terms)), nil
}

// Greet looks at every node anew. It is to be called at each login.
func (r *Recipient) Greet(ctx context.Context) {
	r.mu.Lock()
	clear(r.scopes)
	r.services = nil
	r.mu.Unlock()
	r.tell(ctx, r.care(ctx))
}

// Care keeps the readers of the nodes equal to the circle until ctx ends, also while nothing is published.
func (r *Recipient) Care(ctx context.Context) error {
	tick := time.NewTicker(careEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.tell(ctx, r.care(ctx))
		}
	}
}

// tell logs why readers are not what they should be, once.
func (r *Recipient) tell(ctx context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && ctx.Err() == nil && (r.trouble == nil || r.trouble.Error() != err.Error()) {
		r.Log.Info("readers not brought up to date", "recipient", r.Name, "error", err, "retry_in", careEvery)
	}
	r.trouble = err
}

// care brings every node in line of which it is not known that it is.
func (r *Recipient) care(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	errs := []error{r.deleteFormer(ctx)}
	for _, name := range r.Devices() {
		scope := r.scope()
		if known, ok := r.scopes[name]; ok && (known == scope || known == absent) {
			continue
		}
		if _, err := r.places(ctx); err != nil { // the same for all that follow
			return errors.Join(append(errs, err)...)
		}
		n, err := r.find(ctx, name, false)
		switch {
		case errors.Is(err, errNoNode):
			r.note(name, absent)
		case err != nil:
			errs = append(errs, err)
		default:
			errs = append(errs, r.furnish(ctx, n, scope))
		}
	}
	return errors.Join(errs...)
}

// absent stands for the scope of a node that does not exist.
const absent = ""

func (r *Recipient) note(name, scope string) {
	if r.scopes == nil {
		r.scopes = map[string]string{}
	}
	r.scopes[name] = scope
}
