package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"releve/federation/quoalise"
	"releve/senml"
)

type listenVerb struct {
	Since  string `help:"First print what came since: a day, a time, or how long ago, such as 2026-11-01 or -7d." placeholder:"TIME"`
	Format string `help:"${enum}. text: name, unit, value and time a line; senml-json: one resolved record a line." enum:"text,csv,senml-json" default:"text"`
	callFlags
}

// repairRhythm is how often listen asks whether a push was lost.
const repairRhythm = time.Hour

// Run subscribes and prints until it is stopped.
func (v listenVerb) Run(ctx context.Context, t terminal) error {
	c, err := v.prepare("listen", t, 1, "info") // above 0, so that what comes to the bare address comes here
	if err != nil {
		return err
	}
	since := time.Duration(0)
	if v.Since != "" {
		from, err := parseMoment(v.Since, time.Now(), c.cfg.Agent.Location)
		if err != nil {
			return misuse{fmt.Errorf("listen: --since: %w", err)}
		}
		since = max(0, time.Since(from))
	}
	if v.List {
		return c.during(ctx, func(ctx context.Context) error { return v.list(ctx, t, c) })
	}
	return v.follow(ctx, t, c, since)
}

// follow prints what the provider keeps since then and what it sends, each record once.
func (v listenVerb) follow(ctx context.Context, t terminal, c *call, since time.Duration) error {
	progress, err := quoalise.OpenProgress("")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lines := v.lines(t, c.cfg.Agent.Location)
	c.remote.Patience = 0
	follower := &quoalise.Follower{
		Remote: c.remote, Identifiers: v.Identifiers, Since: since, Every: repairRhythm, Progress: progress,
		Take: lines.take, PastFirst: true, Log: c.log,
		Told: hopeful(stop),
	}
	listener := &quoalise.Listener{Session: c.session, Followers: []*quoalise.Follower{follower}}
	listener.Register()
	err = c.during(ctx, func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	})
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	if errors.Is(err, context.Canceled) { // somebody has heard enough
		return nil
	}
	return err
}

// hopeful stops at an answer that asking again cannot change, unless a round has gone well before: then the provider was
// asked rightly, and who answers now may be another program under its address, or one that is starting.
func hopeful(stop context.CancelCauseFunc) func(err error) {
	answered := false
	return func(err error) {
		answered = answered || err == nil
		if !answered && hopeless(err) {
			stop(err)
		}
	}
}

// hopeless tells an answer that asking again cannot change.
func hopeless(err error) bool {
	var r *quoalise.Refusal
	return errors.Is(err, quoalise.ErrUnlisted) || errors.As(err, &r) && r.Cause == quoalise.Misasked
}

func (v listenVerb) lines(t terminal, location *time.Location) *recordLines {
	l := &recordLines{out: t.out, format: v.Format, location: location, seen: newSeen()}
	if v.JSON {
		l.format = "senml-json"
	}
	if l.format == "csv" {
		l.csv = &readingLines{csv: csv.NewWriter(t.out), location: location}
	}
	return l
}

// recordLines prints records, one a line. A record is taken once it is printed.
type recordLines struct {
	out      io.Writer
	format   string
	location *time.Location
	csv      *readingLines // of the format csv

	mu   sync.Mutex // lines do not mix
	seen *seen      // what was printed
}

// take prints the records of a pack that were not printed yet.
func (l *recordLines) take(_ context.Context, p senml.Pack) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var fresh senml.Pack
	for _, r := range p {
		if !l.seen.has(r) {
			fresh = append(fresh, r)
		}
	}
	if err := l.write(fresh); err != nil {
		return err
	}
	for _, r := range fresh {
		l.seen.add(r)
	}
	return nil
}

func (l *recordLines) write(p senml.Pack) error {
	if l.csv != nil {
		return l.csv.write(p)
	}
	for _, r := range p {
		line, err := l.line(r)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(l.out, line); err != nil {
			return err
		}
	}
	return nil
}

func (l *recordLines) line(r senml.Record) (string, error) {
	if l.format == "text" {
		at := time.UnixMilli(int64(r.Time*1000 + 0.5)).In(l.location).Format("2006-01-02T15:04:05.000Z07:00")
		return fmt.Sprintf("%s %s %s %s", r.Name, orDash(r.Unit), quoted(r.Value), at), nil
	}
	text, err := senml.EncodeJSON(senml.Pack{r})
	var record []json.RawMessage
	if err == nil {
		err = json.Unmarshal(text, &record)
	}
	if err != nil {
		return "", fmt.Errorf("print a record: %w", err)
	}
	return string(record[0]), nil
}

// quoted writes a text as Go does, so that a line always has four words: spaces and line breaks stay inside quotes.
func quoted(v senml.Value) string {
	if text, ok := v.Text(); ok {
		return strconv.QuoteToASCII(text)
	}
	return v.String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
