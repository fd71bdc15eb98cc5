package status

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// form is what somebody fills in and sends. It works without a script: what was sent leads on, or comes back with what is
// wrong beside its field.
type form struct {
	ID     string // one on its screen
	Do     string // what it is for: names its button, form.DO
	Action string
	Hidden []hidden
	Fields []field
	Button string
	Danger bool   // what it does cannot be undone
	Second bool   // it is not what most come for
	Wrong  string // of the form as a whole
}

type hidden struct{ Name, Value string }

// field is one field of a form. Its label is field.NAME, and its hint field.NAME.hint where there is one.
type field struct {
	ID, Name    string
	Kind        string // text, password, date, choice, check, lines
	Label, Hint string
	Value       string
	Options     []choice
	Complete    string // what a browser may fill in (autocomplete)
	Required    bool
	Wrong       string
}

type choice struct {
	Value, Label string
	Chosen       bool
}

// sent is a form that came back.
type sent struct {
	form   string
	values url.Values
	wrong  map[string]string // why not, by field
}

// newForm begins a form that is sent to where the visit is.
func (v *visit) newForm(id, do string, fields ...field) form {
	f := form{ID: id, Do: do, Action: v.path(v.language, nil), Button: v.say("form." + do)}
	if v.sent.form == id {
		f.Wrong = v.sent.wrong[""]
	}
	for _, one := range fields {
		f.Fields = append(f.Fields, v.worded(id, one))
	}
	return f
}

// worded gives a field its words, and what was sent before where that was refused. A password is not sent back.
func (v *visit) worded(form string, f field) field {
	f.ID = form + "-" + f.Name
	if f.Label == "" {
		f.Label = v.say("field." + f.Name)
	}
	if hint, ok := v.lines["field."+f.Name+".hint"]; ok && f.Hint == "" {
		f.Hint = hint
	}
	if v.sent.form != form {
		return f
	}
	f.Wrong = v.sent.wrong[f.Name]
	if f.Kind != "password" {
		f.Value = v.sent.values.Get(f.Name)
		for i := range f.Options {
			f.Options[i].Chosen = f.Options[i].Value == f.Value
		}
	}
	return f
}

// maxForm bounds what is sent, in bytes.
const maxForm = 64 << 10

// takes reads what was sent to a screen and has it done. What went well leads to a place where that is seen, so that
// loading it again does nothing twice; of what did not, or is said once only, the screen is shown again.
func (s *site) takes(w http.ResponseWriter, v *visit, do func(values url.Values) (to string, err error)) {
	v.request.Body = http.MaxBytesReader(w, v.request.Body, maxForm)
	if err := v.request.ParseForm(); err != nil {
		s.refuse(w, v.request, http.StatusBadRequest)
		return
	}
	values := v.request.PostForm
	to, err := do(values)
	switch {
	case err == nil && to == "": // what is said once, and in no address
		s.show(w, v, http.StatusOK)
		return
	case err == nil:
		http.Redirect(w, v.request, to, http.StatusSeeOther)
		return
	}
	v.sent = sent{form: values.Get("form"), values: values, wrong: v.wrong(err)}
	s.show(w, v, http.StatusUnprocessableEntity)
}

// wrong says what an error means, by field. What is no refusal is ours, and said as it is.
func (v *visit) wrong(err error) map[string]string {
	var several Refusals
	if errors.As(err, &several) {
		wrong := map[string]string{}
		for _, one := range several {
			wrong[one.Field] = strings.TrimSpace(wrong[one.Field] + " " + one.Text.in(v.language))
		}
		return wrong
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return map[string]string{refusal.Field: refusal.Text.in(v.language)}
	}
	return map[string]string{"": v.say("form.failed", err)}
}

// wrongLine is wrong in one line.
func (v *visit) wrongLine(err error) string {
	for _, line := range v.wrong(err) {
		return line
	}
	return ""
}

// done is where a visit sees what it did: done.WHAT says so on top of the screen.
func (v *visit) done(what string) string { return v.path(v.language, url.Values{"done": {what}}) }

// said is what the visit has just done, in a sentence; "" when it has come for something else.
func (v *visit) said() string {
	line, ok := v.lines["done."+v.request.URL.Query().Get("done")]
	if !ok {
		return ""
	}
	return line
}

// ownPath returns a path of this page that somebody was on the way to, "/" for anything else: an address must not lead
// from here to elsewhere.
func ownPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(to, "\\") {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}
