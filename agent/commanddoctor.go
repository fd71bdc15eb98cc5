package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"releve/agent/doctor"
	"releve/agent/status"
	"releve/federation/command"
)

// diagnosisTime bounds an examination: who asked waits for it.
const diagnosisTime = 20 * time.Second

// commandDoctor examines the machine as releve doctor does. The lines are not listened to: this agent reads them, and what
// it hears is looked at instead.
func (a *agent) commandDoctor(ctx context.Context, c command.Caller) (command.Turn, error) {
	ctx, cancel := context.WithTimeout(ctx, diagnosisTime)
	defer cancel()
	var report bytes.Buffer
	if err := doctor.Report(&report, a.exam().Checks(ctx).Run(), c.Lang); err != nil {
		return nil, err
	}
	return &command.Result{Title: status.Say("Diagnostic", "Diagnose"), Fields: []command.Field{{
		Name: "report", Label: status.Say("Rapport", "Report"), Kind: command.Lines,
		Values: strings.Split(strings.TrimRight(report.String(), "\n"), "\n"),
	}}}, nil
}

// errOurs is why a line is not listened to.
var errOurs = errors.New("this agent reads it")

// exam is what an agent that runs can look at.
func (a *agent) exam() doctor.Exam {
	e := doctorVerb{}.about(doctor.Exam{Host: doctor.ThisHost()}, a.cfg)
	for i := range e.Meters {
		e.Meters[i].Listen = func(context.Context) (*doctor.Hearing, error) { return nil, errOurs }
	}
	e.Page = &doctor.Page{
		Address: a.cfg.Status.Listen,
		Ask:     func(context.Context) (status.Snapshot, error) { return a.snapshot(), nil },
		Free:    func(context.Context) error { return errOurs },
	}
	return e
}
