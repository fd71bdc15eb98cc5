package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"releve/agent/config"
	"releve/agent/trial"
)

type configVerbs struct {
	Check     configCheckVerb        `cmd:"" help:"Say whether the configuration can be used, and what is wrong with it."`
	Show      configShowVerb         `cmd:"" help:"Print every value that counts, and where it comes from."`
	Schema    configSchemaVerb       `cmd:"" help:"Print every key: its type, what it may be, its default, who may change it from afar."`
	Reference configReferenceVerb    `cmd:"" help:"Print a configuration file that shows every key, and what it means."`
	Example   configExampleVerb      `cmd:"" help:"Print a file of prices, or of the parameters of an objective, with made-up numbers, that explains itself."`
	Reset     configResetOverlayVerb `cmd:"" name:"reset-overlay" help:"Drop what was changed from afar: the files count again."`
	Code      configCodeVerb         `cmd:"" help:"Print the code that makes an owner of who sends it to the command claim."`
	BootCode  configBootCodeVerb     `cmd:"" name:"boot-code" help:"Copy that code, as root, to the boot partition, or take it away there. releve-code.service runs it."`
	Import    configBootImportVerb   `cmd:"" name:"import-boot" help:"Take the configuration, as root, from the boot partition, and wipe it there. releve-import.service runs it."`
	Owner     configResetOwnerVerb   `cmd:"" name:"reset-owner" help:"Forget who claimed the device."`
}

// configFile is the flag that verbs share.
type configFile struct {
	Set    []string `help:"Set a value, before what files and variables say; may be repeated." placeholder:"KEY=VALUE" sep:"none"`
	Config string   `help:"Configuration file; conf.d/*.toml beside it is read too." default:"/etc/releve/releve.toml" type:"path" env:"RELEVE_CONFIG"`
}

// read reads what is given on the device: flags, variables and files.
func (f configFile) read() (config.Base, error) {
	base, err := config.Layers{Set: f.Set, Environ: os.Environ(), File: f.Config}.Read()
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; --config FILE names another, and releve probe prints what a first one needs", err)
	}
	if err != nil {
		return base, refusal{err}
	}
	return base, nil
}

// loadAll is the configuration that counts, with what was changed from afar. trouble says why that cannot be read or used:
// then it does not count, and is left where it is.
func (f configFile) loadAll() (loaded config.Loaded, trouble, err error) {
	base, err := f.read()
	if err != nil {
		return loaded, nil, err
	}
	plain, err := base.With(config.Remote{})
	if err != nil {
		return loaded, nil, refusal{err}
	}
	values, trouble := trial.ReadOverlay(plain.Agent.State)
	owner, errOwner := claimed(plain.Agent.State)
	if trouble = errors.Join(trouble, errOwner); trouble != nil {
		return plain, trouble, nil
	}
	loaded, trouble = base.With(config.Remote{Changes: config.Changes(values), Owner: owner})
	if trouble != nil {
		return plain, fmt.Errorf("what was changed from afar does not go with the files: %w", trouble), nil
	}
	return loaded, nil, nil
}

func (f configFile) load() (config.Config, error) {
	loaded, _, err := f.loadAll()
	return loaded.Config, err
}

type configCheckVerb struct {
	configFile
}

// Run checks the configuration and says in one line what it amounts to.
func (v configCheckVerb) Run(t terminal) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	session := "no federation"
	if c.Federation != nil {
		session = c.Federation.JID.String()
		if err := secrets(*c.Federation); err != nil {
			return refusal{err}
		}
	}
	if err := errors.Join(secretsOfRelays(c), parameters(c)); err != nil {
		return refusal{err}
	}
	for _, warning := range c.Warnings(time.Now()) {
		fmt.Fprintf(t.err, "%s: warning: %s\n", v.Config, warning)
	}
	amounts := []string{fmt.Sprintf("%d meter(s)", len(c.Meters)), session, fmt.Sprintf("%d grant(s)", len(c.Grants))}
	if n := len(c.Recipients); n > 0 {
		amounts = append(amounts, fmt.Sprintf("%d recipient(s)", n))
	}
	if n := len(c.Sources); n > 0 {
		amounts = append(amounts, fmt.Sprintf("%d source(s)", n))
	}
	_, err = fmt.Fprintf(t.out, "%s: good: %s\n", v.Config, strings.Join(amounts, ", "))
	return err
}
