package xmpp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"mellium.im/xmpp/stream"
)

const nsFraming = "urn:ietf:params:xml:ns:xmpp-framing"

// documents cuts the XML that we write into its declaration, the tags of the stream, and whole elements. It need not
// know comments, CDATA or processing instructions: we write none (RFC 6120 §11.1).
type documents struct {
	held  []byte // begins where a document does
	read  int    // of held
	tag   int    // where the tag that is being read begins, when inTag
	inTag bool
	quote byte // that the value being read ends with, or 0
	depth int  // of open elements, the stream's own left out
}

// cut adds p and returns what is complete.
func (d *documents) cut(p []byte) [][]byte {
	var all [][]byte
	d.held = append(d.held, p...)
	for d.read < len(d.held) {
		if d.step(d.held[d.read]); d.inTag || d.depth > 0 || d.held[d.read] != '>' {
			d.read++
			continue
		}
		all = append(all, bytes.TrimSpace(d.held[:d.read+1]))
		d.held, d.read = bytes.Clone(d.held[d.read+1:]), 0
	}
	return all
}

// step reads one byte.
func (d *documents) step(b byte) {
	switch {
	case !d.inTag && b == '<':
		d.inTag, d.tag = true, d.read
	case !d.inTag:
	case d.quote != 0:
		if b == d.quote {
			d.quote = 0
		}
	case b == '"' || b == '\'':
		d.quote = b
	case b == '>':
		d.inTag = false
		d.end(d.held[d.tag : d.read+1])
	}
}

// end counts a whole tag.
func (d *documents) end(tag []byte) {
	switch {
	case bytes.HasPrefix(tag, []byte("<?")), bytes.HasPrefix(tag, []byte("<stream:stream")), bytes.Equal(tag, []byte(streamEnd)):
	case bytes.HasPrefix(tag, []byte("</")):
		d.depth--
	case !bytes.HasSuffix(tag, []byte("/>")):
		d.depth++
	}
}

const streamEnd = "</stream:stream>"

// frame turns a document of a stream into a message, which is empty for what messages do without.
func frame(document []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(document, []byte("<?")):
		return nil, nil
	case bytes.Equal(document, []byte(streamEnd)):
		return []byte(`<close xmlns="` + nsFraming + `"/>`), nil
	case bytes.HasPrefix(document, []byte("<stream:stream")):
		return frameOpen(document)
	}
	// What a message leaves out it cannot take from the stream around it (RFC 7395 §3.3.3).
	head, _, _ := bytes.Cut(document, []byte(">"))
	if bytes.Contains(head, []byte(" xmlns=")) {
		return document, nil
	}
	name := bytes.IndexAny(document, " \t\r\n/>")
	return bytes.Join([][]byte{document[:name], document[name:]}, []byte(` xmlns="`+nsClient+`"`)), nil
}

func frameOpen(document []byte) ([]byte, error) {
	start, err := nextStart(xml.NewDecoder(bytes.NewReader(document)))
	if err != nil {
		return nil, fmt.Errorf("read our own <stream:stream>: %w", err)
	}
	return append(opening(`<open xmlns="`+nsFraming+`"`, start), "/>"...), nil
}

// opening is the beginning of a tag with the attributes that the opening tags of both framings share.
func opening(tag string, start xml.StartElement) []byte {
	e := &Element{Attrs: start.Attr}
	text := bytes.NewBufferString(tag)
	write := func(name, value string) {
		if value != "" {
			text.WriteString(" " + name + `="`)
			_ = xml.EscapeText(text, []byte(value)) // a buffer takes everything
			text.WriteString(`"`)
		}
	}
	for _, name := range []string{"from", "to", "id", "version"} {
		write(name, e.Attr(name))
	}
	write("xml:lang", lang(e))
	return text.Bytes()
}

// unframe turns a message into a piece of a stream.
func unframe(message []byte) ([]byte, error) {
	start, err := nextStart(xml.NewDecoder(bytes.NewReader(message)))
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil // white space
	case err != nil:
		return nil, fmt.Errorf("read a message of the WebSocket: %w", err)
	case start.Name == xml.Name{Space: nsFraming, Local: "close"}:
		return []byte(streamEnd), nil
	case start.Name != xml.Name{Space: nsFraming, Local: "open"}:
		return message, nil
	}
	head := `<stream:stream xmlns="` + nsClient + `" xmlns:stream="` + stream.NS + `"`
	return append(opening(head, start), '>'), nil
}
