// Package led tells the state of the device with one light on a GPIO pin.
//
// In: a pin and a function that says how things are. Out: a rhythm anyone can read without a screen.
// It knows nothing of meters or networks, only five states.
//
// The language follows the receiver light of Enedis-NOI-CPT_54E Annex A (slow while nothing is
// decoded, brisk while frames come) and adds words for what lies behind the meter, and for the button:
//
//	Waiting  ▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬···············  half on, half off, every 3 s: no meter heard yet
//	Reading  ▬·········▬·········▬·········  one short flash a second: all is well
//	Away     ▬·▬·················▬·▬·······  two short flashes every 2 s: reading, and kept until the federation is back
//	Fault    ▬·▬·▬·▬·▬·▬·▬·▬·▬·▬·▬·▬·▬·▬·▬·  fast: look at the page
//	Noted    ▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬▬··········  on for 2 s: the button was understood
//
// A light that stays dark: the agent rests, or does not run.
package led

import (
	"context"
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/host/v3"
)

// State is what the light says; the zero value is Waiting.
type State int

// The words of the light.
const (
	Waiting State = iota // no meter heard yet
	Reading              // frames are read and handed on
	Away                 // frames are read, the federation cannot be reached
	Fault                // something needs a person
	Noted                // the button was pressed, and what it is for is done
)

// String returns "waiting", "reading", "away", "fault" or "noted".
func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Reading:
		return "reading"
	case Away:
		return "away"
	case Fault:
		return "fault"
	case Noted:
		return "noted"
	}
	return fmt.Sprintf("state %d", int(s))
}

// rhythm lists how long the light is on, off, on, off… before it begins again.
// A state without a word of its own is shown as a fault.
func (s State) rhythm() []time.Duration {
	const flash = 100 * time.Millisecond
	switch s {
	case Waiting:
		return []time.Duration{1500 * time.Millisecond, 1500 * time.Millisecond} // 1/3 Hz, 54E Annex A
	case Reading:
		return []time.Duration{flash, 900 * time.Millisecond} // 1 Hz, 54E Annex A
	case Away:
		return []time.Duration{flash, flash, flash, 1700 * time.Millisecond}
	case Noted:
		return []time.Duration{2 * time.Second}
	}
	return []time.Duration{flash, flash}
}

// Open finds a pin by the name the board gives it ("GPIO17", or "17") and
// switches it off. The light must be wired to shine when the pin is high.
func Open(name string) (gpio.PinOut, error) {
	if _, err := host.Init(); err != nil {
		return nil, fmt.Errorf("look for GPIO pins: %w", err)
	}
	pin := gpioreg.ByName(name)
	if pin == nil {
		return nil, fmt.Errorf("open light %q: this machine has no such pin; "+
			"use the GPIO name (GPIO17), not the place on the connector, or leave the light out of the configuration", name)
	}
	if err := pin.Out(gpio.Low); err != nil {
		return nil, fmt.Errorf("open light %q: %w; the user must be in the group gpio and nothing else may use the pin", name, err)
	}
	return pin, nil
}

// Blink shows state on pin until ctx ends, then switches the light off and
// returns nil. State is asked at the start of each rhythm, so a change shows
// within 3 s. A pin that refuses ends it with an error.
func Blink(ctx context.Context, pin gpio.PinOut, state func() State) (err error) {
	defer func() { err = errors.Join(err, light(pin, gpio.Low)) }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		level := gpio.High
		for _, hold := range state().rhythm() {
			if err := light(pin, level); err != nil {
				return err
			}
			timer.Reset(hold)
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
			level = !level
		}
	}
}

func light(pin gpio.PinOut, level gpio.Level) error {
	if err := pin.Out(level); err != nil {
		return fmt.Errorf("set light %s %s: %w", pin.Name(), level, err)
	}
	return nil
}
