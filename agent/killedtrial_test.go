package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/status"
	"releve/agent/trial"
	"releve/federation/xmpp"
)

// changesItself makes the test binary an agent that changes its own configuration, so that a test can kill it meanwhile.
// Its value is the folder of newSteered.
const changesItself = "RELEVE_TEST_CHANGES_ITSELF"

// changeItself runs an agent, asks for a change once its meter is read, and says how far that is.
func changeItself(dir string) error {
	base, err := config.Layers{File: filepath.Join(dir, "releve.toml")}.Read()
	if err != nil {
		return err
	}
	machine, err := clock.OpenSystem()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	r, err := openRemote(base, machine, log)
	if err != nil {
		return err
	}
	alice, err := xmpp.ParseJID("alice@b.example")
	if err != nil {
		return err
	}
	go func() {
		for len(r.standing().Meters) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Println("reads")
		if _, faults, err := r.change(alice, config.Changes{"buffer.period": {"7s"}}); err != nil || len(faults) > 0 {
			fmt.Println("refused", faults, err)
		}
		for stage := trial.Stage(""); ; time.Sleep(time.Millisecond) {
			if c, _, _ := r.current(); c.Stage != stage {
				stage = c.Stage
				fmt.Println(stage)
			}
		}
	}()
	return tenure{machine: machine, log: log, remote: r, vigil: newVigil(log), porch: new(status.Porch)}.measureOn(context.Background())
}

// kill -9 at any stage of a trial brings back what counted before, and says so.
func TestKilledOnTrial(t *testing.T) {
	t.Parallel()
	for _, at := range []trial.Stage{trial.Applying, trial.Proving, trial.Proved} {
		t.Run(string(at), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := newSteered(t, dir, patient, "")
			s.reads()
			s.stop()
			killAt(t, dir, at)
			again := newSteered(t, dir, patient, "")
			again.reads()
			if got := again.value("buffer.period"); got != "1s from main file" {
				t.Errorf("buffer.period is %s", got)
			}
			past := again.trials.Past()
			if len(past) != 1 || past[0].Why != trial.Restarted || past[0].Confirmed {
				t.Fatalf("on record: %+v", past)
			}
			again.shows("changes: A change from afar was taken back, the configuration before counts: the program has restarted before it was confirmed")
			again.until("the ledger has it", func() bool { return again.becomes(past[0].Change).Recorded })
		})
	}
}

// killAt lets an agent change itself, and kills it as soon as the change has come to a stage.
func killAt(t *testing.T, dir string, at trial.Stage) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), changesItself+"="+dir)
	cmd.Stderr = io.Discard
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	reached := false
	for lines := bufio.NewScanner(out); !reached && lines.Scan(); {
		reached = lines.Text() == string(at)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	if !reached {
		t.Fatalf("it ended before it was %s", at)
	}
}

// A disk on which nothing can be written keeps a change from being tried, and from being kept; it keeps none in force.
func TestFullDiskOnTrial(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSteered(t, dir, unheard, "")
	s.reads()
	full := func(name string) func() { // where the new text would go there is something else
		stopper := filepath.Join(dir, "state", "."+name+".new")
		must(t, os.MkdirAll(filepath.Join(stopper, "full"), 0o700))
		return func() { must(t, os.RemoveAll(stopper)) }
	}
	room := full("trial.json")
	if _, _, err := s.change(jidOf(t, "alice@b.example"), config.Changes{"buffer.period": {"7s"}}); err == nil {
		t.Error("a change is tried that cannot be written down")
	}
	room()
	c := s.ask("alice@b.example", config.Changes{"buffer.period": {"7s"}})
	s.until("it is proved", s.isStage(trial.Proved))
	full("overlay.json")
	if _, err := s.confirm(jidOf(t, "alice@b.example")); err == nil {
		t.Error("a change is kept that cannot be written down")
	}
	full("trial.json")
	if o := s.becomes(c); o.Why != trial.Unconfirmed || o.Confirmed {
		t.Errorf("became %+v", o)
	}
	s.until("the values before count", func() bool { return s.value("buffer.period") == "1s from main file" })
	s.reads()
	s.stop()
	again := newSteered(t, dir, patient, "")
	if again.reads(); again.value("buffer.period") != "1s from main file" {
		t.Errorf("after a restart buffer.period is %s", again.value("buffer.period"))
	}
}
