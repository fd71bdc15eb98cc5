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
