package main

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLogForTheJournal(t *testing.T) { // not parallel: the environment is the process's
	t.Setenv("JOURNAL_STREAM", "8:12345")
	var out bytes.Buffer
	log := newLog(&out, "info").With("meter", "linky").WithGroup("g")
	log.Debug("left out")
	log.Info("a", "time", 1)
	log.Warn("b", "n", 2)
	log.Error("c")
	log.Log(t.Context(), slog.LevelError+4, "d")
	want := "<6>level=INFO msg=a meter=linky g.time=1\n" +
		"<4>level=WARN msg=b meter=linky g.n=2\n" +
		"<3>level=ERROR msg=c meter=linky\n" +
		"<3>level=ERROR+4 msg=d meter=linky\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	newLog(&out, "debug").Debug("e")
	if diff := cmp.Diff("<7>level=DEBUG msg=e\n", out.String()); diff != "" {
		t.Error(diff)
	}
}
