package doctor

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"releve/agent/status"
)

// Relay is a system outside the federation that readings go to or come from.
type Relay struct {
	Name   string // "recipient NAME" or "source NAME"
	Paused bool   // nothing is sent to it
	Files  error  // why its secrets or its authorities cannot be read, or nil
	Ends   []End
}

// End is one way into a relay's system.
type End struct {
	Name    string                               // "server", "api", "account" or "data"
	Examine func(context.Context) status.Finding // asks, and stores nothing there
}

// endPatience bounds the exam of an end. All are examined at once.
const endPatience = 10 * time.Second

// relays is the tree of all relays, which are examined when it is run. One that has a single end is that end.
func (e Exam) relays(ctx context.Context) *status.Check {
	found := make([][]status.Finding, len(e.Relays))
	all := status.Named("relays", func() status.Finding {
		e.reach(ctx, found)
		return status.Finding{}
	})
	for i, r := range e.Relays {
		if len(r.Ends) == 1 {
			all.Then(status.Named(r.Name, func() status.Finding { return r.heading(found[i][0]) }))
			continue
		}
		one := status.Named(r.Name, func() status.Finding { return r.heading(status.Finding{}) })
		for j, end := range r.Ends {
			one.Then(status.Named(end.Name, func() status.Finding { return found[i][j] }))
		}
		all.Then(one)
	}
	return all
}

// reach examines all ends of all relays whose files can be read, at once.
func (e Exam) reach(ctx context.Context, found [][]status.Finding) {
	ctx, cancel := context.WithTimeout(ctx, endPatience)
	defer cancel()
	var going sync.WaitGroup
	for i, r := range e.Relays {
		found[i] = make([]status.Finding, len(r.Ends))
		if r.Files != nil {
			continue
		}
		for j, end := range r.Ends {
			going.Go(func() { found[i][j] = end.Examine(ctx) })
		}
	}
	going.Wait()
}

// heading says what there is to say of a relay as a whole: f, unless nobody was asked.
func (r Relay) heading(f status.Finding) status.Finding {
	switch {
	case errors.Is(r.Files, os.ErrPermission):
		f = status.Finding{
			State:  status.Waiting,
			Text:   status.Say("Ses secrets ne sont pas lisibles par vous ; c'est bien ainsi, mais rien n'a été vérifié.", "You cannot read its secrets; that is as it should be, but nothing was checked."),
			Advice: status.Say("Pour le vérifier : sudo releve doctor", "To check it: sudo releve doctor"),
			Detail: r.Files.Error(),
		}
	case r.Files != nil:
		f = status.Finding{
			State:  status.Fault,
			Text:   status.Say("Un fichier qu'il lui faut manque ou n'est pas bon.", "A file that it needs is missing or wrong."),
			Advice: status.Say("Corrigez le fichier nommé ci-dessous.", "Mend the file named below."),
			Detail: r.Files.Error(),
		}
	}
	if r.Paused {
		f.Text.FR, f.Text.EN = joined(f.Text.FR, "En pause : rien ne lui est envoyé."), joined(f.Text.EN, "Paused: nothing is sent to it.")
	}
	return f
}

func joined(before, sentence string) string {
	if before == "" {
		return sentence
	}
	return before + " " + sentence
}
