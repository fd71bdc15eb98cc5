package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"time"

	"releve/agent/status"
	"releve/buffer"
	"releve/federation/command"
)

// Bounds of one answer, which has to fit into a stanza.
const (
	maxExport      = 500    // readings or periods
	maxExportBytes = 30_000 // of CSV
)

// commandExport asks for a series and a time, and answers with CSV.
func (a *agent) commandExport(context.Context, command.Caller) (command.Turn, error) {
	return &command.Page{
		Title: exportTitle(), Final: true,
		Instructions: status.Sayf("Au plus %d lignes par réponse ; la réponse dit d'où continuer.", "At most %d lines an answer; the answer says where to go on.", maxExport),
		Fields: []command.Field{
			a.seriesField(),
			{Name: "from", Label: status.Say("Depuis (2026-11-01, 2026-11-01T12:30 ou -7d)", "From (2026-11-01, 2026-11-01T12:30 or -7d)"), Kind: command.Line, Required: true, Values: []string{"-1d"}, Bytes: 64, Check: a.moment},
			{Name: "to", Label: status.Say("Jusqu'à, exclu", "To, excluded"), Kind: command.Line, Required: true, Values: []string{"now"}, Bytes: 64, Check: a.moment},
			{Name: "resolution", Label: status.Say("Résolution", "Resolution"), Kind: command.Choice, Required: true, Values: []string{"raw"}, Options: []command.Option{
				{Value: "raw", Label: status.Say("relevés tels quels", "readings as they are")},
				{Value: "10m"}, {Value: "30m"}, {Value: "1h"}, {Value: "1d"}, {Value: "1M"}, {Value: "1y"},
			}},
		},
		Then: a.export,
	}, nil
}

func exportTitle() status.Words { return status.Say("Exporter des relevés", "Export readings") }

// seriesField offers what the buffer has.
func (a *agent) seriesField() command.Field {
	f := command.Field{Name: "series", Label: status.Say("Série", "Series"), Kind: command.Choice, Required: true}
	for _, s := range a.buffer.Known() {
		f.Options = append(f.Options, command.Option{Value: s.Name})
	}
	return f
}

// moment says why a text is no time.
func (a *agent) moment(value string) command.Text {
	if _, err := parseMoment(value, a.now(), a.cfg.Agent.Location); err != nil {
		return status.Sayf("%.64q n'est pas un moment tel que 2026-11-01, 2026-11-01T12:30 ou -7d.", "%.64q is not a time such as 2026-11-01, 2026-11-01T12:30 or -7d.", value)
	}
	return nil
}

func (a *agent) export(ctx context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
	now := a.now()
	from, errFrom := parseMoment(answers.One("from"), now, a.cfg.Agent.Location)
	to, errTo := parseMoment(answers.One("to"), now, a.cfg.Agent.Location)
	if err := errors.Join(errFrom, errTo); err != nil {
		return nil, err
	}
	if !from.Before(to) {
		return nil, command.Invalid{"from": status.Say("n'est pas avant la fin.", "is not before the end.")}
	}
	lines, next, err := a.exported(ctx, answers.One("series"), answers.One("resolution"), from, to)
	if err != nil {
		return nil, err
	}
	r := &command.Result{Title: exportTitle(), Fields: []command.Field{{Name: "csv", Label: text("CSV"), Kind: command.Lines, Values: lines}}}
	if !next.IsZero() {
		at := next.In(a.cfg.Agent.Location).Format(csvTime)
		r.Fields = append(r.Fields, answerField("next", "Continuer depuis", "Go on from", at))
		r.Notes = []command.Note{{Severity: command.Warn, Text: status.Sayf("Il y en a davantage : continuez depuis %s.", "There is more: go on from %s.", at)}}
	}
	a.log.Info("readings exported", "to", c.Bare(), "lines", len(lines)-1)
	return r, nil
}

// exported is CSV, and the time at which an answer that is full goes on.
func (a *agent) exported(ctx context.Context, series, resolution string, from, to time.Time) (lines []string, next time.Time, err error) {
	var out bytes.Buffer
	var times []time.Time // of each line but the first
	if r, rolled := resolutions[resolution]; rolled {
		times, err = a.periodsTo(ctx, &out, series, r, from, to)
	} else {
		times, err = a.readingsTo(ctx, &out, series, from, to)
	}
	if err != nil {
		return nil, next, fmt.Errorf("export: %w", err)
	}
	lines = strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	size := 0
	for i, line := range lines {
		if size += len(line) + len("<value></value>"); size > maxExportBytes || i > maxExport {
			return lines[:i], times[i-1], nil
		}
	}
	return lines, next, nil
}

// readingsTo writes one reading more than fits, if there is one.
func (a *agent) readingsTo(ctx context.Context, out *bytes.Buffer, series string, from, to time.Time) ([]time.Time, error) {
	p, _, err := a.buffer.History(ctx, series, from, to, maxExport+1)
	if err != nil {
		return nil, err
	}
	var times []time.Time
	for _, r := range p {
		times = append(times, time.UnixMicro(int64(r.Time*1e6)))
	}
	w := &readingLines{csv: csv.NewWriter(out), location: a.cfg.Agent.Location}
	return times, w.write(p)
}

func (a *agent) periodsTo(ctx context.Context, out *bytes.Buffer, series string, r buffer.Resolution, from, to time.Time) ([]time.Time, error) {
	all, _, err := a.buffer.Periods(ctx, series, r, from, to, maxExport+1)
	if err != nil {
		return nil, err
	}
	w := newTable(out)
	if err := w.head(); err != nil {
		return nil, err
	}
	var times []time.Time
	for _, s := range a.buffer.Known() {
		for i := 0; i < len(all) && s.Name == series; i++ {
			if err := w.period(s, all[i]); err != nil {
				return nil, err
			}
			times = append(times, all[i].Begin)
		}
	}
	return times, nil
}
