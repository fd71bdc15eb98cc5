package xmpp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const nsStreams = "http://etherx.jabber.org/streams"

// said is a whole session as we write it: twice the opening, a stanza with everything that could be taken for a tag, the end.
const said = `<?xml version="1.0"?><stream:stream xmlns='jabber:client' xmlns:stream='` + nsStreams + `' version='1.0' to='home.example' from='a&apos;b@home.example' xml:lang='fr'>` +
	`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl">YQ==</auth><stream:stream to="home.example" version="1.0">` + " \n" +
	`<iq type='get' a="x>y" b='</iq>'><q xmlns="u"/><r></r>t</iq><message xmlns="jabber:client"/><presence/></stream:stream>`

var messages = []string{
	`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="a&#39;b@home.example" to="home.example" version="1.0" xml:lang="fr"/>`,
	`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl">YQ==</auth>`,
	`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="home.example" version="1.0"/>`,
	`<iq xmlns="jabber:client" type='get' a="x>y" b='</iq>'><q xmlns="u"/><r></r>t</iq>`,
	`<message xmlns="jabber:client"/>`,
	`<presence xmlns="jabber:client"/>`,
	`<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`,
}

// What is written becomes the same messages however it is cut into writes.
func TestFrame(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 7, 64, len(said)} {
		var d documents
		var got []string
		for rest := []byte(said); len(rest) > 0; rest = rest[min(size, len(rest)):] {
			for _, document := range d.cut(rest[:min(size, len(rest))]) {
				message, err := frame(document)
				if err != nil {
					t.Fatal(err)
				}
				if len(message) > 0 {
					got = append(got, string(message))
				}
			}
		}
		if diff := cmp.Diff(messages, got); diff != "" {
			t.Errorf("written %d bytes at a time: %s", size, diff)
		}
		if len(d.held) > 0 {
			t.Errorf("%q is held back", d.held)
		}
	}
}

func TestUnframe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, message, want, err string }{
		{"open", `<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" id="1" from="home.example" version="1.0" xml:lang="fr" to="a'b@home.example"/>`,
			`<stream:stream xmlns="jabber:client" xmlns:stream="` + nsStreams + `" from="home.example" to="a&#39;b@home.example" id="1" version="1.0" xml:lang="fr">`, ""},
		{"close", ` <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>`, `</stream:stream>`, ""},
		{"stanza", `<message xmlns='jabber:client'><body>a</body></message>`, `<message xmlns='jabber:client'><body>a</body></message>`, ""},
		{"open of another namespace", `<open/>`, `<open/>`, ""},
		{"white space", " \n", "", ""},
		{"text", "hello", "", "read a message of the WebSocket: text where an element was expected"},
	} {
		got, err := unframe([]byte(tt.message))
		if string(got) != tt.want || text(err) != tt.err {
			t.Errorf("%s: got %s, %v", tt.name, got, err)
		}
	}
}

// Whatever elements we write come out whole, each in a message that can be read by itself.
func FuzzFrame(f *testing.F) {
	f.Add("iq", "a", `"'<>&/`, 3, true)
	f.Add("message", "x", "]]>", 100, false)
	f.Fuzz(func(t *testing.T, name, attr, value string, size int, nested bool) {
		e := NewElement("", name, attr, value).WithText(value)
		if nested {
			e.Add(NewElement("urn:x", name, attr, value), NewElement("", name))
		}
		written, err := e.Bytes()
		if err != nil {
			t.Skip()
		}
		if again, err := ParseElement(written); err != nil || again.Name.Local != name {
			t.Skip() // not a name of XML, which we do not write
		}
		size = max(1, size%(len(written)+1))
		var d documents
		var got [][]byte
		for rest := written; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			got = append(got, d.cut(rest[:min(size, len(rest))])...)
		}
		if len(got) != 1 || !bytes.Equal(got[0], bytes.TrimSpace(written)) {
			t.Fatalf("%q is cut into %q", written, got)
		}
		message, err := frame(got[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseElement(message); err != nil {
			t.Fatalf("%q: %v", message, err)
		}
	})
}

// A message that can be read becomes a piece of a stream that can.
func FuzzUnframe(f *testing.F) {
	f.Add(messages[0])
	f.Add(`<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" id="&lt;&quot;"/>`)
	f.Fuzz(func(t *testing.T, message string) {
		piece, err := unframe([]byte(message))
		if err != nil || len(piece) == 0 || string(piece) == message {
			return
		}
		if string(piece) == streamEnd {
			piece = append([]byte("<stream:stream>"), piece...)
		}
		if _, err := xml.NewDecoder(bytes.NewReader(piece)).Token(); err != nil {
			t.Errorf("%q became %q: %v", message, piece, err)
		}
	})
}

func TestHostMeta(t *testing.T) {
	t.Parallel()
	const head = `<?xml version='1.0' encoding='utf-8'?><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>`
	link := func(rel, href string) string { return `<Link rel="` + rel + `" href="` + href + `"/>` }
	for _, tt := range []struct{ name, text, want string }{
		{"one", head + link(relWebSocket, "wss://web.example:5443/ws") + `</XRD>`, "wss://web.example:5443/ws"},
		{"others first", head + link("urn:xmpp:alt-connections:xbosh", "https://a.example/b") + link(relWebSocket, "ws://a.example/") + link(relWebSocket, "wss://a.example/") + `</XRD>`, "wss://a.example/"},
		{"in the clear only", head + link(relWebSocket, "ws://a.example/") + `</XRD>`, ""},
		{"none", head + `</XRD>`, ""},
		{"a web page", "<!doctype html><title>Bonjour</title>", ""},
		{"nothing", "", ""},
	} {
		got, err := parseHostMeta(strings.NewReader(tt.text))
		if got != tt.want || (tt.want == "") != errors.Is(err, errNoWebSocket) {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
	}
}

func FuzzHostMeta(f *testing.F) {
	f.Add(`<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='urn:xmpp:alt-connections:websocket' href='wss://a/'/></XRD>`)
	f.Fuzz(func(t *testing.T, text string) {
		if address, err := parseHostMeta(io.LimitReader(strings.NewReader(text), maxHostMeta)); err == nil && CheckWebSocket(address) != nil {
			t.Errorf("%q is taken", address)
		}
	})
}
