package xmpp

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestEncode(t *testing.T) {
	t.Parallel()
	spaced := func(space, local, value string) xml.Attr {
		return xml.Attr{Name: xml.Name{Space: space, Local: local}, Value: value}
	}
	tests := []struct {
		name string
		e    *Element
		want string
		err  error
	}{
		{"stanza", NewElement(nsClient, "iq", "id", "1"), `<iq id="1"/>`, nil},
		{"a space is said where it changes", NewElement(nsClient, "a").Add(
			NewElement("urn:x", "b").Add(NewElement("", "c"), NewElement("urn:x", "d"), NewElement(nsClient, "e")), NewElement("", "f")),
			`<a><b xmlns="urn:x"><c/><d/><e xmlns="jabber:client"/></b><f/></a>`, nil},
		{"text", NewElement(nsClient, "a").WithText("<]]>&\"'\t\r\né\x00\xff\uFFFE"), "<a>&lt;]]&gt;&amp;\"'\t&#xD;\né\uFFFD\uFFFD\uFFFD</a>", nil},
		{"attribute", NewElement(nsClient, "a", "b", "<>&\"'\t\r\né\x00"), `<a b="&lt;>&amp;&quot;'&#x9;&#xD;&#xA;é` + "\uFFFD" + `"/>`, nil},
		{"attributes with a space", &Element{Name: xml.Name{Local: "a"}, Attrs: []xml.Attr{spaced(xmlSpace, "lang", "fr"), spaced("urn:x", "b", "1")}},
			`<a xml:lang="fr" xmlns:n1="urn:x" n1:b="1"/>`, nil},
		{"space that must be escaped", NewElement(`"&`, "a"), `<a xmlns="&quot;&amp;"/>`, nil},
		{"no name", NewElement("", ""), "", errName},
		{"two elements in a name", NewElement("", "a/><b"), "", errName},
		{"prefix", NewElement("", "x:a"), "", errName},
		{"digit first", NewElement("", "1a"), "", errName},
		{"wrong name inside", NewElement("", "a").Add(NewElement("", " ")), "", errName},
		{"wrong attribute", NewElement("", "a", "b c", "1"), "", errName},
		{"declaration as an attribute", NewElement("", "a", "xmlns", "urn:x"), "", errName},
		{
			"declaration for a name in a value", &Element{Name: xml.Name{Local: "a"}, Attrs: []xml.Attr{{Name: xml.Name{Space: "xmlns", Local: "xs"}, Value: "urn:x"}, {Name: xml.Name{Space: "urn:i", Local: "type"}, Value: "xs:string"}}},
			`<a xmlns:xs="urn:x" xmlns:n1="urn:i" n1:type="xs:string"/>`, nil,
		},
		{"declaration of a prefix of ours", &Element{Name: xml.Name{Local: "a"}, Attrs: []xml.Attr{{Name: xml.Name{Space: "xmlns", Local: "n0"}, Value: "urn:x"}}}, "", errName},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := encode(tt.e)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %s, %v; want %s, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// FuzzEncode: what we write over a stream is read as the same element.
func FuzzEncode(f *testing.F) {
	f.Add("message", "id", "1", "body", "urn:x", "hello", "tail")
	f.Add("a", "b", "<>&\"'\r\n\t", "c", "", "]]>\r\n", "\x00\xff")
	f.Add("é", "lang", "\uFFFE", "n0", nsClient, " ", "&amp;")
	f.Fuzz(func(t *testing.T, root, attr, value, inner, space, text, rest string) {
		child := NewElement(space, inner).WithText(text)
		child.Attrs = []xml.Attr{{Name: xml.Name{Space: space, Local: attr}, Value: value}}
		e := NewElement(nsClient, root, attr, value).Add(child, NewElement("", inner)).WithText(rest)
		written, err := encode(e)
		if errors.Is(err, errName) {
			return
		}
		in := openStream(strings.NewReader(string(written)))
		start, err := nextStart(in)
		if err != nil {
			if unknown(root, attr, inner) {
				return
			}
			t.Fatalf("%q does not read: %v", written, err)
		}
		read, err := readElement(in, start)
		if err != nil {
			if unknown(root, attr, inner) {
				return
			}
			t.Fatalf("%q does not read: %v", written, err)
		}
		if diff := cmp.Diff(normal(e, ""), read); diff != "" {
			t.Errorf("%q:\n%s", written, diff)
		}
	})
}

// unknown says whether a name is one that encoding/xml does not know: its letters are those of 1996.
func unknown(names ...string) bool {
	for _, name := range names {
		d := xml.NewDecoder(strings.NewReader("<" + name + "/>"))
		if _, err := d.Token(); err != nil {
			return true
		}
	}
	return false
}

// normal is e as a reader sees it: every name with its space, and nothing that no document can hold.
func normal(e *Element, space string) *Element {
	n := &Element{Name: e.Name, Text: legible(e.Text)}
	if n.Name.Space == "" {
		n.Name.Space = space
	}
	n.Name.Space = legible(n.Name.Space)
	for _, a := range e.Attrs {
		if a.Value != "" || a.Name.Space != "" {
			n.Attrs = append(n.Attrs, xml.Attr{Name: xml.Name{Space: legible(a.Name.Space), Local: a.Name.Local}, Value: legible(a.Value)})
		}
	}
	for _, c := range e.Children {
		n.Children = append(n.Children, normal(c, n.Name.Space))
	}
	if len(n.Children) > 0 && strings.TrimSpace(n.Text) == "" {
		n.Text = ""
	}
	return n
}

func legible(s string) string {
	return strings.Map(func(r rune) rune {
		if !isChar(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}
