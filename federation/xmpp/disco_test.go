package xmpp

import (
	"context"
	"crypto/sha1" //nolint:gosec // the hash XEP-0115 prescribes
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"
)

// exodus is the client of XEP-0115 §5.2, the simple example.
func exodus() *disco {
	d := newDisco(Identity{Category: "client", Type: "pc", Name: "Exodus 0.9.1", Node: "http://code.google.com/p/exodus"})
	d.announce("http://jabber.org/protocol/muc")
	return d
}

func TestVerification(t *testing.T) {
	t.Parallel()
	const published = "QgayPKawpkPSDYmwT/WM94uAlu0="
	sum := sha1.Sum([]byte("client/pc//Exodus 0.9.1<" + //nolint:gosec // see the import
		"http://jabber.org/protocol/caps<http://jabber.org/protocol/disco#info<" +
		"http://jabber.org/protocol/disco#items<http://jabber.org/protocol/muc<"))
	if byHand := base64.StdEncoding.EncodeToString(sum[:]); byHand != published {
		t.Fatalf("the test is wrong: %s", byHand)
	}
	d := exodus()
	if got := d.verification(); got != published {
		t.Errorf("got %s, want %s", got, published)
	}
	want := `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="http://code.google.com/p/exodus" ver="` + published + `"/>`
	if got := d.capabilities().String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The order and number of announcements do not show: the string must be the same for the same program.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	c := idle()
	c.Announce("urn:b", "urn:a", "urn:b")
	c.Announce("urn:a")
	want := []string{nsCaps, nsDiscoInfo, nsDiscoItems, nsVersion, nsLast, nsTime, "urn:a", "urn:b", nsPing, NSReceipts}
	slices.Sort(want)
	if diff := cmp.Diff(want, c.disco.features); diff != "" {
		t.Error(diff)
	}
}

// inquire asks d as a peer does and writes the answer without its namespace.
func inquire(t *testing.T, c *Client, space, node string) string {
	t.Helper()
	q := IQ{Type: "get", From: jid.MustParse(peer), To: jid.MustParse(house), Payload: NewElement(space, "query", "node", node)}
	answer, err := c.router.handle(context.Background(), q)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, child := range answer.Children {
		lines = append(lines, child.String())
	}
	if answer.Name.Space != space || answer.Name.Local != "query" || answer.Attr("node") != node {
		t.Errorf("answered with %s", answer)
	}
	return strings.Join(lines, "\n")
}

func TestDiscoInfo(t *testing.T) {
	t.Parallel()
	c := idle()
	c.Offer(Command{Node: "greet", Name: "Greet", Run: greet})
	c.disco.details["empty"] = func(IQ) *Element { return nil }
	own := `<identity category="client" type="bot" name="Relève"/>`
	for _, feature := range c.disco.features {
		own += "\n" + `<feature var="` + feature + `"/>`
	}
	own += "\n" + `<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE" type="hidden"><value>urn:xmpp:dataforms:softwareinfo</value></field>` +
		`<field var="os"><value>` + runtime.GOOS + `</value></field><field var="software"><value>Relève</value></field>` +
		`<field var="software_version"><value>test</value></field></x>`
	commands := `<identity category="automation" type="command-list" name="Commands"/>` + "\n" + `<feature var="` + nsCommands + `"/>`
	command := `<identity category="automation" type="command-node" name="Greet"/>
<feature var="` + nsCommands + `"/>
<feature var="` + nsForm + `"/>`
	tests := []struct{ name, node, want string }{
		{"ourselves", "", own},
		{"our capabilities", "urn:releve#" + c.disco.verification(), own},
		{"capabilities of another version", "urn:releve#x", "item-not-found"},
		{"command", "greet", command},
		{"list of commands", nsCommands, commands},
		{"known node that this peer may not see", "empty", "item-not-found"},
		{"unknown node", "nope", "item-not-found"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, inquire(t, c, nsDiscoInfo, tt.node)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	for _, want := range []string{nsCommands, nsForm} {
		if !slices.Contains(c.disco.features, want) {
			t.Errorf("%s is not announced", want)
		}
	}
}

func TestDiscoItems(t *testing.T) {
	t.Parallel()
	c := idle()
	c.Offer(Command{Node: "greet", Name: "Greet"})
	c.HandleItems("list", func(from JID) []Item {
		return []Item{{Node: "one", Name: "for " + from.String()}, {Node: "two"}}
	})
	c.HandleItems("empty", func(JID) []Item { return nil })
	item := func(attrs string) string { return fmt.Sprintf(`<item jid="%s" %s/>`, house, attrs) }
	tests := []struct{ name, node, want string }{
		{"nothing registered at the root", "", ""},
		{"list", "list", item(`node="one" name="for `+peer+`"`) + "\n" + item(`node="two"`)},
		{"empty list", "empty", ""},
		{"commands", nsCommands, item(`node="greet" name="Greet"`)},
		{"unknown node", "nope", "item-not-found"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, inquire(t, c, nsDiscoItems, tt.node)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	got := inquire(t, idle(), nsVersion, "")
	for _, want := range []string{"<name>Relève</name>", "<version>test</version>", "<os>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s", got, want)
		}
	}
}
