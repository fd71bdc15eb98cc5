package access

import (
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// tries bounds how often the password is guessed.
//
// Each lane, a browser that once had the password or the address of a stranger, may err three times; then it pauses, a
// second first and twice as long each time, a quarter of an hour at most. Strangers are bounded together besides, for an
// address is easily had: twenty at once, then one each five minutes. Who spends those keeps other strangers out, but no
// browser of the household, which has a lane of its own; and the terminal always has its way (Reset).
//
// It is in memory: only the device's own end gives tries back.
type tries struct {
	lanes     map[string]*lane
	strangers *rate.Limiter
	spoken    time.Duration // when it was last said that somebody has to wait; 0 for never
}

type lane struct {
	failed int           // in a row
	until  time.Duration // the pause after the last
}

// The bounds.
const (
	freeTries     = 3
	longestPause  = 15 * time.Minute
	laneMemory    = time.Hour // after its pause a lane is forgotten
	maxLanes      = 1024
	strangerBurst = 20
	strangerEvery = 5 * time.Minute
	spokenEvery   = time.Hour
)

// Wait is the error of who has to pause.
type Wait struct {
	For    time.Duration
	Locked bool // nobody had to wait in the hour before: worth writing down
}

// Error says how long.
func (w *Wait) Error() string {
	return fmt.Sprintf("too many wrong passwords: wait %s", w.For.Round(time.Second))
}

func newTries() *tries {
	return &tries{lanes: map[string]*lane{}, strangers: rate.NewLimiter(rate.Every(strangerEvery), strangerBurst)}
}

// take spends a try of a lane before the password is compared, or says how long to wait for it.
func (t *tries) take(name laneName, now time.Duration) error {
	l := t.lanes[name.text]
	if l != nil && now < l.until {
		return t.wait(l.until-now, now)
	}
	if !name.known && !t.strangers.AllowN(at(now), 1) {
		return t.wait(strangerEvery, now)
	}
	if l == nil {
		t.makeRoom(now)
		l = &lane{}
		t.lanes[name.text] = l
	} else if now >= l.until+laneMemory {
		*l = lane{}
	}
	l.failed++
	l.until = now + pause(l.failed)
	return nil
}

func (t *tries) wait(d, now time.Duration) *Wait {
	w := &Wait{For: d, Locked: t.spoken == 0 || now-t.spoken >= spokenEvery}
	if w.Locked {
		t.spoken = now
	}
	return w
}

// pause is how long a lane waits after so many failures in a row.
func pause(failed int) time.Duration {
	if failed < freeTries {
		return 0
	}
	if doublings := failed - freeTries; doublings < 10 {
		return min(longestPause, time.Second<<doublings)
	}
	return longestPause
}

// forget is for who knew the password.
func (t *tries) forget(name laneName) { delete(t.lanes, name.text) }

// makeRoom bounds the memory: lanes that are over go first, then whichever pauses least.
func (t *tries) makeRoom(now time.Duration) {
	if len(t.lanes) < maxLanes {
		return
	}
	least := ""
	for name, l := range t.lanes {
		if now >= l.until+laneMemory {
			delete(t.lanes, name)
		} else if least == "" || l.until < t.lanes[least].until {
			least = name
		}
	}
	if len(t.lanes) >= maxLanes {
		delete(t.lanes, least)
	}
}

// at makes an instant of a time since the boot, for a limiter that wants one.
func at(now time.Duration) time.Time { return time.Unix(0, 0).Add(now) }
