package xmpp

import "strings"

const nsForm = "jabber:x:data"

// formType is the field that says what a form is about (XEP-0068).
const formType = "FORM_TYPE"

// Field is one field of a XEP-0004 form.
type Field struct {
	Var, Type, Label string // Type: text-single, text-multi, list-single, boolean, fixed, hidden …
	Desc             string // more than a label can say
	Values           []string
	Options          []Option // of a list
	Required         bool
	Validate         *Validation // nil for any text
}

// Option is one thing that a list offers.
type Option struct{ Value, Label string }

// Form is a XEP-0004 data form of any type. mellium's own has no result type and keeps one value a field.
type Form struct {
	Type         string // form, submit, result or cancel
	Title        string
	Instructions string
	Fields       []Field
	Columns      []Field    // of a table, XEP-0004 §3.4; Var, Type and Label of each
	Rows         [][]string // a value a column
}

// Value returns the first value of a field without white space around it, or "" when the field is absent.
func (f *Form) Value(name string) string {
	if values := f.Values(name); len(values) > 0 {
		return strings.TrimSpace(values[0])
	}
	return ""
}

// Values returns all values of a field as they came, or nil when it is absent.
func (f *Form) Values(name string) []string {
	if f == nil {
		return nil
	}
	for _, field := range f.Fields {
		if field.Var == name && len(field.Values) > 0 {
			return field.Values
		}
	}
	return nil
}

// Element returns the form as it travels.
func (f *Form) Element() *Element {
	x := NewElement(nsForm, "x", "type", f.Type)
	if f.Title != "" {
		x.Add(NewElement("", "title").WithText(f.Title))
	}
	if f.Instructions != "" {
		for line := range strings.SplitSeq(f.Instructions, "\n") { // XEP-0004 §3.2: several elements instead of line breaks
			x.Add(NewElement("", "instructions").WithText(line))
		}
	}
	for _, field := range f.Fields {
		x.Add(field.element())
	}
	return x.Add(f.table()...)
}

// table is <reported/> and an <item/> for each row.
func (f *Form) table() []*Element {
	if len(f.Columns) == 0 {
		return nil
	}
	reported := NewElement("", "reported")
	for _, c := range f.Columns {
		reported.Add(NewElement("", "field", "var", c.Var, "type", c.Type, "label", c.Label))
	}
	all := []*Element{reported}
	for _, row := range f.Rows {
		item := NewElement("", "item")
		for i, c := range f.Columns {
			item.Add(NewElement("", "field", "var", c.Var).Add(NewElement("", "value").WithText(row[i])))
		}
		all = append(all, item)
	}
	return all
}

func (f Field) element() *Element {
	e := NewElement("", "field", "var", f.Var, "type", f.Type, "label", f.Label)
	if f.Desc != "" {
		e.Add(NewElement("", "desc").WithText(f.Desc))
	}
	if f.Required {
		e.Add(NewElement("", "required"))
	}
	e.Add(f.Validate.element())
	for _, v := range f.Values {
		e.Add(NewElement("", "value").WithText(v))
	}
	for _, o := range f.Options {
		e.Add(NewElement("", "option", "label", o.Label).Add(NewElement("", "value").WithText(o.Value)))
	}
	return e
}

// ParseForm reads a form. Elements it does not know are ignored, as XEP-0004 asks.
func ParseForm(x *Element) *Form {
	f := &Form{Type: x.Attr("type")}
	var instructions []string
	for _, child := range x.Children {
		switch child.Name.Local {
		case "title":
			f.Title = child.Text
		case "instructions":
			instructions = append(instructions, child.Text)
		case "field":
			f.Fields = append(f.Fields, parseField(child))
		case "reported":
			f.head(child)
		case "item":
			f.addRow(child)
		}
	}
	f.Instructions = strings.Join(instructions, "\n")
	return f
}

// head takes the columns of the first <reported/>.
func (f *Form) head(reported *Element) {
	if len(f.Columns) > 0 {
		return
	}
	for _, c := range parseFields(reported) {
		f.Columns = append(f.Columns, Field{Var: c.Var, Type: c.Type, Label: c.Label})
	}
}

func parseFields(x *Element) []Field {
	var fields []Field
	for _, child := range x.Children {
		if child.Name.Local == "field" {
			fields = append(fields, parseField(child))
		}
	}
	return fields
}

// addRow takes the values of an <item/> in the order of the columns, which come before it.
func (f *Form) addRow(item *Element) {
	if len(f.Columns) == 0 {
		return
	}
	row := make([]string, len(f.Columns))
	given := &Form{Fields: parseFields(item)}
	for i, c := range f.Columns {
		if values := given.Values(c.Var); len(values) > 0 {
			row[i] = values[0]
		}
	}
	f.Rows = append(f.Rows, row)
}

func parseField(x *Element) Field {
	f := Field{Var: x.Attr("var"), Type: x.Attr("type"), Label: x.Attr("label")}
	for _, child := range x.Children {
		switch child.Name.Local {
		case "value":
			f.Values = append(f.Values, child.Text)
		case "required":
			f.Required = true
		case "desc":
			f.Desc = child.Text
		case "option":
			o := Option{Label: child.Attr("label")}
			if v := child.Child("", "value"); v != nil {
				o.Value = v.Text
			}
			f.Options = append(f.Options, o)
		case "validate":
			f.Validate = parseValidation(child)
		}
	}
	return f
}
