package access_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"releve/agent/access"
)

// waits is how long somebody has to wait who has just tried; 0 when the password was only wrong.
func (h *house) waits(b *browser, password string) time.Duration {
	h.t.Helper()
	err := h.tryAs(b, password)
	var w *access.Wait
	switch {
	case errors.As(err, &w):
		return w.For
	case !errors.Is(err, access.ErrWrong):
		h.t.Fatalf("a wrong password: %v", err)
	}
	return 0
}

// Three tries, then a pause that doubles up to a quarter of an hour, whatever is typed meanwhile.
func TestPauseGrows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	known := h.settle() // its lane is not bounded with the strangers'
	for range 3 {
		if got := h.waits(known, wrong); got != 0 {
			t.Fatalf("a pause of %s among the first tries", got)
		}
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		want *= time.Second
		if got := h.waits(known, password); got != want {
			t.Fatalf("pause of %s, want %s", got, want)
		}
		h.now += want
		if got := h.waits(known, wrong); got != 0 {
			t.Fatalf("a pause of %s after the pause", got)
		}
	}
	h.now += 15 * time.Minute
	if err := h.tryAs(known, password); err != nil {
		t.Fatalf("the password after the pause: %v", err)
	}
	if got := h.waits(known, wrong); got != 0 {
		t.Errorf("a pause of %s right after a login", got)
	}
}

// A stranger who never stops, from as many addresses as it likes, finds a try each five minutes, and keeps no browser of the
// household out. Other strangers wait, and the ledger hears of it once an hour.
func TestStrangersTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	household := h.settle()
	tried, told := 0, 0
	for second := range 2 * 3600 {
		h.now += time.Second
		b := &browser{address: fmt.Sprintf("[2001:db8:0:%x::1]:5000", second)}
		var w *access.Wait
		switch err := h.tryAs(b, wrong); {
		case errors.As(err, &w) && w.Locked:
			told++
		case errors.Is(err, access.ErrWrong):
			tried++
		}
	}
	if want := 20 + 2*3600/300; tried < want-1 || tried > want+1 {
		t.Errorf("%d guesses in two hours, want %d", tried, want)
	}
	if told != 2 {
		t.Errorf("told %d times in two hours", told)
	}
	if err := h.tryAs(household, password); err != nil {
		t.Errorf("the household is locked out: %v", err)
	}
}

// Who has half a network has one lane; who forges the mark of a browser is a stranger.
func TestLanes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	known := h.settle()
	for i := range 3 {
		h.waits(&browser{address: fmt.Sprintf("[2001:db8::%x]:5000", i)}, wrong)
	}
	if got := h.waits(&browser{address: "[2001:db8::ff]:5000"}, wrong); got != time.Second {
		t.Errorf("another address of the same network waits %s", got)
	}
	forged := &browser{address: "[2001:db8::ff]:5000"}
	for _, c := range known.cookies {
		c.Value = "x" + c.Value
		forged.cookies = append(forged.cookies, c)
	}
	if got := h.waits(forged, wrong); got != time.Second {
		t.Errorf("a forged mark waits %s", got)
	}
}
