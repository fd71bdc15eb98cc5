package pride

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"releve/federation"
	"releve/senml"
)

// Supplier asks a platform for the series of its selectors.
type Supplier struct {
	*Service
	Name      string   // as it is logged and shown
	Selectors []string // as Warp 10 writes them, such as =pride.enedis.cdc{PRM=01234567890123} or ~pride.*{}
	Label     string   // the label that holds the device
	Now       func() time.Time

	mu  sync.Mutex // guards everything below
	gts map[string]GTS
	odd uint64 // datapoints that cannot be readings
}

var _ federation.Supplier = (*Supplier)(nil)

// String names it.
func (s *Supplier) String() string { return s.Name }

// Odd returns how many datapoints could not be readings: not a number, no value.
func (s *Supplier) Odd() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.odd
}

// Series lists all series of all selectors, each once.
func (s *Supplier) Series(ctx context.Context) ([]string, error) {
	token, err := s.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", federation.ErrStopped, err)
	}
	found := map[string]GTS{}
	for _, selector := range s.Selectors {
		body, err := s.post(ctx, execEndpoint, token, findScript(token, selector))
		if err != nil {
			return nil, err
		}
		var list []listed
		if err := answered(body, &list); err != nil {
			return nil, err
		}
		for _, one := range list {
			g := one.gts()
			found[g.String()] = g
		}
	}
	s.mu.Lock()
	s.gts = found
	s.mu.Unlock()
	return slices.Sorted(maps.Keys(found)), nil
}

// How much of a series is asked for at once.
const (
	firstWindow = 24 * time.Hour
	leastWindow = time.Second
	mostWindow  = 366 * 24 * time.Hour
	fewPoints   = 2_000 // of a window that may be longer
)

// Fetch asks for a series from an instant on, window after window, until one holds something or now is reached: a
// platform gives the newest of a number of datapoints, never the oldest. Instants are UTC, and both ends of a window are
// part of it.
func (s *Supplier) Fetch(ctx context.Context, series string, from time.Time) (federation.Page, error) {
	s.mu.Lock()
	g, known := s.gts[series]
	s.mu.Unlock()
	if !known {
		return federation.Page{}, fmt.Errorf("%w: the platform lists no such series any more", federation.ErrRefused)
	}
	page := federation.Page{Next: from}
	window := firstWindow
	for start, now := from, s.Now(); ; {
		end := start.Add(window)
		p, err := s.between(ctx, g, start, end)
		switch {
		case errors.Is(err, errTooMuch) && window > leastWindow:
			window = max(window/8, leastWindow)
			continue
		case errors.Is(err, errTooMuch):
			return page, fmt.Errorf("%w: %w", federation.ErrRefused, err)
		case err != nil:
			return page, err
		}
		page.Records = append(page.Records, p...)
		for _, r := range p {
			page.Next = latest(page.Next, time.UnixMilli(int64(r.Time*1000)))
		}
		if !end.Before(now) {
			return page, nil
		}
		if len(page.Records) > fewPoints {
			page.More, page.Next = true, end
			return page, nil
		}
		start, window = end, min(2*window, mostWindow)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// between asks for one window.
func (s *Supplier) between(ctx context.Context, g GTS, from, to time.Time) (senml.Pack, error) {
	token, err := s.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", federation.ErrStopped, err)
	}
	body, err := s.post(ctx, execEndpoint, token, fetchScript(token, g, from, to))
	if err != nil {
		return nil, err
	}
	var list []listed
	var ticks int64 // in a second
	if err := answered(body, &ticks, &list); err != nil {
		return nil, err
	}
	if ticks <= 0 {
		return nil, errors.New("PRIDE does not say in what unit it counts time")
	}
	var p senml.Pack
	for _, one := range list {
		if one.gts().String() != g.String() { // has these labels, and more
			continue
		}
		records, skipped := one.records(s.name(g), g.Labels["unit"], ticks)
		p = append(p, records...)
		s.mu.Lock()
		s.odd += uint64(skipped)
		s.mu.Unlock()
	}
	return p, nil
}

// name is that of a series here: the device is the value of the label, the item is the class and all other labels.
//
//	Example: urn:dev:prm:01234567890123_pride.enedis.cdc, device:linky:2012_releve.voltage.1:7Bphase:3D1:7D
func (s *Supplier) name(g GTS) string {
	rest := maps.Clone(g.Labels)
	delete(rest, s.Label)
	delete(rest, "unit")
	item := g.Class
	if len(rest) > 0 {
		_, labels, _ := strings.Cut(GTS{Labels: rest}.String(), "{")
		item += "{" + labels
	}
	return federation.Outside(g.Labels[s.Label], item)
}
