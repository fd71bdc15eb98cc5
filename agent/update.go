package main

import (
	"context"
	"errors"
	"fmt"

	"releve/agent/config"
	"releve/agent/update"
)

type updateVerb struct {
	configFile
	Own    string `help:"Folder that only root can write." default:"/var/lib/releve-update" type:"path"`
	Status string `help:"What dpkg has installed." default:"${status}" hidden:""`
	Dpkg   string `help:"The program that installs." default:"/usr/bin/dpkg" hidden:""`
}

// Run installs what was placed. Only what root has written counts: nothing that was changed from afar.
func (v updateVerb) Run(ctx context.Context, t terminal) error {
	base, err := v.read()
	if err != nil {
		return err
	}
	loaded, err := base.With(config.Remote{})
	if err != nil {
		return refusal{err}
	}
	c := loaded.Config
	if c.Update == (config.Update{}) {
		return refusal{errors.New("update.key_file is missing: the public key that signs releases")}
	}
	key, err := update.ReadKey(c.Update.KeyFile)
	if err != nil {
		return err
	}
	r, err := update.Installer{State: c.Agent.State, Own: v.Own, Status: v.Status, Key: key, Dpkg: v.Dpkg, Out: t.err}.Install(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "version %s is installed\n", r.Version)
	return err
}
