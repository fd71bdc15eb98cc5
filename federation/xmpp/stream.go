package xmpp

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"mellium.im/xmpp/stream"
)

// streamHead stands for the opening tag, which mellium has read already.
const streamHead = `<stream:stream xmlns="` + nsClient + `" xmlns:stream="` + stream.NS + `">`

// openStream reads what comes in once the features have been read and the server waits for us. mellium's own reader
// (v0.23.0) takes an element of the stream's namespace for the stream's own at any depth, so that anybody could end
// our session, or make it look like a conflict, by putting one inside a message.
func openStream(conn io.Reader) *xml.Decoder {
	in := xml.NewDecoder(io.MultiReader(strings.NewReader(streamHead), conn))
	_, _ = in.Token() // the head
	return in
}

// nextStanza returns the start of the next stanza, io.EOF after the end of the stream, or the stream's error.
func nextStanza(in *xml.Decoder) (xml.StartElement, error) {
	start, err := nextStart(in)
	if err != nil || start.Name.Space != stream.NS {
		return start, err
	}
	if start.Name.Local != "error" {
		return start, fmt.Errorf("<stream:%s/> in the stream", start.Name.Local)
	}
	var fault stream.Error
	if err := in.DecodeElement(&fault, &start); err != nil {
		return start, err
	}
	return start, fault
}
