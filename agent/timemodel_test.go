package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"releve/agent/clock"
	"releve/agent/clock/clocktest"
	"releve/buffer"
	"releve/senml"
	"releve/tic"
)

// tolerance is by how much a date may be wrong: the sources of the test are by up to half a minute, and what lies between
// two known times by two minutes more.
const tolerance = 4 * time.Minute

// life is a house without a clock over some hours, and what it heard.
type life struct {
	t       *testing.T
	random  *rand.Rand
	dir     string
	machine *clocktest.Machine
	boots   int
	meter   time.Duration // by which the meter's clock is wrong
	worn    bool          // it says that it is degraded, and may be anything

	clock    *clock.Clock
	stamps   clock.Stamps
	buffer   *buffer.Buffer
	dater    *dater
	gatherer *gatherer

	number int
	heard  map[int]time.Time // when each reading was heard, in truth
	inRAM  []int             // those a power cut would lose
	lost   map[int]bool
}

// TestTimeModel lives through random hours around the night that has an hour twice: readings, networks that come and go,
// clocks restored from files, a meter that tells the time, rightly or with a degraded clock, power cuts, restarts of
// the program. Whatever comes, each reading that reached the disk is in the log once, in the order heard, at its
// true time within the tolerance, or kept aside without one.
func TestTimeModel(t *testing.T) {
	t.Parallel()
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	if n, err := strconv.ParseUint(os.Getenv("RELEVE_LIVES"), 10, 32); err == nil {
		seeds = n
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			l := &life{
				t: t, random: rand.New(rand.NewPCG(seed, 7)), dir: t.TempDir(), heard: map[int]time.Time{}, lost: map[int]bool{},
				machine: clocktest.New("boot 0", time.Date(2026, 10, 24, 23, 30, 0, 0, time.UTC)),
			}
			l.start()
			for range 400 {
				l.step()
			}
			l.end()
		})
	}
}

