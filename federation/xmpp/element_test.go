package xmpp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
)

func TestParseElement(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	big := "<a>" + strings.Repeat("x", 2<<20) + "</a>"
	tests := []struct {
		name, text string
		want       string // written again
		err        string
	}{
		{name: "empty element", text: `<a/>`, want: `<a/>`},
		{name: "attributes and text", text: `<a b="1" c="&lt;">t &amp; u</a>`, want: `<a b="1" c="&lt;">t &amp; u</a>`},
		{name: "namespaces", text: `<x:a xmlns:x="urn:one" b="2"><x:c/></x:a>`, want: `<a xmlns="urn:one" b="2"><c/></a>`},
		{name: "indentation goes", text: "<a>\n  <b>1</b>\n</a>", want: `<a><b>1</b></a>`},
		{name: "text around children is joined", text: `<a>x<b></b>y</a>`, want: `<a>xy<b/></a>`},
		{name: "white space alone stays", text: `<a> </a>`, want: `<a> </a>`},
		{name: "nothing", text: ``, err: `read element: EOF`},
		{name: "text first", text: `hello`, err: `read element: text where an element was expected`},
		{name: "cut short", text: `<a><b>`, err: `read <a/>: XML syntax error on line 1: unexpected EOF`},
		{name: "wrong end", text: `<a></b>`, err: `read <a/>: XML syntax error on line 1: element <a> closed by </b>`},
		{name: "two elements", text: `<a/><b/>`, err: `read <a/>: something follows its end`},
		{name: "too deep", text: deep, err: `read <a/>: element is larger than 1 MiB or nested deeper than 64`},
		{name: "too big", text: big, err: `read <a/>: element is larger than 1 MiB or nested deeper than 64`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := xmpp.ParseElement([]byte(tt.text))
			if got := text(err); got != tt.err {
				t.Fatalf("error %q, want %q", got, tt.err)
			}
			if err == nil && e.String() != tt.want {
				t.Errorf("got %s, want %s", e, tt.want)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestNewElement(t *testing.T) {
	t.Parallel()
	e := xmpp.NewElement("urn:x", "a", "one", "1", "none", "").Add(nil, xmpp.NewElement("", "b").WithText("<&>"))
	if got, want := e.String(), `<a xmlns="urn:x" one="1"><b>&lt;&amp;&gt;</b></a>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if e.Attr("one") != "1" || e.Attr("none") != "" {
		t.Error("attributes are not found by name")
	}
	if e.Child("", "b") == nil || e.Child("urn:y", "b") != nil || (*xmpp.Element)(nil).Child("", "b") != nil {
		t.Error("children are not found by name")
	}
}

// FuzzParseElement: what is read can be written, and reads as the same again.
func FuzzParseElement(f *testing.F) {
	for _, seed := range []string{
		`<a/>`, `<a b="1">x<c xmlns="urn:y"/></a>`, `<iq type="get"/>`, `<a xmlns:p="urn:p" p:q="1"/>`,
		`<quoalise xmlns="urn:quoalise:0"><data><meta/></data></quoalise>`, `<a>&#x0;</a>`, "<a>\r\n</a>", `<a xml:lang="fr"/>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := xmpp.ParseElement(raw)
		if err != nil {
			return
		}
		written, err := e.Bytes()
		if err != nil {
			return // a name that only the reader tolerates
		}
		again, err := xmpp.ParseElement(written)
		if err != nil {
			t.Fatalf("%q was read and written as %q, which does not read: %v", raw, written, err)
		}
		second, err := again.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		third, err := xmpp.ParseElement(second)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(again, third); diff != "" {
			t.Errorf("reading and writing again changed it:\n%s", diff)
		}
	})
}
