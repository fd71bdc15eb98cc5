package xmpp

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"mellium.im/xmpp/stream"
)

// nsStreamErrors is the namespace of the conditions of stream errors.
const nsStreamErrors = "urn:ietf:params:xml:ns:xmpp-streams"

// streamHead stands for the opening tag, which mellium has read already.
const streamHead = `<stream:stream xmlns="` + nsClient + `" xmlns:stream="` + stream.NS + `">`

// StreamError is what a server says when it ends a stream for a reason (RFC 6120 §4.9).
type StreamError struct {
	Condition string // such as system-shutdown
	Text      string // for people; of see-other-host the host
}

// Error is the condition and the text.
func (e *StreamError) Error() string {
	if e.Text == "" {
		return e.Condition
	}
	return e.Condition + ": " + e.Text
}

// fleeting says whether the server had nothing against us: it stops, or lost the connection.
func (e *StreamError) fleeting() bool {
	switch e.Condition {
	case "connection-timeout", "reset", "system-shutdown":
		return true
	}
	return false
}

// over says whether a session cannot be resumed after its connection ended for that reason: it was ended in order, or
// what the server had against it would only come again.
func over(err error) bool {
	var fault *StreamError
	if errors.As(err, &fault) {
		return !fault.fleeting()
	}
	return errors.Is(err, errClosed) || errors.Is(err, ErrShorter)
}

// streamError returns the stream error in err, whether we read it or mellium, or nil.
func streamError(err error) *StreamError {
	var ours *StreamError
	var theirs stream.Error
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &theirs):
		return &StreamError{Condition: theirs.Err}
	}
	return nil
}

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
	e, err := readElement(in, start)
	if err != nil {
		return start, err
	}
	return start, parseStreamError(e)
}

func parseStreamError(e *Element) *StreamError {
	fault := &StreamError{Condition: "undefined-condition"}
	for _, c := range e.Children {
		switch {
		case c.Name.Space != nsStreamErrors:
		case c.Name.Local == "text":
			fault.Text = strings.TrimSpace(c.Text)
		case c.Name.Local == "see-other-host":
			fault.Condition, fault.Text = c.Name.Local, strings.TrimSpace(c.Text)
		default:
			fault.Condition = c.Name.Local
		}
	}
	return fault
}
