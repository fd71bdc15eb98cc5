package pride

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"releve/federation"
	"releve/senml"
)

// Recipient stores packs on a platform. What it is sent twice is there once, for a datapoint is its series and its time.
type Recipient struct {
	*Service
	Name   string            // as it is logged and shown
	Prefix string            // of classes that no route names, before the path with dots
	Label  string            // the label that holds the device
	Labels map[string]string // added to every series
}

var _ federation.Gradual = (*Recipient)(nil)

// String names it.
func (r *Recipient) String() string { return r.Name }

// mostInRequest bounds a request to update, in bytes.
const mostInRequest = 1 << 20

// Send stores a pack in as many requests as it takes. The acknowledgement of a platform is its status 200. When it
// refuses one, what came before is stored, and comes again with the rest.
func (r *Recipient) Send(ctx context.Context, p senml.Pack) error {
	return r.SendWhile(ctx, p, func() error { return nil })
}

// SendWhile is Send while all of p is granted, which is asked before each request.
func (r *Recipient) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	token, err := r.Token()
	if err != nil {
		return fmt.Errorf("%w: %w", federation.ErrStopped, err)
	}
	var body strings.Builder
	for _, record := range p {
		text, err := line(r.series(record), record)
		if err != nil {
			return fmt.Errorf("%w: %w", federation.ErrRefused, err)
		}
		if body.Len()+len(text) > mostInRequest && body.Len() > 0 {
			if err := r.update(ctx, token, body.String(), granted); err != nil {
				return err
			}
			body.Reset()
		}
		body.WriteString(text)
	}
	return r.update(ctx, token, body.String(), granted)
}

func (r *Recipient) update(ctx context.Context, token, body string, granted func() error) error {
	if err := granted(); err != nil {
		return err
	}
	text, err := r.post(ctx, updateEndpoint, token, body)
	if err == nil && strings.TrimSpace(string(text)) != "" { // Warp 10 says nothing: a portal or a proxy has taken what it will not store
		return fmt.Errorf("%w: %w", federation.ErrStopped, federation.Meaning(errors.New("who answers 200 in place of PRIDE says something to an update"), federation.ErrStranger))
	}
	return err
}

// series says where a record is kept: a route may name the class and the value of the label.
func (r *Recipient) series(record senml.Record) GTS {
	place := federation.PlaceOf(record.Name)
	g := GTS{
		Class:  cmp.Or(place.Item, r.Prefix+strings.ReplaceAll(place.Path, "/", ".")),
		Labels: map[string]string{r.Label: cmp.Or(place.Device, place.URN)},
	}
	if record.Unit != "" {
		g.Labels["unit"] = record.Unit
	}
	maps.Copy(g.Labels, r.Labels)
	return g
}
