package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"releve/agent/status"
	"releve/federation/command"
)

// commandStatus shows the tree that the page shows.
func (a *agent) commandStatus(_ context.Context, c command.Caller) (command.Turn, error) {
	s := a.snapshot()
	tree, err := s.Health.Tell(c.Lang)
	if err != nil {
		return nil, err
	}
	r := healthResult(status.Say("État de l'agent", "How the agent does"), tree)
	r.Fields = []command.Field{
		answerField("version", "Version", "Version", s.Version),
		answerField("started", "Démarré", "Started", s.Started.Format(time.RFC3339)),
		answerField("health", "En tout", "In all", s.Health.Worst().String()),
		answerField("packs", "Paquets gardés", "Packs kept", fmt.Sprint(s.Buffer.Packs)),
		answerField("forbidden", "Commandes refusées à qui n'a pas de rôle", "Commands forbidden to who has no role", fmt.Sprint(a.door.Stats().Forbidden)),
		answerField("crowded", "Demandes d'accord restées sans place", "Requests for a consent that found no room", fmt.Sprint(a.notary.turnedAway())),
	}
	return r, nil
}

// healthResult is a tree as a table; what is below another thing is set in.
func healthResult(title status.Words, tree []status.Told) *command.Result {
	r := &command.Result{Title: title, Columns: []command.Field{
		column("check", "Contrôle", "Check"), column("state", "État", "State"),
		column("text", "Constat", "Finding"), column("advice", "Que faire", "What to do"),
	}}
	for _, n := range tree {
		said := n.Text
		if n.Detail != "" {
			said = strings.TrimSpace(said + " (" + n.Detail + ")")
		}
		r.Rows = append(r.Rows, []string{strings.Repeat("· ", n.Depth) + n.Title, n.State, said, n.Advice})
	}
	return r
}
