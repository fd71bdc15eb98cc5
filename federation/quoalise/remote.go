package quoalise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// Asker is what a consumer needs of an XMPP session. *xmpp.Client is one.
type Asker interface {
	Execute(ctx context.Context, to xmpp.JID, node string, form *xmpp.Form) (*xmpp.Element, error)
	ListItems(ctx context.Context, to xmpp.JID, node string) ([]xmpp.Item, error)
}

var _ Asker = (*xmpp.Client)(nil)

// Remote is a provider as its consumer sees it. Errors are a *Refusal where the provider answered.
type Remote struct {
	Session  Asker
	Provider xmpp.JID       // full
	Location *time.Location // in which times are asked for: some providers count in local days; nil for UTC
	Patience time.Duration  // how long a request is made again while there is no answer; 0: until ctx ends
}

const requestTimeout = 2 * time.Minute // of one request, as the reference client's

// Offer is a series that a provider lists for us.
type Offer struct {
	Identifier string `json:"identifier"`
	Title      string `json:"title,omitempty"`
}

// ErrUnlisted is under the error of Catalogue for a provider that answers but keeps no list: the consumer has to know
// the identifiers.
var ErrUnlisted = errors.New("it does not list its series; name the identifiers that you want")

// Catalogue returns the series that the provider lists for us, by name (XEP-0030, node "series").
func (r *Remote) Catalogue(ctx context.Context) ([]Offer, error) {
	var items []xmpp.Item
	err := r.insist(ctx, func(ctx context.Context) (err error) {
		items, err = r.Session.ListItems(ctx, r.Provider, NodeSeries)
		return err
	})
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Cause == Unoffered {
		return nil, fmt.Errorf("%s: %w", r.Provider, ErrUnlisted)
	}
	if err != nil {
		return nil, err
	}
	var offers []Offer
	for _, item := range items {
		if checkIdentifier(item.Node) == nil { // what cannot be asked for is no offer
			offers = append(offers, Offer{item.Node, printable(item.Name)})
		}
	}
	slices.SortFunc(offers, func(a, b Offer) int { return strings.Compare(a.Identifier, b.Identifier) })
	return slices.CompactFunc(offers, func(a, b Offer) bool { return a.Identifier == b.Identifier }), nil
}

// Subscribe asks for whatever comes of a series, or of a whole device. Asking twice is no error.
func (r *Remote) Subscribe(ctx context.Context, identifier string) error {
	return r.insist(ctx, func(ctx context.Context) error {
		_, err := r.Session.Execute(ctx, r.Provider, "subscribe", filled("identifier", identifier))
		return err
	})
}

// Unsubscribe wants nothing more of the series that begin with identifier.
func (r *Remote) Unsubscribe(ctx context.Context, identifier string) error {
	return r.insist(ctx, func(ctx context.Context) error {
		_, err := r.Session.Execute(ctx, r.Provider, "unsubscribe", filled("identifier", identifier))
		return err
	})
}

// filled is a form with fields given as name, value pairs.
func filled(pairs ...string) *xmpp.Form {
	form := &xmpp.Form{Type: "submit"}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Fields = append(form.Fields, xmpp.Field{Var: pairs[i], Type: "text-single", Values: []string{pairs[i+1]}})
	}
	return form
}

// errAnswer marks an answer that is not what was asked for. Asking again gives the same.
var errAnswer = errors.New("the answer cannot be used")

// history asks for the records of a series with from ≤ time < to. Both are always given, although the protocol does not
// demand it: the providers of the federation's own proxies break without. What they answer beyond is left out.
func (r *Remote) history(ctx context.Context, identifier string, from, to time.Time) (p senml.Pack, err error) {
	form := filled("identifier", identifier, "start_time", r.written(from), "end_time", r.written(to))
	err = r.insist(ctx, func(ctx context.Context) error {
		command, err := r.Session.Execute(ctx, r.Provider, "get_history", form)
		if err != nil {
			return err
		}
		if p, err = ParseData(command.Child(NS, "quoalise"), time.Now()); err != nil {
			return fmt.Errorf("%w: %s: %w", errAnswer, r.Provider, err)
		}
		return nil
	})
	return p, err
}

// written is a time as every provider reads it: to the second, or with three digits more; with an offset in numbers, for
// some know no Z.
func (r *Remote) written(t time.Time) string {
	if r.Location == nil {
		t = t.UTC()
	} else {
		t = t.In(r.Location)
	}
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05-07:00")
	}
	return t.Format("2006-01-02T15:04:05.000-07:00")
}

// Expand returns the series that identifiers stand for, in order: whole devices, and none at all, by what is listed. A
// device of which nothing is listed is an error: it may be misspelt.
func (r *Remote) Expand(ctx context.Context, identifiers []string) ([]string, error) {
	f := Follower{Remote: r, Identifiers: identifiers, Now: time.Now, Progress: &Progress{marks: map[string]Mark{}}}
	series, _, err := f.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range identifiers {
		if !slices.ContainsFunc(series, func(one string) bool { return names(id, one) }) {
			return nil, fmt.Errorf("%s lists no series of %s for us", r.Provider, id)
		}
	}
	return series, nil
}
