package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"releve/agent/config"
	"releve/federation/consent"
)

//go:embed rgpd
var rgpdTemplates embed.FS

type rgpdVerbs struct {
	Kit rgpdKitVerb `cmd:"" help:"Write the papers of the GDPR for this agent, in French and English: notice, register, agreements, outline of an impact assessment."`
}

type rgpdKitVerb struct {
	configFile
	Out string `help:"Folder to write into. Papers that are there stay as they are." required:"" placeholder:"DIR"`
}

// Run writes the papers. The agent may run meanwhile.
func (v rgpdKitVerb) Run(t terminal) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	list, err := consent.List(filepath.Join(c.Agent.State, consentsFile))
	if err != nil {
		return err
	}
	papers, err := newDossier(c, list, time.Now()).papers()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(v.Out, 0o700); err != nil {
		return fmt.Errorf("write the papers: %w", err)
	}
	return writePapers(t, v.Out, papers)
}

// writePapers writes what is not there yet: a paper that was filled in by hand is not written over.
func writePapers(t terminal, dir string, papers []paper) error {
	for _, p := range papers {
		name := filepath.Join(dir, p.name)
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			fmt.Fprintf(t.err, "%s is there already and stays as it is\n", name)
			continue
		}
		if err == nil {
			_, err = file.WriteString(p.text)
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			return fmt.Errorf("write the papers: %w", err)
		}
		if _, err := fmt.Fprintln(t.out, name); err != nil {
			return err
		}
	}
	return nil
}

// dossier is what the papers tell of. It names no delivery point and no meter's address.
type dossier struct {
	Day      string
	Address  string // in the federation; "" without one
	Meters   []string
	Sources  []string
	KeptDays int // readings as they came
	Curve    int // days of means of ten minutes, of what shows how the household lives
	Live     []sharing
	Waiting  []sharing
}

// sharing is a consent as the papers tell it. What nobody wrote down is for a person to fill in.
type sharing struct {
	consent.Consent
	PurposeEN, Covered, Last string
}

func newDossier(c config.Config, list []consent.Consent, now time.Time) dossier {
	d := dossier{Day: now.In(c.Agent.Location).Format(time.DateOnly), KeptDays: wholeDays(c.Buffer.MaxAge), Curve: wholeDays(c.Buffer.Curve)}
	if c.Federation != nil {
		d.Address = c.Federation.JID.Bare().String()
	}
	for _, m := range c.Meters {
		d.Meters = append(d.Meters, m.Name)
	}
	for _, s := range c.Sources {
		d.Sources = append(d.Sources, s.Name)
	}
	for _, one := range list {
		s := newSharing(one.At(now), c.Agent.Location)
		switch s.State {
		case consent.InForce:
			d.Live = append(d.Live, s)
		case consent.Pending:
			d.Waiting = append(d.Waiting, s)
		}
	}
	return d
}

func newSharing(one consent.Consent, location *time.Location) sharing {
	s := sharing{Consent: one, PurposeEN: one.Grant.PurposeEN, Covered: strings.Join(one.Grant.Covered(), " ")}
	if s.PurposeEN == "" {
		s.PurposeEN = one.Grant.Purpose
	}
	if !one.Grant.Until.IsZero() {
		s.Last = one.Grant.Until.In(location).Add(-time.Second).Format(time.DateOnly)
	}
	return s
}

func wholeDays(d time.Duration) int { return int(d / (24 * time.Hour)) }

// OfRole are the consents of recipients of a role: none is its own answer in an agreement. It is called by the templates.
func (d dossier) OfRole(role string) []sharing {
	return slices.DeleteFunc(slices.Clone(d.Live), func(s sharing) bool { return string(s.Grant.Role) != role })
}

// paper is one file of the kit.
type paper struct{ name, text string }

// papers fills in all templates, in the order of their names.
func (d dossier) papers() ([]paper, error) {
	all, err := template.New("").Funcs(template.FuncMap{"cell": cell, "list": inLine}).ParseFS(rgpdTemplates, "rgpd/*.md")
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	var papers []paper
	for _, one := range all.Templates() {
		var text bytes.Buffer
		if err := one.Execute(&text, d); err != nil {
			return nil, fmt.Errorf("fill in %s: %w", one.Name(), err)
		}
		papers = append(papers, paper{one.Name(), text.String()})
	}
	slices.SortFunc(papers, func(x, y paper) int { return strings.Compare(x.name, y.name) })
	return papers, nil
}

// cell is what stands in a table: others wrote some of it, which must not become markup. What is missing is for a person.
func cell(value any) string {
	text := strings.NewReplacer("|", "\\|", "<", "&lt;", "[", "\\[", "]", "\\]", "`", "\\`", "*", "\\*", "\n", " ").Replace(fmt.Sprint(value))
	if text == "" {
		return "……"
	}
	return text
}

func inLine(all []string) string {
	if len(all) == 0 {
		return "–"
	}
	return strings.Join(all, ", ")
}
