package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"releve/agent/config"
	"releve/agent/trial"
)

type configShowVerb struct {
	configFile
	Origin bool `help:"Say where each value comes from: a flag, a variable, the overlay (changed from afar), a file and its line, the claim of the device, or the default."`
	JSON   bool `name:"json" help:"Print a line of JSON for each."`
}

// Run prints every value that counts. Secrets are only said to be set.
func (v configShowVerb) Run(t terminal) error {
	loaded, trouble, err := v.loadAll()
	if err != nil {
		return err
	}
	if trouble != nil {
		fmt.Fprintf(t.err, "%s: warning: %s\n", v.Config, trouble)
	}
	if v.JSON {
		return printLines(t.out, loaded.Settings())
	}
	for _, s := range loaded.Settings() {
		line := s.Path + " = " + valueText(s)
		if v.Origin {
			line += "  # " + s.Place.String()
		}
		if _, err := fmt.Fprintln(t.out, line); err != nil {
			return err
		}
	}
	return nil
}

// valueText writes a value as a file has it.
func valueText(s config.Setting) string {
	switch {
	case s.Key.Secret && s.Set:
		return "(set, not shown)"
	case s.Key.Many:
		var quoted []string
		for _, value := range s.Values {
			quoted = append(quoted, fmt.Sprintf("%q", value))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case len(s.Values) == 0:
		return `""`
	case s.Key.Type == config.Boolean || s.Key.Type == config.Date || s.Key.Type == config.Number:
		return s.Values[0]
	}
	return fmt.Sprintf("%q", s.Values[0])
}

// printLines prints a line of JSON for each.
func printLines[T any](w io.Writer, list []T) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for _, one := range list {
		if err := lines.Encode(one); err != nil {
			return err
		}
	}
	return nil
}

type configSchemaVerb struct {
	JSON bool `name:"json" help:"Print a line of JSON for each, with what it means in English and in French."`
}

// Run prints what is known of every key.
func (v configSchemaVerb) Run(t terminal) error {
	if v.JSON {
		return printLines(t.out, config.Schema())
	}
	table := tabwriter.NewWriter(t.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tTYPE\tMAY BE\tDEFAULT\tFROM AFAR\tBEGINS ANEW")
	for _, k := range config.Schema() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", k.Key, typeText(k), rangeText(k), k.Default, orDash(string(k.Afar)), k.Restart)
	}
	return table.Flush()
}

func typeText(k config.Key) string {
	text := string(k.Type)
	if k.Many {
		text += " …"
	}
	if k.Secret {
		text += ", secret"
	}
	return text
}

func rangeText(k config.Key) string {
	switch {
	case len(k.Choices) > 0:
		return strings.Join(k.Choices, " | ")
	case k.Most != "":
		return k.Least + " to " + k.Most
	case k.Least != "":
		return "at least " + k.Least
	}
	return ""
}

type configReferenceVerb struct {
	Lang string `help:"Language of what is said of each key." enum:"en,fr" default:"en"`
}

// Run prints a file that shows every key.
func (v configReferenceVerb) Run(t terminal) error {
	_, err := io.WriteString(t.out, config.Reference(v.Lang))
	return err
}

type configResetOverlayVerb struct{ configFile }

// Run drops what was changed from afar, on trial or confirmed. The files are kept under another name.
func (v configResetOverlayVerb) Run(t terminal) error {
	base, err := v.read()
	if err != nil {
		return err
	}
	asides, err := trial.Reset(base.State())
	for _, aside := range asides {
		fmt.Fprintf(t.out, "%s\n", aside)
	}
	switch {
	case err != nil:
		return err
	case len(asides) == 0:
		fmt.Fprintf(t.err, "nothing was changed from afar\n")
	default:
		fmt.Fprintf(t.err, "what was changed from afar is set aside; start an agent that runs anew: systemctl restart releve\n")
	}
	return nil
}
