package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/series"
	"releve/buffer"
	"releve/tic"
	"releve/tic/linky"
)

// TestRunFile runs the agent on a recorded line. Every frame is read once, not again and again, and what was heard is
// in the buffer although the agent is stopped before any period is over.
func TestRunFile(t *testing.T) {
	t.Parallel()
	const frames = 5
	raw := simulated(t, "--frames", fmt.Sprint(frames))
	capture, state := written(t, "capture", raw), filepath.Join(t.TempDir(), "state")
	file := written(t, "releve.toml", fmt.Sprintf(
		"[agent]\nstate = %q\nclock = \"system\"\n[buffer]\nperiod = \"1m\"\n[[meter]]\nderived = false\nport = %q\n[status]\nlisten = \"\"\n", state, capture))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	talk, talks := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- execute(ctx, []string{"run", "--config", file}, terminal{out: io.Discard, err: talks})
		talks.Close()
	}()
	var said []string
	for lines := bufio.NewScanner(talk); lines.Scan(); {
		said = append(said, lines.Text())
		if strings.Contains(lines.Text(), `msg="task finished" task="meter linky"`) {
			cancel()
		}
	}
	log := strings.Join(said, "\n")
	if got := <-code; got != exitDone || !strings.Contains(log, "msg=started") || !strings.Contains(log, "msg=stopped") {
		t.Fatalf("code %d, log:\n%s", got, log)
	}
	if strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") {
		t.Errorf("log:\n%s", log)
	}
	checkStored(t, state, raw)
}

// checkStored compares what is in the buffer with what a recorder says of the same frames: as many records of each
// series, for values that did not change are not recorded again.
func checkStored(t *testing.T, state, raw string) {
	t.Helper()
	want := map[string]int{}
	recorder := series.NewRecorder("linky", time.Hour)
	decoder := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		for _, r := range recorder.Record(f, time.Now()) {
			want[r.Name]++
		}
	})
	if _, err := io.WriteString(decoder, raw); err != nil {
		t.Fatal(err)
	}
	b, err := buffer.Open(buffer.Options{Dir: filepath.Join(state, "buffer")})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c, err := b.Cursor("test", buffer.Beginning()) // not History: what is read from a file is of the same millisecond
	if err != nil {
		t.Fatal(err)
	}
	items, err := c.Next(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, item := range items {
		for _, r := range item.Pack {
			got[r.Name]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records of each series (-want +got):\n%s", diff)
	}
	if got := len(b.Series()); got != len(want) {
		t.Errorf("%d series, want %d", got, len(want))
	}
}

// systemd stands for the service manager, and returns what it hears next within a time.
func systemd(t *testing.T) (heard func(within time.Duration) string) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", socket)
	return func(within time.Duration) string {
		buf := make([]byte, 64)
		if err := conn.SetReadDeadline(time.Now().Add(within)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return "nothing"
		case err != nil:
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

// systemd is told that the agent is ready once a meter is read, and that it stops.
func TestAnnounce(t *testing.T) {
	heard := systemd(t)
	h := newHouse(t, func(c *config.Config) { c.Federation = nil })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.announce(ctx) }()
	h.play(t, linky.Scenario{Seed: 3}, 1)
	if got := heard(30 * time.Second); got != "READY=1" {
		t.Errorf("systemd heard %q, want READY=1", got)
	}
	cancel()
	if got := heard(30 * time.Second); got != "STOPPING=1" {
		t.Errorf("systemd heard %q, want STOPPING=1", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// An agent that is stopped before it was ready says nothing and ends.
func TestAnnounceNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.announce(ctx); err != nil {
		t.Error(err)
	}
}
