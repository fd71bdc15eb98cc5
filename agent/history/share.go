package history

import (
	"context"
	"slices"
	"time"
)

// Shares is how production and consumption of a household meet over a span.
type Shares struct {
	Span Span `json:"span"`
	// Energies in Wh over the points at which all three are known; nil when there are none. Injected is estimated where the
	// meter does not count it.
	Drawn        *float64 `json:"drawn"`
	Injected     *float64 `json:"injected"`
	Produced     *float64 `json:"produced"`
	SelfConsumed *float64 `json:"self_consumed"`
	Estimated    bool     `json:"estimated,omitempty"`
	// SelfConsumption is what was consumed of the production, SelfProduction what was produced of the consumption, 0 to 1;
	// nil when not known, or of nothing.
	SelfConsumption *float64 `json:"self_consumption"`
	SelfProduction  *float64 `json:"self_production"`
	// Known is how long all three are known, Over how long the span has lasted.
	Known   time.Duration `json:"-"`
	Over    time.Duration `json:"-"`
	Missing []Quantity    `json:"missing,omitempty"` // those of which no point is known whole
	// Doubtful tells that more was injected than the production series say: they are not all there is.
	Doubtful bool `json:"doubtful,omitempty"`

	Lines []Line `json:"lines"` // drawn, injected, produced: the points they were made of
}

// Shares tells how production and consumption meet: self-consumed is what was produced and not injected. Only
// points at which drawn, injected and produced energy are all known whole count, so that a gap of one does not pass
// for a zero.
func (e *Engine) Shares(ctx context.Context, meter string, c Calendar, at time.Time) (Shares, error) {
	return e.shares(ctx, meter, c, at, stepOfShares(c), Line.asIs)
}

// SharesOver is Shares as the periods of a step tell them that are over: nothing of the one that is not is in them.
func (e *Engine) SharesOver(ctx context.Context, meter string, c Calendar, at time.Time, step Step) (Shares, error) {
	return e.shares(ctx, meter, c, at, step, Line.over)
}

func (l Line) asIs() Line { return l }

// over is the line without what is not over.
func (l Line) over() Line {
	l.Points, l.Total, l.Unplaced, l.Whole, l.Mean = slices.Clone(l.Points), nil, 0, false, nil
	for i, p := range l.Points {
		if !p.Final {
			l.Points[i] = Point{From: p.From, To: p.To}
		}
	}
	return l
}

func (e *Engine) shares(ctx context.Context, meter string, c Calendar, at time.Time, step Step, told func(Line) Line) (Shares, error) {
	span, err := SpanOf(c, at.In(e.Location))
	if err != nil {
		return Shares{}, err
	}
	s := Shares{Span: span, Over: max(earlier(e.Now(), span.To).Sub(span.From), 0)}
	units := e.units()
	for _, q := range []Quantity{Energy, Injected, Production} {
		line, err := e.line(ctx, e.wanted(q, meter, units)[0], span, step)
		if err != nil {
			return s, err
		}
		line = told(line)
		s.Lines, s.Estimated = append(s.Lines, line), s.Estimated || line.Estimated
		if !slices.ContainsFunc(line.Points, func(p Point) bool { return p.Whole }) {
			s.Missing = append(s.Missing, q)
		}
	}
	s.meet(e.Now())
	return s, nil
}

func stepOfShares(c Calendar) Step {
	if c == Day {
		return TenMinutes
	}
	return map[Calendar]Step{Week: Hour, Month: Daily, Year: Daily}[c]
}

// meet adds up the points that are known of all.
func (s *Shares) meet(now time.Time) {
	var sums [3]float64
	for i, p := range s.Lines[0].Points {
		if !s.isKnown(i) || !p.From.Before(now) {
			continue
		}
		for n, line := range s.Lines {
			sums[n] += *line.Points[i].Value
		}
		s.Known += earlier(now, p.To).Sub(p.From)
	}
	if s.Known == 0 {
		return
	}
	drawn, injected, produced := sums[0], sums[1], sums[2]
	self := max(produced-injected, 0)
	s.Doubtful = injected > produced+margin
	s.Drawn, s.Injected, s.Produced, s.SelfConsumed = &drawn, &injected, &produced, &self
	s.SelfConsumption, s.SelfProduction = ratio(self, produced), ratio(self, drawn+self)
}

func (s *Shares) isKnown(i int) bool {
	for _, line := range s.Lines {
		if p := line.Points[i]; p.Value == nil || !p.Whole {
			return false
		}
	}
	return true
}

func ratio(part, of float64) *float64 {
	if of <= 0 {
		return nil
	}
	r := part / of
	return &r
}
