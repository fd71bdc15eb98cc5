package quoalise

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

// round unsubscribes, subscribes, closes the gaps and checks what is due. What is refused of one series holds up no other. It returns
// the first thing that was wrong.
func (f *Follower) round(ctx context.Context) error {
	series, identifiers, err := f.list(ctx)
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return f.leave(ctx) },
		func() error { return f.subscribe(ctx, identifiers) },
		func() error { return each(ctx, series, f.close) },
		func() error { return each(ctx, series, f.check) },
	}
	if f.PastFirst {
		past := func() error { return each(ctx, series, f.past) }
		steps = append([]func() error{past}, steps...)
	}
	return stepwise(steps)
}

// stepwise does one step after the other until an error that all that follows would have, and returns the first error.
func stepwise(steps []func() error) (trouble error) {
	for _, step := range steps {
		err := step()
		if fatal(err) {
			return err
		}
		if trouble == nil {
			trouble = err
		}
	}
	return trouble
}

// each does the same for every series.
func each(ctx context.Context, series []string, do func(context.Context, string) error) error {
	var steps []func() error
	for _, one := range series {
		steps = append(steps, func() error { return do(ctx, one) })
	}
	return stepwise(steps)
}

// fatal tells an error that all other requests of a round would have, too.
func fatal(err error) bool {
	var r *Refusal
	switch {
	case err == nil, errors.Is(err, errAnswer), errors.Is(err, xmpp.ErrUnfinished):
		return false
	case !errors.As(err, &r):
		return true
	}
	return r.Cause == Absent || r.Cause == Unreachable || r.Cause == Unwelcome || r.Cause == Busy
}

// list returns the series that are wanted, and what to subscribe to.
func (f *Follower) list(ctx context.Context) (series, identifiers []string, err error) {
	var offers []Offer
	all := len(f.Identifiers) == 0
	if all || slices.ContainsFunc(f.Identifiers, isDevice) {
		if offers, err = f.Remote.Catalogue(ctx); err != nil && (all || !errors.Is(err, ErrUnlisted)) {
			return nil, nil, err
		}
	}
	identifiers = f.Identifiers
	if all {
		identifiers = devices(offers)
	}
	for _, id := range identifiers {
		series = append(series, f.seriesOf(id, offers, err != nil)...)
	}
	slices.Sort(series)
	series = slices.Compact(series)
	if all && len(series) == 0 {
		return nil, nil, ErrNothingListed
	}
	for _, one := range series {
		f.Progress.mark(one, f.Now().Add(-f.Since))
	}
	f.count(series)
	return series, identifiers, nil
}

func isDevice(identifier string) bool { return !strings.Contains(identifier, "_") }

