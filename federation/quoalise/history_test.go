package quoalise

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
	"releve/senml"
)

func TestTimeRange(t *testing.T) {
	t.Parallel()
	const advice = " is not an ISO 8601 time with offset, such as 2020-03-01T00:00:00+01:00"
	at := func(s string) string {
		parsed, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed.UTC().Format(time.RFC3339Nano)
	}
	tests := []struct{ name, start, end, from, to, err string }{
		{"both", "2020-03-01T00:00:00+01:00", "2020-03-08T00:00:00+01:00", at("2020-02-29T23:00:00Z"), at("2020-03-07T23:00:00Z"), ""},
		{"in UTC", "2020-03-01T00:00:00Z", "2020-03-08T00:00:00Z", at("2020-03-01T00:00:00Z"), at("2020-03-08T00:00:00Z"), ""},
		{"microseconds, as Python writes them", "2020-03-01T00:00:00.123456+00:00", "2020-03-08T00:00:00+00:00", "2020-03-01T00:00:00.123456Z", at("2020-03-08T00:00:00Z"), ""},
		{"white space around", " 2020-03-01T00:00:00Z\n", "2020-03-08T00:00:00Z", at("2020-03-01T00:00:00Z"), at("2020-03-08T00:00:00Z"), ""},
		{"none: the last quarter of an hour", "", "", at("2026-11-23T11:45:00Z"), at("2026-11-23T12:00:00Z"), ""},
		{"a start only", "2026-11-23T00:00:00Z", "", at("2026-11-23T00:00:00Z"), at("2026-11-23T12:00:00Z"), ""},
		{"an end only", "", "2020-03-08T00:00:00Z", at("2020-03-07T23:45:00Z"), at("2020-03-08T00:00:00Z"), ""},
		{"an instant", "2020-03-08T00:00:00Z", "2020-03-08T01:00:00+01:00", at("2020-03-08T00:00:00Z"), at("2020-03-08T00:00:00Z"), ""},
		{"backwards", "2020-03-08T00:00:01Z", "2020-03-08T00:00:00Z", "", "", "bad-request: start_time is after end_time"},
		{"a start in the future only", "2027-01-01T00:00:00Z", "", "", "", "bad-request: start_time is after end_time"},
		{"no offset", "2020-03-01T00:00:00", "", "", "", `bad-request: start_time "2020-03-01T00:00:00"` + advice},
		{"a day", "", "2020-03-01", "", "", `bad-request: end_time "2020-03-01"` + advice},
		{"no such day", "2021-02-29T00:00:00Z", "", "", "", `bad-request: start_time "2021-02-29T00:00:00Z"` + advice},
		{"a number", "1583016600", "", "", "", `bad-request: start_time "1583016600"` + advice},
		{"very long, and not repeated", strings.Repeat("'", 100_000), "", "", "", "bad-request: start_time has more than 64 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from, to, err := timeRange(submit("start_time", tt.start, "end_time", tt.end), now, defaultRange)
			if text(err) != tt.err {
				t.Fatalf("got  %v\nwant %s", err, tt.err)
			}
			if err != nil {
				return
			}
			if got := from.UTC().Format(time.RFC3339Nano); got != tt.from {
				t.Errorf("from %s, want %s", got, tt.from)
			}
			if got := to.UTC().Format(time.RFC3339Nano); got != tt.to {
				t.Errorf("to %s, want %s", got, tt.to)
			}
		})
	}
	from, to, err := timeRange(&xmpp.Form{}, now, defaultRange)
	if err != nil || to.Sub(from) != defaultRange || !to.Equal(now) {
		t.Errorf("without fields: %v to %v, %v", from, to, err)
	}
}

func TestHistoryAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.archive.put("linky/current/1", record("linky/current/1", 2, 1_700_000_001.5), record("linky/current/1", 3, 1_700_000_002))
	outcome, err := h.session.run(conseil, "get_history",
		submit("identifier", current, "start_time", "2023-11-14T22:13:20Z", "end_time", "2023-11-14T22:13:22Z"))
	if err != nil {
		t.Fatal(err)
	}
	want := `<x xmlns="jabber:x:data" type="result"><title>Get history</title>` +
		`<field var="result" type="fixed" label="Get ` + current + `"><value>Success</value></field></x>`
	if got := outcome.Form.Element().String(); got != want || !outcome.Done || len(outcome.Payload) != 1 {
		t.Fatalf("answer %s, done %t, %d payloads", got, outcome.Done, len(outcome.Payload))
	}
	got, err := ParseData(wire(t, outcome.Payload[0]), now)
	if err != nil {
		t.Fatal(err)
	}
	same := senml.Pack{record(current, 1, 1_700_000_000), record(current, 2, 1_700_000_001.5)} // the end is excluded
	if diff := cmp.Diff(fmt.Sprint(same), fmt.Sprint(got)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if kept := h.archive.series["linky/current/1"][0].Name; kept != "linky/current/1" {
		t.Errorf("the archive was written to: %s", kept)
	}
}

