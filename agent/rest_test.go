package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"releve/agent/config"
	"releve/agent/led"
	"releve/buffer"
	"releve/senml"
	"releve/tic/linky"
)

// fakePin is a pin of this machine until the test ends. No board has so many.
func fakePin(t *testing.T, number int) *gpiotest.Pin {
	t.Helper()
	pin := &gpiotest.Pin{N: fmt.Sprintf("GPIO%d", number), Num: number, EdgesChan: make(chan gpio.Level, 10)}
	if err := gpioreg.Register(pin); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gpioreg.Unregister(pin.N); err != nil {
			t.Error(err)
		}
	})
	return pin
}

// program is one that runs, and what it has said and nobody has looked at yet.
type program struct {
	t     *testing.T
	lines chan string
	code  chan int
	all   []string
}

func runUntil(ctx context.Context, t *testing.T, args ...string) *program {
	t.Helper()
	talk, talks := io.Pipe()
	r := &program{t: t, lines: make(chan string, 1000), code: make(chan int, 1)}
	go func() {
		r.code <- execute(ctx, args, terminal{out: io.Discard, err: talks})
		talks.Close()
	}()
	go func() {
		for lines := bufio.NewScanner(talk); lines.Scan(); {
			r.lines <- lines.Text()
		}
		close(r.lines)
	}()
	return r
}

// says waits for a line with a text in it.
func (r *program) says(text string) {
	r.t.Helper()
	for timeout := time.After(time.Minute); ; {
		select {
		case line, more := <-r.lines:
			r.all = append(r.all, line)
			if strings.Contains(line, text) {
				return
			}
			if more {
				continue
			}
		case <-timeout:
		}
		break
	}
	r.t.Fatalf("the program ended, or waits, and did not say %s; it said\n%s", text, strings.Join(r.all, "\n"))
}

// TestRunRests presses the button: short, long until the agent rests, and once more to go on.
func TestRunRests(t *testing.T) {
	t.Parallel()
	pin, light := fakePin(t, 901), fakePin(t, 902)
	const frames = 5
	raw := simulated(t, "--frames", fmt.Sprint(frames))
	capture, state := written(t, "capture", raw), filepath.Join(t.TempDir(), "state")
	file := written(t, "releve.toml", fmt.Sprintf(
		"[agent]\nstate = %q\nclock = \"system\"\n[buffer]\nperiod = \"1m\"\n[[meter]]\nport = %q\n[status]\nlisten = \"\"\n[button]\npin = %q\n[led]\npin = %q\n",
		state, capture, pin.N, light.N))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := runUntil(ctx, t, "run", "--config", file)
	r.says(`msg="task finished" task="meter linky"`)
	pin.EdgesChan <- gpio.Low
	pin.EdgesChan <- gpio.High
	r.says(`msg="button pressed" press=short`)
	r.says(`msg="readings stored"`)
	pin.EdgesChan <- gpio.Low
	r.says(`msg="button pressed" press=long`)
	r.says(`msg=stopped`)
	r.says(`msg="resting: everything is stored`)
	if light.Read() != gpio.Low {
		t.Error("the light is on while the agent rests")
	}
	checkReleased(t, state)
	pin.EdgesChan <- gpio.High
	pin.EdgesChan <- gpio.Low
	pin.EdgesChan <- gpio.High
	r.says(`msg=started`)
	cancel()
	r.says(`msg=stopped`)
	if code := <-r.code; code != exitDone {
		t.Errorf("code %d", code)
	}
	for _, line := range r.all {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
			t.Errorf("it said %s", line)
		}
	}
}

// checkReleased opens the store of an agent that rests, as only one program at a time can, and finds the readings in it.
func checkReleased(t *testing.T, state string) {
	t.Helper()
	b, err := buffer.Open(buffer.Options{Dir: filepath.Join(state, "buffer")})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(b.Series()); n < 20 {
		t.Errorf("%d series are stored, want those of a meter", n)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// A light and a button that are not there are said once each, and the agent measures.
func TestRunWithoutItsPins(t *testing.T) {
	t.Parallel()
	capture := written(t, "capture", simulated(t, "--frames", "1"))
	file := written(t, "releve.toml", fmt.Sprintf(
		"[agent]\nstate = %q\nclock = \"system\"\n[[meter]]\nport = %q\n[status]\nlisten = \"\"\n[button]\npin = \"GPIO998\"\n[led]\npin = \"GPIO999\"\n", t.TempDir(), capture))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := runUntil(ctx, t, "run", "--config", file)
	finished := map[string]bool{}
	for len(finished) < 2 {
		r.says(`msg="task finished" task=`)
		finished[r.all[len(r.all)-1]] = true
	}
	cancel()
	r.says("msg=stopped")
	if code := <-r.code; code != exitDone {
		t.Errorf("code %d", code)
	}
	said := strings.Join(r.all, "\n")
	for _, once := range []string{`msg="no light" error="open light \"GPIO999\": this machine has no such pin;`, `msg="no button" error="open button \"GPIO998\": this machine has no such pin;`} {
		if n := strings.Count(said, once); n != 1 {
			t.Errorf("%d times %s in\n%s", n, once, said)
		}
	}
	if n := strings.Count(said, "level=WARN"); n != 2 {
		t.Errorf("%d warnings in\n%s", n, said)
	}
}

func TestStoreNow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Federation = nil })
	h.play(t, linky.Scenario{Seed: 3}, 1)
	if got := h.light(); got != led.Reading {
		t.Errorf("light is %s before the button is pressed, want reading", got)
	}
	h.storeNow()
	if got := h.light(); got != led.Noted {
		t.Errorf("light is %s after the button was pressed, want noted", got)
	}
	if h.isNoted(time.Now().Add(notedFor)) {
		t.Error("the light never forgets the button")
	}
	if got := h.buffer.Stats().Packs; got != 1 {
		t.Errorf("%d packs are stored, want 1", got)
	}
}

// When the readings cannot be stored the light does not say that they were.
func TestStoreNowInVain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Federation = nil })
	h.play(t, linky.Scenario{Seed: 3}, 1)
	h.gatherer.put = func(senml.Pack) error { return buffer.ErrFull }
	h.storeNow()
	if got := h.light(); got == led.Noted {
		t.Error("the light says that the readings are stored")
	}
	if !strings.Contains(h.said.String(), `msg="readings not stored"`) {
		t.Errorf("log is %s", h.said)
	}
}

// systemd is told that the service stops when it does, and not when it rests.
func TestAnnounceARest(t *testing.T) {
	heard := systemd(t)
	h := newHouse(t, func(c *config.Config) { c.Federation = nil })
	h.play(t, linky.Scenario{Seed: 3}, 1)
	ctx, rest := context.WithCancelCause(t.Context())
	rest(errRest)
	if err := h.announce(ctx); err != nil {
		t.Error(err)
	}
	if got := heard(30 * time.Second); got != "READY=1" {
		t.Errorf("systemd heard %q, want READY=1", got)
	}
	if got := heard(100 * time.Millisecond); got != "nothing" { // it would be there: announce has returned
		t.Errorf("systemd also heard %q", got)
	}
}
