package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"releve/agent/trial"
	"releve/federation/xmpp"
)

// recordChange writes what a change changes into the ledger, an entry a value.
func (a *agent) recordChange(c trial.Change, what, by string) error {
	for _, d := range c.Differences {
		if err := a.notary.Changed(by, d.Path+": "+what, d.Before, d.After); err != nil {
			return fmt.Errorf("record the change of %s: %w", d.Path, err)
		}
	}
	return nil
}

// recordOutcome writes what became of a change: what was taken back has changed the other way.
func (a *agent) recordOutcome(o trial.Outcome) error {
	if o.Confirmed {
		return a.recordChange(o.Change, "confirmed", o.Answered)
	}
	back := o.Change
	back.Differences = nil
	for _, d := range o.Differences {
		back.Differences = append(back.Differences, trial.Difference{Path: d.Path, Before: d.After, After: d.Before})
	}
	return a.recordChange(back, "taken back, "+string(o.Why), o.Answered)
}

// report tells the ledger, and who asked, what became of changes from afar; who asked, that one waits to be confirmed; and
// whoever is in front of the device, the codes that make the first owner and choose the password of the page.
func (a *agent) report(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	asked, shown := "", codes{owner: "none yet"}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if now := (codes{a.remote.code(), a.entry.shown(a.cfg)}); now != shown {
			a.showCodes(now)
			shown = now
		}
		for _, o := range a.remote.trials.Past() {
			a.settle(ctx, o)
		}
		if c, left, ok := a.remote.current(); ok && c.Stage == trial.Proved && asked != c.ID && a.tell(ctx, c.By, waits(c, left)) == nil {
			asked = c.ID
		}
	}
}

// settle does what is left to do about an outcome. What fails is tried again at the next turn.
func (a *agent) settle(ctx context.Context, o trial.Outcome) {
	told, recorded := o.Told, o.Recorded
	if !recorded {
		recorded = a.recordOutcome(o) == nil
	}
	if !told {
		told = a.tell(ctx, o.By, became(o)) == nil
	}
	if told == o.Told && recorded == o.Recorded {
		return
	}
	if err := a.remote.trials.Noted(o.ID, told, recorded); err != nil {
		a.log.Debug("outcome not noted", "error", err) // it is told again
	}
}

var errNoSession = errors.New("there is no session")

// tell says something to a person, in both languages: which of them is theirs is not known.
func (a *agent) tell(ctx context.Context, to, text string) error {
	if to == byPage { // it is there
		return nil
	}
	if a.session == nil {
		return errNoSession
	}
	address, err := xmpp.ParseJID(to)
	if err != nil {
		return err
	}
	return a.session.Say(ctx, address, text)
}

// waits asks for a change to be confirmed.
func waits(c trial.Change, left time.Duration) string {
	minutes := max(1, int(left/time.Minute))
	return fmt.Sprintf("Relève : le changement fonctionne (%s). Confirmez-le dans les %d minutes, sinon la configuration d'avant revient.\n"+
		"Relève: the change works (%s). Confirm it within %d minutes, or the configuration before it returns.",
		strings.Join(c.Paths(), ", "), minutes, strings.Join(c.Paths(), ", "), minutes)
}

// became says what became of a change.
func became(o trial.Outcome) string {
	keys := strings.Join(o.Paths(), ", ")
	if o.Confirmed {
		return fmt.Sprintf("Relève : le changement est gardé (%s).\nRelève: the change stays (%s).", keys, keys)
	}
	fr, en := whyReturned(o)
	return fmt.Sprintf("Relève : la configuration d'avant est revenue (%s) : %s.\nRelève: the configuration before has returned (%s): %s.", keys, fr, keys, en)
}

// whyReturned says why a change was taken back.
func whyReturned(o trial.Outcome) (fr, en string) {
	switch o.Why {
	case trial.Unproved:
		return "à temps, tout n'est pas revenu, il manquait " + o.Missing, "not all had come back in time, missing: " + o.Missing
	case trial.Unconfirmed:
		return "personne ne l'a confirmé à temps", "nobody has confirmed it in time"
	case trial.Cut:
		return "la fédération a été perdue", "the federation was lost"
	case trial.Restarted:
		return "le programme a redémarré avant d'être confirmé", "the program has restarted before it was confirmed"
	case trial.Withdrawn:
		return o.Answered + " l'a repris", o.Answered + " has taken it back"
	}
	return "Relève n'a pas pu commencer ainsi, " + o.Missing, "Relève could not begin with it, " + o.Missing
}
