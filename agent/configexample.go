package main

import (
	"errors"
	"io"

	"releve/agent/config"
	"releve/agent/objective"
	"releve/agent/tariff"
)

type configExampleVerb struct {
	Of string `arg:"" enum:"prices,objective" help:"Which file: prices or objective."`
}

// Run prints a file that explains every key of its own.
func (v configExampleVerb) Run(t terminal) error {
	text := tariff.Example()
	if v.Of == "objective" {
		text = objective.Example()
	}
	_, err := io.WriteString(t.out, text)
	return err
}

// parameters reads the files that the configuration names beside itself.
func parameters(c config.Config) error {
	var errs []error
	if c.Prices.File != "" {
		_, err := prices(c)
		errs = append(errs, err)
	}
	_, err := objectivePlan(c.Objective)
	return errors.Join(append(errs, err)...)
}
