package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"releve/agent/config"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
	"releve/tic/port"
)

// meterMode is the environment of a test binary that is to be a meter in a process of its own, so that what it costs is
// not counted.
const meterMode = "RELEVE_TEST_METER_MODE"

// TestMeterProcess is not a test: it is the meter of the benchmarks below.
func TestMeterProcess(t *testing.T) {
	word := os.Getenv(meterMode)
	if word == "" {
		t.Skip("only for the benchmarks that start it")
	}
	meter, err := linky.New(linky.Scenario{Mode: modeOf(word)})
	if err != nil {
		t.Fatal(err)
	}
	pty, err := linky.OpenPTY("")
	if err != nil {
		t.Fatal(err)
	}
	defer pty.Close()
	fmt.Println("meter", pty.Path())
	if err := meter.Run(context.Background(), pty, linky.Pace{Parity: true}); err != nil { // until it is killed
		t.Fatal(err)
	}
}

// neighbour starts a meter in another process, and returns its port.
func neighbour(b *testing.B, mode tic.Mode) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := exec.Command(self, "-test.run=^TestMeterProcess$")
	c.Env = append(os.Environ(), meterMode+"="+mode.String())
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = c.Process.Kill() // its error is that it ended before
		_ = c.Wait()         // its error is that it was killed
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if path, found := strings.CutPrefix(lines.Text(), "meter "); found {
			return path
		}
	}
	b.Fatal("the meter did not start")
	return ""
}

// cpu is the time that this process has spent computing, in the kernel too.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkMeterAtFullBaud is what one meter costs while it speaks at the rhythm of a real line: the way from the port to
// the records, beside the port alone, whose bytes nobody looks at. It takes as long as the frames do.
func BenchmarkMeterAtFullBaud(b *testing.B) {
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		b.Run(mode.String()+"/records", func(b *testing.B) {
			h := newHouse(b, func(c *config.Config) { c.Meters[0].Port, c.Meters[0].Mode = neighbour(b, mode), mode })
			m, frames := h.meters[0], make(chan struct{}, 1000)
			m.take = func(senml.Pack) { frames <- struct{}{} }
			cost(b, frames, m.Run)
		})
		b.Run(mode.String()+"/port", func(b *testing.B) {
			name, line := neighbour(b, mode), &deaf{frames: make(chan struct{}, 1000)}
			cost(b, line.frames, func(ctx context.Context) error {
				return port.Listen(ctx, port.Config{Name: name, Mode: mode, Probe: time.Hour}, line)
			})
		})
	}
}

// deaf is a line that only sees where frames end.
type deaf struct{ frames chan struct{} }

func (d *deaf) Write(p []byte) (int, error) {
	for _, c := range p {
		if c&0x7F == 0x03 { // ETX
			d.frames <- struct{}{}
		}
	}
	return len(p), nil
}

func (*deaf) Flush()                 {}
func (*deaf) Counters() tic.Counters { return tic.Counters{} }

// cost reports what running costs for each frame, and as a share of one core.
func cost(b *testing.B, frames <-chan struct{}, run func(ctx context.Context) error) {
	const first, some = 2, 8 // frames to get going, and to measure
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx); err != nil {
			b.Error(err)
		}
	})
	for range first {
		<-frames
	}
	before, began, n := cpu(b), time.Now(), 0
	for range b.N {
		for range some {
			<-frames
			n++
		}
	}
	used, elapsed := cpu(b)-before, time.Since(began)
	stop()
	running.Wait()
	b.ReportMetric(float64(used.Microseconds())/float64(n), "cpu-µs/frame")
	b.ReportMetric(100*used.Seconds()/elapsed.Seconds(), "%core")
	b.ReportMetric(0, "ns/op") // that of the meter's clock
}
