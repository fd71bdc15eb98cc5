package linky_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/linky"
)

// recorder notes what is written and when. Inside a synctest bubble the clock is a fake one.
type recorder struct {
	start  time.Time
	chunks []chunk
	bytes.Buffer
	stall func(chunks int) // called before each write
}

// chunk is one write: how many bytes had gone out with it, and when.
type chunk struct {
	at    time.Duration
	size  int
	total int
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.stall != nil {
		r.stall(len(r.chunks))
	}
	r.Buffer.Write(p)
	r.chunks = append(r.chunks, chunk{time.Since(r.start), len(p), r.Len()})
	return len(p), nil
}

// TestPace sends a hundred frames at the speed of the line. Their bytes must be those of Frame, never sooner than
// the line allows, and the last one must come exactly when the simulated clock says, to the microsecond.
func TestPace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mode  tic.Mode
		speed int // bytes a second
		chunk int
	}{
		{tic.Historic, 120, 2},
		{tic.Standard, 960, 16},
	}
	for _, test := range tests {
		t.Run(test.mode.String(), func(t *testing.T) {
			t.Parallel()
			s := linky.Scenario{Mode: test.mode, Seed: 6}
			twin, want := newMeter(t, s), []byte(nil)
			for range 99 {
				want = twin.Frame(want)
			}
			lastStart := twin.Now().Sub(time.Unix(1_768_498_200, 0))
			last := twin.Frame(nil)
			want = append(want, last...)
			end := lastStart + time.Duration(len(last))*time.Second/time.Duration(test.speed)

			synctest.Test(t, func(t *testing.T) {
				r := recorder{start: time.Now()}
				if err := newMeter(t, s).Run(t.Context(), &r, linky.Pace{Frames: 100}); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), r.String()); diff != "" {
					t.Errorf("bytes (-want +got):\n%s", diff)
				}
				checkRhythm(t, r.chunks, test.speed, test.chunk)
				if late := time.Since(r.start) - end; late < -time.Microsecond || late > time.Microsecond {
					t.Errorf("done after %v, want %v", time.Since(r.start), end)
				}
			})
		})
	}
}

// TestPaceOfModeSwitch switches the mode while the line plays: each frame has the speed of its mode, byte for byte those
// of Frame, and the whole takes as long as the meter's clock says.
func TestPaceOfModeSwitch(t *testing.T) {
	t.Parallel()
	s := linky.Scenario{Changes: []linky.Change{
		{After: 5 * time.Second, Do: switchTo(tic.Historic)}, {After: 15 * time.Second, Do: switchTo(tic.Standard)},
	}}
	twin, want := newMeter(t, s), []byte(nil)
	var starts []time.Duration // of frames
	var ends []int             // their last byte
	for range 20 {
		starts = append(starts, twin.Now().Sub(time.Unix(1_768_498_200, 0)))
		want = twin.Frame(want)
		ends = append(ends, len(want))
	}
	synctest.Test(t, func(t *testing.T) {
		r := recorder{start: time.Now()}
		if err := newMeter(t, s).Run(t.Context(), &r, linky.Pace{Frames: 20}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), r.String()); diff != "" {
			t.Errorf("bytes (-want +got):\n%s", diff)
		}
		frame, begun := 0, 0
		for _, c := range r.chunks {
			speed := 960
			if at := starts[frame]; at >= 5*time.Second && at < 15*time.Second {
				speed = 120
			}
			soonest := starts[frame] + time.Duration(c.total-begun)*time.Second/time.Duration(speed)
			if early := soonest - c.at; early > time.Microsecond || early < -time.Microsecond {
				t.Fatalf("byte %d of frame %d is out after %v, want %v", c.total-begun, frame, c.at, soonest)
			}
			if c.total == ends[frame] {
				frame, begun = frame+1, c.total
			}
		}
	})
}

// TestDamagedPace holds that damage changes what is heard and not when the next frame begins.
func TestDamagedPace(t *testing.T) {
	t.Parallel()
	for _, kind := range []linky.Kind{linky.Lost, linky.Doubled, linky.Silence, linky.Baud, linky.Noise} {
		var taken [2]time.Duration
		for i, rate := range []float64{0, 1} {
			synctest.Test(t, func(t *testing.T) {
				r := recorder{start: time.Now()}
				s := linky.Scenario{Damage: []linky.Damage{{Kind: kind, Rate: rate, To: 5 * time.Second}}}
				if err := newMeter(t, s).Run(t.Context(), &r, linky.Pace{Frames: 10}); err != nil {
					t.Fatal(err)
				}
				taken[i] = time.Since(r.start)
			})
		}
		if difference := taken[0] - taken[1]; difference < -time.Microsecond || difference > time.Microsecond {
			t.Errorf("%v: ten frames take %v, and %v when they are damaged", kind, taken[0], taken[1])
		}
	}
}

// checkRhythm wants small chunks, none of which comes before the line could have carried it.
func checkRhythm(t *testing.T, chunks []chunk, speed, size int) {
	t.Helper()
	for i, c := range chunks {
		if c.size > size {
			t.Fatalf("chunk %d of %d bytes, want at most %d", i, c.size, size)
		}
		if soonest := time.Duration(c.total) * time.Second / time.Duration(speed); c.at < soonest-time.Microsecond {
			t.Fatalf("byte %d is out after %v, the line needs %v", c.total, c.at, soonest)
		}
	}
}

// TestNoDrift runs an hour: the simulated clock and the clock on the wall must stay within one frame and silence.
func TestNoDrift(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		m := newMeter(t, linky.Scenario{})
		begun, started := m.Now(), time.Now()
		if err := m.Run(ctx, &bytes.Buffer{}, linky.Pace{}); err != nil {
			t.Fatal(err)
		}
		if wall := time.Since(started); wall != time.Hour {
			t.Errorf("stopped after %v, want an hour", wall)
		}
		if ahead := m.Now().Sub(begun) - time.Hour; ahead < 0 || ahead > time.Second {
			t.Errorf("the simulated clock is %v ahead, want at most the frame being sent", ahead)
		}
	})
}

