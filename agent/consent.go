package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"releve/agent/config"
	"releve/federation/consent"
)

type consentVerbs struct {
	List     consentListVerb     `cmd:"" help:"List the consents and how each stands."`
	Show     consentShowVerb     `cmd:"" help:"Show one consent with all its terms."`
	Accept   consentAcceptVerb   `cmd:"" help:"Give a consent that was asked for, in these terms or in coarser ones."`
	Refuse   consentRefuseVerb   `cmd:"" help:"Say no to a consent that was asked for."`
	Withdraw consentWithdrawVerb `cmd:"" help:"Take a consent back. Nothing more leaves under it, also of what waits."`
	Rotate   consentRotateVerb   `cmd:"" help:"Give a recipient other pseudonyms, which it cannot join with those it has seen."`
	Told     consentToldVerb     `cmd:"" help:"Note that you have told a recipient of a withdrawal, which it could not be told otherwise."`
	Request  consentRequestVerb  `cmd:"" help:"Put a consent on the list, to be accepted."`
	Present  consentPresentVerb  `cmd:"" help:"Have a consent that you gave to an application, by its signed receipt."`
	Receipt  consentReceiptVerb  `cmd:"" help:"Write the signed receipt of a consent in force, for whom it was given to."`
	Check    consentCheckVerb    `cmd:"" help:"Check a receipt, of any agent or application, and print what it says."`
}

// consentFlags are what the verbs share.
type consentFlags struct {
	configFile
	JSON bool `name:"json" help:"Print JSON, one consent a line."`
}

// print prints consents as they stand now.
func (v consentFlags) print(t terminal, location *time.Location, long bool, list ...consent.Consent) error {
	out := bufio.NewWriter(t.out)
	lines := json.NewEncoder(out)
	var err error
	for _, c := range list {
		c = c.At(time.Now())
		switch {
		case v.JSON:
			err = errors.Join(err, lines.Encode(c))
		case long:
			fmt.Fprint(out, consentText(c, location)) // flush reports the error
		default:
			fmt.Fprintln(out, consentLine(c, location))
		}
	}
	return errors.Join(err, out.Flush())
}

// consentLine is a consent in one line.
func consentLine(c consent.Consent, location *time.Location) string {
	g := c.Grant
	return strings.TrimRight(fmt.Sprintf("%s  %-9s  %-5s  %s  %q  %s", c.ID, c.State, g.Resolution, g.To, g.Purpose, ending(g, location)), " ")
}

func ending(g consent.Grant, location *time.Location) string {
	if g.Until.IsZero() {
		return ""
	}
	return "until " + g.Until.In(location).Add(-time.Second).Format(time.DateOnly) // the last day
}

// consentText is a consent in full.
func consentText(c consent.Consent, location *time.Location) string {
	var b strings.Builder
	g := c.Grant
	state := string(c.State)
	if !c.Since.IsZero() {
		state += " since " + c.Since.In(location).Format(time.DateTime)
	}
	if c.By != "" {
		state += ", by " + c.By
	}
	for _, row := range []struct{ name, value string }{
		{"consent", c.ID}, {"state", state}, {"to", g.To}, {"name", g.Name}, {"contact", g.Contact}, {"role", string(g.Role)},
		{"series", strings.Join(g.Covered(), " ")}, {"finest", string(g.Resolution)}, {"identity", yes(g.Identity)},
		{"purpose", g.Purpose}, {"purpose_en", g.PurposeEN}, {"code", g.Code}, {"from", day(g.From)}, {"until", day(g.Until)},
		{"retention", g.Retention}, {"notice", g.Notice},
	} {
		if row.value != "" {
			fmt.Fprintf(&b, "%-10s  %s\n", row.name, row.value) // a builder takes everything
		}
	}
	if p := c.Proof; p != nil {
		fmt.Fprintf(&b, "%-10s  %s\n", "proof", fmt.Sprintf("receipt %s of %s, given on %s, SHA-256 %s", p.Record, p.Issuer, p.Given.In(location).Format(time.DateTime), p.Digest()))
	}
	for _, n := range c.Notices {
		fmt.Fprintf(&b, "%-10s  %s\n", "told", noticeText(n, location))
	}
	return b.String()
}

func noticeText(n consent.Notice, location *time.Location) string {
	switch {
	case !n.Acked.IsZero() && n.By != "":
		return n.To + " was told by hand on " + n.Acked.In(location).Format(time.DateTime) + ", says " + n.By
	case n.Untold != "":
		return n.To + " has to be told by you: " + n.Untold
	case n.OnTrial:
		return n.To + " is told once the configuration stays"
	case !n.Acked.IsZero():
		return n.To + " acknowledged on " + n.Acked.In(location).Format(time.DateTime)
	case !n.Sent.IsZero():
		return n.To + " was sent it on " + n.Sent.In(location).Format(time.DateTime) + " and has not acknowledged"
	}
	return n.To + " is told once it can be reached"
}

// list reads the consents as they are on the disk. The agent may run meanwhile.
func (v consentFlags) list() (config.Config, []consent.Consent, error) {
	c, err := v.load()
	if err != nil {
		return c, nil, err
	}
	list, err := consent.List(filepath.Join(c.Agent.State, consentsFile))
	return c, list, err
}

// find returns the consent whose identifier begins so.
func (v consentFlags) find(id string) (config.Config, consent.Consent, error) {
	c, list, err := v.list()
	if err != nil {
		return c, consent.Consent{}, err
	}
	one, err := consent.Find(list, id)
	return c, one, err
}

type consentListVerb struct{ consentFlags }

// Run lists them.
func (v consentListVerb) Run(t terminal) error {
	c, list, err := v.list()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(t.err, "there is no consent yet: the agent lists those of the configuration once it runs")
	}
	return v.print(t, c.Agent.Location, false, list...)
}

type consentShowVerb struct {
	consentFlags
	ID string `arg:"" help:"Identifier, or how it begins."`
}

// Run shows one.
func (v consentShowVerb) Run(t terminal) error {
	c, one, err := v.find(v.ID)
	if err != nil {
		return err
	}
	if words, is := unpromised(c, one.Grant); is {
		fmt.Fprintf(t.err, "%s: %s\n", one.Grant.To, words.EN)
	}
	return v.print(t, c.Agent.Location, true, one)
}
