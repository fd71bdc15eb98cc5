package main

import (
	"errors"
	"fmt"
	"time"

	"releve/agent/config"
	"releve/federation/consent"
)

type consentAcceptVerb struct {
	consentFlags
	ID string `arg:"" help:"Identifier, or how it begins."`
	termFlags
}

// termFlags are the terms that a person may set differently from what was asked.
type termFlags struct {
	Resolution string `help:"The finest that may be seen, instead of what was asked: ${resolutions}." placeholder:"R"`
	Until      string `help:"Last day, such as 2027-12-31." placeholder:"DAY"`
}

// apply sets in a grant what was given.
func (f termFlags) apply(g *consent.Grant, location *time.Location) error {
	if f.Resolution != "" {
		g.Resolution = consent.Resolution(f.Resolution)
	}
	if f.Until == "" {
		return nil
	}
	last, err := time.ParseInLocation(time.DateOnly, f.Until, location)
	if err != nil {
		return misuse{fmt.Errorf("--until: %q is not a day such as 2027-12-31", f.Until)}
	}
	g.Until = last.AddDate(0, 0, 1)
	return nil
}

// Run accepts, and prints what holds then.
func (v consentAcceptVerb) Run(t terminal) error {
	c, one, err := v.find(v.ID)
	if err != nil {
		return err
	}
	r := request{Do: "accept", ID: one.ID, Grant: one.Grant}
	if err := v.apply(&r.Grant, c.Agent.Location); err != nil {
		return err
	}
	return v.ask(t, c, r)
}

// ask has the agent do it, and prints the consent.
func (v consentFlags) ask(t terminal, c config.Config, r request) error {
	one, err := askAgent(c, r)
	if one.ID == "" {
		return err
	}
	if err != nil && r.Do == "withdraw" && one.State == consent.Withdrawn {
		err = fmt.Errorf("nothing more leaves, but it could not be written down and may be forgotten at the next start: %w", err)
	}
	return errors.Join(v.print(t, c.Agent.Location, false, one), err)
}

type consentRefuseVerb struct {
	consentFlags
	ID string `arg:"" help:"Identifier, or how it begins."`
}

// Run says no.
func (v consentRefuseVerb) Run(t terminal) error {
	c, one, err := v.find(v.ID)
	if err != nil {
		return err
	}
	return v.ask(t, c, request{Do: "refuse", ID: one.ID})
}

type consentWithdrawVerb struct {
	consentFlags
	ID string `arg:"" help:"Identifier, or how it begins."`
}

// Run takes it back.
func (v consentWithdrawVerb) Run(t terminal) error {
	c, one, err := v.find(v.ID)
	if err != nil {
		return err
	}
	return v.ask(t, c, request{Do: "withdraw", ID: one.ID})
}

type consentToldVerb struct {
	consentFlags
	ID string `arg:"" help:"Identifier, or how it begins."`
	To string `help:"Whom you have told, as releve consent show names it; all whom you had to tell when it is not given." placeholder:"WHO"`
}

// Run notes it.
func (v consentToldVerb) Run(t terminal) error {
	c, one, err := v.find(v.ID)
	if err != nil {
		return err
	}
	return v.ask(t, c, request{Do: "told", ID: one.ID, To: v.To})
}

type consentRequestVerb struct {
	consentFlags
	To string `arg:"" help:"Who would see: an address, a domain, or the name of a recipient of the configuration."`
	termFlags
	Series   []string `help:"Which series, by their paths; * stands for any characters." default:"*" placeholder:"GLOB"`
	Sources  []string `help:"Whose, of what sources brought; the household's own meters when it is not given." placeholder:"NAME"`
	Purpose  string   `help:"What for, in words that the person understands." required:"" placeholder:"TEXT"`
	Identity bool     `help:"Whether the delivery point number may be seen."`

	PurposeEN string `help:"The purpose in English." placeholder:"TEXT"`
	Code      string `help:"Code of the purpose." placeholder:"CODE"`
	Name      string `help:"Legal name of who receives." placeholder:"NAME"`
	Contact   string `help:"Whom to ask there." placeholder:"ADDRESS"`
	Role      string `help:"processor, joint controller, or independent." placeholder:"ROLE"`
	Retention string `help:"How long it may be kept there, such as P1Y." placeholder:"TIME"`
	Notice    string `help:"Version of the notice that is shown." placeholder:"VERSION"`
}

// Run puts it on the list.
func (v consentRequestVerb) Run(t terminal) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	g := consent.Grant{
		To: v.To, Series: v.Series, Sources: v.Sources, Resolution: consent.HalfHour, Purpose: v.Purpose, Identity: v.Identity,
		Details: consent.Details{
			PurposeEN: v.PurposeEN, Code: v.Code, Name: v.Name, Contact: v.Contact, Role: consent.Role(v.Role),
			Retention: v.Retention, Notice: v.Notice,
		},
	}
	if err := v.apply(&g, c.Agent.Location); err != nil {
		return err
	}
	if err := g.Check(); err != nil {
		return misuse{err}
	}
	return v.ask(t, c, request{Do: "request", Grant: g})
}

type consentRotateVerb struct {
	configFile
	Recipient string `arg:"" help:"Its address, or the name of a recipient of the configuration."`
}

// Run rotates, and says what follows from it.
func (v consentRotateVerb) Run(t terminal) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	if _, err := askAgent(c, request{Do: "rotate", ID: v.Recipient}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.err, "%s sees other pseudonyms from now on; who subscribes has to subscribe anew\n", v.Recipient)
	return err
}