// TestSlowWriter blocks the line for a moment, made up for, and for ten seconds, which put everything off: a real
// line never hurries.
func TestSlowWriter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pause time.Duration
		late  time.Duration
	}{
		{"a moment", 200 * time.Millisecond, 0},
		{"ten seconds", 10 * time.Second, 10 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			free := timeTaken(t, 0)
			late := timeTaken(t, test.pause) - free
			if difference := late - test.late; difference < -20*time.Millisecond || difference > 20*time.Millisecond {
				t.Errorf("a pause of %v makes the last frame %v late, want %v", test.pause, late, test.late)
			}
		})
	}
}

// timeTaken sends five frames to a writer that pauses at its hundredth chunk.
func timeTaken(t *testing.T, pause time.Duration) (taken time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		r := recorder{start: time.Now(), stall: func(n int) {
			if n == 100 {
				time.Sleep(pause)
			}
		}}
		if err := newMeter(t, linky.Scenario{}).Run(t.Context(), &r, linky.Pace{Frames: 5}); err != nil {
			t.Fatal(err)
		}
		if frames := decode(t, tic.Standard, r.Bytes()); len(frames) != 5 {
			t.Errorf("%d frames, want 5", len(frames))
		}
		taken = time.Since(r.start)
	})
	return taken
}

// TestRunAtMaximumSpeed needs no time at all, which the fake clock shows, and writes frames whole.
func TestRunAtMaximumSpeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := recorder{start: time.Now()}
		if err := newMeter(t, linky.Scenario{}).Run(t.Context(), &r, linky.Pace{Max: true, Frames: 50}); err != nil {
			t.Fatal(err)
		}
		if frames := decode(t, tic.Standard, r.Bytes()); len(frames) != 50 || len(r.chunks) != 50 {
			t.Errorf("%d frames in %d writes, want 50 in 50", len(frames), len(r.chunks))
		}
		if taken := time.Since(r.start); taken != 0 {
			t.Errorf("took %v, want no time", taken)
		}
	})
}

// TestParity wants an even number of ones in each byte, and the same seven bits as without parity.
func TestParity(t *testing.T) {
	t.Parallel()
	var plain, even bytes.Buffer
	for w, parity := range map[*bytes.Buffer]bool{&plain: false, &even: true} {
		pace := linky.Pace{Max: true, Frames: 3, Parity: parity}
		if err := newMeter(t, linky.Scenario{}).Run(t.Context(), w, pace); err != nil {
			t.Fatal(err)
		}
	}
	if frames := decode(t, tic.Standard, even.Bytes()); len(frames) != 3 {
		t.Errorf("%d frames with parity, want 3", len(frames))
	}
	for i, c := range even.Bytes() {
		ones := 0
		for b := c; b != 0; b >>= 1 {
			ones += int(b & 1)
		}
		if ones%2 != 0 || c&0x7F != plain.Bytes()[i] {
			t.Fatalf("byte %d is %#02x with parity and %#02x without", i, c, plain.Bytes()[i])
		}
	}
}

func TestEvenParity(t *testing.T) {
	t.Parallel()
	frame := []byte{0x02, 0x03, 'A', 'C', 0x7F, 0xC1} // the last one already has a parity bit, and a wrong one
	linky.EvenParity(frame)
	if want := []byte{0x82, 0x03, 'A', 0xC3, 0xFF, 'A'}; !bytes.Equal(frame, want) {
		t.Errorf("% x, want % x", frame, want)
	}
}

// broken refuses every write after the first few.
type broken struct{ left int }

var errUnplugged = errors.New("cable unplugged")

func (b *broken) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, errUnplugged
	}
	return len(p), nil
}

func TestRunReturnsWriteErrors(t *testing.T) {
	t.Parallel()
	for _, fast := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			err := newMeter(t, linky.Scenario{}).Run(t.Context(), &broken{left: 3}, linky.Pace{Max: fast})
			if !errors.Is(err, errUnplugged) || err.Error() != "write frame: cable unplugged" {
				t.Errorf("max %v: error %v, want that of the writer", fast, err)
			}
		})
	}
}

// TestRunEndsWithContext stops in the middle of a frame, at the end of which the meter would have been much later.
func TestRunEndsWithContext(t *testing.T) {
	t.Parallel()
	for _, fast := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r := recorder{start: time.Now(), stall: func(n int) {
				if n == 10 {
					cancel()
				}
			}}
			if err := newMeter(t, linky.Scenario{}).Run(ctx, &r, linky.Pace{Max: fast}); err != nil {
				t.Errorf("max %v: error %v, want none", fast, err)
			}
			if len(r.chunks) != 11 {
				t.Errorf("max %v: %d writes, want the one that ended the context to be the last of 11", fast, len(r.chunks))
			}
		})
	}
}

// TestRunAllocatesNothing holds the promise of Frame for the whole run: twice the frames, no more allocations.
func TestRunAllocatesNothing(t *testing.T) {
	m := newMeter(t, linky.Scenario{})
	count := func(frames int) float64 {
		return testing.AllocsPerRun(5, func() {
			if err := m.Run(t.Context(), &broken{left: frames}, linky.Pace{Max: true, Frames: frames}); err != nil {
				t.Error(err)
			}
		})
	}
	if few, many := count(100), count(1000); many > few {
		t.Errorf("%v allocations for 100 frames and %v for 1000, want as many", few, many)
	}
}
