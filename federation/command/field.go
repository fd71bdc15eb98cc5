package command

import (
	"strconv"

	"releve/federation/xmpp"
)

// Kind is the type of a field (XEP-0004 §3.3), with whole numbers apart.
type Kind string

// The kinds.
const (
	Line      Kind = "text-single"
	Lines     Kind = "text-multi"
	Secret    Kind = "text-private"
	Choice    Kind = "list-single"
	Choices   Kind = "list-multi"
	Switch    Kind = "boolean"
	Address   Kind = "jid-single"
	Addresses Kind = "jid-multi"
	Fixed     Kind = "fixed"
	Hidden    Kind = "hidden"
	Number    Kind = "number" // text-single of a whole number
)

// Option is one thing to choose.
type Option struct {
	Value string
	Label Text // nil for Value
}

// Field is one thing that a page asks for.
type Field struct {
	Name        string // stable, for programs
	Label, Desc Text
	Kind        Kind
	Values      []string // what it holds before anybody fills it in
	Options     []Option // of Choice and Choices
	Open        bool     // the options are suggestions
	// Required must not be empty. Who leaves it out of a form keeps what it held; what is not required and left out is empty.
	Required    bool
	Least, Most int64  // of a Number; both 0 for any
	Pattern     string // of a Line, as XEP-0122 §3.2.4 has it: the whole value matches; "" for any
	Hint        Text   // says what Pattern means
	Bytes       int    // at most so many in a value; 0 for 1024
	// Check finds what else is wrong with a value, in a sentence; nil for nothing.
	Check func(value string) Text
}

const (
	defaultBytes = 1024
	maxLines     = 64 // values of a field of several
)

// form is the field as it travels.
func (f Field) form(c Caller) xmpp.Field {
	x := xmpp.Field{
		Var: f.Name, Type: string(f.Kind), Label: c.Say(f.Label), Desc: c.Say(f.Desc), Values: f.Values,
		Required: f.Required && f.Kind != Switch, Validate: f.validation(),
	}
	if f.Kind == Number {
		x.Type = string(Line)
	}
	for _, o := range f.Options {
		label := c.Say(o.Label)
		if label == "" {
			label = o.Value
		}
		x.Options = append(x.Options, xmpp.Option{Value: o.Value, Label: label})
	}
	return x
}

// validation is what of the checks a client can do before it sends.
func (f Field) validation() *xmpp.Validation {
	switch {
	case f.Kind == Number && f.Least == f.Most:
		return &xmpp.Validation{Datatype: "xs:integer", Method: "basic"}
	case f.Kind == Number:
		return &xmpp.Validation{Datatype: "xs:integer", Method: "range", Min: strconv.FormatInt(f.Least, 10), Max: strconv.FormatInt(f.Most, 10)}
	case f.Kind == Line && f.Pattern != "":
		return &xmpp.Validation{Datatype: "xs:string", Method: "regex", Regex: f.Pattern}
	case f.Open:
		return &xmpp.Validation{Datatype: "xs:string", Method: "open"}
	case f.Kind == Addresses || f.Kind == Choices:
		return &xmpp.Validation{Datatype: "xs:string", Method: "basic", ListMax: strconv.Itoa(maxLines)}
	}
	return nil
}

// many tells a field that may have several values.
func (f Field) many() bool { return f.Kind == Lines || f.Kind == Choices || f.Kind == Addresses }
