package trial_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/trial"
)

// disk is files that can fail at any write: with or without its having taken effect, and with the end of the process.
type disk struct {
	files map[string][]byte
	left  int // writes until one fails; negative for never
	how   failure
}

type failure struct{ takesEffect, kills bool }

var (
	errKilled = errors.New("killed")
	errDisk   = errors.New("no space left on device")
)

func (d *disk) Write(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if d.left--; d.left != -1 {
		d.files[name] = text
		return nil
	}
	if d.how.takesEffect {
		d.files[name] = text
	}
	if d.how.kills {
		panic(errKilled)
	}
	return errDisk
}

func (d *disk) ReadOverlay() (o trial.Overlay, err error) { return o, d.read("overlay.json", &o) }
func (d *disk) ReadRecord() (r trial.Record, err error)   { return r, d.read("trial.json", &r) }

func (d *disk) read(name string, into any) error {
	if d.files[name] == nil {
		return nil
	}
	return json.Unmarshal(d.files[name], into)
}

// world is the machine, and what must hold in it.
type world struct {
	t       *testing.T
	dice    *rand.Rand
	disk    *disk
	now     time.Duration
	trials  *trial.Trials
	kept    trial.Values // what counts when nothing is on trial
	tried   trial.Values // on trial; nil for nothing
	offered map[string]trial.Values
	n       int
	said    []string
}

var works = trial.Standing{Session: true, Meters: []string{"linky"}, Recipients: []string{"serveur"}}

func (w *world) open() {
	w.trials, _ = trial.Open(trial.Options{
		Prove: 5 * time.Minute, Confirm: 15 * time.Minute, Now: func() time.Duration { return w.now }, Files: w.disk,
	})
}

// step does something, which a kill may end: then the process is started anew.
func (w *world) step(what string, do func()) {
	w.said = append(w.said, what)
	defer func() {
		if got := recover(); got != nil {
			if got != any(errKilled) {
				panic(got)
			}
			w.restart(what)
		}
	}()
	do()
}

// restart is what comes after a kill, at any write: nothing is on trial any more. Only a kill while confirming leaves open
// whether the change was kept: then the record says which.
func (w *world) restart(during string) {
	w.said = append(w.said, "restart")
	if w.disk.left = -1; w.dice.IntN(4) == 0 { // the disk is full at the start
		w.disk.left, w.disk.how = 0, failure{w.dice.IntN(2) == 0, false}
	}
	w.now = time.Duration(w.dice.Int64N(int64(time.Hour))) // the clock of another boot
	w.open()
	w.disk.left = -1
	if during == "confirm" {
		last := w.last()
		if last.Confirmed {
			w.kept = w.tried
		}
		if diff := cmp.Diff(w.tried, last.Overlay); diff != "" {
			w.t.Fatalf("%v: the record tells of another change:\n%s", w.said, diff)
		}
	}
	w.tried = nil
}

func (w *world) last() trial.Outcome {
	past := w.trials.Past()
	if len(past) == 0 {
		w.t.Fatalf("%v: nothing is on record", w.said)
	}
	return past[len(past)-1]
}

func (w *world) propose() {
	w.n++
	values := trial.Values{"buffer.period": {fmt.Sprint(w.n, "s")}}
	wanted := w.tried == nil
	c, err := w.trials.Propose(trial.Change{By: "alice@b", Overlay: values, Need: works})
	switch {
	case errors.Is(err, trial.ErrBusy) != !wanted:
		w.t.Fatalf("%v: %v", w.said, err)
	case err == nil:
		w.tried = values
		w.offered[c.ID] = values
	}
}

func (w *world) confirm() {
	_, err := w.trials.Confirm("alice@b")
	switch {
	case errors.Is(err, trial.ErrNone) != (w.tried == nil):
		w.t.Fatalf("%v: %v", w.said, err)
	case err == nil:
		w.kept, w.tried = w.tried, nil
	}
}

func (w *world) judge(now trial.Standing) {
	back := w.trials.Judge(now)
	if back {
		w.tried = nil
	}
}

func (w *world) check() {
	w.t.Helper()
	want := w.kept
	if w.tried != nil {
		want = w.tried
	}
	if diff := cmp.Diff(want, w.trials.Values(), cmp.Transformer("empty", func(v trial.Values) map[string][]string {
		if len(v) == 0 {
			return nil
		}
		return v
	})); diff != "" {
		w.t.Fatalf("%v: what counts is not what should (-want +got):\n%s", w.said, diff)
	}
}

// However the process ends, and whatever fails at any write, what counts afterwards is what was confirmed last; a change
// that was not confirmed is never there again; no clock brings it back.
func TestModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4000) {
		dice := rand.New(rand.NewPCG(seed, 1))
		w := &world{t: t, dice: dice, disk: &disk{files: map[string][]byte{}, left: -1}, offered: map[string]trial.Values{}}
		w.said = append(w.said, fmt.Sprint("seed ", seed))
		w.open()
		for range 30 {
			if dice.IntN(3) == 0 {
				w.disk.left, w.disk.how = dice.IntN(2), failure{dice.IntN(2) == 0, dice.IntN(2) == 0}
			}
			w.act(dice.IntN(9))
			w.disk.left = -1
			w.check()
		}
		w.step("kill", func() { panic(errKilled) })
		w.check()
		w.checkRecord()
	}
}

func (w *world) act(n int) {
	switch n {
	case 0, 1:
		w.step("propose", w.propose)
	case 2:
		w.step("started", w.trials.Started)
	case 3:
		w.step("judge: all works", func() { w.judge(works) })
	case 4:
		w.step("judge: nothing works", func() { w.judge(trial.Standing{}) })
	case 5:
		w.step("confirm", w.confirm)
	case 6:
		w.step("return", func() {
			if w.trials.Return(trial.Withdrawn, "", "alice@b") == nil {
				w.tried = nil
			}
		})
	case 7:
		w.now += time.Duration(w.dice.Int64N(int64(10 * time.Minute)))
		w.said = append(w.said, "time passes")
	case 8:
		w.step("kill", func() { panic(errKilled) })
	}
}

// checkRecord: nothing is on record twice, and what is said to be confirmed was offered.
func (w *world) checkRecord() {
	seen := map[string]bool{}
	for _, o := range w.trials.Past() {
		if seen[o.ID] {
			w.t.Fatalf("%v: %s is on record twice", w.said, o.ID)
		}
		seen[o.ID] = true
		if o.Confirmed && !cmp.Equal(w.offered[o.ID], o.Overlay) {
			w.t.Fatalf("%v: %+v was never offered", w.said, o)
		}
	}
}
