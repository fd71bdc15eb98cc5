package xmpp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds on what a peer can make us hold. A server's own limit on stanzas is 256 KiB or less.
const (
	maxElementBytes = 1 << 20
	maxElementDepth = 64
)

var errElementTooBig = errors.New("element is larger than 1 MiB or nested deeper than 64")

// Element is a small XML tree: what a stanza carries.
//
// When building one, set Name.Space only where the namespace changes: every element with a Space of its own
// costs an xmlns attribute on the wire. Elements read from the wire have it set everywhere.
type Element struct {
	Name     xml.Name
	Attrs    []xml.Attr
	Text     string // character data, concatenated
	Children []*Element
}

// NewElement returns an element with attributes given as name, value pairs. Pairs with an empty value are left out.
func NewElement(space, local string, pairs ...string) *Element {
	e := &Element{Name: xml.Name{Space: space, Local: local}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			e.Attrs = append(e.Attrs, xml.Attr{Name: xml.Name{Local: pairs[i]}, Value: pairs[i+1]})
		}
	}
	return e
}

// Add appends children, leaving nil ones out, and returns e.
func (e *Element) Add(children ...*Element) *Element {
	for _, c := range children {
		if c != nil {
			e.Children = append(e.Children, c)
		}
	}
	return e
}

// WithText sets the character data and returns e.
func (e *Element) WithText(text string) *Element {
	e.Text = text
	return e
}

// Attr returns the value of the attribute without a namespace called local, or "".
func (e *Element) Attr(local string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == local && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// Child returns the first child with that name, or nil. An empty space matches any namespace.
func (e *Element) Child(space, local string) *Element {
	if e == nil {
		return nil
	}
	for _, c := range e.Children {
		if c.Name.Local == local && (space == "" || c.Name.Space == space) {
			return c
		}
	}
	return nil
}

// ParseElement reads one XML element. What follows it is an error.
func ParseElement(text []byte) (*Element, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	start, err := nextStart(d)
	if err != nil {
		return nil, fmt.Errorf("read element: %w", err)
	}
	e, err := readElement(d, start)
	if err != nil {
		return nil, fmt.Errorf("read <%s/>: %w", start.Name.Local, err)
	}
	if _, err := nextStart(d); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read <%s/>: something follows its end", start.Name.Local)
	}
	return e, nil
}

// nextStart skips white space and returns the next start element.
func nextStart(r xml.TokenReader) (xml.StartElement, error) {
	for {
		tok, err := r.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			return t, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return xml.StartElement{}, errors.New("text where an element was expected")
			}
		case xml.EndElement:
			return xml.StartElement{}, io.EOF
		}
	}
}

// readElement reads from after start to its end. On an element past the bounds it still reads to the end, so
// that the stream stays usable, and returns errElementTooBig.
func readElement(r xml.TokenReader, start xml.StartElement) (*Element, error) {
	t := tree{left: maxElementBytes}
	t.open(start)
	for len(t.stack) > 0 || t.skipped > 0 {
		tok, err := r.Token()
		if tok != nil {
			t.take(tok)
		}
		switch {
		case errors.Is(err, io.EOF) && len(t.stack) == 0 && t.skipped == 0:
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
	}
	if t.left < 0 || t.tooDeep {
		return nil, errElementTooBig
	}
	return t.root, nil
}

// tree builds an Element from tokens within bounds.
type tree struct {
	root    *Element
	stack   []*Element
	skipped int // depth inside elements past the depth bound
	left    int // bytes that may still be kept
	tooDeep bool
}

func (t *tree) take(tok xml.Token) {
	switch tok := tok.(type) {
	case xml.StartElement:
		t.open(tok)
	case xml.CharData:
		if t.left -= len(tok); t.left >= 0 && t.skipped == 0 {
			top := t.stack[len(t.stack)-1]
			top.Text += string(tok)
		}
	case xml.EndElement:
		t.close()
	}
}

func (t *tree) open(start xml.StartElement) {
	if t.skipped > 0 || len(t.stack) >= maxElementDepth {
		t.skipped++
		t.tooDeep = true
		return
	}
	e := &Element{Name: start.Name, Attrs: cleanAttrs(start.Attr)}
	t.left -= len(start.Name.Space) + len(start.Name.Local)
	for _, a := range e.Attrs {
		t.left -= len(a.Name.Local) + len(a.Value)
	}
	switch {
	case t.root == nil:
		t.root = e
	case t.left >= 0:
		top := t.stack[len(t.stack)-1]
		top.Children = append(top.Children, e)
	}
	t.stack = append(t.stack, e)
}

func (t *tree) close() {
	if t.skipped > 0 {
		t.skipped--
		return
	}
	top := t.stack[len(t.stack)-1]
	t.stack = t.stack[:len(t.stack)-1]
	if len(top.Children) > 0 && strings.TrimSpace(top.Text) == "" {
		top.Text = "" // indentation between children
	}
}

// cleanAttrs copies attributes without namespace declarations: names carry their namespace already.
func cleanAttrs(attrs []xml.Attr) []xml.Attr {
	var out []xml.Attr
	for _, a := range attrs {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		out = append(out, a)
	}
	return out
}
