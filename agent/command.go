package main

import (
	"fmt"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/command"
	"releve/federation/xmpp"
)

// openDoor offers what those with a role may do from afar, in the order in which it is listed.
func (a *agent) openDoor() {
	a.door = &command.Door{Roles: a.roleOf, Log: a.log}
	a.door.Offer(a.session,
		command.Command{Node: "status", Title: status.Say("État de l'agent", "How the agent does"), Least: command.Reader, Begin: a.commandStatus},
		command.Command{Node: "config", Title: configTitle(), Least: command.Reader, Begin: a.commandConfig},
		command.Command{Node: "doctor", Title: status.Say("Diagnostic", "Diagnose"), Least: command.Reader, Begin: a.commandDoctor},
		command.Command{Node: "log", Title: status.Say("Dernières lignes du journal", "Latest lines of the log"), Least: command.Reader, Begin: a.commandLog},
		command.Command{Node: "configure", Title: configureTitle(), Least: command.Operator, Begin: a.commandConfigure},
		command.Command{Node: "confirm", Title: confirmTitle(), Least: command.Operator, Begin: a.commandConfirm},
		command.Command{Node: "meters", Title: meterTitle(), Least: command.Operator, Begin: a.commandMeters},
		command.Command{Node: "recipients", Title: recipientTitle(), Least: command.Operator, Begin: a.commandRecipients},
		command.Command{Node: "trace", Title: status.Say("Suivre un compteur en direct", "Follow a meter live"), Least: command.Owner, Begin: a.commandTrace},
		command.Command{Node: "export", Title: status.Say("Exporter des relevés", "Export readings"), Least: command.Owner, Begin: a.commandExport},
		command.Command{Node: "erase", Title: eraseTitle(), Least: command.Owner, Begin: a.commandErase},
		command.Command{Node: "consents", Title: consentTitle(), Least: command.Owner, Begin: a.commandConsents},
		command.Command{Node: "password", Title: passwordTitle(), Least: command.Owner, Begin: a.commandPassword},
		command.Command{Node: "update", Title: updateTitle(), Least: command.Owner, Begin: a.commandUpdate},
		command.Command{Node: "restart", Title: status.Say("Redémarrer l'agent", "Restart the agent"), Least: command.Operator, Begin: a.commandRestart},
		command.Command{Node: "get_catalogue", Title: catalogueTitle(), Least: command.Nobody, Begin: a.commandCatalogue},
		command.Command{Node: "request_consent", Title: requestTitle(), Least: command.Nobody, Begin: a.commandRequest},
	)
	if len(a.cfg.Issuers) > 0 {
		a.door.Offer(a.session, command.Command{Node: "present_consent", Title: presentTitle(), Least: command.Nobody, Begin: a.commandPresent})
	}
	if a.remote != nil && a.remote.code() != "" {
		a.door.Offer(a.session, command.Command{Node: "claim", Title: claimTitle(), Least: command.Nobody, Begin: a.commandClaim})
	}
}

// roleOf is the role that the configuration gives an address.
func (a *agent) roleOf(of xmpp.JID) command.Role {
	roles := map[config.Role]command.Role{config.Reader: command.Reader, config.Operator: command.Operator, config.Owner: command.Owner}
	return roles[a.cfg.Federation.Roles.Of(of)]
}

// changed writes an accepted change into the ledger, before it holds: what cannot be recorded is not done.
func (a *agent) changed(c command.Caller, what, before, after string) error {
	return a.notary.Changed(c.Bare(), what, before, after)
}

// text says the same in every language: a name, a number, an error.
func text(format string, args ...any) status.Words {
	s := fmt.Sprintf(format, args...)
	return status.Say(s, s)
}

// answerField is a line of a result.
func answerField(name, fr, en, value string) command.Field {
	return command.Field{Name: name, Label: status.Say(fr, en), Kind: command.Line, Values: []string{value}}
}

// column is one of a table.
func column(name, fr, en string) command.Field {
	return command.Field{Name: name, Label: status.Say(fr, en), Kind: command.Line}
}
