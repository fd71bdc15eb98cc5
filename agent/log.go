package main

import (
	"context"
	"io"
	"log/slog"
	"os"
)

var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// newLog writes structured lines. Those for systemd's journal begin with their priority, and it stamps them itself.
func newLog(w io.Writer, level string) *slog.Logger {
	options := &slog.HandlerOptions{Level: levels[level]}
	if os.Getenv("JOURNAL_STREAM") == "" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}
	return slog.New(newJournal(w, options))
}

// journal writes each line with the prefix of its priority (sd-daemon(3)), so that journalctl -p finds it.
type journal struct{ by map[string]slog.Handler }

// priorities are the prefixes, from the lowest level that has one.
var priorities = []struct {
	from   slog.Level
	prefix string
}{{slog.LevelError, "<3>"}, {slog.LevelWarn, "<4>"}, {slog.LevelInfo, "<6>"}, {slog.LevelDebug, "<7>"}}

func newJournal(w io.Writer, o *slog.HandlerOptions) journal {
	j := journal{by: map[string]slog.Handler{}}
	for _, p := range priorities {
		j.by[p.prefix] = slog.NewTextHandler(prefixed{w, p.prefix}, o)
	}
	return j
}

// handler is the one whose prefix stands for a level.
func (j journal) handler(level slog.Level) slog.Handler {
	for _, p := range priorities {
		if level >= p.from {
			return j.by[p.prefix]
		}
	}
	return j.by["<7>"]
}

// Enabled says whether a level is written.
func (j journal) Enabled(ctx context.Context, level slog.Level) bool {
	return j.handler(level).Enabled(ctx, level)
}

// Handle writes a line.
func (j journal) Handle(ctx context.Context, r slog.Record) error {
	return j.handler(r.Level).Handle(ctx, r)
}

// WithAttrs returns a journal whose lines all have these attributes.
func (j journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return j.each(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup returns a journal whose further attributes are in a group.
func (j journal) WithGroup(name string) slog.Handler {
	return j.each(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (j journal) each(change func(slog.Handler) slog.Handler) journal {
	changed := journal{by: map[string]slog.Handler{}}
	for prefix, h := range j.by {
		changed.by[prefix] = change(h)
	}
	return changed
}

// prefixed writes a prefix before each line; a text handler writes one line a call.
type prefixed struct {
	w      io.Writer
	prefix string
}

// Write writes a line, in one piece.
func (p prefixed) Write(line []byte) (int, error) {
	n, err := p.w.Write(append([]byte(p.prefix), line...))
	return max(0, n-len(p.prefix)), err
}
