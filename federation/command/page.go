package command

import (
	"context"
	"slices"

	"releve/federation/xmpp"
)

// Turn is what a command says next: a *Page or a *Result.
type Turn interface{ said() }

// Page is one form of a dialogue.
type Page struct {
	Title, Instructions Text
	Fields              []Field
	Notes               []Note
	Final               bool // what follows is the deed, or the end
	Then                func(ctx context.Context, c Caller, a Answers) (Turn, error)
}

// Result is the end of a dialogue.
type Result struct {
	Title   Text
	Notes   []Note
	Fields  []Field // of what is found; without a table
	Columns []Field
	Rows    [][]string
	Payload []*xmpp.Element // for programs
}

func (*Page) said()   {}
func (*Result) said() {}

// Note is a sentence beside a form (XEP-0050 §3.2).
type Note struct {
	Severity string // Info, Warn or Error
	Text     Text
}

// The severities of notes.
const (
	Info  = "info"
	Warn  = "warn"
	Error = "error"
)

// Done is a result of one sentence.
func Done(title, sentence Text) *Result {
	return &Result{Title: title, Notes: []Note{{Info, sentence}}}
}

// Refused is a result that says why the deed was not done.
func Refused(title, sentence Text) *Result {
	return &Result{Title: title, Notes: []Note{{Error, sentence}}}
}

// filled is the page with what somebody has filled in, as they find it when they come back or have to mend it.
func (p *Page) filled(form *xmpp.Form) *Page {
	with := *p
	with.Fields = slices.Clone(p.Fields)
	for i, f := range with.Fields {
		if f.Kind == Secret || f.Kind == Hidden || f.Kind == Fixed {
			continue
		}
		if values := form.Values(f.Name); values != nil {
			with.Fields[i].Values = f.repeated(values)
		}
	}
	return &with
}

// repeated is what is repeated of a value: a list shows only what it offers, and no more of a text than it may hold.
func (f Field) repeated(values []string) []string {
	if len(values) > maxLines || slices.ContainsFunc(values, func(v string) bool { return len(v) > max(f.Bytes, defaultBytes) }) {
		return f.Values
	}
	return values
}

// mend is the page with what is wrong beside each field.
func (p *Page) mend(wrong Invalid) *Page {
	with := *p
	with.Fields, with.Notes = slices.Clone(p.Fields), nil
	if text, ok := wrong[""]; ok {
		with.Notes = append(with.Notes, Note{Error, text})
	}
	for i, f := range with.Fields {
		if text, ok := wrong[f.Name]; ok && f.Name != "" {
			with.Fields[i].Desc = text
			with.Notes = append(with.Notes, Note{Error, labelled{f.Label, text}})
		}
	}
	return &with
}

// labelled is a sentence about a field.
type labelled struct{ label, text Text }

// In returns the label and the sentence.
func (l labelled) In(lang string) string {
	if l.label == nil {
		return l.text.In(lang)
	}
	if lang == french {
		return l.label.In(lang) + " : " + l.text.In(lang)
	}
	return l.label.In(lang) + ": " + l.text.In(lang)
}

func (p *Page) form(c Caller) *xmpp.Form {
	form := &xmpp.Form{Type: "form", Title: c.Say(p.Title), Instructions: c.Say(p.Instructions)}
	for _, f := range p.Fields {
		form.Fields = append(form.Fields, f.form(c))
	}
	return form
}

// outcome is the end as it travels.
func (r *Result) outcome(c Caller) xmpp.Outcome {
	form := &xmpp.Form{Type: "result", Title: c.Say(r.Title), Rows: r.Rows}
	for _, f := range r.Fields {
		shown := f.form(c)
		shown.Required, shown.Validate, shown.Options = false, nil, nil
		form.Fields = append(form.Fields, shown)
	}
	for _, column := range r.Columns {
		form.Columns = append(form.Columns, column.form(c))
	}
	o := xmpp.Outcome{Done: true, Notes: notes(r.Notes, c), Payload: r.Payload}
	if len(form.Fields)+len(form.Columns) > 0 {
		o.Form = form
	}
	return o
}

func notes(all []Note, c Caller) []xmpp.Note {
	var said []xmpp.Note
	for _, n := range all {
		said = append(said, xmpp.Note{Severity: n.Severity, Text: c.Say(n.Text)})
	}
	return said
}
