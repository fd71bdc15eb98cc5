package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"releve/federation/lab"
)

// TestIntegrationTranscripts writes down what an agent and a client on slixmpp on the other domain say to each other, once
// with each kind of server at the agent's home, when TRANSCRIPTS names a folder for that (make transcripts). The client
// is granted everything, or a stranger. What is written is whole, and says nobody's number.
func TestIntegrationTranscripts(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("TRANSCRIPTS")
	if folder == "" {
		t.Skip("TRANSCRIPTS names the folder to write to")
	}
	requireSlixmpp(t)
	must(t, os.MkdirAll(folder, 0o755))
	atOnce(t, func(t *testing.T, own lab.Kind) {
		h := newHousehold(t, own)
		h.arrives(200)
		h.consumer.end(syscall.SIGTERM)
		for _, one := range []struct {
			as   lab.Account
			kind string
		}{{h.consumes, "granted"}, {h.stranger(), "stranger"}} {
			var said bytes.Buffer
			h.succeeds(h.neighbour(one.as, nil, &said, "tour", one.kind))
			h.isTranscript(said.Bytes())
			must(t, os.WriteFile(filepath.Join(folder, own.String()+"-"+one.kind+".xml"), said.Bytes(), 0o644))
		}
	})
}

// isTranscript wants a whole document, with no identity of the meter's in it.
func (h *household) isTranscript(text []byte) {
	h.t.Helper()
	stanzas := 0
	decoder := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			h.t.Fatalf("what was written is no XML: %v\n%s", err, text)
		}
		if start, ok := token.(xml.StartElement); ok && (start.Name.Local == "sent" || start.Name.Local == "received") {
			stanzas++
		}
	}
	if stanzas < 10 {
		h.t.Errorf("only %d stanzas were written", stanzas)
	}
	for _, number := range h.secrets() {
		if strings.Contains(string(text), number) {
			h.t.Error("what was written says a number of the meter's")
		}
	}
}
