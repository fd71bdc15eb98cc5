package main

import (
	"context"

	"releve/agent/status"
	"releve/federation/command"
)

// maxLogAnswer bounds the lines of one answer, in bytes.
const maxLogAnswer = 30_000

// commandLog asks how many lines, and shows them.
func (a *agent) commandLog(context.Context, command.Caller) (command.Turn, error) {
	title := status.Say("Dernières lignes du journal", "Latest lines of the log")
	return &command.Page{
		Title: title, Final: true,
		Fields: []command.Field{{
			Name: "lines", Label: status.Say("Nombre de lignes", "Number of lines"), Kind: command.Number,
			Least: 1, Most: maxLogLines, Values: []string{"50"}, Required: true,
		}},
		Then: func(_ context.Context, _ command.Caller, answers command.Answers) (command.Turn, error) {
			lines := a.lines.last(int(answers.Number("lines")))
			shown, cut := lastOf(lines, maxLogAnswer)
			r := &command.Result{Title: title, Fields: []command.Field{
				{Name: "log", Label: status.Say("Journal", "Log"), Kind: command.Lines, Values: shown},
			}}
			if cut {
				r.Notes = []command.Note{{Severity: command.Warn, Text: status.Sayf("Seules les %d dernières lignes tiennent dans une réponse.", "Only the latest %d lines fit into an answer.", len(shown))}}
			}
			return r, nil
		},
	}, nil
}

// lastOf is the last lines that have at most so many bytes, and whether there are more.
func lastOf(lines []string, most int) (last []string, cut bool) {
	size, from := 0, len(lines)
	for from > 0 && size+len(lines[from-1]) <= most {
		from--
		size += len(lines[from])
	}
	return lines[from:], from > 0
}
