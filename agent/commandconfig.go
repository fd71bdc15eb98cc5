package main

import (
	"context"
	"slices"
	"strings"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/command"
)

func configTitle() status.Words { return status.Say("Lire la configuration", "Read the configuration") }

// everything is the choice of all sections.
const everything = "all"

// commandConfig asks for a section, and shows each value of it with where it comes from. Secrets are only said to be set.
func (a *agent) commandConfig(context.Context, command.Caller) (command.Turn, error) {
	f := command.Field{Name: "section", Label: status.Say("Section", "Section"), Kind: command.Choice, Required: true, Values: []string{everything}}
	f.Options = []command.Option{{Value: everything, Label: status.Say("toutes", "all")}}
	for _, s := range sections(a.remote.settings().Settings()) {
		f.Options = append(f.Options, command.Option{Value: s})
	}
	return &command.Page{Title: configTitle(), Final: true, Fields: []command.Field{f}, Then: a.showConfig}, nil
}

func (a *agent) showConfig(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
	r := &command.Result{Title: configTitle(), Columns: []command.Field{
		column("key", "Clé", "Key"), column("value", "Valeur", "Value"), column("origin", "Origine", "Origin"),
	}}
	for _, s := range a.remote.settings().Settings() {
		if section := answers.One("section"); section == everything || section == sectionOf(s.Path) {
			r.Rows = append(r.Rows, []string{s.Path, c.Say(valueShown(s)), s.Place.String()})
		}
	}
	return r, nil
}

// valueShown is a value for people.
func valueShown(s config.Setting) status.Words {
	switch {
	case s.Key.Secret && s.Set:
		return status.Say("(secret, donné)", "(secret, set)")
	case !s.Set:
		return status.Say("–", "–")
	}
	return text("%s", strings.Join(s.Values, " "))
}

// sectionOf is the table, or the entry of a list of them, that a path leads into.
func sectionOf(path string) string { return path[:max(0, strings.LastIndex(path, "."))] }

func sections(settings []config.Setting) []string {
	var all []string
	for _, s := range settings {
		if section := sectionOf(s.Path); !slices.Contains(all, section) {
			all = append(all, section)
		}
	}
	return all
}
