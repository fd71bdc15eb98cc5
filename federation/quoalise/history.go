package quoalise

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// MaxRecords is how many records one answer to get_history may hold: about 30 kB of numbers, 10 s under a stock
// ejabberd's shaper. Long texts may allow fewer.
const MaxRecords = 1000

// answerBytes is the room an answer has for its data: the rest is the form, and the addresses, which others choose.
const answerBytes = xmpp.MaxStanza - 8<<10

// maxTime is the length of the longest time or duration anybody writes, with room to spare.
const maxTime = 64 // bytes

// defaultRange is how far back get_history looks for records when no start is given.
const defaultRange = 15 * time.Minute

// question is what get_history was asked.
type question struct {
	series      string       // identifier of the series, without what asks for a roll-up
	rollUp      rollUp       // as the identifier asks for it
	resolutions []Resolution // to be tried in order until an answer is not too large; "" for records
	from, to    time.Time
	whole       bool // only periods of which all is known
	terms       []string
}

func (p *Provider) history(ctx context.Context, s xmpp.Step) (xmpp.Outcome, error) {
	if s.Form == nil {
		return askHistory(), nil
	}
	id, err := p.identifier(s)
	if err != nil {
		return xmpp.Outcome{}, err
	}
	q, err := ask(id, s.Form, time.Now())
	if err != nil {
		return xmpp.Outcome{}, err
	}
	asker := s.From.Bare().String()
	local := p.Consent.Local(asker, q.series, p.Archive.Series())
	if local == "" {
		return xmpp.Outcome{}, errNoSeries()
	}
	finest := p.Consent.Finest(asker, local)
	if q, err = q.within(finest); err != nil {
		return xmpp.Outcome{}, err
	}
	q.terms = p.Consent.Terms(asker, local)
	data, element, err := p.answer(ctx, local, q)
	if err != nil {
		return xmpp.Outcome{}, err
	}
	granted := func() error {
		if p.Consent.Local(asker, q.series, []string{local}) != local || p.Consent.Finest(asker, local) != finest {
			return errNoSeries() // withdrawn while it was read, or waited for its turn
		}
		return nil
	}
	if err := granted(); err != nil {
		return xmpp.Outcome{}, err
	}
	if err := p.Consent.Answered(asker, local, data.named()); err != nil {
		return xmpp.Outcome{}, err
	}
	xmpp.AnswerWhile(ctx, granted)
	return done("Get history", "Get "+id, element), nil
}

// askHistory is the form for people, who are better served with something coarser than with a refusal.
func askHistory() xmpp.Outcome {
	return form("Get history", fmt.Sprintf("At most %d records an answer. Without times: the last 15 minutes. "+
		"Resolution: raw, PT10S, PT10M, PT30M, PT1H, P1D, P1M, P1Y, or auto for the finest that one answer can hold.", MaxRecords),
		identifierField(),
		xmpp.Field{Var: "start_time", Type: "text-single", Label: "Start time (ISO 8601 with offset)"},
		xmpp.Field{Var: "end_time", Type: "text-single", Label: "End time, excluded (ISO 8601 with offset)"},
		xmpp.Field{Var: "resolution", Type: "text-single", Label: "Resolution", Values: []string{auto}})
}

// ask reads what the form asks of get_history.
func ask(id string, f *xmpp.Form, now time.Time) (q question, err error) {
	q.series, q.rollUp = splitRollUp(id)
	q.resolutions = []Resolution{q.rollUp.resolution}
	if field := f.Value("resolution"); q.rollUp == (rollUp{}) {
		if q.resolutions, err = parseResolution(field); err != nil {
			return q, err
		}
	} else if field != "" && field != string(q.rollUp.resolution) && field != auto {
		return q, xmpp.BadRequest("the identifier asks for resolution " + string(q.rollUp.resolution) + " already; leave the field resolution out")
	}
	q.from, q.to, err = timeRange(f, now, q.resolutions[0].reach())
	return q, err
}

// within is the question as a consent allows it. Who asks for readings and was granted periods gets periods; what is
// finer than that, or tells one reading out of a period, is refused.
func (q question) within(finest string) (question, error) {
	if finest == live {
		return q, nil
	}
	q.whole = true
	if q.rollUp == (rollUp{}) && q.resolutions[0] == "" {
		q.resolutions[0] = Resolution(finest)
	}
	if q.rollUp.aggregation == minimum || q.rollUp.aggregation == maximum {
		return q, xmpp.NotAuthorized("the consent does not cover single readings, such as the " + q.rollUp.aggregation + " of a period")
	}
	q.resolutions = slices.DeleteFunc(slices.Clone(q.resolutions), func(r Resolution) bool { return r.isFinerThan(Resolution(finest)) })
	if len(q.resolutions) == 0 {
		return q, xmpp.NotAuthorized("the consent covers nothing finer than " + finest)
	}
	return q, nil
}

