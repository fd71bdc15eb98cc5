package xmpp

const nsValidate = "http://jabber.org/protocol/xdata-validate"

// Validation says what the values of a field must be like (XEP-0122). Clients that know it check before they send; who
// gets a form filled in checks again.
type Validation struct {
	Datatype string // such as xs:integer, xs:string
	Method   string // basic, open, range or regex (XEP-0122 §3.2); open for suggestions that others may join
	Min, Max string // of a range, in the datatype's own writing; "" for no bound
	Regex    string // of a regex
	// ListMin and ListMax bound how many values a list-multi or jid-multi may have; "" for no bound.
	ListMin, ListMax string
}

func (v *Validation) element() *Element {
	if v == nil {
		return nil
	}
	e := NewElement(nsValidate, "validate", "datatype", v.Datatype)
	switch v.Method {
	case "range":
		e.Add(NewElement("", "range", "min", v.Min, "max", v.Max))
	case "regex":
		e.Add(NewElement("", "regex").WithText(v.Regex))
	case "open", "basic":
		e.Add(NewElement("", v.Method))
	}
	if v.ListMin != "" || v.ListMax != "" {
		e.Add(NewElement("", "list-range", "min", v.ListMin, "max", v.ListMax))
	}
	return e
}

func parseValidation(x *Element) *Validation {
	v := &Validation{Datatype: x.Attr("datatype")}
	for _, child := range x.Children {
		switch name := child.Name.Local; name {
		case "range":
			v.Method, v.Min, v.Max, v.Regex = name, child.Attr("min"), child.Attr("max"), ""
		case "regex":
			v.Method, v.Min, v.Max, v.Regex = name, "", "", child.Text
		case "open", "basic":
			v.Method, v.Min, v.Max, v.Regex = name, "", "", ""
		case "list-range":
			v.ListMin, v.ListMax = child.Attr("min"), child.Attr("max")
		}
	}
	return v
}
