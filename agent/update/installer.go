package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Installer is root's part. The state folder is the agent's, who may have been taken over: nothing there is followed out of
// it, waited for, or believed, but that a signed version works.
type Installer struct {
	State     string // the agent's state folder
	Own       string // a folder that only root can write
	Status    string // dpkg's list
	Root      string // before every name of a file that dpkg knows; "" on a real system
	Key       Key
	Self      string        // the program that runs, kept to go on after a power cut; "" for none
	Dpkg      string        // the program
	DpkgDeb   string        // the program
	Systemctl string        // the program; "" where systemd does not run, and nothing can prove itself
	Prove     time.Duration // within which a new version has to
	Look      time.Duration // between two looks whether it has
	Again     time.Duration // between two attempts to have the version before return
	Out       io.Writer     // what dpkg says
}

// environment of programs that are run as root.
var environment = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "DPKG_FRONTEND_LOCKED=true", "LC_ALL=C.UTF-8"}

// Install takes what was placed, whatever becomes of it, and installs it if the key has signed it and it is newer; or goes
// on with what a power cut interrupted. A version that dpkg or its postinst refuses, or that does not prove itself in time,
// is taken back: the version before it is installed again, from a package made of it first. The outcome says which it was.
// An error is that nothing was begun, or that it has to be gone on with.
func (i Installer) Install(ctx context.Context) (Outcome, error) {
	err := i.install(ctx)
	if !errors.Is(err, errNothing) {
		i.untake()
	}
	if err != nil {
		return Outcome{}, err
	}
	return ReadOutcome(i.Own)
}

func (i Installer) install(ctx context.Context) error {
	p, err := i.begun()
	switch {
	case err != nil:
	case p.Stage == "":
		p, err = i.begin(ctx)
	default:
		err = i.enter(&p, p.Stage)
	}
	for err == nil && p.Stage != "" {
		p, err = i.goOn(ctx, p)
	}
	return err
}

// begin takes what was placed, and keeps what is installed.
func (i Installer) begin(ctx context.Context) (p progress, err error) {
	has, err := ReadInstalled(i.Status)
	if err != nil {
		return p, err
	}
	r, err := i.take(ctx, has)
	if err != nil {
		return p, i.refuse(fmt.Errorf("take the update: %w", err))
	}
	if err := i.keep(ctx); err != nil {
		return p, i.refuse(fmt.Errorf("keep version %s: %w", has.Version, err))
	}
	p = progress{From: has.Version, To: r.Version, File: r.File, Ran: i.condition(ctx).runs()}
	return p, i.enter(&p, installing)
}

// refuse forgets what was placed, and says why where the agent reads it, if it has asked for anything.
func (i Installer) refuse(why error) error {
	err := errors.Join(why, i.remove(newFile), i.remove(oldFile))
	asked := i.asked()
	if asked.To == "" || errors.Is(why, errNothing) {
		return err
	}
	return errors.Join(err, i.say(Outcome{From: asked.From, To: asked.To, Why: why.Error(), Refused: true}))
}

// goOn does what a stage is for, and returns the one after it; none once all is done.
func (i Installer) goOn(ctx context.Context, p progress) (progress, error) {
	if p.Tries > mostTries && p.Stage != returning || p.Tries > mostReturns {
		return i.tired(p)
	}
	switch p.Stage {
	case installing:
		err := i.dpkg(ctx, p, newFile)
		switch {
		case err == nil:
			return p, i.enter(&p, proving)
		case ctx.Err() != nil:
			return p, fmt.Errorf("install %s: %w", p.File, err)
		}
		return i.back(p, fmt.Sprintf("install %s: %v", p.File, err))
	case proving:
		if !p.Ran {
			return i.finish(p)
		}
		why, err := i.await(ctx, p)
		switch {
		case err != nil:
			return p, fmt.Errorf("wait for version %s: %w", p.To, err)
		case why != "":
			return i.back(p, why)
		}
		return i.finish(p)
	}
	var other otherVersion
	err := i.giveBack(ctx, p)
	switch {
	case errors.As(err, &other):
		p.Runs, p.Why = string(other), other.Error()
	case err != nil:
		return p, i.later(ctx, &p, err)
	}
	return i.finish(p)
}

// later has the version before return once more after a while: a disk that is full may be made room on.
func (i Installer) later(ctx context.Context, p *progress, err error) error {
	fmt.Fprintln(i.Out, err)
	select {
	case <-ctx.Done():
		return err
	case <-time.After(i.Again):
		return i.enter(p, returning)
	}
}

// back has the version before return.
func (i Installer) back(p progress, why string) (progress, error) {
	fmt.Fprintf(i.Out, "version %s is taken back: %s\n", p.To, why)
	p.Why = why
	return p, i.enter(&p, returning)
}

// tired ends what was begun too often.
func (i Installer) tired(p progress) (progress, error) {
	if p.Stage != returning {
		return i.back(p, "the machine started again and again meanwhile")
	}
	p.Why += "; nor could version " + p.From + " be installed again: a person has to"
	return i.finish(p)
}

// giveBack installs the version before again, unless dpkg has changed nothing, and has it run if it did.
func (i Installer) giveBack(ctx context.Context, p progress) error {
	whole := isWhole(i.Status, p.From)
	if !whole {
		if err := i.dpkg(ctx, p, oldFile); err != nil {
			return fmt.Errorf("install version %s again: %w", p.From, err)
		}
	}
	if !p.Ran || whole && i.condition(ctx).runs() {
		return nil
	}
	return i.restart(ctx)
}

// dpkg installs a package of root's folder, in place of one of the two versions alone. The owner's configuration stays. What
// dpkg has begun, it ends.
func (i Installer) dpkg(ctx context.Context, p progress, name string) error {
	lock, err := i.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	if has, err := ReadInstalled(i.Status); err == nil && has.Version != p.From && has.Version != p.To {
		return otherVersion(has.Version)
	}
	dpkg := exec.CommandContext(context.WithoutCancel(ctx), i.Dpkg, "--force-confold", "--force-downgrade", "--install", i.own(name))
	dpkg.Env, dpkg.Stdout, dpkg.Stderr = environment, i.Out, i.Out
	if err := dpkg.Run(); err != nil {
		return fmt.Errorf("dpkg: %w", err)
	}
	return nil
}
