package image_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
)

// line is the bus of an emulated meter. It goes on whether or not a machine listens, as a bus does.
type line struct {
	mu   sync.Mutex // guards everything below
	to   string     // socket of the machine's adapter; "" for unplugged
	conn net.Conn
	said bytes.Buffer
}

// newLine starts a meter that talks until ctx ends; done is closed once it is silent.
func newLine(ctx context.Context, t *testing.T, releve string) (l *line, done chan struct{}) {
	t.Helper()
	l, done = &line{}, make(chan struct{})
	meter := exec.CommandContext(ctx, releve, "simulate", "--seed", "7", "--start", "now", "--contract", "hc")
	meter.Stdout, meter.Stderr = l, os.Stderr
	must(t, meter.Start())
	go func() {
		defer close(done)
		_ = meter.Wait() // it is ended by ctx
	}()
	return l, done
}

// plug puts the line into a machine; "" takes it out.
func (l *line) plug(socket string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop()
	l.to = socket
}

func (l *line) drop() {
	if l.conn != nil {
		_ = l.conn.Close() // the machine may have ended
		l.conn = nil
	}
}

// Write hands on what the meter says. What a machine does not take at once is gone.
func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said.Write(p)
	if l.conn == nil && l.to != "" {
		if conn, err := net.Dial("unix", l.to); err == nil {
			l.conn = conn
			_ = conn.(*net.UnixConn).SetWriteBuffer(1)       // the least there is: what waits here would be heard late
			go func() { _, _ = io.Copy(io.Discard, conn) }() // what the machine says, such as an echo, which its adapter would wait for ever to be rid of
		}
	}
	if l.conn != nil {
		_ = l.conn.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := l.conn.Write(p); err != nil && !os.IsTimeout(err) {
			l.drop()
		}
	}
	return len(p), nil
}

// values is every value of every series that the meter has said.
func (l *line) values() map[string]map[senml.Value]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	said := map[string]map[senml.Value]bool{}
	recorder := series.NewRecorder("linky", 0)
	decoder := tic.NewDecoder(tic.Standard, func(f *tic.Frame) {
		for _, r := range recorder.Record(f, time.Now()) {
			_, path, _ := strings.Cut(r.Name, "/")
			if said[path] == nil {
				said[path] = map[senml.Value]bool{}
			}
			said[path][r.Value] = true
		}
	})
	_, _ = io.Copy(decoder, bytes.NewReader(l.said.Bytes())) // never fails
	decoder.Flush()                                          // a meter that is ended says a part of a frame at last, which the agent takes
	return said
}

// What a meter says is known to the last group, also of a frame without an end.
func TestLineValues(t *testing.T) {
	t.Parallel()
	l := &line{}
	l.said.WriteString("\x02")
	for _, group := range []string{"EASF01\t029865381\t", "EASF02\t017654745\t"} {
		sum := 0
		for _, c := range []byte(group) {
			sum += int(c)
		}
		fmt.Fprintf(&l.said, "\n%s%c\r", group, sum&0x3f+0x20)
	}
	want := map[string]map[senml.Value]bool{
		"consumption/energy/active/index/provider/1": {senml.NumberValue(29865381): true},
		"consumption/energy/active/index/provider/2": {senml.NumberValue(17654745): true},
	}
	if diff := cmp.Diff(want, l.values()); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
