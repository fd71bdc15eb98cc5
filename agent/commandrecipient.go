package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/command"
)

func recipientTitle() status.Words { return status.Say("Destinataires", "Recipients") }

// What can be done about recipients.
const (
	doTest   = "test"
	doPause  = "pause"
	doResume = "resume"
	doRemove = "remove"
	doAdd    = "add"
)

// commandRecipients asks for a recipient and what to do about it.
func (a *agent) commandRecipients(_ context.Context, c command.Caller) (command.Turn, error) {
	who := command.Field{Name: "recipient", Label: status.Say("Destinataire", "Recipient"), Kind: command.Choice}
	for _, r := range a.recipients {
		stats := r.delivery.Stats()
		who.Options = append(who.Options, command.Option{Value: r.name, Label: text("%s · %s · %d", r.name, strings.TrimPrefix(r.place, recipientPrefix), stats.Records)})
	}
	what := command.Field{Name: "do", Label: status.Say("Action", "Action"), Kind: command.Choice, Required: true}
	if len(who.Options) > 0 {
		what.Options = []command.Option{
			{Value: doTest, Label: status.Say("essayer maintenant", "test now")},
			{Value: doPause, Label: status.Say("mettre en pause", "pause")}, {Value: doResume, Label: status.Say("reprendre", "resume")},
		}
	}
	if c.Role >= command.Owner {
		what.Options = append(what.Options, command.Option{Value: doAdd, Label: status.Say("ajouter", "add")})
		if len(who.Options) > 0 {
			what.Options = append(what.Options, command.Option{Value: doRemove, Label: status.Say("retirer", "remove")})
		}
	}
	if len(what.Options) == 0 {
		return command.Done(recipientTitle(), status.Say("Aucun destinataire n'est configuré.", "No recipient is configured.")), nil
	}
	return &command.Page{Title: recipientTitle(), Fields: []command.Field{what, who}, Then: a.doRecipient}, nil
}

func (a *agent) doRecipient(ctx context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
	if answers.One("do") == doAdd {
		return a.addRecipient(), nil
	}
	i := slices.IndexFunc(a.recipients, func(r *outgoing) bool { return r.name == answers.One("recipient") })
	if i < 0 {
		return nil, command.Invalid{"recipient": status.Say("à choisir.", "has to be chosen.")}
	}
	one := a.recipients[i]
	path := config.Path{Table: "recipient", Entry: one.name}
	paused := config.Path{Table: path.Table, Entry: path.Entry, Key: "paused"}.String()
	switch answers.One("do") {
	case doPause:
		return a.configure(c, recipientTitle(), config.Changes{paused: {"true"}})
	case doResume:
		return a.configure(c, recipientTitle(), config.Changes{paused: {"false"}})
	case doRemove:
		return a.configure(c, recipientTitle(), config.Changes{path.String(): {config.Removed}})
	}
	return a.testRecipient(ctx, one), nil
}

// testTime is how long a recipient has to take what waits for it.
const testTime = 20 * time.Second

// testRecipient has a delivery try now, and says how that went. What is sent is what waits: nothing is made up for a test.
func (a *agent) testRecipient(ctx context.Context, one *outgoing) *command.Result {
	before := one.delivery.Stats()
	rouse(one.wake)
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		if now := one.delivery.Stats(); now.Last.After(before.Last) {
			return command.Done(recipientTitle(), status.Sayf("%[1]s a pris %[2]d relevés.", "%[1]s has taken %[2]d readings.", one.name, now.Records-before.Records))
		}
	}
	switch now := one.delivery.Stats(); {
	case one.paused:
		return command.Refused(recipientTitle(), status.Sayf("%s est en pause.", "%s is paused.", one.name))
	case now.Err != nil:
		words := recipientTrouble(now.Err)
		return command.Refused(recipientTitle(), status.Say(one.name+" : "+words.FR, one.name+": "+words.EN))
	}
	return command.Done(recipientTitle(), status.Sayf("Rien n'attend pour %s, ou rien ne lui est accordé.", "Nothing waits for %s, or nothing is granted to it.", one.name))
}

// addRecipient asks for a name and a kind, and then for the keys of that kind.
func (a *agent) addRecipient() *command.Page {
	kind := command.Field{Name: "kind", Label: status.Say("Genre", "Kind"), Kind: command.Choice, Required: true}
	for _, k := range config.Schema() {
		for _, choice := range k.Choices {
			if k.Key == "recipient.kind" {
				kind.Options = append(kind.Options, command.Option{Value: choice})
			}
		}
	}
	return &command.Page{
		Title: recipientTitle(),
		Fields: []command.Field{
			{
				Name: "name", Label: status.Say("Nom", "Name"), Kind: command.Line, Required: true,
				Pattern: "[A-Za-z0-9-]{1,32}", Hint: status.Say("de 1 à 32 lettres sans accent, chiffres ou tirets.", "1 to 32 letters without accents, digits or hyphens."),
				Check: func(name string) command.Text {
					if slices.ContainsFunc(a.recipients, func(r *outgoing) bool { return r.name == name }) {
						return status.Say("ce nom est déjà pris.", "this name is taken already.")
					}
					return nil
				},
			}, kind,
		},
		Then: func(_ context.Context, _ command.Caller, answers command.Answers) (command.Turn, error) {
			return a.newRecipientPage(answers.One("name"), answers.One("kind")), nil
		},
	}
}

// newRecipientPage asks for the keys of a kind.
func (a *agent) newRecipientPage(name, kind string) *command.Page {
	p := &command.Page{
		Title: recipientTitle(), Final: true,
		Instructions: status.Say("Rien ne part vers un nouveau destinataire tant qu'un accord n'est pas donné : il sera demandé.", "Nothing leaves to a new recipient before a consent is given: it will be asked for."),
	}
	var keys []config.Key
	for _, k := range config.Schema() {
		table, key, _ := strings.Cut(k.Key, ".")
		if table != "recipient" || key == "name" || key == "kind" || k.Afar == config.Nobody || k.Secret || len(k.Kinds) > 0 && !slices.Contains(k.Kinds, kind) {
			continue
		}
		keys = append(keys, k)
		var values []string
		if k.Default != "" {
			values = []string{k.Default}
		}
		p.Fields = append(p.Fields, keyField(fmt.Sprintf("recipient[%s].%s", name, key), k, values))
	}
	p.Then = func(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
		changes := config.Changes{fmt.Sprintf("recipient[%s].kind", name): {kind}}
		for i, k := range keys {
			values := valuesOfKey(k, answers[p.Fields[i].Name])
			if len(values) > 0 && !slices.Equal(values, []string{k.Default}) {
				changes[p.Fields[i].Name] = values
			}
		}
		return a.configure(c, recipientTitle(), changes)
	}
	return p
}
