package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/pairing"
	"releve/agent/trial"
	"releve/federation/xmpp"
)

// errAgain is why an agent stops that begins anew within the process: with other values, or an empty memory.
var errAgain = errors.New("the agent begins anew")

// remote is what was decided from afar, over the whole run: it outlives the agent, which begins anew with each decision.
//
// Who commands calls change, which says at once what is wrong, key by key, or puts the change on trial and has the agent
// begin anew a moment later, so that the answer can leave. The change then proves itself, or is taken back by watch. Once
// current says trial.Proved, confirm makes it stay; takeBack ends it at any time. What became of it is told to who asked.
type remote struct {
	base    config.Base
	trials  *trial.Trials
	pairing *pairing.Pairing // nil when it cannot be kept
	log     *slog.Logger

	mu     sync.Mutex // guards everything below
	loaded config.Loaded
	broken string                  // why what was changed from afar does not count
	runs   *agent                  // nil until it is open
	stop   context.CancelCauseFunc // of the one that runs or opens; nil between two
	turn   int                     // how many have begun
}

// What a change is refused for, besides the faults of its keys and trial.ErrBusy.
var (
	errForbidden = errors.New("this role may not change that")
	errNoChange  = errors.New("nothing would change")
)

// openRemote reads what was decided from afar. Nothing that is wrong with that keeps the agent from its files.
func openRemote(base config.Base, machine clock.Machine, log *slog.Logger) (*remote, error) {
	plain, err := base.With(config.Remote{})
	if err != nil {
		return nil, err
	}
	r := &remote{base: base, log: log, loaded: plain}
	began := machine.Elapsed()
	r.trials, err = trial.Open(trial.Options{
		Dir: plain.Agent.State, Prove: plain.Trial.Prove, Confirm: plain.Trial.Confirm,
		Now: func() time.Duration { return time.Duration(machine.Elapsed() - began) },
	})
	if err != nil {
		r.broken = err.Error()
		log.Warn("what was changed from afar cannot be read", "error", err)
	}
	r.pairing, err = pairing.Open(filepath.Join(plain.Agent.State, pairingFile), machine.Boot(), func() time.Duration { return time.Duration(machine.Elapsed()) })
	if err != nil {
		log.Warn("who claimed the device is not known", "error", err)
	}
	return r, nil
}

// choose returns the configuration that counts now. What was changed from afar and does not go with the files any more is
// taken back or set aside, and the files count.
func (r *remote) choose() config.Loaded {
	r.mu.Lock()
	defer r.mu.Unlock()
	loaded, err := r.base.With(r.decided(r.trials.Values()))
	if _, _, onTrial := r.trials.Current(); err != nil && onTrial {
		r.giveUp(trial.Unusable, err.Error())
		loaded, err = r.base.With(r.decided(r.trials.Values()))
	}
	if err != nil {
		aside, errAside := r.trials.Discard()
		r.broken = cmp.Or(aside, fmt.Sprint(errAside))
		r.log.Warn("what was changed from afar does not go with the files and was set aside", "aside", aside, "error", errors.Join(err, errAside))
		loaded, err = r.base.With(r.decided(nil))
	}
	if err == nil { // the files alone were checked when they were read
		r.loaded = loaded
	}
	return r.loaded
}

func (r *remote) decided(values trial.Values) config.Remote {
	of := config.Remote{Changes: config.Changes(values)}
	if r.pairing != nil {
		of.Owner = r.pairing.Owner()
	}
	return of
}

// giveUp takes the change on trial back, for a reason that nobody decided on.
func (r *remote) giveUp(why trial.Why, detail string) {
	if err := r.trials.Return(why, detail, ""); err == nil {
		r.log.Warn("change from afar taken back", "why", string(why), "detail", detail)
	}
}

// changer is who changes something: an address, whose role a configuration says, or somebody who has the password of the page.
type changer struct {
	name string
	role func(config.Loaded) config.Role
}

// from is the changer at an address.
func (r *remote) from(who xmpp.JID) changer {
	return changer{who.Bare().String(), func(in config.Loaded) config.Role { return r.role(in, who) }}
}

// atPage is who has the password of the page: an owner.
func atPage() changer {
	return changer{byPage, func(config.Loaded) config.Role { return config.Owner }}
}

// change puts changes from afar on trial, asked for by somebody who has the role that they need. Its faults say what is
// wrong, key by key: then nothing has changed.
func (r *remote) change(by xmpp.JID, asked config.Changes) (trial.Change, []config.Fault, error) {
	return r.changeBy(r.from(by), asked)
}

func (r *remote) changeBy(by changer, asked config.Changes) (trial.Change, []config.Fault, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	needed := asked.Needed()
	if !by.role(r.loaded).May(needed) {
		return trial.Change{}, nil, errForbidden
	}
	if faults := r.base.Check(asked); len(faults) > 0 {
		return trial.Change{}, faults, nil
	}
	overlay := config.Changes(r.trials.Confirmed()).With(asked)
	next, err := r.base.With(r.decided(trial.Values(overlay)))
	switch {
	case err != nil:
		return trial.Change{}, config.Faults(err), nil
	case !by.role(next).May(needed):
		return trial.Change{}, []config.Fault{{
			Path: "federation.owners", Text: "federation.owners: you could not confirm this change: it takes your role from you",
			French: "federation.owners : vous ne pourriez pas confirmer ce changement, qui vous retire votre rôle",
		}}, nil
	}
	c := trial.Change{By: by.name, At: time.Now().UTC(), Role: string(needed), Overlay: trial.Values(overlay)}
	if c.Differences = differences(r.loaded, next); len(c.Differences) == 0 {
		return trial.Change{}, nil, errNoChange
	}
	if r.runs != nil {
		c.Need = r.runs.standing().within(next.Config)
	}
	return r.propose(c)
}

