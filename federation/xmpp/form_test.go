package xmpp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
)

func TestFormRoundTrip(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		form xmpp.Form
		want string
	}{
		{"empty", xmpp.Form{Type: "submit"}, `<x xmlns="jabber:x:data" type="submit"/>`},
		{
			"result", xmpp.Form{Type: "result", Title: "Get", Fields: []xmpp.Field{{Var: "result", Type: "fixed", Label: "L", Values: []string{"Success"}}}},
			`<x xmlns="jabber:x:data" type="result"><title>Get</title><field var="result" type="fixed" label="L"><value>Success</value></field></x>`,
		},
		{
			"several values", xmpp.Form{Type: "form", Instructions: "do", Fields: []xmpp.Field{{Var: "a", Type: "text-multi", Values: []string{"1", "2"}, Required: true}}},
			`<x xmlns="jabber:x:data" type="form"><instructions>do</instructions><field var="a" type="text-multi"><required/><value>1</value><value>2</value></field></x>`,
		},
		{
			"lines of instructions", xmpp.Form{Type: "form", Instructions: "one\n\ntwo"},
			`<x xmlns="jabber:x:data" type="form"><instructions>one</instructions><instructions/><instructions>two</instructions></x>`,
		},
		{
			"a list", xmpp.Form{Type: "form", Fields: []xmpp.Field{{Var: "a", Type: "list-single", Desc: "d", Values: []string{"1"}, Options: []xmpp.Option{{"1", "one"}, {"2", ""}}}}},
			`<x xmlns="jabber:x:data" type="form"><field var="a" type="list-single"><desc>d</desc><value>1</value><option label="one"><value>1</value></option><option><value>2</value></option></field></x>`,
		},
		{
			"a range", xmpp.Form{Type: "form", Fields: []xmpp.Field{{Var: "a", Validate: &xmpp.Validation{Datatype: "xs:integer", Method: "range", Min: "1", Max: "9"}}}},
			`<x xmlns="jabber:x:data" type="form"><field var="a"><validate xmlns="http://jabber.org/protocol/xdata-validate" datatype="xs:integer"><range min="1" max="9"/></validate></field></x>`,
		},
		{
			"a pattern", xmpp.Form{Type: "form", Fields: []xmpp.Field{{Var: "a", Validate: &xmpp.Validation{Datatype: "xs:string", Method: "regex", Regex: "[a-z]+", ListMax: "3"}}}},
			`<x xmlns="jabber:x:data" type="form"><field var="a"><validate xmlns="http://jabber.org/protocol/xdata-validate" datatype="xs:string"><regex>[a-z]+</regex><list-range max="3"/></validate></field></x>`,
		},
		{
			"a table", xmpp.Form{Type: "result", Columns: []xmpp.Field{{Var: "a", Label: "A"}, {Var: "b"}}, Rows: [][]string{{"1", "2"}, {"3", ""}}},
			`<x xmlns="jabber:x:data" type="result"><reported><field var="a" label="A"/><field var="b"/></reported>` +
				`<item><field var="a"><value>1</value></field><field var="b"><value>2</value></field></item>` +
				`<item><field var="a"><value>3</value></field><field var="b"><value/></field></item></x>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			element := tt.form.Element()
			if element.String() != tt.want {
				t.Errorf("got %s, want %s", element, tt.want)
			}
			read, err := xmpp.ParseElement([]byte(element.String()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.form, xmpp.ParseForm(read)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFormValue(t *testing.T) {
	t.Parallel()
	form := &xmpp.Form{Fields: []xmpp.Field{{Var: "none"}, {Var: "a", Values: []string{" x\n", "y"}}}}
	for name, want := range map[string]string{"a": "x", "none": "", "other": ""} {
		if got := form.Value(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := (*xmpp.Form)(nil).Value("a"); got != "" {
		t.Errorf("no form: got %q", got)
	}
}

// FuzzParseForm: what is understood of a form is kept when it is written and read again, fillings of strangers included.
func FuzzParseForm(f *testing.F) {
	for _, seed := range []string{
		`<x xmlns="jabber:x:data" type="submit"><field var="a"><value>1</value><value/></field></x>`,
		`<x xmlns="jabber:x:data"><title>t</title><title/><instructions>i</instructions><field><required/></field></x>`,
		`<x><field var="a" type="list-single" label="&lt;L&gt;"><option><value>1</value></option><value> </value></field></x>`,
		`<x><item><field/></item><reported/><reported><field var="a"/></reported><reported><field var="b"/></reported><item><field var="b"/></item><item/></x>`,
		`<x><instructions>a&#10;</instructions><field><validate xmlns="http://jabber.org/protocol/xdata-validate"><range max="2"/><regex>x</regex><list-range min="1"/></validate><desc/></field></x>`,
		"<x><field var='a&#10;b'><value>1\r\n2&#13;</value></field></x>", `<y xmlns="urn:y"/>`, `<x><reported><field var="a"/></reported></x>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		x, err := xmpp.ParseElement(raw)
		if err != nil {
			return
		}
		form := xmpp.ParseForm(x)
		written, err := form.Element().Bytes()
		if err != nil {
			t.Fatalf("%q cannot be written: %v", raw, err)
		}
		again, err := xmpp.ParseElement(written)
		if err != nil {
			t.Fatalf("%q was written as %q, which does not read: %v", raw, written, err)
		}
		if diff := cmp.Diff(form, xmpp.ParseForm(again)); diff != "" {
			t.Errorf("%q changed when it was written as %q:\n%s", raw, written, diff)
		}
	})
}
