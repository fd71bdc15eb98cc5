package main

import (
	"context"
	"errors"
	"time"

	"releve/agent/status"
	"releve/agent/trial"
	"releve/federation/command"
)

func confirmTitle() status.Words {
	return status.Say("Confirmer un changement", "Confirm a change")
}

// What can be answered to a change on trial.
const (
	answerKeep   = "keep"
	answerReturn = "return"
)

// commandConfirm shows the change on trial, and asks whether it stays.
func (a *agent) commandConfirm(context.Context, command.Caller) (command.Turn, error) {
	change, left, ok := a.remote.current()
	if !ok {
		return command.Done(confirmTitle(), a.lastOutcome()), nil
	}
	var list []string
	for _, row := range differenceRows(change) {
		list = append(list, row[0]+": "+row[1]+" → "+row[2])
	}
	answer := command.Field{Name: "answer", Label: status.Say("Réponse", "Answer"), Kind: command.Choice, Required: true, Options: []command.Option{
		{Value: answerKeep, Label: status.Say("garder le changement", "keep the change")},
		{Value: answerReturn, Label: status.Say("revenir à avant", "return to what was before")},
	}}
	return &command.Page{
		Title: confirmTitle(), Final: true, Notes: []command.Note{{Severity: command.Info, Text: stageWords(change.Stage, left)}},
		Fields: []command.Field{
			{Name: "change", Label: status.Sayf("Demandé par %s", "Asked for by %s", change.By), Kind: command.Fixed, Values: list},
			{Name: "id", Kind: command.Hidden, Values: []string{change.ID}}, answer,
		},
		Then: a.confirm,
	}, nil
}

// stageWords says how far a change on trial is.
func stageWords(stage trial.Stage, left time.Duration) status.Words {
	seconds := max(0, int(left/time.Second))
	if stage == trial.Proved {
		return status.Sayf("Tout fonctionne ; sans confirmation, l'ancienne configuration revient dans %d s.", "All works; without a confirmation the configuration before it returns in %d s.", seconds)
	}
	return status.Sayf("Le changement n'a pas encore fait ses preuves ; il a encore %d s.", "The change has not proved itself yet; it has another %d s.", seconds)
}

// lastOutcome says what became of the last change.
func (a *agent) lastOutcome() status.Words {
	past := a.remote.trials.Past()
	if len(past) == 0 {
		return status.Say("Aucun changement n'est à l'essai.", "No change is on trial.")
	}
	last := past[len(past)-1]
	if last.Confirmed {
		return status.Say("Aucun changement n'est à l'essai ; le dernier est gardé.", "No change is on trial; the last one stays.")
	}
	fr, en := whyReturned(last)
	return status.Say("Aucun changement n'est à l'essai ; le dernier a été repris : "+fr+".", "No change is on trial; the last one was taken back: "+en+".")
}

func (a *agent) confirm(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
	change, _, ok := a.remote.current()
	if !ok || change.ID != answers.One("id") {
		return command.Refused(confirmTitle(), a.lastOutcome()), nil
	}
	done := status.Say("Le changement est gardé.", "The change stays.")
	var err error
	if answers.One("answer") == answerKeep {
		_, err = a.remote.confirm(c.JID)
	} else {
		done = status.Say("L'ancienne configuration revient.", "The configuration before it returns.")
		err = a.remote.takeBack(c.JID)
	}
	switch {
	case errors.Is(err, errForbidden):
		return command.Refused(confirmTitle(), status.Say("Votre rôle ne permet pas cela.", "Your role does not allow that.")), nil
	case errors.Is(err, trial.ErrUnproved):
		return command.Refused(confirmTitle(), status.Say("Le changement n'a pas encore fait ses preuves ; réessayez dans un moment.", "The change has not proved itself yet; try again in a moment.")), nil
	case errors.Is(err, trial.ErrNone):
		return command.Refused(confirmTitle(), a.lastOutcome()), nil
	case err != nil:
		return nil, err
	}
	return command.Done(confirmTitle(), done), nil
}
