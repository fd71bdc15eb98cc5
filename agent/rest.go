package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"releve/agent/button"
)

// errRest is why an agent stops that the button asked to rest: everything is stored, and the device can be unplugged.
var errRest = errors.New("the button asks to rest")

// presses is the button, watched over the whole run: while the agent rests, a press makes it go on. A nil one has none.
type presses struct {
	c   chan button.Press
	end func()
}

// watchButton opens the button. One that is not there is said once, and the agent does without.
func watchButton(ctx context.Context, name string, log *slog.Logger) *presses {
	if name == "" {
		return nil
	}
	pin, err := button.Open(name)
	if err != nil {
		log.Warn("no button", "error", err)
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &presses{c: make(chan button.Press)}
	var group sync.WaitGroup
	group.Go(func() {
		button.Watch(ctx, pin, func(one button.Press) {
			log.Info("button pressed", "press", one.String())
			select {
			case p.c <- one:
			case <-ctx.Done():
			}
		})
	})
	p.end = func() { cancel(); group.Wait() }
	return p
}

// close stops watching.
func (p *presses) close() {
	if p != nil {
		p.end()
	}
}

// obey does what the button says: stores at once after a short press, asks to rest after a long one.
func (a *agent) obey(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case press := <-a.presses.c:
			if press == button.Long {
				a.rest(errRest)
				return nil
			}
			a.storeNow()
		}
	}
}

// storeNow stores what was read, and lets the light say so.
func (a *agent) storeNow() {
	if err := a.gatherer.flush(); err != nil {
		a.log.Error("readings not stored", "error", err)
		return
	}
	a.log.Info("readings stored")
	a.noted.Store(time.Now().UnixNano())
}

// notedFor is how long the light remembers: a rhythm may take that long before the next one is chosen.
const notedFor = 3 * time.Second

func (a *agent) isNoted(now time.Time) bool {
	return now.Sub(time.Unix(0, a.noted.Load())) < notedFor
}

// rest waits, with nothing open, until the button is pressed again. It returns false when ctx ends instead.
func rest(ctx context.Context, p *presses, log *slog.Logger) bool {
	unix.Sync() // the file system's own bookkeeping, too
	log.Info("resting: everything is stored and the device can be unplugged; press the button to go on")
	select {
	case <-ctx.Done():
		return false
	case <-p.c:
		return true
	}
}
