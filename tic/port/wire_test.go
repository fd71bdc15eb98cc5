package port_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"releve/tic"
	"releve/tic/linky"
)

// wire is the line between an emulated meter and a terminal. As on a real one, whoever listens at another speed than
// the meter's samples its bits at the wrong instants.
type wire struct {
	t      *testing.T
	master *os.File
	name   string // of the terminal
	at     int    // the meter's speed
	stop   func() // ends the meter
}

func newWire(t *testing.T) *wire {
	t.Helper()
	master, name := terminal(t)
	w := &wire{t: t, master: master, name: name, stop: func() {}}
	t.Cleanup(func() { w.stop() })
	return w
}

// play puts a meter on the line, in the place of the one before, at the rhythm of a real bus.
func (w *wire) play(mode tic.Mode) {
	w.t.Helper()
	w.stop()
	meter, err := linky.New(linky.Scenario{Mode: mode})
	if err != nil {
		w.t.Fatal(err)
	}
	w.at = map[tic.Mode]int{tic.Historic: 1200, tic.Standard: 9600}[mode]
	ctx, stop := context.WithCancel(w.t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = meter.Run(ctx, w, linky.Pace{Parity: true}) }) // ends when the terminal does, at the latest
	w.stop = func() {
		stop()
		running.Wait()
	}
}

// Write sends bytes as the meter does, and gives the terminal what its speed makes of them.
func (w *wire) Write(p []byte) (int, error) {
	_, err := w.master.Write(resample(p, w.at, w.speed()))
	return len(p), err
}

// speed is that of the terminal.
func (w *wire) speed() int {
	settings, err := unix.IoctlGetTermios(int(w.master.Fd()), unix.TCGETS)
	if err != nil {
		return 0
	}
	return map[uint32]int{unix.B1200: 1200, unix.B9600: 9600}[settings.Cflag&unix.CBAUD]
}

// finest is the speed whose bits are the unit of time.
const finest = 9600

// resample returns what a UART at one speed reads from characters sent at another: a start bit, eight bits from the
// lowest on, a stop bit.
func resample(p []byte, from, to int) []byte {
	if from == to || to == 0 {
		return p
	}
	var levels []bool
	for _, c := range p {
		bits := uint16(c)<<1 | 1<<9
		for i := range 10 * finest / from {
			levels = append(levels, bits>>(i*from/finest)&1 == 1)
		}
	}
	high := func(i int) bool { return i >= len(levels) || levels[i] }
	var read []byte
	for i, width := 0, finest/to; i < len(levels); i++ {
		if high(i) {
			continue
		}
		var c byte
		for bit := range 8 {
			if high(i + width/2 + (bit+1)*width) {
				c |= 1 << bit
			}
		}
		read = append(read, c)
		i += 9*width + width/2
	}
	return read
}

func TestResample(t *testing.T) {
	t.Parallel()
	frame := []byte(standard)
	if got := resample(frame, 9600, 9600); string(got) != standard {
		t.Errorf("at the same speed %q is read", got)
	}
	// A start bit of 1200 Bd is eight bits of zero at 9600, and the bit after them decides nothing.
	if got := resample([]byte{0xFF}, 1200, 9600); len(got) != 1 || got[0] != 0x80 {
		t.Errorf("0xff at 1200 Bd is read at 9600 as %x, want 80", got)
	}
	for _, speeds := range [][2]int{{1200, 9600}, {9600, 1200}} {
		var groups uint64
		decoder := tic.NewDecoder(tic.Auto, func(f *tic.Frame) { groups += uint64(len(f.Groups)) })
		for range 500 {
			decoder.Write(resample(frame, speeds[0], speeds[1])) // never errors, by its contract
		}
		if groups > 0 {
			t.Errorf("%d groups of %d Bd are read at %d", groups, speeds[0], speeds[1])
		}
	}
}
