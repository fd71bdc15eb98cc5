package port_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/linky"
	"releve/tic/port"
)

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "retry_in" {
			return slog.Attr{}
		}
		return a
	}}))
}

// The distributor switches the meter's mode and back, at the speeds and the rhythm of a real line, and with the delays
// of a real installation: 10 s without a group, then the other speed.
func TestListenFollowsMeter(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	var log journal
	w := newWire(t)
	l := listen(t, port.Config{Name: w.name, Log: log.logger()}, nil)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(log.String())
		}
	})
	l.opened()
	for _, want := range []port.State{
		{Open: true, Device: w.name, Speed: 9600, Mode: tic.Standard},
		{Open: true, Device: w.name, Speed: 1200, Mode: tic.Historic},
		{Open: true, Device: w.name, Speed: 9600, Mode: tic.Standard},
	} {
		w.play(want.Mode)
		began := time.Now()
		l.await(want)
		t.Logf("%s mode heard %v after the meter began to speak it", want.Mode, time.Since(began).Round(time.Millisecond))
		l.whole(want.Mode)
	}
	l.end()
	for _, want := range []string{
		`level=WARN msg="the meter was switched to another mode" port=` + w.name + " speed=1200 from=standard to=historic\n",
		`level=WARN msg="the meter was switched to another mode" port=` + w.name + " speed=9600 from=historic to=standard\n",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}

// A mode that was configured is a promise of the user: the other one is heard and told, and not read.
func TestListenHearsModeThatWasNotWanted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		wanted, spoken tic.Mode
		speed          int
	}{{tic.Standard, tic.Historic, 1200}, {tic.Historic, tic.Standard, 9600}} {
		t.Run(test.wanted.String()+" wanted", func(t *testing.T) {
			t.Parallel()
			var log journal
			w := newWire(t)
			l := listenIn(t, test.wanted, port.Config{Name: w.name, Mode: test.wanted, Log: log.logger(), Quiet: time.Second}, nil)
			l.opened()
			w.play(test.spoken)
			l.await(port.State{Open: true, Device: w.name, Speed: test.speed, Mode: test.spoken})
			if n := len(l.frames); n > 0 {
				t.Errorf("%d frames were read in a mode that was not wanted", n)
			}
			w.play(test.wanted)
			l.whole(test.wanted)
			l.end()
			want := `msg="the meter talks in the other mode: nothing is read; set mode to auto" port=` + w.name
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, log.String())
			}
		})
	}
}

// An ADTEK dongle says historic groups at 9600 Bd.
func TestListenHistoricAtTheOtherSpeed(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Auto, tic.Historic} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			meter, name := terminal(t)
			l := listenIn(t, mode, port.Config{Name: name, Mode: mode, Probe: time.Second}, func(s port.State) {
				if s.Speed == 9600 && s.Mode == tic.Auto {
					send(t, meter, strings.Repeat(historic, 2))
				}
			})
			want := port.State{Open: true, Device: name, Speed: 9600, Mode: tic.Historic}
			l.await(want)
			if diff := cmp.Diff(historicLabels, next(t, "frame", l.frames)); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			l.end()
		})
	}
}

// An adapter that is pulled out and put in again, while its meter goes on talking.
func TestListenSurvivesUnplugging(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "linky")
	adapter, err := linky.OpenPTY(name)
	if err != nil {
		t.Skipf("no pseudo-terminals on this machine: %v", err)
	}
	meter, err := linky.New(linky.Scenario{Mode: tic.Standard})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = meter.Run(ctx, adapter, linky.Pace{Parity: true}) }) // ends with ctx
	t.Cleanup(func() {
		stop()
		running.Wait()
		if err := adapter.Close(); err != nil {
			t.Error(err)
		}
	})
	l := listen(t, port.Config{Name: name}, nil)
	for range 3 {
		l.heard()
		l.whole(tic.Standard)
		if err := adapter.Unplug(); err != nil {
			t.Fatal(err)
		}
		if got, want := l.closed().Error(), "read port "+name+": it was unplugged"; got != want {
			t.Errorf("error is %q, want %q", got, want)
		}
		if err := adapter.Plug(); err != nil {
			t.Fatal(err)
		}
	}
	l.heard()
	l.end()
}