// devices are those of all series that are offered.
func devices(offers []Offer) []string {
	var all []string
	for _, o := range offers {
		device, _ := splitIdentifier(o.Identifier)
		all = append(all, device)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// seriesOf are the series that an identifier stands for: those of the list, or without one those that came, and the
// identifier itself, for it may be a series without a path.
func (f *Follower) seriesOf(id string, offers []Offer, unlisted bool) (series []string) {
	switch {
	case !isDevice(id):
		return []string{id}
	case unlisted:
		series = []string{id}
		for _, one := range f.Progress.Series() {
			if names(id, one) {
				series = append(series, one)
			}
		}
		return series
	}
	for _, o := range offers {
		if names(id, o.Identifier) {
			series = append(series, o.Identifier)
		}
	}
	return series
}

// leave unsubscribes, device by device, from what was wanted once and is not any more. What is still wanted of such a device
// is subscribed to right after, as all is at each login: we may have subscribed to the whole of it, and providers end all
// that begins with its name. One that refuses is left in peace.
func (f *Follower) leave(ctx context.Context) error {
	return f.part(ctx, func(_, series string) bool { return f.wants(series) })
}

// Leave is for a provider that is followed no more: it unsubscribes from all that was ever wanted of it, except devices that
// somebody else of us wants. Who has left once does not ask again.
func (f *Follower) Leave(ctx context.Context, wanted func(device string) bool) error {
	return f.part(ctx, func(device, _ string) bool { return wanted(device) })
}

func (f *Follower) part(ctx context.Context, wanted func(device, series string) bool) error {
	unwanted := map[string][]string{} // series by device
	for _, one := range f.Progress.Series() {
		device, _ := splitIdentifier(one)
		if !wanted(device, one) && !f.Progress.left(one) {
			unwanted[device] = append(unwanted[device], one)
		}
	}
	for _, device := range slices.Sorted(maps.Keys(unwanted)) {
		err := f.Remote.Unsubscribe(ctx, device)
		if fatal(err) {
			return err
		}
		if err != nil {
			f.Log.Warn("not unsubscribed from what is not wanted any more", "provider", f.Remote.Provider.String(), "error", federation.Discreet(err.Error()))
		}
		for _, one := range unwanted[device] {
			f.Progress.leave(one)
		}
	}
	return nil
}

// subscribe asks for pushes, once a login and then as often as everything is checked: a provider may have forgotten us. One
// that has no pushes is asked for history at each round instead.
func (f *Follower) subscribe(ctx context.Context, identifiers []string) (trouble error) {
	for _, id := range identifiers {
		if f.isSubscribed(id) {
			continue
		}
		err := f.Remote.Subscribe(ctx, id)
		var r *Refusal
		if errors.As(err, &r) && r.Cause == Unoffered {
			f.mute()
			return nil
		}
		if fatal(err) {
			return err
		}
		if err == nil {
			f.noteSubscribed(id)
		} else if trouble == nil {
			trouble = err
		}
	}
	return trouble
}

func (f *Follower) isSubscribed(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, ok := f.subscribed[id]
	return ok && f.Now().Sub(at) < f.Every
}

func (f *Follower) noteSubscribed(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subscribed[id], f.standing.Mute = f.Now(), false
}

// mute notes that nothing is pushed: every series has a gap again.
func (f *Follower) mute() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.standing.Mute, f.standing.Gaps = true, f.standing.Series
	clear(f.whole)
}

// past asks for what came before now, of a series with a gap. The gap stays: nothing is pushed yet.
func (f *Follower) past(ctx context.Context, series string) error {
	now := f.Now()
	m := f.Progress.mark(series, now)
	if f.isWhole(series) || f.hasNoPast(m) {
		return nil
	}
	return f.fetch(ctx, series, m.Heard, f.Progress.hear)
}

// close asks for what came after the last record before which nothing is missing.
func (f *Follower) close(ctx context.Context, series string) error {
	if f.isWhole(series) {
		return nil
	}
	now := f.Now()
	m := f.Progress.mark(series, now)
	first := m.Checked.IsZero()
	move := f.Progress.hear
	if first {
		move = f.Progress.verify
	}
	if !f.hasNoPast(m) {
		if err := f.fetch(ctx, series, m.Heard, move); err != nil {
			return err
		}
	}
	if first {
		f.Progress.check(series, now)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.whole[series] = true
	f.standing.Gaps = max(0, f.standing.Gaps-1)
	return nil
}

// hasNoPast tells of a series that is new, when nothing older was wanted than what is pushed.
func (f *Follower) hasNoPast(m Mark) bool { return m.Checked.IsZero() && f.Since == 0 }

// check asks once in a while for all that came since the last check.
func (f *Follower) check(ctx context.Context, series string) error {
	now := f.Now()
	m := f.Progress.mark(series, now)
	if !m.Checked.IsZero() && now.Sub(m.Checked) < f.Every || !f.isWhole(series) {
		return nil
	}
	if err := f.fetch(ctx, series, m.Verified.Add(-overlap), f.Progress.verify); err != nil {
		return err
	}
	f.Progress.check(series, now)
	return nil
}

// ahead is how much the clock of a provider may be ahead of ours.
const ahead = time.Minute

// fetch takes the history of a series until now and moves a mark with each page: what was had is not asked for again.
func (f *Follower) fetch(ctx context.Context, series string, from time.Time, move func(string, time.Time)) error {
	_, err := f.Remote.Fetch(ctx, series, from, f.Now().Add(ahead), func(ctx context.Context, p senml.Pack) error {
		if err := f.Take(ctx, p); err != nil {
			return fmt.Errorf("take the history of a series: %w", err)
		}
		newest := newestOf(p)[series]
		f.saw(newest, f.Now())
		move(series, newest)
		return nil
	})
	return err
}

// count notes for people how many series have a gap.
func (f *Follower) count(series []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.standing.Series, f.standing.Listed, f.standing.Gaps = len(series), true, 0
	for _, one := range series {
		if !f.whole[one] {
			f.standing.Gaps++
		}
	}
}
