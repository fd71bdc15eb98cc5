package quoalise

import (
	"context"
	"fmt"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// MaxRecords is how many records one answer to get_history may hold: up to 50 kB of numbers, 17 s under a stock
// ejabberd's shaper. Long texts may allow fewer.
const MaxRecords = 1000

// answerBytes is the room an answer has for its data: the rest is the form, and the addresses, which others choose.
const answerBytes = xmpp.MaxStanza - 8<<10

// maxTime is the length of the longest time anybody writes, with room to spare.
const maxTime = 64 // bytes

// defaultRange is how far back get_history looks when no start is given.
const defaultRange = 15 * time.Minute

func (p *Provider) history(ctx context.Context, s xmpp.Step) (xmpp.Outcome, error) {
	if s.Form == nil {
		return ask("Get history", fmt.Sprintf("At most %d records an answer. Without times: the last 15 minutes.", MaxRecords),
			identifierField(),
			xmpp.Field{Var: "start_time", Type: "text-single", Label: "Start time (ISO 8601 with offset)"},
			xmpp.Field{Var: "end_time", Type: "text-single", Label: "End time, excluded (ISO 8601 with offset)"}), nil
	}
	id, err := p.identifier(s)
	if err != nil {
		return xmpp.Outcome{}, err
	}
	from, to, err := timeRange(s.Form, time.Now())
	if err != nil {
		return xmpp.Outcome{}, err
	}
	local := p.Consent.Local(s.From.Bare().String(), id, p.Archive.Series())
	if local == "" {
		return xmpp.Outcome{}, xmpp.NotAuthorized("no consent covers this series, or it does not exist")
	}
	data, err := p.read(ctx, local, id, from, to)
	if err != nil {
		return xmpp.Outcome{}, err
	}
	return done("Get history", "Get "+id, data), nil
}

func (p *Provider) read(ctx context.Context, local, id string, from, to time.Time) (*xmpp.Element, error) {
	records, more, err := p.Archive.History(ctx, local, from, to, MaxRecords)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	if more {
		return nil, tooMany(records)
	}
	_, path := splitIdentifier(id)
	data, err := Data{Name: id, Measurement: p.Describe(path), Records: records}.Element()
	if err != nil {
		return nil, err
	}
	text, err := data.Bytes()
	if err == nil && len(text) > answerBytes && len(records) > 1 {
		return nil, tooMany(records[:1+len(records)*answerBytes/len(text)])
	}
	return data, err
}

// tooMany says how to ask for these records only. The time it names is excluded from the first answer and begins the
// next one, so that nothing is lost between them.
func tooMany(fit senml.Pack) error {
	last := fit[len(fit)-1].Time
	return xmpp.BadRequest(fmt.Sprintf("more than %d records; ask for a shorter time, for example until %s, and go on from there",
		len(fit), time.UnixMilli(int64(last*1000)).UTC().Format(time.RFC3339Nano)))
}

// timeRange reads start_time and end_time. The end is excluded. Absent ones mean the last 15 minutes until now.
func timeRange(f *xmpp.Form, now time.Time) (from, to time.Time, err error) {
	if to, err = parseTime(f.Value("end_time"), now); err != nil {
		return from, to, xmpp.BadRequest("end_time " + err.Error())
	}
	if from, err = parseTime(f.Value("start_time"), to.Add(-defaultRange)); err != nil {
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
