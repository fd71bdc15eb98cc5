package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"releve/agent/status"
	"releve/federation/command"
)

func eraseTitle() status.Words { return status.Say("Effacer des relevés", "Erase readings") }

// What an owner may have erased from afar.
const (
	eraseAll    = "all"
	erasePeriod = "period"
	eraseSeries = "series"
)

// maxGlobs is how many lines of globs are taken.
const maxGlobs = 20

// commandErase asks what is to go, shows how much that is, and erases it once that is confirmed.
func (a *agent) commandErase(context.Context, command.Caller) (command.Turn, error) {
	moment := func(name, fr, en string) command.Field {
		return command.Field{Name: name, Label: status.Say(fr, en), Kind: command.Line, Bytes: 64, Check: a.moment}
	}
	return &command.Page{
		Title: eraseTitle(),
		Instructions: status.Say("La page suivante dit ce qui serait effacé, et demande confirmation. Les heures partent entières.",
			"The next page says what would be erased, and asks you to confirm. Hours go whole."),
		Fields: []command.Field{
			{Name: "what", Label: status.Say("Quoi", "What"), Kind: command.Choice, Required: true, Values: []string{erasePeriod}, Options: []command.Option{
				{Value: eraseAll, Label: status.Say("tous les relevés", "all readings")},
				{Value: erasePeriod, Label: status.Say("toutes les séries, d'une période", "all series, of a period")},
				{Value: eraseSeries, Label: status.Say("des séries, d'une période ou en entier", "some series, of a period or whole")},
			}},
			{Name: "series", Label: status.Say("Séries, * remplace tout (une par ligne)", "Series, * stands for anything (one a line)"), Kind: command.Lines, Bytes: 256},
			moment("from", "Depuis (2026-11-01, 2026-11-01T12:30 ou -7d)", "From (2026-11-01, 2026-11-01T12:30 or -7d)"),
			moment("to", "Jusqu'à, exclu", "To, excluded"),
		},
		Then: func(ctx context.Context, _ command.Caller, answers command.Answers) (command.Turn, error) {
			what, err := a.erasureOf(answers)
			if err != nil {
				return nil, err
			}
			sum, err := a.erasable(ctx, what)
			if err != nil {
				return nil, command.Invalid{"": text("%s.", err)}
			}
			return a.erasePage(what, sum), nil
		},
	}, nil
}

// erasureOf is what a form says. What it leaves out of a choice is asked for, and what does not go with it is refused: too
// much would be gone.
func (a *agent) erasureOf(answers command.Answers) (erasure, error) {
	what := erasure{Series: answers["series"]}
	var err error
	for _, end := range []struct {
		name string
		at   *time.Time
	}{{"from", &what.From}, {"to", &what.To}} {
		if said := answers.One(end.name); said != "" {
			var bad error
			*end.at, bad = parseMoment(said, a.now(), a.cfg.Agent.Location)
			err = errors.Join(err, bad)
		}
	}
	bounded := !what.From.IsZero() || !what.To.IsZero()
	chosen := answers.One("what")
	switch {
	case err != nil:
		return what, err
	case len(what.Series) > maxGlobs:
		return what, command.Invalid{"series": status.Sayf("au plus %d lignes.", "at most %d lines.", maxGlobs)}
	case chosen == eraseAll && (bounded || len(what.Series) > 0):
		return what, command.Invalid{"what": status.Say("tout ne va pas avec des séries ou une période : videz-les, ou choisissez autre chose.", "all does not go with series or a period: leave them empty, or choose something else.")}
	case chosen == erasePeriod && len(what.Series) > 0:
		return what, command.Invalid{"series": status.Say("à laisser vide pour toutes les séries.", "to be left empty for all series.")}
	case chosen == erasePeriod && !bounded:
		return what, command.Invalid{"from": status.Say("donnez un début ou une fin.", "give a beginning or an end.")}
	case chosen == eraseSeries && len(what.Series) == 0:
		return what, command.Invalid{"series": status.Say("à remplir.", "has to be filled in.")}
	}
	return what, nil
}

// erasePage shows what would go.
func (a *agent) erasePage(what erasure, sum erased) command.Turn {
	shown := sum.Series[:min(len(sum.Series), shownSeries)]
	if more := len(sum.Series) - len(shown); more > 0 {
		shown = append(slices.Clone(shown), fmt.Sprintf("+ %d", more))
	}
	fixed := func(name, fr, en string, values ...string) command.Field {
		return command.Field{Name: name, Label: status.Say(fr, en), Kind: command.Fixed, Values: values}
	}
	page := &command.Page{
		Title: eraseTitle(), Final: true,
		Instructions: status.Say("Cela ne peut pas être défait. L'agent recommence ensuite avec une mémoire vide.", "It cannot be undone. The agent begins anew afterwards, with an empty memory."),
		Fields: []command.Field{
			fixed("readings", "Relevés", "Readings", fmt.Sprint(sum.Readings)),
			fixed("rollups", "Valeurs agrégées", "Roll-ups", fmt.Sprint(sum.RollUps)),
			fixed("series", "Séries touchées", "Series concerned", shown...),
			{Name: "sure", Label: status.Say("Effacer pour de bon", "Erase for good"), Kind: command.Choice, Required: true, Values: []string{"no"}, Options: []command.Option{
				{Value: "no", Label: status.Say("non", "no")}, {Value: "erase", Label: status.Say("oui, effacer", "yes, erase")},
			}},
		},
	}
	if len(sum.Aside) > 0 {
		page.Notes = []command.Note{{Severity: command.Warn, Text: status.Sayf("Les dépôts endommagés mis de côté (%d) partent entiers.", "Damaged stores that were set aside (%d) go whole.", len(sum.Aside))}}
	}
	if len(sum.Tell) > 0 {
		page.Notes = append(page.Notes, command.Note{Severity: command.Warn, Text: status.Sayf("À prévenir vous-même, pour qu'ils effacent aussi : %s.", "To be told by you, so that they erase too: %s.", strings.Join(sum.Tell, ", "))})
	}
	page.Then = func(ctx context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
		if answers.One("sure") != "erase" {
			return command.Done(eraseTitle(), status.Say("Rien n'a été effacé.", "Nothing was erased.")), nil
		}
		gone, err := a.erase(ctx, what, c.Bare())
		if err != nil {
			a.log.Warn("readings not erased", "by", c.Bare(), "error", err)
			return command.Refused(eraseTitle(), text("%s.", strings.TrimSuffix(err.Error(), "."))), nil
		}
		return command.Done(eraseTitle(), status.Sayf("%[1]d relevés et %[2]d valeurs agrégées sont effacés.", "%[1]d readings and %[2]d roll-ups are erased.", gone.Readings, gone.RollUps)), nil
	}
	return page
}
