package main

import (
	"context"
	"errors"
	"time"

	"releve/agent/status"
	"releve/federation/command"
	"releve/federation/xmpp"
)

// passwordTime bounds what the server takes to change a password.
const passwordTime = time.Minute

func passwordTitle() status.Words {
	return status.Say("Changer le mot de passe", "Change the password")
}

// commandPassword asks whether it is meant, and has the server take another password, which nobody sees.
func (a *agent) commandPassword(context.Context, command.Caller) (command.Turn, error) {
	return &command.Page{
		Title: passwordTitle(), Final: true,
		Instructions: status.Say("L'agent choisit un nouveau mot de passe pour son compte et l'essaie ; l'ancien est gardé jusqu'à ce que le nouveau ait servi. Personne ne le voit.",
			"The agent chooses a new password for its account and tries it; the old one is kept until the new one has worked. Nobody sees it."),
		Then: func(ctx context.Context, c command.Caller, _ command.Answers) (command.Turn, error) {
			return a.rotate(ctx, c)
		},
	}, nil
}

// rotate writes the new password down, then has the server take it, then logs in with it, and only then forgets the old.
func (a *agent) rotate(ctx context.Context, c command.Caller) (command.Turn, error) {
	ctx, cancel := context.WithTimeout(ctx, passwordTime)
	defer cancel()
	old, err := a.keyring.held()
	if err != nil {
		return nil, err
	}
	if err := a.changed(c, "password of the federation", "", ""); err != nil {
		return nil, err
	}
	next, err := a.keyring.offer()
	if err != nil {
		return nil, errors.Join(err, a.keyring.close(old))
	}
	var refused *xmpp.StanzaError
	switch err := a.session.ChangePassword(ctx, next); {
	case errors.As(err, &refused):
		a.log.Warn("password not changed", "error", err)
		return command.Refused(passwordTitle(), status.Sayf("Le serveur ne change pas le mot de passe : %s.", "The server does not change the password: %s.", refused)), a.keyring.close(old)
	case err != nil:
		a.log.Warn("password perhaps not changed", "error", err)
		return command.Refused(passwordTitle(), status.Say("Le serveur n'a pas répondu ; l'agent essaiera les deux mots de passe.", "The server did not answer; the agent will try both passwords.")), a.keyring.close("")
	}
	if err := loginAs(ctx, *a.cfg.Federation, next); err != nil {
		a.log.Error("no login with the new password", "error", err)
		return command.Refused(passwordTitle(), status.Sayf("Le serveur a dit oui, mais une connexion avec le nouveau mot de passe a échoué : %s. L'agent essaiera les deux.", "The server said yes, but a login with the new password failed: %s. The agent will try both.", err)), a.keyring.close("")
	}
	a.log.Info("password changed", "by", c.Bare())
	return command.Done(passwordTitle(), status.Say("Le mot de passe a changé, et une connexion avec le nouveau a réussi.", "The password has changed, and a login with the new one succeeded.")), a.keyring.close(next)
}
