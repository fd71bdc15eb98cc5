package linky

import (
	"context"
	"fmt"
	"io"
	"math/bits"
	"time"
)

// Pace is how Run puts frames on the line.
type Pace struct {
	// Max leaves out the waiting: frames are written whole, one after the other.
	Max bool
	// Frames is the number of frames after which Run returns; 0 means never.
	Frames int
	// Parity sets bit 7 to even parity, as a receiver open in 8N1 sees the line.
	Parity bool
}

// Run writes frames to w at the rhythm of the real line: a few bytes at a time, each when its last bit would have
// arrived, 960 bytes a second in standard mode and 120 in historic mode, with the silences between frames; a switch of
// mode changes the rhythm with the next frame.
// It returns nil when ctx ends or when pace.Frames are written, and otherwise the error of w.
// Times are counted from the start, so they do not drift; when w blocks, the line goes on later and loses nothing.
// A Write that blocks is not interrupted by ctx. Damage of the scenario is done to what is written; a Receiver is plugged
// and unplugged, and hears the speed that it was set to. A second of a silent meter counts as a frame.
func (m *Meter) Run(ctx context.Context, w io.Writer, pace Pace) error {
	send := sendWhole
	if !pace.Max {
		send = newWire().send
	}
	reader := newEar(m.cable, w, pace.Parity)
	var frame []byte
	for n := 0; ctx.Err() == nil && (pace.Frames == 0 || n < pace.Frames); n++ {
		next := m.next(frame[:0])
		frame = next.line
		if err := reader.hear(&next); err != nil {
			return fmt.Errorf("plug meter: %w", err)
		}
		if err := send(ctx, reader, next); err != nil {
			return fmt.Errorf("write frame: %w", err)
		}
	}
	return nil
}

// EvenParity sets bit 7 of every character so that the number of ones is even.
func EvenParity(frame []byte) {
	for i, c := range frame {
		c &= 0x7F
		frame[i] = c | byte(bits.OnesCount8(c)&1)<<7
	}
}

// sendWhole writes a frame at once.
func sendWhole(_ context.Context, w io.Writer, frame talk) error {
	if len(frame.line) == 0 {
		return nil
	}
	_, err := w.Write(frame.line)
	return err
}

// lag is how late the wire may be and still catch up; beyond it the rest of the line is put off.
const lag = 250 * time.Millisecond

// wire holds the bytes back to the rhythm of the line.
type wire struct {
	start time.Time // of the frame being sent
	timer *time.Timer
}

func newWire() *wire { return &wire{start: time.Now(), timer: time.NewTimer(0)} }

// send writes a frame in chunks of a sixtieth of a second, spread over the time that the meter takes for it, also when
// damage made it shorter or longer. The silence only puts off the next frame.
func (x *wire) send(ctx context.Context, w io.Writer, frame talk) error {
	chunk := int(baudOf(frame.mode) / 600)
	for from := 0; from < len(frame.line); from += chunk {
		to := min(from+chunk, len(frame.line))
		if !x.wait(ctx, frame.took*time.Duration(to)/time.Duration(len(frame.line))) {
			return nil
		}
		if _, err := w.Write(frame.line[from:to]); err != nil {
			return err
		}
	}
	if !x.wait(ctx, frame.took) {
		return nil
	}
	x.start = x.start.Add(frame.took + frame.silence)
	return nil
}

// wait returns at that time after the start of the frame; false means that ctx ended.
func (x *wire) wait(ctx context.Context, after time.Duration) bool {
	left := time.Until(x.start.Add(after))
	if left < -lag {
		x.start = x.start.Add(-left)
	}
	if left <= 0 {
		return ctx.Err() == nil
	}
	x.timer.Reset(left)
	select {
	case <-x.timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
