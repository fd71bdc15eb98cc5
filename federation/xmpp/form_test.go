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
		{"empty", xmpp.Form{Type: "submit"}, `<x xmlns="jabber:x:data" type="submit"></x>`},
		{
			"result", xmpp.Form{Type: "result", Title: "Get", Fields: []xmpp.Field{{Var: "result", Type: "fixed", Label: "L", Values: []string{"Success"}}}},
			`<x xmlns="jabber:x:data" type="result"><title>Get</title><field var="result" type="fixed" label="L"><value>Success</value></field></x>`,
		},
		{
			"several values", xmpp.Form{Type: "form", Instructions: "do", Fields: []xmpp.Field{{Var: "a", Type: "text-multi", Values: []string{"1", "2"}, Required: true}}},
			`<x xmlns="jabber:x:data" type="form"><instructions>do</instructions><field var="a" type="text-multi"><required></required><value>1</value><value>2</value></field></x>`,
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
