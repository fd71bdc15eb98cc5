package main

import (
	"bytes"
	"log/slog"
	"regexp"
	"sync"
)

// Bounds on the lines of the log that are remembered.
const (
	maxLogLines = 400
	maxLogLine  = 400 // bytes
)

// logLines remembers the latest lines of the log, for who asks from afar.
type logLines struct {
	mu    sync.Mutex // guards what is below
	lines []string
}

// remembered returns a log that also remembers its lines from Info on.
func remembered(log *slog.Logger) (*slog.Logger, *logLines) {
	lines := &logLines{}
	own := slog.NewTextHandler(lines, &slog.HandlerOptions{Level: slog.LevelInfo})
	return slog.New(slog.NewMultiHandler(log.Handler(), own)), lines
}

// address is a run of digits as long as a meter's address (12) or a delivery point's number (14). No line should hold
// one; what a library or the system says is not ours to promise.
var address = regexp.MustCompile(`[0-9]{12,}`)

// Write takes one line.
func (l *logLines) Write(line []byte) (int, error) {
	text := address.ReplaceAll(bytes.TrimRight(line, "\n"), []byte("…"))
	if len(text) > maxLogLine {
		text = append(bytes.ToValidUTF8(text[:maxLogLine], nil), "…"...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(text))
	if len(l.lines) > maxLogLines {
		l.lines = append([]string(nil), l.lines[len(l.lines)-maxLogLines/2:]...)
	}
	return len(line), nil
}

// last returns the latest lines, at most so many, oldest first. A nil one has none.
func (l *logLines) last(most int) []string {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines[max(0, len(l.lines)-most):]...)
}
