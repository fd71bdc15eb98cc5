package command

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"releve/federation/xmpp"
)

// Answers are the values of a page's fields, checked, by their names.
type Answers map[string][]string

// One is the value of a field of one, or "".
func (a Answers) One(name string) string {
	if len(a[name]) == 0 {
		return ""
	}
	return a[name][0]
}

// Yes is the value of a Switch.
func (a Answers) Yes(name string) bool { return a.One(name) == "1" }

// Number is the value of a Number, 0 when it is empty.
func (a Answers) Number(name string) int64 {
	n, _ := strconv.ParseInt(a.One(name), 10, 64) // was checked
	return n
}

// Invalid is what is wrong, by the name of the field; under "" what is wrong with the form as a whole. A page whose Then
// returns it is shown again.
type Invalid map[string]Text

// Error is what is wrong, in English.
func (i Invalid) Error() string {
	var all []string
	for name, text := range i {
		all = append(all, strings.TrimPrefix(name+": "+text.In(english), ": "))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// answers reads a submitted form as the answer to a page. It is never more than the page asks for.
func answers(fields []Field, form *xmpp.Form) (Answers, Invalid) {
	a, wrong := Answers{}, Invalid{}
	given := map[string][]string{}
	for _, f := range form.Fields {
		_, twice := given[f.Var]
		switch {
		case f.Var == "FORM_TYPE" || f.Type == string(Fixed) && f.Var == "":
		case twice:
			wrong[f.Var] = words{"ce champ est donné deux fois.", "this field is given twice."}
		case !slices.ContainsFunc(fields, func(own Field) bool { return own.Name == f.Var }):
			wrong[""] = sayf("le formulaire n'a pas de champ %.64q.", "the form has no field %.64q.", f.Var)
		default:
			given[f.Var] = append([]string{}, f.Values...) // not nil: it is there
		}
	}
	for _, f := range fields {
		values, text := f.read(given[f.Name])
		if text != nil {
			wrong[f.Name] = cmp.Or[Text](wrong[f.Name], text)
		}
		a[f.Name] = values
	}
	if len(wrong) == 0 {
		wrong = nil
	}
	return a, wrong
}

// read checks the values of one field, nil when it was left out, and brings them to the form that programs compare.
func (f Field) read(given []string) ([]string, Text) {
	if f.Kind == Fixed {
		return f.Values, nil
	}
	if given == nil && (f.Required || f.Kind == Switch) {
		given = f.Values
	}
	if f.Kind == Hidden {
		if given != nil && !slices.Equal(given, f.Values) {
			return f.Values, words{"ce champ ne se change pas.", "this field is not to be changed."}
		}
		return f.Values, nil
	}
	values := f.trim(given)
	switch {
	case len(values) == 0 && f.Required && f.Kind != Switch:
		return values, words{"à remplir.", "has to be filled in."}
	case len(values) > 1 && !f.many():
		return values, words{"une seule valeur est possible.", "only one value is possible."}
	case len(values) > maxLines:
		return values, sayf("au plus %d valeurs.", "at most %d values.", maxLines)
	}
	for i, v := range values {
		read, text := f.value(v)
		if text != nil {
			return values, text
		}
		values[i] = read
	}
	return values, nil
}

// trim leaves out white space around values, and values without anything else but in a text.
func (f Field) trim(given []string) []string {
	if f.Kind == Secret { // it may begin with a space
		return slices.DeleteFunc(slices.Clone(given), func(v string) bool { return v == "" })
	}
	var values []string
	for _, v := range given {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	return values
}

// value checks one value.
func (f Field) value(v string) (string, Text) {
	if most := cmp.Or(f.Bytes, defaultBytes); len(v) > most {
		return v, sayf("au plus %d octets.", "at most %d bytes.", most)
	}
	var text Text
	switch f.Kind {
	case Switch:
		v, text = yesNo(v)
	case Number:
		v, text = f.number(v)
	case Choice, Choices:
		if !f.Open && !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v }) {
			text = sayf("%.64q n'est pas proposé.", "%.64q is not among the choices.", v)
		}
	case Address, Addresses:
		v, text = address(v)
	case Line:
		text = f.match(v)
	}
	if text == nil && f.Check != nil {
		text = f.Check(v)
	}
	return v, text
}

func yesNo(v string) (string, Text) {
	switch v {
	case "1", "true":
		return "1", nil
	case "0", "false":
		return "0", nil
	}
	return v, words{"ni oui (1) ni non (0).", "neither yes (1) nor no (0)."}
}

func (f Field) number(v string) (string, Text) {
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil && f.Least == f.Most:
		return v, sayf("%.32q n'est pas un nombre entier.", "%.32q is not a whole number.", v)
	case err != nil, f.Least != f.Most && (n < f.Least || n > f.Most):
		return v, sayf("%.32q n'est pas un nombre entier de %d à %d.", "%.32q is not a whole number from %d to %d.", v, f.Least, f.Most)
	}
	return strconv.FormatInt(n, 10), nil
}

func address(v string) (string, Text) {
	jid, err := xmpp.ParseJID(v)
	if err != nil {
		return v, sayf("%.64q n'est pas une adresse XMPP.", "%.64q is not an XMPP address.", v)
	}
	return jid.String(), nil
}

func (f Field) match(v string) Text {
	if f.Pattern == "" || regexp.MustCompile("^(?:"+f.Pattern+")$").MatchString(v) {
		return nil
	}
	if f.Hint != nil {
		return f.Hint
	}
	return sayf("%.64q ne s'écrit pas ainsi.", "%.64q is not written like that.", v)
}
