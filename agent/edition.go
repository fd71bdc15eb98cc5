package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"releve/agent/status"
	"releve/agent/update"
	"releve/buffer/statefile"
)

// edition is the version that runs, and what became of the one that somebody asked for.
type edition struct {
	own, dpkg string // root's folder, and dpkg's list
	program   string // the file that this process began from
	placed    chan struct{}
	fetching  atomic.Bool // a package is on its way
	steady    int         // looks in a row at which all worked; of the task alone
}

// How often a version on trial looks what works, and how often in a row all has to.
const (
	proveEvery = 5 * time.Second
	proveLooks = 6
)

func newEdition(own, dpkg string) *edition {
	s := &edition{own: own, dpkg: dpkg, placed: make(chan struct{}, 1)}
	s.program, _ = os.Executable()
	return s
}

// installed is the version of the package that this process runs; "" without one, or once another program is in its place.
// A new version begins before dpkg, whose script starts it, has written down that it is there: hence it is read each time.
func (e *edition) installed() string {
	runs, err := os.Stat("/proc/self/exe")
	there, errThere := os.Stat(e.program)
	if errors.Join(err, errThere) != nil || !os.SameFile(runs, there) {
		return ""
	}
	has, _ := update.ReadInstalled(e.dpkg)
	return has.Version
}

// words names what works, for another version to compare.
func (s standing) words() []string {
	var all []string
	if s.Session {
		all = append(all, "federation")
	}
	for _, name := range s.Meters {
		all = append(all, "meter "+name)
	}
	for _, name := range s.Recipients {
		all = append(all, "recipient "+name)
	}
	return all
}

// askFor writes down what a version is asked for, before root can find it.
func (a *agent) askFor(by, from, to string) error {
	last, _ := update.ReadOutcome(a.edition.own) // what cannot be read is told when this one's is waited for
	err := statefile.Write(a.state(update.AskedFile), update.Asked{By: by, At: a.now().UTC(), After: last.At, From: from, To: to, Need: a.standing().words()})
	if err != nil {
		return fmt.Errorf("write down which version is asked for: %w", err)
	}
	return nil
}