func TestHistoryRefuses(t *testing.T) {
	t.Parallel()
	stranger := conseil.Domain()
	tests := []struct {
		name string
		from xmpp.JID
		form *xmpp.Form
		err  string
		kind string
	}{
		{"no consent at all", stranger, submit("identifier", current), "not-authorized: no consent in force names breizh-sen2.example", "cancel"},
		{"no consent, and nothing told of the identifier", stranger, submit("identifier", "nonsense"), "not-authorized: no consent in force names breizh-sen2.example", "cancel"},
		{
			"a series without consent", conseil, submit("identifier", device+"_tariff/label"),
			"not-authorized: no consent covers this series, or it does not exist", "cancel",
		},
		{
			"a series that does not exist looks the same", conseil, submit("identifier", device+"_nothing"),
			"not-authorized: no consent covers this series, or it does not exist", "cancel",
		},
		{
			"a whole device", conseil, submit("identifier", device),
			"not-authorized: no consent covers this series, or it does not exist", "cancel",
		},
		{
			"a local name", conseil, submit("identifier", "linky/current/1"),
			"bad-request: identifier must begin with urn:dev:, for example urn:dev:prm:01234567890123_consumption/power/apparent/raw", "modify",
		},
		{
			"no identifier", conseil, submit(),
			"bad-request: identifier must begin with urn:dev:, for example urn:dev:prm:01234567890123_consumption/power/apparent/raw", "modify",
		},
		{
			"a bad time", conseil, submit("identifier", current, "end_time", "yesterday"),
			`bad-request: end_time "yesterday" is not an ISO 8601 time with offset, such as 2020-03-01T00:00:00+01:00`, "modify",
		},
	}
	h := newHouse(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := h.session.run(tt.from, "get_history", tt.form)
			var told *xmpp.StanzaError
			if text(err) != tt.err || !errors.As(err, &told) || told.Type != tt.kind {
				t.Errorf("got  %v\nwant %s (%s)", err, tt.err, tt.kind)
			}
		})
	}
}

var until = regexp.MustCompile(`^bad-request: more than (\d+) records; ask for a shorter time, for example until (\S+), and go on from there, or for a coarser resolution$`)

// pages asks as a caller does who goes by what refusals say, and returns all it got.
func pages(t *testing.T, h house, id string, from, to time.Time) (all senml.Pack, requests int) {
	t.Helper()
	for start := from; start.Before(to); {
		end := to
		for {
			if requests++; requests > 200 {
				t.Fatalf("no end of it: from %s until %s", start, end)
			}
			outcome, err := h.session.run(conseil, "get_history",
				submit("identifier", id, "start_time", start.Format(time.RFC3339Nano), "end_time", end.Format(time.RFC3339Nano)))
			if err == nil {
				all = append(all, page(t, outcome)...)
				break
			}
			named := until.FindStringSubmatch(err.Error())
			if named == nil {
				t.Fatalf("the refusal does not say how to go on: %v", err)
			}
			if end, err = time.Parse(time.RFC3339, named[2]); err != nil {
				t.Fatal(err)
			}
		}
		start = end
	}
	return all, requests
}

