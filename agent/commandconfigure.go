package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"releve/agent/config"
	"releve/agent/status"
	"releve/agent/trial"
	"releve/federation/command"
)

func configureTitle() status.Words {
	return status.Say("Changer la configuration", "Change the configuration")
}

// The fields beside those of the keys.
const (
	fieldReturn = "return" // keys that get back what stands in the files
	fieldEmpty  = "empty"  // keys that are to have no value
)

// commandConfigure asks for a section of which the caller may change something, and then for its values.
func (a *agent) commandConfigure(_ context.Context, c command.Caller) (command.Turn, error) {
	role := a.cfg.Federation.Roles.Of(c.JID)
	f := command.Field{Name: "section", Label: status.Say("Section", "Section"), Kind: command.Choice, Required: true}
	for _, section := range sections(changeable(a.remote.settings().Settings(), role)) {
		f.Options = append(f.Options, command.Option{Value: section})
	}
	return &command.Page{
		Title: configureTitle(), Fields: []command.Field{f},
		Then: func(_ context.Context, _ command.Caller, answers command.Answers) (command.Turn, error) {
			return a.configurePage(answers.One("section"), role), nil
		},
	}, nil
}

// changeable are the settings that a role may change from afar.
func changeable(settings []config.Setting, role config.Role) []config.Setting {
	return slices.DeleteFunc(settings, func(s config.Setting) bool {
		return s.Key.Afar == config.Nobody || !role.May(s.Key.Afar) || s.Key.Secret
	})
}

// configurePage is the form of a section, as the schema has it.
func (a *agent) configurePage(section string, role config.Role) *command.Page {
	p := &command.Page{
		Title: configureTitle(), Final: true,
		Instructions: status.Say("Le changement est mis à l'essai : il doit fonctionner, puis être confirmé (commande « Confirmer »), sinon l'ancienne configuration revient d'elle-même.",
			"The change is put on trial: it has to work, and then to be confirmed (command \"Confirm\"), or the configuration before it returns by itself."),
	}
	returned := command.Field{Name: fieldReturn, Label: status.Say("Revenir à ce que disent les fichiers", "Back to what the files say"), Kind: command.Choices}
	empty := command.Field{Name: fieldEmpty, Label: status.Say("Vider", "Make empty"), Kind: command.Choices}
	var shown []config.Setting
	for _, s := range changeable(a.remote.settings().Settings(), role) {
		if sectionOf(s.Path) != section {
			continue
		}
		shown = append(shown, s)
		p.Fields = append(p.Fields, keyField(s.Path, s.Key, s.Values))
		if s.Place.Layer == config.Overlay {
			returned.Options = append(returned.Options, command.Option{Value: s.Path})
		}
		if s.Set && (s.Key.Many || s.Key.Type == config.Text || s.Key.Type == config.Pin) {
			empty.Options = append(empty.Options, command.Option{Value: s.Path})
		}
	}
	for _, f := range []command.Field{returned, empty} {
		if len(f.Options) > 0 {
			p.Fields = append(p.Fields, f)
		}
	}
	p.Then = func(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
		return a.configure(c, configureTitle(), changesOf(shown, answers))
	}
	return p
}

// changesOf is what is answered otherwise than it is.
func changesOf(shown []config.Setting, answers command.Answers) config.Changes {
	changes := config.Changes{}
	for _, s := range shown {
		values := valuesOfKey(s.Key, answers[s.Path])
		switch {
		case slices.Contains(answers[fieldReturn], s.Path):
			changes[s.Path] = nil
		case slices.Contains(answers[fieldEmpty], s.Path) && s.Key.Many:
			changes[s.Path] = []string{}
		case slices.Contains(answers[fieldEmpty], s.Path):
			changes[s.Path] = []string{""}
		case len(values) > 0 && !slices.Equal(values, s.Values):
			changes[s.Path] = values
		}
	}
	return changes
}

// valuesOfKey writes answers as the configuration does.
func valuesOfKey(k config.Key, values []string) []string {
	if k.Type != config.Boolean {
		return values
	}
	return []string{fmt.Sprint(slices.Equal(values, []string{"1"}))}
}

