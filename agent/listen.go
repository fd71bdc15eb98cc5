package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"releve/federation/quoalise"
	"releve/federation/xmpp"
	"releve/senml"
)

type listenVerb struct {
	configFile
	Format      string   `help:"text: name, unit, value and time a line; senml-json: one resolved record a line." enum:"text,senml-json" default:"text"`
	Provider    string   `arg:"" help:"Full address of the provider, such as maison@breizh-sen1.example/releve."`
	Identifiers []string `arg:"" optional:"" help:"Series or whole devices, such as urn:dev:prm:01234567890123_voltage/1 or urn:dev:prm:01234567890123; without any, everything the provider lists for us."`
}

// Run subscribes and prints until it is stopped.
func (v listenVerb) Run(ctx context.Context, t terminal) error {
	provider, err := xmpp.ParseJID(v.Provider)
	if err != nil || provider.Resourcepart() == "" {
		return misuse{fmt.Errorf("listen: %q is not a full address such as maison@breizh-sen1.example/releve", v.Provider)}
	}
	c, err := v.load()
	if err != nil {
		return err
	}
	if c.Federation == nil {
		return refusal{errors.New("[federation] is missing: who should listen?")}
	}
	log := newLog(t.err, "info")
	// The server chooses the resource: the configured one may be that of an agent that runs.
	c.Federation.JID = c.Federation.JID.Bare()
	session := newSession(*c.Federation, 1, log) // above 0, so that what comes to the bare address comes here
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lines := &recordLines{out: t.out, format: v.Format}
	listener := &quoalise.Listener{
		Session: session, Provider: provider, Identifiers: v.Identifiers, Take: lines.take, Log: log,
		Refused: stop,
	}
	listener.Register()
	session.OnFailure(func(err error) {
		if errors.Is(err, xmpp.ErrCredentials) || errors.Is(err, xmpp.ErrUntrusted) { // somebody sits and waits
			stop(err)
		}
	})
	if err := session.Run(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("listen to %s: %w", provider, cause)
	}
	return nil
}

// recordLines prints records, one a line. A record is taken once it is printed.
type recordLines struct {
	out    io.Writer
	format string

	mu sync.Mutex // lines do not mix
}

func (l *recordLines) take(_ context.Context, p senml.Pack) error {
	l.mu.Lock()
	defer l.mu.Unlock()
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
		at := time.UnixMilli(int64(r.Time*1000 + 0.5)).Format("2006-01-02T15:04:05.000Z07:00")
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
