package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"releve/agent/config"
	"releve/agent/update"
	"releve/federation/consent"
)

var (
	lineShown = regexp.MustCompile(`(?:^|[\x60 "(])(?:bin/)?releve ([a-z][^\x60|#)]*)`)
	flagShown = regexp.MustCompile(`--([a-z][a-z-]*)`)
	tomlShown = regexp.MustCompile(`(?ms)^\x60\x60\x60toml\n(.*?)^\x60\x60\x60`)
)

// manuals lists the pages for who uses the program.
func manuals(t *testing.T) []string {
	t.Helper()
	all := []string{"../SECURITY.md", "../federation/ledger/PROOF.md", "../federation/consent/RECEIPT.md"}
	for _, page := range []string{"../README", "READINGS", "REMOTE", "config/CONFIGURATION", "status/PAGE", "../federation/RECIPIENTS", "../federation/consent/CONSENTS"} {
		all = append(all, page+".md", page+".fr.md")
	}
	return all
}

// Every command line of the manuals is one that the program has: its verb, the verb's verb, and the flags.
func TestManualsShowVerbs(t *testing.T) {
	t.Parallel()
	var v verbs
	parser, err := kong.New(&v, kong.Vars{"resolutions": consent.Words(), "status": update.DpkgStatus, "own": update.OwnFolder})
	must(t, err)
	for _, page := range manuals(t) {
		text, err := os.ReadFile(filepath.FromSlash(page))
		must(t, err)
		lines := 0
		for line := range strings.Lines(string(text)) {
			for _, found := range lineShown.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
				lines++
				if wrong := misread(parser.Model.Node, found[1]); wrong != "" {
					t.Errorf("%s: releve %s: there is no %s", page, found[1], wrong)
				}
			}
		}
		if lines == 0 && page != "../SECURITY.md" {
			t.Errorf("%s shows no command: is it read?", page)
		}
	}
}

// misread returns the first word of a command line that is neither a verb nor a flag, "" when all are.
func misread(node *kong.Node, line string) string {
	words := strings.Fields(line)
	for len(words) > 0 && len(node.Children) > 0 {
		next := slices.IndexFunc(node.Children, func(child *kong.Node) bool { return child.Name == words[0] })
		switch {
		case next >= 0:
			node, words = node.Children[next], words[1:]
			continue
		case words[0] == "…" || strings.HasPrefix(words[0], "--"):
			words = nil
		default:
			return words[0]
		}
	}
	for _, found := range flagShown.FindAllStringSubmatch(line, -1) {
		flags := slices.ContainsFunc(node.AllFlags(true), func(group []*kong.Flag) bool {
			return slices.ContainsFunc(group, func(f *kong.Flag) bool { return f.Name == found[1] })
		})
		if !flags {
			return "--" + found[1]
		}
	}
	return ""
}

// Every configuration that the manuals show is one that the program takes.
func TestManualsShowConfigurations(t *testing.T) {
	t.Parallel()
	shown := 0
	for _, page := range manuals(t) {
		text, err := os.ReadFile(filepath.FromSlash(page))
		must(t, err)
		var whole strings.Builder // a page adds to what it has shown
		for _, found := range tomlShown.FindAllStringSubmatch(string(text), -1) {
			whole.WriteString(found[1])
			shown++
		}
		if err := config.CheckText(whole.String()); err != nil {
			t.Errorf("%s: %v", page, err)
		}
	}
	if shown < 6 {
		t.Errorf("%d configurations are shown", shown)
	}
}
