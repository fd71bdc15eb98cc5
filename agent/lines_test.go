package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"
)

// What is remembered of the log is bounded, and tells of no meter whose it is.
func TestLogLines(t *testing.T) {
	t.Parallel()
	log, lines := remembered(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError})))
	log.Debug("not kept")
	log.With("meter", "linky").Info("kept", "address", "021861234567", "error", "PRM 99123456789012 is wrong")
	log.Warn(strings.Repeat("é", maxLogLine))
	got := lines.last(10)
	if len(got) != 2 || !strings.HasSuffix(got[0], `level=INFO msg=kept meter=linky address=… error="PRM … is wrong"`) {
		t.Fatalf("remembered %q", got)
	}
	if len(got[1]) > maxLogLine+len("…") || !utf8.ValidString(got[1]) {
		t.Errorf("a long line is remembered as %q", got[1])
	}
	for i := range 3 * maxLogLines {
		log.Info(fmt.Sprint(i))
	}
	if got := lines.last(1 << 20); len(got) > maxLogLines || !strings.HasSuffix(got[len(got)-1], fmt.Sprintf("msg=%d", 3*maxLogLines-1)) {
		t.Errorf("%d lines are remembered, the last %q", len(got), got[len(got)-1])
	}
	if last, cut := lastOf([]string{"aaaa", "bb", "cc"}, 5); strings.Join(last, " ") != "bb cc" || !cut {
		t.Errorf("the last 5 bytes are %q, %t", last, cut)
	}
	if got := (*logLines)(nil).last(1); got != nil {
		t.Errorf("nothing is remembered, and that is %q", got)
	}
}