// answer reads at the first resolution of which one answer can hold all.
func (p *Provider) answer(ctx context.Context, local string, q question) (data Data, element *xmpp.Element, err error) {
	var many *excess
	for _, r := range q.resolutions {
		if data, element, err = p.read(ctx, local, q, r); !errors.As(err, &many) {
			return data, element, err
		}
	}
	return data, nil, many.told()
}

// read returns the answer at one resolution. Its error is an *excess when that is more than an answer can hold.
func (p *Provider) read(ctx context.Context, local string, q question, r Resolution) (Data, *xmpp.Element, error) {
	read := p.records
	if r != "" {
		read = p.rolledUp
	}
	data, err := read(ctx, local, q, r)
	if err != nil {
		return data, nil, err
	}
	data.Terms = q.terms
	element, err := data.Element()
	if err != nil {
		return data, nil, err
	}
	text, err := element.Bytes()
	if err == nil && len(text) > answerBytes {
		if fit := len(data.Records) * answerBytes / len(text); fit < len(data.Records) && len(data.Records) > 1 {
			return data, nil, tooMany(data.Records, max(1, fit))
		}
	}
	return data, element, err
}

// records reads records as they are kept.
func (p *Provider) records(ctx context.Context, local string, q question, _ Resolution) (Data, error) {
	records, more, err := p.Archive.History(ctx, local, q.from, q.to, MaxRecords)
	switch {
	case err != nil:
		return Data{}, p.fault(ctx, err)
	case more:
		return Data{}, tooMany(records, len(records)-1)
	}
	return Data{Name: q.series, Measurement: p.measurement(q.series), Records: records}, nil
}

func (p *Provider) measurement(series string) Measurement {
	_, path := splitIdentifier(series)
	return p.Describe(path)
}

// excess is the error of a question whose answer would be too large, with a time until which it would not be. That time
// is excluded from the first answer and begins the next one, so that nothing is lost between them.
type excess struct {
	limit int // records
	until string
}

// tooMany says how to ask for the first fit of these records only.
func tooMany(records senml.Pack, fit int) error {
	if fit = min(fit, len(records)-1); records[fit].Time <= records[0].Time {
		return xmpp.BadRequest("the records of one instant are too large for an answer")
	}
	until := time.UnixMicro(int64(math.Round(records[fit].Time * 1e6))).UTC()
	return &excess{fit + 1, until.Format(time.RFC3339Nano)}
}

// Error is the sentence for people.
func (e *excess) Error() string {
	return fmt.Sprintf("more than %d records; ask for a shorter time, for example until %s, and go on from there, or for a coarser resolution",
		e.limit, e.until)
}

// told is the refusal, in which programs find the same in an element of their own.
//
//	Example: <limit xmlns="urn:quoalise:0" records="1000" until="2023-11-14T22:13:20.5Z"/>
func (e *excess) told() *xmpp.StanzaError {
	refusal := xmpp.BadRequest(e.Error())
	refusal.App = xmpp.NewElement(NS, "limit", "records", fmt.Sprint(e.limit), "until", e.until)
	return refusal
}

// timeRange reads start_time and end_time. The end is excluded. Absent ones mean until now, and from so long before.
func timeRange(f *xmpp.Form, now time.Time, reach time.Duration) (from, to time.Time, err error) {
	if to, err = parseTime(f.Value("end_time"), now); err != nil {
		return from, to, xmpp.BadRequest("end_time " + err.Error())
	}
	if from, err = parseTime(f.Value("start_time"), to.Add(-reach)); err != nil {
		return from, to, xmpp.BadRequest("start_time " + err.Error())
	}
	if from.After(to) {
		return from, to, xmpp.BadRequest("start_time is after end_time")
	}
	return from, to, nil
}

func parseTime(s string, absent time.Time) (time.Time, error) {
	if s == "" {
		return absent, nil
	}
	if len(s) > maxTime {
		return absent, fmt.Errorf("has more than %d bytes", maxTime)
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%q is not an ISO 8601 time with offset, such as 2020-03-01T00:00:00+01:00", s)
	}
	return t, nil
}
