package quoalise

import (
	"context"
	"errors"
	"fmt"
	"time"

	"releve/senml"
)

// How long a time is asked for at once. Some proxies hand on a limit of Enedis, seven days, and count the day of the end;
// others have a limit of records.
const (
	firstStep = 6 * 24 * time.Hour
	leastStep = time.Second // a provider that refuses even this refuses something else
	probeStep = time.Minute
	calm      = 8 // pages before a longer time is tried again after a refusal
)

// Fetch asks for the records of a series with from ≤ time < to and hands them to take, oldest first, a page at a time: it
// holds no more than one answer. It halves the time it asks for when that is too much for the provider, or takes the
// provider's own word for how much fits. What take has not had when Fetch returns an error begins at done.
func (r *Remote) Fetch(ctx context.Context, identifier string, from, to time.Time,
	take func(ctx context.Context, p senml.Pack) error,
) (done time.Time, err error) {
	f := fetch{
		remote: r, identifier: identifier, take: take, step: firstStep,
		at: from.Truncate(time.Millisecond), to: to.Truncate(time.Millisecond), // as they travel
	}
	for f.at.Before(f.to) && err == nil {
		err = f.page(ctx)
	}
	return f.at, err
}

// fetch is one call of Fetch.
type fetch struct {
	remote     *Remote
	identifier string
	take       func(ctx context.Context, p senml.Pack) error
	at, to     time.Time     // what is still to be had
	step       time.Duration // to ask for next
	fits       time.Duration // that was answered once
	ceiling    time.Duration // that Enedis refused although it answered less; 0 for none
	most       int           // records in an answer
	steady     int           // pages until step may grow
	probed     bool          // whether a refusal is about the length is known
	after      time.Duration // to ask for once the probe was answered
}

// page asks once and moves on, or shortens what is asked for.
func (f *fetch) page(ctx context.Context) error {
	end := f.at.Add(f.step)
	if end.After(f.to) {
		end = f.to
	}
	records, err := f.remote.history(ctx, f.identifier, f.at, end)
	if err != nil {
		return f.shorten(err, end)
	}
	records, err = f.clip(records, end)
	if err == nil && len(records) > 0 {
		err = f.take(ctx, records)
	}
	if err != nil {
		return err
	}
	f.fits, f.most, f.probed = max(f.fits, end.Sub(f.at)), max(f.most, len(records)), true
	f.at = end
	f.lengthen(len(records))
	return nil
}

// lengthen chooses a longer time after an answer of n records, which either is short or one of many since a refusal.
func (f *fetch) lengthen(n int) {
	f.steady--
	switch {
	case f.after > 0:
		f.step, f.after = f.after, 0
	case f.ceiling > 0 && 2*f.step >= f.ceiling:
	case f.steady < 0 || 2*n < f.most:
		f.step *= 2
	}
}

// clip leaves out what is beyond the time that was asked for, where the provider counts in whole days, and what is of
// another series. Periods of the one that was asked for are what there is where a consent covers nothing finer.
func (f *fetch) clip(p senml.Pack, end time.Time) (senml.Pack, error) {
	var kept senml.Pack
	strangers := 0
	from, to := f.at.UnixMilli(), end.UnixMilli()
	for _, r := range p {
		switch at := int64(r.Time*1000 + 0.5); {
		case r.Name != f.identifier && seriesOf(r.Name) != f.identifier:
			strangers++
		case from <= at && at < to:
			kept = append(kept, r)
		}
	}
	if strangers == len(p) && len(p) > 0 {
		return nil, fmt.Errorf("%w: %s answers with another series than was asked for", errAnswer, f.remote.Provider)
	}
	return kept, nil
}

// shorten chooses a shorter time after a refusal, or returns the refusal when the length is not what it is about.
func (f *fetch) shorten(err error, end time.Time) error {
	var refusal *Refusal
	asked := end.Sub(f.at)
	switch {
	case !errors.As(err, &refusal), asked <= leastStep:
		return err
	case refusal.Cause != Misasked && refusal.Cause != TooMuch && refusal.Cause != Upstream:
		return err
	}
	f.steady = calm
	switch {
	case refusal.Until.After(f.at) && refusal.Until.Before(end):
		f.step, f.after, f.probed = refusal.Until.Sub(f.at), 0, true
	case refusal.Cause == Upstream && f.fits < asked && f.fits > 0: // it is the days that are too many
		f.ceiling, f.step = asked, f.fits
	case refusal.Cause == Upstream:
		return err
	case f.after > 0: // the least was refused
		return err
	case f.probed:
		f.step = asked / 2
	case asked <= probeStep:
		return err
	default: // is it the length that is refused, or the request? The least answers that
		f.step, f.after, f.probed = probeStep, asked/2, true
	}
	return nil
}
