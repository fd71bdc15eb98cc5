package buffer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
)

// promising is a store with an erasure that was begun before a cut, and room that a test sets.
type promising struct {
	*buffer.Buffer
	t    *testing.T
	o    buffer.Options
	free atomic.Uint64
}

const noRoom, muchRoom = 12 << 20, 1 << 40

var (
	ofSecret = buffer.Erasure{Series: []string{secret}}
	ofPower  = buffer.Erasure{Series: []string{record("power", noon, 0).Name}}
)

func newPromising(t *testing.T, again time.Duration) *promising {
	t.Helper()
	k := &promising{t: t}
	k.free.Store(muchRoom)
	k.o = buffer.Options{Dir: filepath.Join(t.TempDir(), "buffer")}.WithAgain(again).
		WithClock(func() time.Time { return noon.Add(time.Hour) }).WithFree(func(string) (uint64, error) { return k.free.Load(), nil })
	k.Buffer = open(t, k.o)
	put(t, k.Buffer, withSecret(noon))
	text, err := json.Marshal(ofSecret)
	if err := errors.Join(err, k.Close(), os.WriteFile(filepath.Join(k.o.Dir, "ERASE"), text, 0o600)); err != nil {
		t.Fatal(err)
	}
	k.free.Store(noRoom)
	k.Buffer = open(t, k.o)
	return k
}

// promiseState is what can be seen of erasures.
type promiseState struct {
	Finished      []buffer.Erasure
	Waits         bool
	Secret, Power bool // still there
}

func (k *promising) state() promiseState {
	k.t.Helper()
	said := fmt.Sprint(packsOf(k.t, k.Buffer))
	return promiseState{k.Finished(), k.Stats().Unerased != "", strings.Contains(said, secret), strings.Contains(said, ofPower.Series[0])}
}

func (k *promising) want(when string, want promiseState) {
	k.t.Helper()
	if diff := cmp.Diff(want, k.state()); diff != "" {
		k.t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

func recorded(buffer.Erased) error { return nil }

// TestEraseWhileOneWaits wants an erasure that waits for room not to be forgotten for the next: it is done first, and while
// there is no room for it the next is refused.
func TestEraseWhileOneWaits(t *testing.T) {
	t.Parallel()
	k := newPromising(t, time.Hour)
	_, err := k.Erase(t.Context(), ofPower, recorded)
	const refused = "erase readings: one that was begun before comes first: finish erasing: disk is too full"
	if !errors.Is(err, buffer.ErrFull) || !strings.HasPrefix(errorText(err), refused) {
		t.Errorf("error %v, want %s", err, refused)
	}
	k.want("no room", promiseState{Waits: true, Secret: true, Power: true})
	k.free.Store(muchRoom)
	if _, err := k.Erase(t.Context(), ofPower, recorded); err != nil {
		t.Fatal(err)
	}
	k.want("room", promiseState{Finished: []buffer.Erasure{ofSecret}})
}

// TestEraseCoversOneThatWaits wants an erasure that takes all of the one that waits to be done in its place, and one that
// cannot be recorded to leave it waiting.
func TestEraseCoversOneThatWaits(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		what buffer.Erasure
		left bool // of power
	}{
		"all":      {buffer.Erasure{}, false},
		"the same": {ofSecret, true},
		"more":     {buffer.Erasure{Series: append(ofPower.Series, secret)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newPromising(t, time.Hour)
			waits := promiseState{Waits: true, Secret: true, Power: true}
			k.free.Store(muchRoom)
			none := errors.New("the ledger is full")
			if _, err := k.Erase(t.Context(), row.what, func(buffer.Erased) error { return none }); !errors.Is(err, none) {
				t.Errorf("error %v, want %v", err, none)
			}
			k.want("not recorded", waits)
			if text, err := os.ReadFile(filepath.Join(k.o.Dir, "ERASE")); !strings.Contains(string(text), secret) {
				t.Errorf("what waits is %s, %v", text, err)
			}
			if _, err := k.Erase(t.Context(), row.what, recorded); err != nil {
				t.Fatal(err)
			}
			k.want("done", promiseState{Power: row.left})
		})
	}
}

// TestEraseNothing wants an erasure that names no series to be refused, and one that cannot be read for sure not to be done: both
// would be of everything if they were taken for one that leaves the series open.
func TestEraseNothing(t *testing.T) {
	t.Parallel()
	o := buffer.Options{Dir: filepath.Join(t.TempDir(), "buffer")}.WithClock(func() time.Time { return noon.Add(time.Hour) })
	b := open(t, o)
	put(t, b, withSecret(noon))
	before := readAll(t, b)
	none := buffer.Erasure{Series: []string{}}
	_, err := b.Erase(t.Context(), none, recorded)
	if errorText(err) != "erase readings: it names no series" {
		t.Errorf("erase: %v", err)
	}
	if _, err = b.Measure(t.Context(), none); errorText(err) != "measure an erasure: it names no series" {
		t.Errorf("measure: %v", err)
	}
	travels, err := json.Marshal(none)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(travels), `{"series":[]}`, `null`, ``, `[]`, `{"meters":["linky"]}`, `{} {}`, `{} ]`, `{"series":"all"}`} {
		if err := errors.Join(b.Close(), os.WriteFile(filepath.Join(o.Dir, "ERASE"), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		b = open(t, o)
		if why := b.Stats().Unerased; !strings.Contains(why, "what is to be erased cannot be read, erase again") {
			t.Errorf("%q: %q", text, why)
		}
		if diff := cmp.Diff(before, readAll(t, b), sameValue); diff != "" {
			t.Errorf("%q (-before +after):\n%s", text, diff)
		}
	}
	if _, err := b.Erase(t.Context(), ofSecret, recorded); err != nil {
		t.Fatal(err)
	}
	if why := b.Stats().Unerased; why != "" || strings.Contains(fmt.Sprint(packsOf(t, b)), secret) {
		t.Errorf("the next erasure: %q, %v", why, packsOf(t, b))
	}
}

// TestKeeperFindsRoom wants the keeper to do an erasure that waits once there is room.
func TestKeeperFindsRoom(t *testing.T) {
	t.Parallel()
	k := newPromising(t, time.Millisecond)
	k.free.Store(muchRoom)
	for patience := 0; k.Stats().Unerased != ""; patience++ {
		if patience > 12_000 {
			t.Fatalf("it still waits: %s", k.Stats().Unerased)
		}
		time.Sleep(10 * time.Millisecond)
	}
	k.want("room", promiseState{Finished: []buffer.Erasure{ofSecret}, Power: true})
}

// TestFinishedWaitsForNobody asks what was finished while an erasure goes on.
func TestFinishedWaitsForNobody(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: filepath.Join(t.TempDir(), "buffer")}.Still())
	_, err := b.Erase(t.Context(), buffer.Erasure{}, func(buffer.Erased) error {
		told := make(chan []buffer.Erasure, 1)
		go func() { told <- b.Finished() }()
		select {
		case <-told:
			return nil
		case <-time.After(2 * time.Minute):
			return errors.New("it waits")
		}
	})
	if err != nil {
		t.Error(err)
	}
}
