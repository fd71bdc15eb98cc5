// Package button watches a push button between a GPIO pin and ground.
//
// In: a pin, which is low while the button is held. Out: presses, short and long. It knows nothing of what they are for.
package button

import (
	"context"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/host/v3"
)

// Press is what a person did.
type Press int

// The presses.
const (
	Short Press = iota // let go within Hold
	Long               // held for Hold; told at once, so that the person need not guess when to let go
)

// String returns "short" or "long".
func (p Press) String() string {
	if p == Long {
		return "long"
	}
	return "short"
}

// Hold is how long a long press lasts.
const Hold = 3 * time.Second

const (
	settle = 30 * time.Millisecond  // for contacts to stop bouncing
	glance = 250 * time.Millisecond // bounds a wait, and so the time to notice that ctx ended
)

// Open finds a pin by the name the board gives it ("GPIO27") and prepares it: pulled up, and watched for changes.
func Open(name string) (gpio.PinIn, error) {
	if _, err := host.Init(); err != nil {
		return nil, fmt.Errorf("look for GPIO pins: %w", err)
	}
	pin := gpioreg.ByName(name)
	if pin == nil {
		return nil, fmt.Errorf("open button %q: this machine has no such pin; "+
			"use the GPIO name (GPIO27), not the place on the connector, or leave the button out of the configuration", name)
	}
	if err := pin.In(gpio.PullUp, gpio.BothEdges); err != nil {
		return nil, fmt.Errorf("open button %q: %w; the user must be in the group gpio and nothing else may use the pin", name, err)
	}
	return pin, nil
}

// Watch calls pressed for each press until ctx ends, from one goroutine at a time.
func Watch(ctx context.Context, pin gpio.PinIn, pressed func(Press)) {
	w := watcher{pin: pin, pressed: pressed}
	for ctx.Err() == nil {
		w.look(w.wait(ctx), time.Now())
	}
}

// watcher follows one button.
type watcher struct {
	pin     gpio.PinIn
	pressed func(Press)

	down  bool // since a change to it was seen: a pin that was low from the beginning is a fault of the wiring
	since time.Time
	told  bool // the press is long, and was told
}

// wait returns after a change has settled, or when it is time to look again.
func (w *watcher) wait(ctx context.Context) (changed bool) {
	patience := glance
	if w.down && !w.told {
		patience = max(min(glance, Hold-time.Since(w.since)), time.Millisecond)
	}
	began := time.Now()
	if w.pin.WaitForEdge(patience) {
		pause(ctx, settle)
		return true
	}
	pause(ctx, patience-time.Since(began)) // a pin that cannot wait must not be asked without a pause
	return false
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// look takes in how the pin is now. A press begins with a change: a driver that fails reads low.
func (w *watcher) look(changed bool, now time.Time) {
	low := w.pin.Read() == gpio.Low
	switch {
	case low && !w.down && changed:
		w.down, w.since, w.told = true, now, false
	case low && w.down && !w.told && now.Sub(w.since) >= Hold:
		w.told = true
		w.pressed(Long)
	case !low && w.down:
		w.down = false
		if !w.told {
			w.pressed(Short)
		}
	}
}
