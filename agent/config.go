package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"releve/agent/config"
)

type configVerbs struct {
	Check configCheckVerb `cmd:"" help:"Say whether the configuration can be used, and what is wrong with it."`
}

// configFile is the flag that verbs share.
type configFile struct {
	Config string `help:"Configuration file; conf.d/*.toml beside it is read too." default:"/etc/releve/releve.toml" type:"path" env:"RELEVE_CONFIG"`
}

func (f configFile) load() (config.Config, error) {
	c, err := config.Load(f.Config)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; --config FILE names another, and releve probe prints what a first one needs", err)
	}
	if err != nil {
		return c, refusal{err}
	}
	return c, nil
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
