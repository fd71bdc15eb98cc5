package main

import (
	"context"
	"errors"

	"releve/agent/pairing"
	"releve/agent/status"
	"releve/federation/command"
)

func claimTitle() status.Words {
	return status.Say("Devenir propriétaire de l'appareil", "Become the owner of the device")
}

// commandClaim asks for the code that the device shows. Everybody sees it, as long as nobody has a role.
func (a *agent) commandClaim(context.Context, command.Caller) (command.Turn, error) {
	return &command.Page{
		Title: claimTitle(), Final: true,
		Instructions: status.Say("Le code est sur la page locale de l'appareil, dans son journal, dans releve-code.txt sur la partition de démarrage d'un Raspberry Pi, et releve config code l'y affiche.",
			"The code is on the device's local page, in its log, in releve-code.txt on the boot partition of a Raspberry Pi, and releve config code prints it there."),
		Fields: []command.Field{{Name: "code", Label: status.Say("Code", "Code"), Kind: command.Line, Required: true, Bytes: 64}},
		Then:   a.claimed,
	}, nil
}

func (a *agent) claimed(_ context.Context, c command.Caller, given command.Answers) (command.Turn, error) {
	switch err := a.remote.claim(c.JID, given.One("code")); {
	case errors.Is(err, pairing.ErrWrong):
		return command.Refused(claimTitle(), status.Say("Ce n'est pas le code que montre l'appareil.", "This is not the code that the device shows.")), nil
	case errors.Is(err, pairing.ErrTooMany):
		return command.Refused(claimTitle(), status.Say("Trop d'essais : attendez une heure.", "Too many tries: wait an hour.")), nil
	case errors.Is(err, pairing.ErrClaimed), errors.Is(err, errClosed):
		return command.Refused(claimTitle(), status.Say("Cet appareil a déjà quelqu'un.", "This device has somebody already.")), nil
	case err != nil:
		return nil, err
	}
	return command.Done(claimTitle(), status.Say("Vous êtes propriétaire de cet appareil. Les commandes sont là dans quelques secondes.", "You are the owner of this device. Its commands are there in some seconds.")), nil
}