// keyField asks for the value of a key, by its type, range and choices.
func keyField(name string, k config.Key, values []string) command.Field {
	_, key, _ := strings.Cut(k.Key, ".")
	f := command.Field{Name: name, Label: text("%s%s", key, rangeOf(k)), Desc: status.Say(k.FR, k.EN), Kind: command.Line, Values: values, Required: len(values) > 0, Bytes: maxKeyBytes}
	switch {
	case k.Many:
		f.Kind = command.Lines
	case k.Type == config.Boolean:
		f.Kind = command.Switch
	case k.Type == config.Choice:
		f.Kind = command.Choice
		for _, c := range k.Choices {
			f.Options = append(f.Options, command.Option{Value: c})
		}
	case k.Type == config.Number:
		f.Kind = command.Number
	case k.Type == config.Address:
		f.Kind = command.Address
	case k.Type == config.Duration:
		f.Pattern, f.Hint = `([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+`, status.Sayf("s'écrit comme 10s, 5m, 12h ou 31d%s.", "is written like 10s, 5m, 12h or 31d%s.", rangeOf(k))
	case k.Type == config.Size:
		f.Pattern, f.Hint = `[0-9]+MiB`, status.Say("s'écrit comme 256MiB.", "is written like 256MiB.")
	}
	return f
}

const maxKeyBytes = 4 << 10 // of one value, as agent/config has it

func rangeOf(k config.Key) string {
	switch {
	case k.Least != "" && k.Most != "":
		return fmt.Sprintf(" (%s – %s)", k.Least, k.Most)
	case k.Least != "":
		return fmt.Sprintf(" (≥ %s)", k.Least)
	}
	return ""
}

// configure puts changes on trial, or says beside each field what is wrong.
func (a *agent) configure(c command.Caller, title status.Words, changes config.Changes) (command.Turn, error) {
	change, faults, err := a.remote.change(c.JID, changes)
	switch {
	case len(faults) > 0:
		return nil, invalid(faults, changes)
	case errors.Is(err, errForbidden):
		return command.Refused(title, status.Say("Votre rôle ne permet pas ce changement.", "Your role does not allow this change.")), nil
	case errors.Is(err, errNoChange):
		return command.Refused(title, status.Say("Rien ne changerait.", "Nothing would change.")), nil
	case errors.Is(err, trial.ErrBusy):
		return command.Refused(title, status.Say("Un autre changement est à l'essai : confirmez-le ou reprenez-le d'abord.", "Another change is on trial: confirm it or take it back first.")), nil
	case errors.Is(err, syscall.ENOSPC):
		a.log.Warn("change from afar not written down", "by", c.Bare(), "error", err)
		return command.Refused(title, status.Say("La carte de l'appareil est pleine : rien n'a changé.", "The device's card is full: nothing has changed.")), nil
	case err != nil:
		return nil, err
	}
	r := command.Done(title, status.Say("À l'essai. L'agent recommence avec ces valeurs ; s'il fonctionne ainsi, il vous le dira : confirmez alors.",
		"On trial. The agent begins anew with these values; when it works so it will tell you: confirm then."))
	r.Columns, r.Rows = differenceColumns(), differenceRows(change)
	return r, nil
}

// invalid is faults beside the fields that they are about; what is about none of them is told of the form.
func invalid(faults []config.Fault, changes config.Changes) command.Invalid {
	said := map[string]status.Words{}
	for _, fault := range faults {
		if _, ours := changes[fault.Path]; !ours {
			fault.Path = ""
		}
		more, before := status.Say(fault.French, fault.Text), said[fault.Path]
		said[fault.Path] = status.Say(strings.TrimLeft(before.FR+" "+more.In("fr")+".", " "), strings.TrimLeft(before.EN+" "+more.EN+".", " "))
	}
	wrong := command.Invalid{}
	for path, sentences := range said {
		wrong[path] = sentences
	}
	return wrong
}

func differenceColumns() []command.Field {
	return []command.Field{column("key", "Clé", "Key"), column("before", "Avant", "Before"), column("after", "Après", "After")}
}

func differenceRows(change trial.Change) [][]string {
	var rows [][]string
	for _, d := range change.Differences {
		rows = append(rows, []string{d.Path, d.Before, d.After})
	}
	return rows
}
