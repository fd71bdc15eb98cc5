package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"releve/agent/config"
	"releve/agent/update"
)

type updateVerb struct {
	configFile
	Own       string        `help:"Folder that only root can write." default:"${own}" type:"path"`
	Prove     time.Duration `help:"Within which the new version has to do all that the old one did; trial.prove of the configuration when it is not given." placeholder:"5m"`
	Status    string        `help:"What dpkg has installed." default:"${status}" hidden:""`
	Dpkg      string        `help:"The program that installs." default:"/usr/bin/dpkg" hidden:""`
	DpkgDeb   string        `name:"dpkg-deb" help:"The program that makes packages." default:"/usr/bin/dpkg-deb" hidden:""`
	Systemctl string        `help:"The program that asks systemd." default:"/usr/bin/systemctl" hidden:""`
	Booted    string        `help:"What is there where systemd runs (sd_booted(3))." default:"/run/systemd/system" hidden:""`
}

// How often root looks whether a version has proved itself, and tries again what has to be done.
const (
	lookEvery  = 2 * time.Second
	againAfter = time.Minute
)

// Run installs what was placed, waits until it has proved itself, and else has the version before return. Only what root
// has written counts: nothing that was changed from afar.
func (v updateVerb) Run(ctx context.Context, t terminal) error {
	installer, err := v.installer(t)
	if err != nil {
		return err
	}
	outcome, err := installer.Install(ctx)
	switch {
	case err != nil:
		return err
	case outcome.Returned():
		return fmt.Errorf("version %s was taken back, and version %s is installed again: %s", outcome.To, outcome.From, outcome.Why)
	}
	_, err = fmt.Fprintf(t.out, "version %s is installed\n", outcome.To)
	return err
}

func (v updateVerb) installer(t terminal) (i update.Installer, err error) {
	base, err := v.read()
	if err != nil {
		return i, err
	}
	loaded, err := base.With(config.Remote{})
	if err != nil {
		return i, refusal{err}
	}
	c := loaded.Config
	if c.Update == (config.Update{}) {
		return i, refusal{errors.New("update.key_file is missing: the public key that signs releases")}
	}
	i = update.Installer{
		State: c.Agent.State, Own: v.Own, Status: v.Status, Dpkg: v.Dpkg, DpkgDeb: v.DpkgDeb, Prove: c.Trial.Prove, Look: lookEvery, Again: againAfter, Out: t.err,
	}
	if v.Prove > 0 {
		i.Prove = v.Prove
	}
	if _, err := os.Stat(v.Booted); err == nil {
		i.Systemctl = v.Systemctl
	}
	if i.Self, err = os.Executable(); err != nil {
		return i, fmt.Errorf("find this program: %w", err)
	}
	i.Key, err = update.ReadKey(c.Update.KeyFile)
	return i, err
}
