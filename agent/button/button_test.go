package button_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"releve/agent/button"
)

// contact is a pin whose level is what the fingers do, as that of hardware is; the edges that gpiotest tells only wake.
type contact struct {
	gpiotest.Pin
	refuses bool // cannot wait: returns at once
	waits   int
}

func newContact() *contact {
	return &contact{Pin: gpiotest.Pin{N: "GPIO27", L: gpio.High, EdgesChan: make(chan gpio.Level, 100)}}
}

func (c *contact) set(level gpio.Level) {
	c.Lock()
	defer c.Unlock()
	if c.L != level {
		c.L = level
		c.EdgesChan <- level
	}
}

func (c *contact) WaitForEdge(timeout time.Duration) bool {
	c.waits++
	if c.refuses {
		return false
	}
	select {
	case <-c.EdgesChan:
		return true
	case <-time.After(timeout):
		return false
	}
}

// script is what fingers do: "↓" closes the contact, "↑" opens it, a number waits so many milliseconds.
func (c *contact) play(script string) {
	for word := range strings.FieldsSeq(script) {
		switch word {
		case "↓":
			c.set(gpio.Low)
		case "↑":
			c.set(gpio.High)
		default:
			var ms int
			if _, err := fmt.Sscan(word, &ms); err != nil {
				panic(err)
			}
			time.Sleep(time.Duration(ms) * time.Millisecond) // of the bubble
		}
	}
}

// watched plays a script in virtual time and returns the presses, with the second each was told in.
func watched(t *testing.T, c *contact, script string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	began, told := time.Now(), []string{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		button.Watch(ctx, c, func(p button.Press) {
			told = append(told, fmt.Sprintf("%s@%d", p, time.Since(began)/time.Second))
		})
	}()
	c.play(script)
	stop()
	<-done
	return strings.Join(told, " ")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, script, want string }{
		{"nothing", "10000", ""},
		{"short", "1000 ↓ 200 ↑ 1000", "short@1"},
		{"two short", "1000 ↓ 200 ↑ 800 ↓ 200 ↑ 1000", "short@1 short@2"},
		{"nearly long", "1000 ↓ 2900 ↑ 1000", "short@3"},
		{"long, told while held", "1000 ↓ 9000 ↑ 2000", "long@4"},
		{"long, then short", "1000 ↓ 4000 ↑ 1000 ↓ 100 ↑ 1000", "long@4 short@6"},
		{"bouncing", "1000 ↓ 2 ↑ 1 ↓ 3 ↑ 1 ↓ 300 ↑ 2 ↓ 1 ↑ 1000", "short@1"},
		{"long and bouncing", "1000 ↓ 2 ↑ 1 ↓ 3 ↑ 1 ↓ 5000 ↑ 2 ↓ 1 ↑ 1000", "long@4"},
		{"a spike", "1000 ↓ 5 ↑ 5000", ""},
		{"two spikes far apart", "1000 ↓ 5 ↑ 5000 ↓ 5 ↑ 5000", ""},
		{"still held at the end", "1000 ↓ 1000", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if got := watched(t, newContact(), test.script); got != test.want {
					t.Errorf("presses are %q, want %q", got, test.want)
				}
			})
		})
	}
}

// A contact that was closed from the beginning, by its wiring or by a driver that fails, is no press.
func TestWatchAShortCircuit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newContact()
		c.L = gpio.Low
		if got := watched(t, c, "20000 ↑ 1000 ↓ 100 ↑ 1000"); got != "short@21" {
			t.Errorf("presses are %q, want that of the repaired wiring alone", got)
		}
	})
}

// A pin that cannot wait for changes costs no processor.
func TestWatchAPinThatCannotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newContact()
		c.refuses = true
		if got := watched(t, c, "10000"); got != "" || c.waits > 100 {
			t.Errorf("presses are %q after %d waits in ten seconds", got, c.waits)
		}
	})
}

func TestOpenNamesWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := button.Open("NO SUCH PIN")
	want := `open button "NO SUCH PIN": this machine has no such pin; ` +
		`use the GPIO name (GPIO27), not the place on the connector, or leave the button out of the configuration`
	if err == nil || err.Error() != want {
		t.Errorf("Open = %v\nwant   %s", err, want)
	}
}
