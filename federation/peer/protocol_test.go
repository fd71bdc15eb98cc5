package peer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

// protocol is the document that others implement.
func protocol(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// examples are its stanzas, by what they carry.
func examples(t *testing.T) map[string]*xmpp.Element {
	t.Helper()
	all := map[string]*xmpp.Element{}
	for _, block := range regexp.MustCompile("(?s)```xml\n(.*?)```").FindAllStringSubmatch(protocol(t), -1) {
		x, err := xmpp.ParseElement([]byte(block[1]))
		if err != nil {
			t.Fatalf("%v of\n%s", err, block[1])
		}
		carried := x.Children[0]
		key := strings.TrimSpace(x.Name.Local + " " + x.Attr("type") + " " + carried.Name.Local)
		if carried.Name.Local == "pack" {
			key += " " + carried.Children[0].Name.Local
		}
		if all[key] != nil {
			t.Errorf("two examples of %s", key)
		}
		all[key] = x
	}
	return all
}

// The packs of the document are read as it says, and answered as it says; what this program writes is what it shows.
func TestProtocolExamples(t *testing.T) {
	t.Parallel()
	all := examples(t)
	const power = device + "_consumption/power/apparent/raw"
	want := senml.Pack{
		{Name: power, Unit: "VA", Value: senml.NumberValue(720), Time: 1764201600},
		{Name: device + "_tariff/label", Value: senml.TextValue("HEURES CREUSES"), Time: 1764201600},
		{Name: power, Unit: "VA", Value: senml.NumberValue(731), Time: 1764201601.2},
	}
	for key, format := range map[string]senml.Format{"iq set pack sensml": senml.XML, "iq set pack cbor": senml.CBOR} {
		pack := all[key].Children[0]
		got, c := senml.Pack(nil), &counter{}
		r := &Receiver{From: []xmpp.JID{maison.Bare()}, Log: quiet, Take: func(_ context.Context, _ xmpp.JID, p senml.Pack) error {
			got = p
			return nil
		}}
		r.Register(c)
		answer, err := c.handler(t.Context(), xmpp.IQ{Type: "set", From: maison, Payload: pack})
		if diff := cmp.Diff(all["iq result stored"].Children[0].String(), spoken(answer, err)); diff != "" {
			t.Errorf("%s: answer (-document +code):\n%s", format, diff)
		}
		if diff := cmp.Diff(want, got, compareValues); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", format, diff)
		}
		written, err := Element(want, format)
		if err != nil {
			t.Fatal(err)
		}
		again, err := xmpp.ParseElement([]byte(written.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(pack, again); diff != "" {
			t.Errorf("%s: pack (-document +code):\n%s\n%s", format, diff, written)
		}
	}
	event := all["message headline event"].Children[0].Children[0].Children[0].Children[0]
	if p, err := Parse(event); err != nil || len(p) != 1 {
		t.Errorf("the item: %v, %v", p, err)
	}
}

// What the document announces is what this program announces, and what a sender looks for.
func TestProtocolDiscovery(t *testing.T) {
	t.Parallel()
	c := &counter{}
	(&Receiver{}).Register(c)
	shown := map[string]bool{}
	for _, x := range examples(t)["iq result query"].Children[0].Children {
		shown[x.Attr("var")] = true
	}
	for _, feature := range c.features {
		if !shown[feature] {
			t.Errorf("the document does not announce %s", feature)
		}
	}
}

// A stranger is told what the document shows.
func TestProtocolError(t *testing.T) {
	t.Parallel()
	shown := examples(t)["iq error error"].Children[0]
	c := &counter{}
	(&Receiver{Log: quiet}).Register(c)
	_, err := c.handler(t.Context(), request(t, maison, records(1)))
	want := shown.Attr("type") + " " + shown.Children[0].Name.Local + ": " + shown.Children[1].Text
	if got := spoken(nil, err); got != want {
		t.Errorf("got %s, the document has %s", got, want)
	}
}

// Each row of the table of errors is what a sender does.
func TestProtocolErrors(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| `([a-z]+)` \\| (waits|splits|lets go|stops)").FindAllStringSubmatch(protocol(t), -1)
	if len(rows) != 14 {
		t.Errorf("%d rows", len(rows))
	}
	r := New(nil, serveur)
	for _, row := range append(rows, []string{"", "gone", "cancel", "stops"}) {
		err := r.verdict(&xmpp.StanzaError{Type: row[2], Condition: row[1]})
		does := "waits"
		switch {
		case errors.Is(err, federation.ErrStopped):
			does = "stops"
		case errors.Is(err, federation.ErrRefused):
			does = "lets go"
		case errors.Is(err, errTooLarge):
			does = "splits"
		}
		if does != row[3] {
			t.Errorf("%s of type %s: the document says %s, a sender %s", row[1], row[2], row[3], does)
		}
	}
}

// The sizes of the document are those of the code.
func TestProtocolNumbers(t *testing.T) {
	t.Parallel()
	text := protocol(t)
	for _, want := range []string{
		"60 000 bytes", fmt.Sprintf("%d 000 records", MaxRecords/1000), "sends 1 500 or fewer", "`" + NS + "`", "`" + NSCBOR + "`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document does not say %s", want)
		}
	}
	if xmpp.MaxStanza != 60_000 || recordsPerRequest != 1_500 {
		t.Errorf("%d bytes, %d records a request", xmpp.MaxStanza, recordsPerRequest)
	}
}