func page(t *testing.T, outcome xmpp.Outcome) senml.Pack {
	t.Helper()
	if n := len(outcome.Payload[0].String()); n >= xmpp.MaxStanza {
		t.Errorf("an answer of %d bytes", n)
	}
	records, err := ParseData(wire(t, outcome.Payload[0]), now)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// A caller that follows the refusals gets every record once, whatever the spacing of times.
func TestHistoryPagingLosesNothing(t *testing.T) {
	t.Parallel()
	const first = 1_700_000_000.0
	long := strings.Repeat("'&", 200)
	tests := []struct {
		name   string
		count  int
		record func(i int) senml.Record
	}{
		{"one page, just", MaxRecords, func(i int) senml.Record { return number("A", float64(i), first+float64(i)) }},
		{"one more", MaxRecords + 1, func(i int) senml.Record { return number("A", float64(i), first+float64(i)) }},
		{"whole seconds", 2500, func(i int) senml.Record { return number("A", float64(i), first+float64(i)) }},
		{"milliseconds no double holds", 2500, func(i int) senml.Record { return number("A", float64(i), first+float64(i*1237)/1000) }},
		{"several at the same time", 2500, func(i int) senml.Record { return number("A", float64(i), first+float64(i/7)*0.001) }},
		{"texts that fill a stanza sooner", 200, func(i int) senml.Record { return label(fmt.Sprint(i, long), first+float64(i)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			delete(h.archive.series, "linky/current/1")
			var all senml.Pack
			for i := range tt.count {
				r := tt.record(i)
				h.archive.put("linky/current/1", r)
				r.Name = current
				all = append(all, r)
			}
			from := time.Unix(first, 0).UTC()
			got, requests := pages(t, h, current, from, from.Add(24*time.Hour))
			if len(got) != len(all) {
				t.Fatalf("%d of %d records", len(got), len(all))
			}
			for i := range all {
				if got[i].Value != all[i].Value {
					t.Fatalf("record %d is %v", i, got[i])
				}
			}
			t.Logf("%d records in %d requests", len(got), requests)
		})
	}
}

// TestLargestAnswerFits holds MaxRecords to what a stanza may be, with the longest numbers a meter has.
func TestLargestAnswerFits(t *testing.T) {
	t.Parallel()
	id := device + "_consumption/energy/active/index/distributor/4"
	measurement := Measurement{
		Name: "consumption-energy-active-index-distributor-4", Direction: "consumption", Quantity: "energy",
		Type: "electrical", Unit: "Wh", Aggregation: "maximum", SamplingInterval: "PT30M",
	}
	var records senml.Pack
	for i := range MaxRecords {
		records = append(records, number("Wh", 999_998_000+float64(i), 1_700_000_000.123+float64(i)*1800.456)) // 20 days
	}
	data, err := Data{Name: id, Measurement: measurement, Records: records}.Element()
	if err != nil {
		t.Fatal(err)
	}
	outcome := done("Get history", "Get "+id, data)
	size := len(outcome.Form.Element().String()) + len(data.String())
	t.Logf("%d bytes, %.1f a record", size, float64(size)/MaxRecords)
	if size > answerBytes {
		t.Errorf("%d bytes do not fit into %d", size, answerBytes)
	}
}

func TestHistoryOfArchiveThatHangs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Archive = hanging{h.archive}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.session.commands["get_history"].Run(ctx, xmpp.Step{From: conseil, Form: submit("identifier", current)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// hanging is an archive on a disk that answers when the caller gives up.
type hanging struct{ *archive }

// A page begins where the one before ended. Records that leave no instant to go on from are refused for good.
func TestHistoryThatCannotBePaged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	delete(h.archive.series, "linky/current/1")
	for range 2 {
		h.archive.put("linky/current/1", label(strings.Repeat("x", answerBytes), 1_700_000_000))
	}
	_, err := h.session.run(conseil, "get_history",
		submit("identifier", current, "start_time", "2023-11-14T22:13:20Z", "end_time", "2023-11-14T22:13:21Z"))
	if want := "bad-request: the records of one instant are too large for an answer"; text(err) != want {
		t.Errorf("got %v", err)
	}
}

// Programs find where to go on without reading the sentence.
func TestRefusalNamesItsLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i := range MaxRecords {
		h.archive.put("linky/current/1", number("A", float64(i), 1_700_000_000.5+float64(i)))
	}
	_, err := h.session.run(conseil, "get_history", submit("identifier", current, "start_time", "2023-11-14T22:13:20Z"))
	var refusal *xmpp.StanzaError
	if !errors.As(err, &refusal) || refusal.App == nil {
		t.Fatalf("got %v", err)
	}
	const want = `<limit xmlns="urn:quoalise:0" records="1000" until="2023-11-14T22:29:58.5Z">`
	if got := refusal.App.String(); !strings.HasPrefix(got, want) && !strings.HasPrefix(got, strings.TrimSuffix(want, ">")+"/>") {
		t.Errorf("got %s", got)
	}
}

func (hanging) History(ctx context.Context, _ string, _, _ time.Time, _ int) (senml.Pack, bool, error) {
	<-ctx.Done()
	return nil, false, ctx.Err()
}
