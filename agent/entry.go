package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"releve/agent/access"
	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/pairing"
)

// The files, in the state folder, of who may change what on the page, and of the code of the first visit.
const (
	accessFile  = "access.json"
	welcomeFile = "welcome.json"
)

// entry is how people get in at the page. It outlives the agent, as sessions do: who puts a change on trial is still there
// to confirm it when the agent has begun anew.
//
// The first visit has a code of its own, not that of the first owner: that one is there only with a federation and while
// nobody has a role, it is used up by whoever claims the device from afar, and everybody in the federation may spend its
// tries. This one is good on the page alone.
type entry struct {
	*access.Access
	code *pairing.Pairing
	log  *slog.Logger

	settling sync.Mutex // held while a password is chosen, or the code looked at
}

// openEntry reads who may change what. What cannot be read keeps nobody from measuring, and lets nobody in: the page then
// asks for a first visit.
func openEntry(state string, machine clock.Machine, log *slog.Logger) (*entry, error) {
	e := &entry{log: log}
	now := func() time.Duration { return time.Duration(machine.Elapsed()) }
	var err error
	if e.code, err = pairing.Open(filepath.Join(state, welcomeFile), machine.Boot(), now); err != nil {
		log.Warn("code of the page lost", "error", err)
	}
	o := access.Options{File: filepath.Join(state, accessFile), Now: now}
	if e.code != nil {
		o.Code = e.code
	}
	if e.Access, err = access.Open(o); err != nil {
		if e.Access == nil {
			return nil, err
		}
		log.Warn("password of the page lost: choose one again", "error", err)
	}
	return e, nil
}

// Settle chooses the first password. The code is used up a while before the password is there, which shown must not take for
// a password that was lost.
func (e *entry) Settle(w http.ResponseWriter, r *http.Request, code, password string) error {
	e.settling.Lock()
	defer e.settling.Unlock()
	return e.Access.Settle(w, r, code, password)
}

// shown is the code of the first visit while there is one to make, "" otherwise. A code that was used and left no password,
// because the power was cut or the password was forgotten since, gives way to another.
func (e *entry) shown(c config.Config) string {
	if e == nil || e.code == nil || c.Status.Listen == "" {
		return ""
	}
	e.settling.Lock()
	defer e.settling.Unlock()
	if !e.IsNew() {
		return ""
	}
	if e.code.Owner() != "" {
		if err := e.code.Forget(); err != nil {
			e.log.Debug("used code not forgotten", "error", err)
			return ""
		}
	}
	code, err := e.code.Code()
	if err != nil {
		e.log.Debug("no code for the page", "error", err)
	}
	return code
}

// pageGuard stands before the page.
func (a *agent) pageGuard() func(*http.Request) (*http.Request, int) {
	if a.entry == nil {
		return nil
	}
	return a.entry.Guard(access.Rules{Open: !a.cfg.Status.Closed, Hosts: a.cfg.Status.Hosts}).Judge
}

// forgetPassword is for who sits at the terminal of the device.
func (a *agent) forgetPassword() error {
	if a.entry == nil {
		return errors.New("this agent has no page")
	}
	if err := a.notary.Changed(byTerminal, "page: password forgotten", "", ""); err != nil {
		a.log.Warn("forgotten password not in the ledger", "error", err) // who is locked out is not kept out by a full card
	}
	return a.entry.Reset()
}

type accessVerbs struct {
	Code  accessCodeVerb  `cmd:"" help:"Print the code with which a password is chosen at the first visit of the page."`
	Reset accessResetVerb `cmd:"" help:"Forget the password of the page and end all its sessions. A new code is there a second later."`
}

type accessCodeVerb struct{ configFile }

// Run prints the code of the first visit.
func (v accessCodeVerb) Run(t terminal) error {
	base, err := v.read()
	if err != nil {
		return err
	}
	s, err := pairing.Look(filepath.Join(base.State(), welcomeFile))
	switch {
	case err != nil:
		return err
	case s.Owner != "":
		return errors.New("the page has a password; releve access reset forgets it")
	case s.Code == "":
		return errors.New("there is no code: the agent makes one when it runs with a page and nobody has chosen a password")
	}
	_, err = fmt.Fprintln(t.out, s.Code)
	return err
}

type accessResetVerb struct{ configFile }

// Run has the agent that runs forget the password.
func (v accessResetVerb) Run(t terminal) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	if _, err := askAgent(c, request{Do: "forget password"}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.err, "the password of the page is forgotten and nobody is logged in; releve access code prints the code to choose another")
	return err
}