// trackEdition has a version on trial prove itself, and tells the ledger, and who asked, what became of it.
func (a *agent) trackEdition(ctx context.Context) error {
	tick := time.NewTicker(proveEvery)
	defer tick.Stop()
	for {
		if pending, err := a.trackAsked(ctx); err != nil {
			return err
		} else if !pending {
			select {
			case <-ctx.Done():
				return nil
			case <-a.edition.placed:
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// trackAsked does what there is to do now, and says whether there will be more.
func (a *agent) trackAsked(ctx context.Context) (pending bool, err error) {
	file := a.state(update.AskedFile)
	asked, err := statefile.Read[update.Asked](file, nil)
	if err != nil || asked.To == "" {
		return false, err
	}
	if asked.To == a.edition.installed() && a.prove(&asked) {
		if err := statefile.Write(file, asked); err != nil {
			return true, err
		}
	}
	// Whether it is on its way is asked before the outcome, which root writes before it is done.
	folder := a.state(update.Folder)
	atWork, waits := update.AtWork(a.edition.own), a.edition.fetching.Load() || update.Waits(folder)
	outcome, err := update.ReadOutcome(a.edition.own)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return false, fmt.Errorf("read what became of version %s: %w", asked.To, err)
	case err == nil && outcome.From == asked.From && outcome.To == asked.To && !outcome.At.Equal(asked.After):
		return a.settleEdition(ctx, asked, outcome)
	case atWork:
		return true, nil
	case asked.Proved: // it was installed by other means, such as apt
		pending, err = a.settleEdition(ctx, asked, update.Outcome{From: asked.From, To: asked.To})
		return pending, errors.Join(err, os.RemoveAll(folder))
	case waits || asked.To == a.edition.installed():
		return true, nil
	}
	return a.settleEdition(ctx, asked, update.Outcome{From: asked.From, To: asked.To, Why: "its download was interrupted", Refused: true})
}

// prove notes what works of what worked before, and says whether there is anything new to tell root.
func (a *agent) prove(asked *update.Asked) (news bool) {
	if asked.Proved {
		return false
	}
	missing := asked.Lacks(a.standing().words())
	if a.edition.steady++; len(missing) > 0 {
		a.edition.steady = 0
	}
	asked.Proved = a.edition.steady >= proveLooks
	news = asked.Proved || !slices.Equal(missing, asked.Missing)
	asked.Missing = missing
	return news
}

// settleEdition tells what became of a version that was asked for. What fails is tried again at the next turn.
func (a *agent) settleEdition(ctx context.Context, asked update.Asked, o update.Outcome) (pending bool, err error) {
	file := a.state(update.AskedFile)
	if o.Returned() && !asked.Recorded {
		if err := a.recordReturn(asked.By, o); err != nil {
			return true, err
		}
		asked.Recorded = true
		if err := statefile.Write(file, asked); err != nil {
			return true, err
		}
	}
	if a.tell(ctx, asked.By, whatBecame(o)) != nil && a.session != nil {
		return true, nil
	}
	return false, statefile.Remove(file)
}

// recordReturn tells the log and the ledger that the version before is the one that runs.
func (a *agent) recordReturn(by string, o update.Outcome) error {
	became := "taken back"
	if o.Refused {
		became = "not installed"
	}
	a.log.Warn("a newer version was "+became, "version", o.To, "why", o.Why, "runs", o.Stays())
	return a.notary.Changed(by, "update of the software, "+became+": "+o.Why, o.To, o.Stays())
}

func whatBecame(o update.Outcome) string {
	switch {
	case o.Refused:
		return fmt.Sprintf("Relève : la version %s n'a pas été installée (%s) ; la version %s reste.\n"+
			"Relève: version %s was not installed (%s); version %s stays.", o.To, o.Why, o.Stays(), o.To, o.Why, o.Stays())
	case o.Returned():
		return fmt.Sprintf("Relève : la version %s n'a pas fait ses preuves (%s) ; la version %s est revenue.\n"+
			"Relève: version %s did not prove itself (%s); version %s has returned.", o.To, o.Why, o.From, o.To, o.Why, o.From)
	}
	return fmt.Sprintf("Relève : la version %s est installée et fonctionne.\nRelève: version %s is installed and works.", o.To, o.To)
}

// editionFinding says that a version proves itself, and for a day that one was taken back.
func (a *agent) editionFinding() status.Finding {
	asked, _ := statefile.Look[update.Asked](a.state(update.AskedFile), nil)
	outcome, _ := update.ReadOutcome(a.edition.own)
	switch {
	case outcome.Refused && outcome.Stays() == a.edition.installed() && a.now().Sub(outcome.At) < toldFor:
		return status.Finding{
			State:  status.Warning,
			Text:   status.Sayf("La version %[1]s n'a pas été installée : la version %[2]s reste.", "Version %[1]s was not installed: version %[2]s stays.", outcome.To, outcome.Stays()),
			Advice: status.Say("Si la place manque, faites-en, puis recommencez ; sinon signalez-le à qui publie les versions.", "If there is no room, make some and begin again; else tell whoever publishes the versions."),
			Detail: outcome.Why,
		}
	case outcome.Returned() && outcome.From == a.edition.installed() && a.now().Sub(outcome.At) < toldFor:
		return status.Finding{
			State:  status.Warning,
			Text:   status.Sayf("La version %[1]s n'a pas fait ses preuves : la version %[2]s est revenue.", "Version %[1]s did not prove itself: version %[2]s has returned.", outcome.To, outcome.From),
			Advice: status.Say("Signalez-le à qui publie les versions, et attendez la suivante.", "Tell whoever publishes the versions, and wait for the next one."),
			Detail: outcome.Why,
		}
	case asked.To == "":
		return status.Finding{}
	case asked.To == a.edition.installed():
		return status.Finding{State: status.Waiting, Text: status.Sayf("La version %s fait ses preuves.", "Version %s proves itself.", asked.To)}
	case update.AtWork(a.edition.own):
		return status.Finding{State: status.Waiting, Text: status.Sayf("La version %s s'installe.", "Version %s is being installed.", asked.To)}
	case update.Waits(a.state(update.Folder)):
		return status.Finding{
			State:  status.Waiting,
			Text:   status.Sayf("La version %s attend d'être installée.", "Version %s waits to be installed.", asked.To),
			Advice: status.Say("Si rien ne se passe : systemctl enable --now releve-update.path.", "If nothing happens: systemctl enable --now releve-update.path."),
		}
	}
	return status.Finding{State: status.Waiting, Text: status.Sayf("La version %s est téléchargée.", "Version %s is being downloaded.", asked.To)}
}
