package xmpp

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// xmlSpace is what the prefix xml stands for without being declared (Namespaces in XML 1.0 §3).
const xmlSpace = "http://www.w3.org/XML/1998/namespace"

var errName = errors.New("not a name in XML")

// encode returns a stanza as it goes over a stream: whole, compact, and without the namespace that the stream has
// declared. encoding/xml repeats the namespace on every element that has one and closes empty elements with a tag of
// their own, which costs 8 bytes a reading.
func encode(stanza *Element) ([]byte, error) { return stanza.bytes(nsClient) }

// encodeWithin is encode for what may have at most so many bytes: ErrTooBig otherwise.
func encodeWithin(stanza *Element, most int) ([]byte, error) {
	text, err := encode(stanza)
	if err == nil && len(text) > most {
		return nil, ErrTooBig
	}
	return text, err
}

// Bytes returns e as compact XML text that stands by itself.
func (e *Element) Bytes() ([]byte, error) { return e.bytes("") }

func (e *Element) bytes(space string) ([]byte, error) {
	text, err := e.appendTo(nil, space)
	if err != nil {
		return nil, fmt.Errorf("write <%s/>: %w", e.Name.Local, err)
	}
	return text, nil
}

// String is e as XML text, for people and tests.
func (e *Element) String() string {
	b, err := e.Bytes()
	if err != nil {
		return "<!-- " + err.Error() + " -->"
	}
	return string(b)
}

// appendTo appends e to b. space is the namespace in force around it.
func (e *Element) appendTo(b []byte, space string) ([]byte, error) {
	if !isName(e.Name.Local) {
		return nil, fmt.Errorf("%q: %w", e.Name.Local, errName)
	}
	b = append(append(b, '<'), e.Name.Local...)
	if e.Name.Space != "" && e.Name.Space != space {
		space = e.Name.Space
		b = appendAttr(b, "xmlns", space)
	}
	b, err := e.appendAttrs(b)
	switch {
	case err != nil:
		return nil, err
	case e.Text == "" && len(e.Children) == 0:
		return append(b, '/', '>'), nil
	}
	b = appendEscaped(append(b, '>'), e.Text, textEscapes)
	for _, c := range e.Children {
		if b, err = c.appendTo(b, space); err != nil {
			return nil, err
		}
	}
	b = append(append(b, '<', '/'), e.Name.Local...)
	return append(b, '>'), nil
}

// appendAttrs gives each attribute that has a namespace a prefix of its own. A declaration (Name.Space "xmlns") is for the
// prefix of a name that stands in a value; reading leaves declarations out.
func (e *Element) appendAttrs(b []byte) ([]byte, error) {
	for i, a := range e.Attrs {
		name := a.Name.Local
		if !isName(name) || name == "xmlns" || a.Name.Space == "xmlns" && (a.Value == "" || generated.MatchString(name)) {
			return nil, fmt.Errorf("attribute %q: %w", name, errName)
		}
		switch a.Name.Space {
		case "":
		case xmlSpace:
			name = "xml:" + name
		case "xmlns":
			name = "xmlns:" + name
		default:
			prefix := "n" + strconv.Itoa(i)
			b = appendAttr(b, "xmlns:"+prefix, a.Name.Space)
			name = prefix + ":" + name
		}
		b = appendAttr(b, name, a.Value)
	}
	return b, nil
}

// generated are the prefixes that appendAttrs makes up, and those that XML keeps for itself.
var generated = regexp.MustCompile(`^(n[0-9]+|(?i:xml.*))$`)

func appendAttr(b []byte, name, value string) []byte {
	b = append(append(append(b, ' '), name...), '=', '"')
	return append(appendEscaped(b, value, attrEscapes), '"')
}

// What stands for itself neither in text nor between double quotes, and the white space that a reader would change
// (XML 1.0 §2.11, §3.3.3). '>' could end a CDATA section.
var (
	textEscapes = escapes{'<': "&lt;", '>': "&gt;", '&': "&amp;", '\r': "&#xD;"}
	attrEscapes = escapes{'<': "&lt;", '&': "&amp;", '"': "&quot;", '\r': "&#xD;", '\n': "&#xA;", '\t': "&#x9;"}
)

type escapes [utf8.RuneSelf]string

// appendEscaped appends s. What no XML document can hold becomes U+FFFD: it would end the stream.
func appendEscaped(b []byte, s string, in escapes) []byte {
	done := 0 // up to here s is in b
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		escaped := ""
		switch {
		case r == utf8.RuneError && width == 1, !isChar(r):
			escaped = string(utf8.RuneError)
		case r < utf8.RuneSelf:
			escaped = in[r]
		}
		if escaped != "" {
			b = append(append(b, s[done:i]...), escaped...)
			done = i + width
		}
		i += width
	}
	return append(b, s[done:]...)
}

// isChar says whether an XML document may hold r (XML 1.0 §2.2).
func isChar(r rune) bool {
	return r >= 0x20 && r < 0xD800 || r >= 0xE000 && r < 0xFFFE || r >= 0x10000 || r == '\t' || r == '\n' || r == '\r'
}

// isName says whether s can name an element or attribute (Namespaces in XML 1.0 §4: without a colon). It is stricter
// than XML 1.0 §2.3 on letters that nobody uses.
func isName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && r != '.' && !unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl)
	}) < 0 && strings.IndexFunc(s, func(r rune) bool { return r == '_' || unicode.IsLetter(r) }) == 0
}
