package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"releve/agent/status"
	"releve/federation/command"
)

// errRestart is why an agent stops that is to begin anew as another process.
var errRestart = errors.New("a restart was asked for")

// commandRestart asks whether it is meant, and has the agent begin anew.
func (a *agent) commandRestart(context.Context, command.Caller) (command.Turn, error) {
	title := status.Say("Redémarrer l'agent", "Restart the agent")
	return &command.Page{
		Title: title, Final: true,
		Instructions: status.Say("Ce qui a été lu est enregistré, puis le programme recommence. Rien n'est perdu que quelques secondes de mesure.", "What was read is stored, then the program begins anew. Nothing is lost but some seconds of measuring."),
		Then: func(_ context.Context, c command.Caller, _ command.Answers) (command.Turn, error) {
			if err := a.changed(c, "restart", "", "restart"); err != nil {
				return nil, err
			}
			a.afterAnswers(func() { a.rest(errRestart) })
			return command.Done(title, status.Say("L'agent redémarre.", "The agent restarts.")), nil
		},
	}, nil
}

// reexec becomes the program anew, with the same process number, arguments and environment: with systemd or without, and
// with the program that is installed now.
func reexec() error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	if err := syscall.Exec(program, os.Args, os.Environ()); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return nil
}
