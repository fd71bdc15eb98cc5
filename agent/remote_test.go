package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/pairing"
	"releve/agent/status"
	"releve/agent/trial"
	"releve/federation/command"
	"releve/federation/lab"
	"releve/federation/ledger"
	"releve/federation/xmpp"
	"releve/tic"
	"releve/tic/linky"
)

// loudMeter answers with the bytes of a meter on a port of its own, many frames a second.
func loudMeter(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go speak(c)
		}
	}()
	return "tcp://" + listener.Addr().String()
}

func speak(c net.Conn) {
	defer c.Close()
	meter, err := linky.New(linky.Scenario{Mode: tic.Standard})
	for err == nil {
		_, err = c.Write(meter.Frame(nil))
		time.Sleep(50 * time.Millisecond)
	}
}

// said is a log that several goroutines write and a test reads.
type said struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

func (s *said) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
}

// steered is an agent that runs and is changed from afar.
type steered struct {
	*remote
	entry *entry
	t     *testing.T
	dir   string
	log   *said
	end   context.CancelFunc
	over  chan error
}

// How long a trial may last in a test: as long as it takes, or as short as can be where it has to fail.
const (
	patient = "prove = \"1h\"\nconfirm = \"1d\""
	unprove = "prove = \"10s\"\nconfirm = \"1d\""
	unheard = "prove = \"1h\"\nconfirm = \"10s\""
)

// people are who has a role, unless a test says otherwise.
const people = "owners = [\"alice@b.example\"]\noperators = [\"bob@b.example\"]\n"

// newSteered writes a configuration to which a test adds, and has an agent run with it. PORT, PAGE and DIR stand for a
// meter, a free address and the test's folder.
func newSteered(t *testing.T, dir, trial, more string) *steered {
	t.Helper()
	text := "[agent]\nstate = \"DIR/state\"\n[[meter]]\nport = \"PORT\"\n[buffer]\nperiod = \"1s\"\n[status]\nlisten = \"PAGE\"\n" +
		"[trial]\nTRIAL\n[federation]\npush_every = \"1s\"\n" + cmp.Or(more, people)
	if !strings.Contains(more, "jid = ") {
		text += "jid = \"maison@b.example/releve\"\npassword_file = \"DIR/password\"\naddress = \"127.0.0.1:1\"\n"
	}
	if _, err := os.Stat(filepath.Join(dir, "releve.toml")); err != nil {
		text = strings.NewReplacer("PORT", loudMeter(t), "PAGE", lab.FreeAddress(t), "DIR", dir, "TRIAL", trial).Replace(text)
		writeAll(t, dir, map[string]string{"releve.toml": text, "password": "pw\n"})
	}
	s := &steered{t: t, dir: dir, log: &said{}, over: make(chan error, 1)}
	s.begin()
	t.Cleanup(s.stop)
	return s
}

