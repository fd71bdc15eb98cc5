package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"releve/agent/status"
	"releve/federation/command"
)

func catalogueTitle() status.Words {
	return status.Say("Catalogue des relevés", "Catalogue of readings")
}

// maxCatalogueBytes bounds one answer, which has to fit into a stanza.
const maxCatalogueBytes = 30_000

// commandCatalogue lists what the caller could obtain now; to who has no consent in force, what can be asked for.
func (a *agent) commandCatalogue(_ context.Context, c command.Caller) (command.Turn, error) {
	return &command.Page{
		Title: catalogueTitle(), Final: true,
		Instructions: status.Say("Une longue liste vient en plusieurs réponses, qui disent d'où continuer.", "A long list comes in several answers, which say where to go on."),
		Fields: []command.Field{
			{Name: "after", Label: status.Say("Continuer après", "Go on after"), Kind: command.Line, Bytes: 256},
		},
		Then: a.catalogued,
	}, nil
}

func (a *agent) catalogued(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
	r := &command.Result{Title: catalogueTitle()}
	all, err := a.catalogue(c.Bare())
	if err != nil {
		return nil, err
	}
	key := func(o offered) string { return o.Identifier }
	r.Columns = []command.Field{column("identifier", "Identifiant", "Identifier")}
	if !a.book.Knows(c.Bare()) {
		all, key = a.kinds(), func(o offered) string { return o.Path }
		r.Columns = nil
		r.Notes = []command.Note{{Severity: command.Info, Text: status.Say(
			"Aucun accord n'est en vigueur pour vous : voici ce que tout agent sait mesurer, et que request_consent peut demander.",
			"No consent is in force for you: this is what any agent can measure, and what request_consent can ask for.")}}
	}
	granted := len(r.Columns) > 0
	r.Columns = append(r.Columns, catalogueColumns(granted)...)
	size := 0
	for i, o := range all {
		if key(o) <= answers.One("after") {
			continue
		}
		row := o.row(granted)
		if size += rowBytes(row); size > maxCatalogueBytes && i > 0 {
			last := key(all[i-1])
			r.Fields = append(r.Fields, answerField("next", "Continuer après", "Go on after", last))
			r.Notes = append(r.Notes, command.Note{Severity: command.Warn, Text: status.Sayf("Il y en a davantage : continuez après %s.", "There is more: go on after %s.", last)})
			break
		}
		r.Rows = append(r.Rows, row)
	}
	return r, nil
}

func catalogueColumns(granted bool) []command.Field {
	columns := []command.Field{
		column("path", "Série", "Series"), column("title_fr", "Nom en français", "Title in French"), column("title_en", "Nom en anglais", "Title in English"),
		column("unit", "Unité (SenML)", "Unit (SenML)"), column("sample", "Exemple inventé", "Made-up sample"),
	}
	if granted {
		columns = append(columns,
			column("resolution", "Au plus fin", "The finest"), column("from", "Depuis", "From"), column("to", "Jusqu'à", "To"),
			column("consent", "Accord", "Consent"), column("purpose", "Usage", "Purpose"), column("retention", "Conservation chez vous", "You may keep it for"),
			column("until", "Fin de l'accord", "End of the consent"), column("origin", "Origine", "Origin"))
	}
	return columns
}

// row is what the columns say, in their order.
func (o offered) row(granted bool) []string {
	row := []string{o.Path, o.TitleFR, o.TitleEN, o.Unit, o.Sample}
	if !granted {
		return row
	}
	row = slices.Concat([]string{o.Identifier}, row)
	return append(row, o.Resolution, dayTime(o.From), dayTime(o.To), o.Consent, o.Purpose, o.Retention, o.Until, o.Origin)
}

func dayTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// rowBytes is what a row takes on its way, its markup and the escapes of a sample's quotes included.
func rowBytes(row []string) int {
	size := 0
	for _, cell := range row {
		size += len(`<field var="title_fr"><value></value></field>`) + len(cell) + len("&#34;")*strings.Count(cell, `"`)
	}
	return size
}
