package xmpp

import "strings"

const nsForm = "jabber:x:data"

// formType is the field that says what a form is about (XEP-0068).
const formType = "FORM_TYPE"

// Field is one field of a XEP-0004 form.
type Field struct {
	Var, Type, Label string // Type: text-single, text-multi, list-single, boolean, fixed, hidden …
	Values           []string
	Required         bool
}

// Form is a XEP-0004 data form of any type. mellium's own has no result type and keeps one value a field.
type Form struct {
	Type         string // form, submit, result or cancel
	Title        string
	Instructions string
	Fields       []Field
}

// Value returns the first value of a field without white space around it, or "" when the field is absent.
func (f *Form) Value(name string) string {
	if f == nil {
		return ""
	}
	for _, field := range f.Fields {
		if field.Var == name && len(field.Values) > 0 {
			return strings.TrimSpace(field.Values[0])
		}
	}
	return ""
}

// Element returns the form as it travels.
func (f *Form) Element() *Element {
	x := NewElement(nsForm, "x", "type", f.Type)
	if f.Title != "" {
		x.Add(NewElement("", "title").WithText(f.Title))
	}
	if f.Instructions != "" {
		x.Add(NewElement("", "instructions").WithText(f.Instructions))
	}
	for _, field := range f.Fields {
		x.Add(field.element())
	}
	return x
}

func (f Field) element() *Element {
	e := NewElement("", "field", "var", f.Var, "type", f.Type, "label", f.Label)
	if f.Required {
		e.Add(NewElement("", "required"))
	}
	for _, v := range f.Values {
		e.Add(NewElement("", "value").WithText(v))
	}
	return e
}

// ParseForm reads a form. Elements it does not know are ignored, as XEP-0004 asks.
func ParseForm(x *Element) *Form {
	f := &Form{Type: x.Attr("type")}
	for _, child := range x.Children {
		switch child.Name.Local {
		case "title":
			f.Title = child.Text
		case "instructions":
			f.Instructions = child.Text
		case "field":
			f.Fields = append(f.Fields, parseField(child))
		}
	}
	return f
}

func parseField(x *Element) Field {
	f := Field{Var: x.Attr("var"), Type: x.Attr("type"), Label: x.Attr("label")}
	for _, child := range x.Children {
		switch child.Name.Local {
		case "value":
			f.Values = append(f.Values, child.Text)
		case "required":
			f.Required = true
		}
	}
	return f
}