func writeAll(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// begin starts it as releve run does.
func (s *steered) begin() {
	s.t.Helper()
	base, err := config.Layers{File: filepath.Join(s.dir, "releve.toml")}.Read()
	if err != nil {
		s.t.Fatal(err)
	}
	machine, err := clock.OpenSystem()
	if err != nil {
		s.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	if s.remote, err = openRemote(base, machine, log); err != nil {
		s.t.Fatal(err)
	}
	if s.entry, err = openEntry(base.State(), machine, log); err != nil {
		s.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	go func() {
		s.over <- tenure{machine: machine, log: log, remote: s.remote, entry: s.entry, vigil: newVigil(log), porch: new(status.Porch)}.measureOn(ctx)
	}()
}

func (s *steered) stop() {
	if s.end == nil {
		return
	}
	s.end()
	if err := <-s.over; err != nil {
		s.t.Errorf("it ended with %v", err)
	}
	s.end = nil
	if s.t.Failed() {
		s.t.Log(s.log.String())
	}
}

func (s *steered) until(what string, is func() bool) {
	s.t.Helper()
	for began := time.Now(); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > patience {
			s.t.Fatalf("%s: not within %s; log:\n%s", what, patience, s.log)
		}
	}
}

// reads waits until the meter is read.
func (s *steered) reads() {
	s.t.Helper()
	s.until("a frame is read", func() bool { return len(s.standing().Meters) == 1 })
}

// ask has somebody ask for a change, which goes on trial.
func (s *steered) ask(who string, asked config.Changes) trial.Change {
	s.t.Helper()
	c, faults, err := s.change(jidOf(s.t, who), asked)
	if err != nil || len(faults) > 0 {
		s.t.Fatalf("%v: %v, %v", asked, faults, err)
	}
	return c
}

// becomes waits until a change has come to its end, and returns what became of it.
func (s *steered) becomes(c trial.Change) trial.Outcome {
	s.t.Helper()
	var found trial.Outcome
	s.until("an end of the trial", func() bool {
		for _, o := range s.trials.Past() {
			if o.ID == c.ID {
				found = o
			}
		}
		return found.ID != ""
	})
	return found
}

func (s *steered) isStage(stage trial.Stage) func() bool {
	return func() bool {
		c, _, ok := s.current()
		return ok && c.Stage == stage
	}
}

// shows waits until the page says a sentence.
func (s *steered) shows(sentence string) {
	s.t.Helper()
	s.until("the page says "+sentence, func() bool {
		s.mu.Lock()
		a := s.runs
		s.mu.Unlock()
		var tree strings.Builder
		if a != nil {
			_, _ = a.health.Run().WriteTo(&tree)
		}
		return strings.Contains(tree.String(), sentence)
	})
}

// value is what counts, and where it comes from.
func (s *steered) value(path string) string {
	v, _ := s.settings().Setting(path)
	return strings.Join(v.Values, " ") + " from " + string(v.Place.Layer)
}

func jidOf(t *testing.T, text string) xmpp.JID {
	t.Helper()
	j, err := xmpp.ParseJID(text)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// written lists the changes that the ledger has.
func (s *steered) written() []string {
	s.t.Helper()
	var all []string
	for _, e := range ledgered(s.t, filepath.Join(s.dir, "state", "ledger")) {
		if e.Kind == ledger.Change {
			all = append(all, fmt.Sprintf("%s: %s: %s → %s", e.By, e.Text, e.Before, e.After))
		}
	}
	return all
}

// A change that works waits to be confirmed, and then stays over a restart.
func TestChangeConfirmed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSteered(t, dir, patient, "")
	s.reads()
	c := s.ask("bob@b.example/phone", config.Changes{"buffer.period": {"2s"}, "meter[linky].title": {"Compteur"}})
	if diff := gocmp.Diff([]trial.Difference{{Path: "meter[linky].title", After: "Compteur"}, {Path: "buffer.period", Before: "1s", After: "2s"}}, c.Differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if _, err := s.confirm(jidOf(t, "bob@b.example")); !errors.Is(err, trial.ErrUnproved) {
		t.Errorf("confirmed before it was proved: %v", err)
	}
	s.until("it is proved", s.isStage(trial.Proved))
	s.shows("changes: A change from afar works (meter[linky].title, buffer.period) and waits to be confirmed")
	if got := s.value("buffer.period"); got != "2s from overlay" {
		t.Errorf("while on trial buffer.period is %s", got)
	}
	if _, err := s.confirm(jidOf(t, "eve@b.example")); !errors.Is(err, errForbidden) {
		t.Errorf("a stranger confirms: %v", err)
	}
	if _, err := s.confirm(jidOf(t, "bob@b.example/desk")); err != nil {
		t.Fatal(err)
	}
	s.until("the ledger has it", func() bool { return s.becomes(c).Recorded })
	s.shows("changes: Changed from afar: buffer.period, meter[linky].title.")
	s.stop()
	want := []string{
		"bob@b.example: meter[linky].title: on trial:  → Compteur", "bob@b.example: buffer.period: on trial: 1s → 2s",
		"bob@b.example: meter[linky].title: confirmed:  → Compteur", "bob@b.example: buffer.period: confirmed: 1s → 2s",
	}
	if diff := gocmp.Diff(want, s.written()); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	again := newSteered(t, dir, patient, "")
	if again.reads(); again.value("buffer.period") != "2s from overlay" {
		t.Errorf("after a restart buffer.period is %s", again.value("buffer.period"))
	}
}

// What cuts the agent off, or nobody confirms, or somebody takes back, undoes itself.
func TestChangeReturns(t *testing.T) {
	t.Parallel()
	takenBack := func(s *steered) {
		s.until("it is proved", s.isStage(trial.Proved))
		if err := s.takeBack(jidOf(s.t, "alice@b.example")); err != nil {
			s.t.Error(err)
		}
	}
	for _, test := range []struct {
		name, trial string
		asked       config.Changes
		act         func(s *steered)
		want        trial.Outcome
	}{
		{"wrong port", unprove, config.Changes{"meter[linky].port": {"tcp://127.0.0.1:1"}}, nil, trial.Outcome{Why: trial.Unproved, Missing: "meter linky"}},
		{"wrong mode", unprove, config.Changes{"meter[linky].mode": {"historic"}}, nil, trial.Outcome{Why: trial.Unproved, Missing: "meter linky"}},
		{"nobody confirms", unheard, config.Changes{"buffer.period": {"2s"}}, nil, trial.Outcome{Why: trial.Unconfirmed}},
		{"taken back", patient, config.Changes{"buffer.period": {"2s"}}, takenBack, trial.Outcome{Why: trial.Withdrawn, Answered: "alice@b.example"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSteered(t, t.TempDir(), test.trial, "")
			s.reads()
			before := s.settings().Settings()
			c := s.ask("alice@b.example", test.asked)
			if test.act != nil {
				test.act(s)
			}
			o := s.becomes(c)
			if got := (trial.Outcome{Why: o.Why, Missing: o.Missing, Answered: o.Answered, Confirmed: o.Confirmed}); !gocmp.Equal(test.want, got) {
				t.Errorf("became %+v", got)
			}
			s.until("the values before count", func() bool { return gocmp.Equal(before, s.settings().Settings()) })
			s.reads()
			s.shows("changes: A change from afar was taken back, the configuration before counts: ")
			s.until("the ledger has it", func() bool { return s.becomes(c).Recorded })
			if said := s.log.String(); !strings.Contains(said, "change from afar taken back") {
				t.Errorf("log:\n%s", said)
			}
			s.stop()
			d := c.Differences[0]
			want := []string{
				fmt.Sprintf("alice@b.example: %s: on trial: %s → %s", d.Path, d.Before, d.After),
				fmt.Sprintf("%s: %s: taken back, %s: %s → %s", o.Answered, d.Path, o.Why, d.After, d.Before),
			}
			if diff := gocmp.Diff(want, s.written()); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
	}
}

// Who may not, and what may not be, changes nothing; one change at a time.
func TestChangeRefused(t *testing.T) {
	t.Parallel()
	s := newSteered(t, t.TempDir(), patient, "")
	s.reads()
	alice, bob := "alice@b.example/x", "bob@b.example/x"
	for _, test := range []struct {
		who   string
		asked config.Changes
		err   error
		fault string
	}{
		{"eve@b.example", config.Changes{"buffer.period": {"2s"}}, errForbidden, ""},
		{bob, config.Changes{"federation.owners": {"bob@b.example"}}, errForbidden, ""},
		{bob, config.Changes{"agent.state": {"/"}}, nil, "agent.state: this can be changed on the device only"},
		{alice, config.Changes{"buffer.period": {"1s"}}, errNoChange, ""},
		{alice, config.Changes{}, errNoChange, ""},
		{alice, config.Changes{"buffer.period": {"1h"}}, nil, `buffer.period: buffer.period: "1h" is not a time from 1s to 1m, written like 10s, 5m, 12h or 31d`},
		{alice, config.Changes{"federation.owners": {"bob@b.example"}}, nil, "federation.owners: federation.owners: you could not confirm this change: it takes your role from you"},
		{alice, config.Changes{"federation.jid": {""}}, nil, "federation.jid: federation.jid is missing: the agent's address, such as maison@breizh-sen1.example/releve"},
	} {
		_, faults, err := s.change(jidOf(t, test.who), test.asked)
		var got []string
		for _, f := range faults {
			got = append(got, f.Path+": "+f.Text)
		}
		if !errors.Is(err, test.err) || strings.Join(got, "\n") != test.fault {
			t.Errorf("%s asks %v: %v, %q", test.who, test.asked, err, got)
		}
	}
	if _, _, ok := s.current(); ok {
		t.Error("something is on trial")
	}
	s.ask(alice, config.Changes{"buffer.period": {"2s"}})
	if _, _, err := s.change(jidOf(t, alice), config.Changes{"buffer.period": {"3s"}}); !errors.Is(err, trial.ErrBusy) {
		t.Errorf("two at once: %v", err)
	}
}

// A change from afar that a full disk leaves no room for is refused in a sentence, and what counted goes on.
func TestChangeOnFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	must(t, os.Mkdir(state, 0o700))
	run(t, "mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", state)
	t.Cleanup(func() { must(t, syscall.Unmount(state, syscall.MNT_DETACH)) })
	s := newSteered(t, dir, patient, "")
	s.reads()
	filler, err := os.Create(filepath.Join(state, "photos"))
	must(t, err)
	defer filler.Close()
	free := func() int64 {
		var fs syscall.Statfs_t
		must(t, syscall.Statfs(state, &fs))
		return int64(fs.Bavail) * fs.Bsize
	}
	fill := func(left int64) error {
		for free() > left {
			if _, err := filler.Write(make([]byte, 4<<10)); err != nil {
				return err
			}
		}
		return nil
	}
	must(t, fill(6<<20))
	s.until("the store has stopped writing", func() bool { return strings.Contains(s.log.String(), "disk is too full") })
	if err := fill(0); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	before := s.settings().Settings()
	s.mu.Lock()
	a := s.runs
	s.mu.Unlock()
	turn, err := a.configure(command.Caller{JID: jidOf(t, "alice@b.example/x"), Role: command.Owner}, configureTitle(), config.Changes{"federation.push_every": {"2s"}})
	want := command.Refused(configureTitle(), status.Say("La carte de l'appareil est pleine : rien n'a changé.", "The device's card is full: nothing has changed."))
	if diff := gocmp.Diff(command.Turn(want), turn); diff != "" || err != nil {
		t.Errorf("answered %v (-want +got):\n%s", err, diff)
	}
	if _, _, ok := s.current(); ok || !gocmp.Equal(before, s.settings().Settings()) {
		t.Error("something is on trial, or counts, that did not before")
	}
	must(t, os.Remove(filler.Name()))
	must(t, filler.Close())
	c := s.ask("alice@b.example", config.Changes{"federation.push_every": {"2s"}})
	s.until("with room again, it is proved", s.isStage(trial.Proved))
	if got := s.value("federation.push_every"); got != "2s from overlay" {
		t.Errorf("%s counts, of %v", got, c.Differences)
	}
}

// What was changed from afar and is damaged, or does not go with the files any more, is set aside, and the files count.
func TestBrokenOverlay(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"damaged":                  "{",
		"a value that is wrong":    `{"id":"x","values":{"buffer.period":["1h"]}}`,
		"a key that is no more":    `{"id":"x","values":{"buffer.perriod":["1s"]}}`,
		"a key that stays at home": `{"id":"x","values":{"agent.state":["/tmp"]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			state := filepath.Join(dir, "state")
			if err := os.MkdirAll(state, 0o700); err != nil {
				t.Fatal(err)
			}
			writeAll(t, state, map[string]string{"overlay.json": text})
			s := newSteered(t, dir, patient, "")
			s.reads()
			aside, err := filepath.Glob(filepath.Join(state, "overlay.json.*-*"))
			if err != nil || len(aside) != 1 || s.value("buffer.period") != "1s from main file" {
				t.Errorf("set aside %v, %v; buffer.period is %s", aside, err, s.value("buffer.period"))
			}
			if kept, err := os.ReadFile(aside[0]); string(kept) != text || err != nil {
				t.Errorf("kept %q, %v", kept, err)
			}
			s.shows("changes: What had been changed from afar could not be used: the files of the device count")
			if !strings.Contains(s.log.String(), "set aside") {
				t.Errorf("log:\n%s", s.log)
			}
		})
	}
}

// A device without owner shows a code, and who sends it owns the device, over restarts, until that is reset.
func TestClaimDevice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSteered(t, dir, patient, "pace = \"off\"\n")
	s.reads()
	s.shows("owner: It has no owner yet.")
	file := filepath.Join(dir, "state", "code.txt")
	s.until("the code is in its file", func() bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), "Code : "+s.code()+"\n")
	})
	s.until("the code is in the log", func() bool { return strings.Contains(s.log.String(), "code="+s.code()) })
	if err := s.claim(jidOf(t, "eve@b.example"), "AAAA-AAAA"); !errors.Is(err, pairing.ErrWrong) {
		t.Errorf("a wrong code: %v", err)
	}
	if err := s.claim(jidOf(t, "b.example"), s.code()); !errors.Is(err, errClosed) {
		t.Errorf("a server: %v", err)
	}
	if err := s.claim(jidOf(t, "alice@b.example/phone"), s.code()); err != nil {
		t.Fatal(err)
	}
	s.until("the claim counts", func() bool { return s.value("federation.owners") == "alice@b.example from pairing" })
	s.reads()
	if err := s.claim(jidOf(t, "eve@b.example"), "AAAA-AAAA"); !errors.Is(err, errClosed) {
		t.Errorf("a second claim: %v", err)
	}
	s.until("the code is taken away", func() bool {
		text, err := os.ReadFile(file)
		return err == nil && !strings.Contains(string(text), "Code : ")
	})
	s.stop()
	if got := s.written(); !gocmp.Equal(got, []string{"alice@b.example: federation.owners: claimed:  → alice@b.example"}) {
		t.Errorf("ledger: %q", got)
	}
	verb := func(args ...string) outcome {
		return typed(t, "", append([]string{"config"}, append(args, "--config", filepath.Join(dir, "releve.toml"))...)...)
	}
	if got := verb("show", "--origin"); !strings.Contains(got.out, "federation.owners = [\"alice@b.example\"]  # pairing\n") {
		t.Errorf("shown: %+v", got)
	}
	if got := verb("code"); got.code != exitFailed || got.talk != "releve: alice@b.example owns this device; releve config reset-owner forgets it\n" {
		t.Errorf("code: %+v", got)
	}
	if got := verb("reset-owner"); got.code != exitDone || !strings.Contains(got.out, "pairing.json.reset-") {
		t.Errorf("reset: %+v", got)
	}
	if got := verb("reset-owner"); got.code != exitDone || got.talk != "nobody has claimed this device\n" {
		t.Errorf("reset again: %+v", got)
	}
	again := newSteered(t, dir, patient, "")
	again.reads()
	again.shows("owner: It has no owner yet.")
	if got := verb("code"); got.code != exitDone || got.out != again.code()+"\n" {
		t.Errorf("code: %+v, want %s", got, again.code())
	}
}

// Once somebody has a role, or pairing is off, no code is there to be guessed or read.
func TestNoCode(t *testing.T) {
	t.Parallel()
	for _, more := range []string{"", "readers = [\"eve@b.example\"]\n", "pairing = false\n"} {
		s := newSteered(t, t.TempDir(), patient, more)
		s.reads()
		if err := s.claim(jidOf(t, "eve@b.example"), "AAAA-AAAA"); s.code() != "" || !errors.Is(err, errClosed) {
			t.Errorf("%q: code %q, %v", more, s.code(), err)
		}
		s.stop()
	}
}

// The command says in a sentence what became of a claim.
func TestClaimCommand(t *testing.T) {
	t.Parallel()
	s := newSteered(t, t.TempDir(), patient, "pace = \"off\"\n")
	s.reads()
	s.mu.Lock()
	a := s.runs
	s.mu.Unlock()
	turn, err := a.commandClaim(t.Context(), command.Caller{})
	page, isPage := turn.(*command.Page)
	if err != nil || !isPage {
		t.Fatalf("%v, %v", turn, err)
	}
	for _, step := range []struct {
		who, code string
		want      *command.Result
	}{
		{"eve@b.example/x", "AAAA-AAAA", command.Refused(claimTitle(), status.Say("Ce n'est pas le code que montre l'appareil.", "This is not the code that the device shows."))},
		{"alice@b.example/x", s.code(), command.Done(claimTitle(), status.Say("Vous êtes propriétaire de cet appareil. Les commandes sont là dans quelques secondes.", "You are the owner of this device. Its commands are there in some seconds."))},
		{"eve@b.example/x", "AAAA-AAAA", command.Refused(claimTitle(), status.Say("Cet appareil a déjà quelqu'un.", "This device has somebody already."))},
	} {
		got, err := page.Then(t.Context(), command.Caller{JID: jidOf(t, step.who)}, command.Answers{"code": {step.code}})
		if diff := gocmp.Diff(command.Turn(step.want), got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", step.who, err, diff)
		}
	}
}

// An agent that is ended when it was about to begin anew has ended well.
func TestEndedInsteadOfBeginningAnew(t *testing.T) {
	t.Parallel()
	s := newSteered(t, t.TempDir(), patient, "")
	s.reads()
	s.again()
	s.stop()
}

// Faults are told beside their fields in both languages, several as sentences one after the other.
func TestInvalidInTwoLanguages(t *testing.T) {
	t.Parallel()
	got := invalid([]config.Fault{
		{Path: "buffer.period", Text: "one", French: "un"}, {Path: "buffer.period", Text: "two", French: "deux"}, {Path: "grant[1]", Text: "three"},
	}, config.Changes{"buffer.period": {"x"}})
	want := command.Invalid{"buffer.period": status.Say("un. deux.", "one. two."), "": status.Say("three.", "three.")}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
