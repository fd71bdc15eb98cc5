package main

import (
	"context"
	"errors"
	"time"

	"releve/agent/status"
	"releve/federation/command"
)

// maxTraceMinutes is how long a meter is followed at most.
const maxTraceMinutes = 5

// commandTrace asks what to follow, and has it told to the caller's client.
func (a *agent) commandTrace(context.Context, command.Caller) (command.Turn, error) {
	title := status.Say("Suivre un compteur en direct", "Follow a meter live")
	if len(a.meters) == 0 {
		return command.Refused(title, status.Say("Aucun compteur n'est configuré.", "No meter is configured.")), nil
	}
	return &command.Page{
		Title: title, Final: true,
		Instructions: status.Say("Ce que dit le compteur arrive en messages, toutes les 5 secondes, sans son adresse.", "What the meter says comes in messages, every 5 seconds, without its address."),
		Fields: []command.Field{
			a.meterField(),
			{Name: "what", Label: status.Say("Quoi", "What"), Kind: command.Choice, Required: true, Values: []string{"values"}, Options: []command.Option{
				{Value: "values", Label: status.Say("les valeurs enregistrées", "the values that are recorded")},
				{Value: "frames", Label: status.Say("les trames entières", "whole frames")},
			}},
			{Name: "minutes", Label: status.Say("Minutes", "Minutes"), Kind: command.Number, Least: 1, Most: maxTraceMinutes, Values: []string{"5"}, Required: true},
		},
		Then: a.trace,
	}, nil
}

func (a *agent) trace(ctx context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
	title := status.Say("Suivre un compteur en direct", "Follow a meter live")
	m, minutes := a.meter(answers.One("meter")), answers.Number("minutes")
	one := &trace{
		to: c.JID, meter: m, frames: answers.One("what") == "frames", length: time.Duration(minutes) * time.Minute,
		farewell: c.Say(status.Say("Fin du suivi.", "End of the trace.")),
	}
	switch err := a.tracer.follow(ctx, one); {
	case errors.Is(err, errTraced):
		return command.Refused(title, status.Say("Ce client suit déjà un compteur ; attendez la fin.", "This client follows a meter already; wait for the end.")), nil
	case errors.Is(err, errTraces):
		return command.Refused(title, status.Say("D'autres suivent déjà ; réessayez dans quelques minutes.", "Others follow already; try again in some minutes.")), nil
	case err != nil:
		return nil, err
	}
	a.log.Info("trace begun", "meter", m.cfg.Name, "to", c.Bare())
	return command.Done(title, status.Sayf("Le compteur %[1]s est suivi pendant %[2]d minute(s).", "The meter %[1]s is followed for %[2]d minute(s).", m.cfg.Name, minutes)), nil
}

// meterField asks for one of the meters.
func (a *agent) meterField() command.Field {
	f := command.Field{Name: "meter", Label: status.Say("Compteur", "Meter"), Kind: command.Choice, Required: true}
	for _, m := range a.meters {
		f.Options = append(f.Options, command.Option{Value: m.cfg.Name})
	}
	if len(a.meters) > 0 {
		f.Values = []string{a.meters[0].cfg.Name}
	}
	return f
}

// meter finds a meter by its name.
func (a *agent) meter(name string) *meter {
	for _, m := range a.meters {
		if m.cfg.Name == name {
			return m
		}
	}
	return nil
}
