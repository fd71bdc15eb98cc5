package led_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"releve/agent/led"
)

// recorder is a pin that remembers when it changed, in the time of its bubble.
type recorder struct {
	gpiotest.Pin
	started time.Time

	mu      sync.Mutex // guards everything below
	changes []change
	refuse  error
}

type change struct {
	At    time.Duration
	Level gpio.Level
}

func (r *recorder) Out(level gpio.Level) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, change{time.Since(r.started), level})
	if r.refuse != nil {
		return r.refuse
	}
	return r.Pin.Out(level)
}

func (r *recorder) seen() []change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]change(nil), r.changes...)
}

// watch blinks state for a while of virtual time and returns what the pin saw.
func watch(t *testing.T, state led.State, during time.Duration) []change {
	t.Helper()
	pin := &recorder{Pin: gpiotest.Pin{N: "GPIO17", Num: 17}, started: time.Now()}
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	if err := led.Blink(ctx, pin, func() led.State { return state }); err != nil {
		t.Fatal(err)
	}
	if pin.Read() != gpio.Low {
		t.Errorf("%s: the light is still on at the end", state)
	}
	return pin.seen()
}

func ms(at int, level gpio.Level) change {
	return change{time.Duration(at) * time.Millisecond, level}
}

func TestBlinkSpeaksFiveWords(t *testing.T) {
	t.Parallel()
	const on, off = gpio.High, gpio.Low
	table := []struct {
		state  led.State
		during time.Duration
		want   []change
	}{
		{led.Waiting, 4 * time.Second, []change{ms(0, on), ms(1500, off), ms(3000, on), ms(4000, off)}},
		{led.Reading, 1950 * time.Millisecond, []change{ms(0, on), ms(100, off), ms(1000, on), ms(1100, off), ms(1950, off)}},
		{led.Away, 2050 * time.Millisecond, []change{ms(0, on), ms(100, off), ms(200, on), ms(300, off), ms(2000, on), ms(2050, off)}},
		{led.Fault, 450 * time.Millisecond, []change{ms(0, on), ms(100, off), ms(200, on), ms(300, off), ms(400, on), ms(450, off)}},
		{led.Noted, 3 * time.Second, []change{ms(0, on), ms(2000, on), ms(3000, off)}},
		{led.State(99), 250 * time.Millisecond, []change{ms(0, on), ms(100, off), ms(200, on), ms(250, off)}},
	}
	for _, row := range table {
		t.Run(row.state.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if diff := cmp.Diff(row.want, watch(t, row.state, row.during)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestBlinkFollowsTheState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now := led.Waiting
		state := func() led.State { mu.Lock(); defer mu.Unlock(); return now }
		pin := &recorder{started: time.Now()}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- led.Blink(ctx, pin, state) }()

		time.Sleep(2 * time.Second) // virtual time: in the middle of the first slow rhythm
		mu.Lock()
		now = led.Reading
		mu.Unlock()
		time.Sleep(1500 * time.Millisecond)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want := []change{ms(0, gpio.High), ms(1500, gpio.Low), ms(3000, gpio.High), ms(3100, gpio.Low), ms(3500, gpio.Low)}
		if diff := cmp.Diff(want, pin.seen()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBlinkReportsAPinThatRefuses(t *testing.T) {
	t.Parallel()
	pin := &recorder{Pin: gpiotest.Pin{N: "GPIO17", Num: 17}, refuse: errors.New("permission denied")}
	err := led.Blink(t.Context(), pin, func() led.State { return led.Fault })
	want := "set light GPIO17 High: permission denied\nset light GPIO17 Low: permission denied"
	if err == nil || err.Error() != want {
		t.Errorf("Blink = %v, want %s", err, want)
	}
	if !errors.Is(err, pin.refuse) {
		t.Error("the cause is lost")
	}
}

func TestOpenNamesWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := led.Open("NO SUCH PIN")
	want := `open light "NO SUCH PIN": this machine has no such pin; ` +
		`use the GPIO name (GPIO17), not the place on the connector, or leave the light out of the configuration`
	if err == nil || err.Error() != want {
		t.Errorf("Open = %v\nwant   %s", err, want)
	}
}