// propose writes a change down, first on trial and then in the ledger, and has the agent begin anew.
func (r *remote) propose(c trial.Change) (trial.Change, []config.Fault, error) {
	c, err := r.trials.Propose(c)
	if err != nil {
		return c, nil, err
	}
	if r.runs != nil {
		if err := r.runs.recordChange(c, "on trial", c.By); err != nil {
			return c, nil, errors.Join(err, r.trials.Return(trial.Unusable, "ledger", ""))
		}
	}
	r.log.Info("change from afar on trial", "by", c.By, "keys", strings.Join(c.Paths(), " "))
	r.againSoon()
	return c, nil, nil
}

// role is who somebody is in a configuration.
func (r *remote) role(in config.Loaded, who xmpp.JID) config.Role {
	if in.Federation == nil {
		return config.Nobody
	}
	return in.Federation.Roles.Of(who)
}

// current is the change on trial, and how long it has until something is decided; false when there is none.
func (r *remote) current() (trial.Change, time.Duration, bool) { return r.trials.Current() }

// confirm makes the change on trial stay.
func (r *remote) confirm(by xmpp.JID) (trial.Change, error) { return r.confirmBy(r.from(by)) }

func (r *remote) confirmBy(by changer) (trial.Change, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, _, ok := r.trials.Current()
	switch {
	case !ok:
		return c, trial.ErrNone
	case !by.role(r.loaded).May(config.Role(c.Role)):
		return c, errForbidden
	case c.Stage != trial.Proved:
		return c, trial.ErrUnproved
	}
	c, err := r.trials.Confirm(by.name)
	if err == nil {
		r.log.Info("change from afar confirmed", "by", by.name, "keys", strings.Join(c.Paths(), " "))
	}
	return c, err
}

// takeBack ends the trial before its time, and has the agent begin anew with what counted before.
func (r *remote) takeBack(by xmpp.JID) error { return r.takeBackBy(r.from(by)) }

func (r *remote) takeBackBy(by changer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, _, ok := r.trials.Current()
	switch {
	case !ok:
		return trial.ErrNone
	case !by.role(r.loaded).May(config.Role(c.Role)):
		return errForbidden
	}
	if err := r.trials.Return(trial.Withdrawn, "", by.name); err != nil {
		return err
	}
	r.log.Info("change from afar taken back", "by", by.name, "keys", strings.Join(c.Paths(), " "))
	r.againSoon()
	return nil
}

// settings is the configuration that counts, each value with where it comes from; secrets are only said to be set.
func (r *remote) settings() config.Loaded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loaded
}

// watch takes back what has not proved itself, as long as ctx lasts.
func (r *remote) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if r.trials.Judge(r.standing()) {
			last := r.trials.Past()[len(r.trials.Past())-1]
			r.log.Warn("change from afar taken back", "why", string(last.Why), "detail", last.Missing)
			r.again()
		}
	}
}

func (r *remote) standing() trial.Standing {
	r.mu.Lock()
	a := r.runs
	r.mu.Unlock()
	if a == nil {
		return trial.Standing{}
	}
	return a.standing().Standing
}

// stuck is how long an agent may take to stop. One that does not keeps the values that were taken back in force: then the
// process ends, and what starts it again, systemd, does so with those before.
const stuck = 2 * time.Minute

// againSoon is again once an answer has left.
func (r *remote) againSoon() {
	time.AfterFunc(farewell, func() {
		r.mu.Lock()
		a := r.runs
		r.mu.Unlock()
		a.lastAnswers()
		r.again()
	})
}

// again has the agent begin anew.
func (r *remote) again() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop == nil {
		return
	}
	r.stop(errAgain)
	turn := r.turn
	time.AfterFunc(stuck, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.turn == turn && r.stop != nil {
			r.log.Error("the agent does not stop: the process ends, to begin with what counted before")
			os.Exit(exitFailed)
		}
	})
}

// begins notes that an agent opens, which stop ends.
func (r *remote) begins(stop context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop, r.turn = stop, r.turn+1
}

// opened notes that it is open: from then on the change on trial can prove itself.
func (r *remote) opened(a *agent) {
	r.mu.Lock()
	r.runs = a
	r.mu.Unlock()
	r.trials.Started()
}

// ended notes that it is closed.
func (r *remote) ended() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runs, r.stop = nil, nil
}

// failed says whether an agent that could not open was one on trial: then it is taken back, and worth another beginning.
func (r *remote) failed(err error) bool {
	if _, _, onTrial := r.trials.Current(); !onTrial {
		return false
	}
	r.giveUp(trial.Unusable, err.Error())
	return true
}