// start starts the program.
func (l *life) start() {
	l.t.Helper()
	var err error
	l.clock, err = clock.Open(clock.Options{Machine: l.machine, File: filepath.Join(l.dir, "clock.json"), Log: quiet})
	if err == nil {
		l.buffer, err = buffer.Open(buffer.Options{Dir: filepath.Join(l.dir, "buffer"), Clock: l.clock.Now, Log: quiet})
	}
	if err == nil {
		err = l.clock.Start(newest(l.buffer), firstUndated(l.buffer, l.clock))
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.stamps = l.clock.Stamps()
	l.dater = newDater(l.clock, l.buffer, quiet)
	l.gatherer = &gatherer{put: l.dater.put, log: quiet}
}

// step lets some seconds pass, in which something may happen, and hears a frame.
func (l *life) step() {
	pass := 1 + l.random.IntN(9_000)
	if l.random.IntN(9) == 0 {
		pass = l.random.IntN(300) // as from a file
	}
	l.machine.Pass(time.Duration(pass) * time.Millisecond)
	switch n := l.random.IntN(100); {
	case n < 3: // the network comes, and a server that is not quite right
		l.machine.Set(l.error(), true)
	case n < 7:
		l.machine.Set(time.Duration(l.random.Int64N(int64(48*time.Hour)))-24*time.Hour, false) // a hand, or a file
	case n < 9:
		l.meter, l.worn = l.error(), false
	case n < 11:
		l.meter, l.worn = time.Duration(l.random.Int64N(int64(900*time.Hour))), true
	case n < 13:
		l.cut()
	case n < 15:
		l.stop()
		l.machine.Pass(time.Second)
		l.start()
	case n < 30:
		l.flush()
	}
	l.hear()
	if err := l.clock.Look(); err != nil {
		l.t.Fatal(err)
	}
	if _, known := l.clock.Now(); known && l.random.IntN(5) == 0 {
		if err := l.dater.catchUp(); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *life) error() time.Duration {
	return time.Duration(l.random.Int64N(int64(time.Minute))) - 30*time.Second
}

// hear is a frame with the meter's date and a reading of its own.
func (l *life) hear() {
	now, truth := l.clock.Instant(), l.machine.Truth()
	horodate := meterDate(truth.Add(l.meter), l.worn)
	f := &tic.Frame{Mode: tic.Standard, Groups: []tic.Group{{Label: []byte("DATE"), Horodate: []byte(horodate)}}}
	at, degraded, ok := told(f, paris(l.t))
	if !ok || degraded != l.worn || at.Sub(truth.Add(l.meter)).Abs() > time.Second {
		l.t.Fatalf("%s is read as %s, degraded %v, %v", horodate, at, degraded, ok)
	}
	l.clock.Hear("linky", now, at, degraded)
	l.number++
	l.heard[l.number], l.inRAM = truth, append(l.inRAM, l.number)
	stamp := float64(l.stamps.Next(now).UnixMilli()) / 1000
	l.gatherer.add(senml.Pack{{Name: "linky/n", Unit: "W", Value: senml.NumberValue(float64(l.number)), Time: stamp}})
}

// meterDate writes a time as the meter does: with the letter that tells the two hours apart.
func meterDate(t time.Time, degraded bool) string {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	letter := "H"
	if t.In(paris).IsDST() {
		letter = "E"
	}
	if degraded {
		letter = map[string]string{"H": "h", "E": "e"}[letter]
	}
	return letter + t.In(paris).Format("060102150405")
}

func (l *life) flush() {
	if err := l.gatherer.flush(); err != nil {
		l.t.Fatal(err)
	}
	l.inRAM = nil
}

// stop ends the program in good order.
func (l *life) stop() {
	l.flush()
	if err := l.clock.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.close()
}

func (l *life) close() {
	if err := l.buffer.Close(); err != nil {
		l.t.Fatal(err)
	}
}

// cut takes the power away: what was gathered is lost, and the clock has no time to write anything.
func (l *life) cut() {
	for _, n := range l.inRAM {
		l.lost[n] = true
	}
	l.inRAM = nil
	l.close()
	off := time.Duration(5+l.random.IntN(60)) * time.Second
	if l.random.IntN(3) == 0 {
		off = time.Duration(l.random.IntN(300)) * time.Minute
	}
	l.boots++
	l.machine.Restart(fmt.Sprint("boot ", l.boots), off)
	l.start()
}

// end lets the network come for good and compares what is stored with what was heard.
func (l *life) end() {
	l.machine.Set(0, true)
	if err := l.clock.Look(); err != nil {
		l.t.Fatal(err)
	}
	l.hear()
	l.flush()
	_, never, refused := l.dater.trouble()
	stored := l.stored()
	if len(stored)+int(never)+len(l.lost) != l.number || refused != 0 {
		l.t.Errorf("%d dated, %d never, %d lost, %d refused; %d were heard", len(stored), never, len(l.lost), refused, l.number)
	}
	last, before := 0, 0.0
	for _, r := range stored {
		value, _ := r.Value.Number()
		n := int(value)
		at := time.UnixMilli(int64(r.Time * 1000))
		if n <= last || r.Time <= before {
			l.t.Fatalf("reading %d at %s comes after %d at %.3f", n, at, last, before)
		}
		if off := at.Sub(l.heard[n]); off.Abs() > tolerance || l.lost[n] {
			l.t.Errorf("reading %d is off by %s, lost %v", n, off, l.lost[n])
		}
		last, before = n, r.Time
	}
	l.t.Logf("%d readings in %d boots: %d dated, %d never, %d lost to power cuts", l.number, l.boots+1, len(stored), never, len(l.lost))
	l.close()
}

// stored is every record of the log, in its order.
func (l *life) stored() senml.Pack {
	c, err := l.buffer.Cursor("all", buffer.Beginning())
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	var all senml.Pack
	for seq, end := buffer.Seq(0), l.buffer.Stats().Last; seq < end; {
		items, err := c.Next(ctx, 100)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, item := range items {
			seq, all = item.Seq, append(all, item.Pack...)
		}
		if err := c.Ack(seq); err != nil {
			l.t.Fatal(err)
		}
	}
	return slices.Clip(all)
}
