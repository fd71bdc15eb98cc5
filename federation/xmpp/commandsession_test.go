package xmpp

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"mellium.im/xmpp/jid"
)

// A step that is sent again is not done again: neither after the end, nor while it is being done.
func TestCommandReplay(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	deeds := 0
	cs := newCommands(time.Now)
	cs.list = []Command{{Node: "deed", Run: func(_ context.Context, s Step) (Outcome, error) {
		if s.Form == nil {
			return Outcome{Form: &Form{Type: "form"}, Actions: []string{ActionComplete}}, nil
		}
		begun <- struct{}{}
		<-release
		deeds++
		return Outcome{Done: true}, nil
	}}}
	first, err := ask(cs, "a@b/c", `node="deed"`, "")
	if err != nil {
		t.Fatal(err)
	}
	step := func() error {
		_, err := ask(cs, "a@b/c", `node="deed" action="complete" sessionid="`+first.Attr("sessionid")+`"`, submit("x"))
		return err
	}
	done := make(chan error)
	go func() { done <- step() }()
	<-begun
	if got := text(step()); got != "unexpected-request: the step before is still being done" {
		t.Errorf("the same step meanwhile: %s", got)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := step()
		var told *StanzaError
		if !errors.As(err, &told) || told.App == nil || told.App.Name.Local != "session-expired" || told.Condition != "not-allowed" {
			t.Errorf("the same step again: %v", err)
		}
	}
	if deeds != 1 {
		t.Errorf("the deed was done %d times", deeds)
	}
}

// What is offered is what the next step may ask for; execute asks for the first of it.
func TestCommandActions(t *testing.T) {
	t.Parallel()
	cs := newCommands(time.Now)
	cs.list = []Command{{Node: "steps", Run: func(_ context.Context, s Step) (Outcome, error) {
		n, _ := s.State.(int)
		return Outcome{Notes: []Note{{"info", fmt.Sprintf("%s after %d", s.Action, n)}}, Actions: []string{ActionNext, ActionPrev}, State: n + 1}, nil
	}}}
	first, err := ask(cs, "a@b/c", `node="steps"`, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := first.Child("", "actions").String(), `<actions execute="next"><prev/><next/></actions>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, tt := range []struct{ action, said string }{
		{`action="execute"`, "next after 1"}, {`action="prev"`, "prev after 2"}, {``, "next after 3"},
		{`action="complete"`, "bad-request: this step does not offer the action complete"}, {`action="next"`, "next after 4"},
	} {
		answer, err := ask(cs, "a@b/c", `node="steps" sessionid="`+first.Attr("sessionid")+`" `+tt.action, "")
		said := text(err)
		if err == nil {
			said = answer.Child("", "note").Text
		}
		if said != tt.said {
			t.Errorf("%s: got %q, want %q", tt.action, said, tt.said)
		}
	}
}

// Neither many sessions of one account nor those of strangers push out who is in the middle of a closed command.
func TestCommandSessionsOfStrangers(t *testing.T) {
	t.Parallel()
	cs := greeter(time.Now)
	cs.list = append(cs.list, Command{Node: "closed", Run: greet, For: func(from JID) bool { return from.Localpart() == "owner" }})
	mine, err := ask(cs, "owner@b/c", `node="closed"`, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * maxSessions {
		for _, from := range []string{fmt.Sprintf("a%d@b/c", i), fmt.Sprintf("one@b/c%d", i), fmt.Sprintf("owner@b/c%d", i)} {
			node := "greet"
			if i%2 == 0 && from[0] != 'o' { // one whom the command is not for, and who knows its name
				node = "closed"
			}
			if _, err := ask(cs, from, `node="`+node+`"`, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, open := cs.sessions.open[mine.Attr("sessionid")]; !open {
		t.Error("the session of a closed command is gone")
	}
	of := map[string]int{}
	for _, s := range cs.sessions.open {
		of[s.account]++
	}
	if of["one@b"] > maxEach || of["owner@b"] > maxEach+1 {
		t.Errorf("an account holds %d sessions, another %d", of["one@b"], of["owner@b"])
	}
}

// A command that is for some is neither listed to others nor described to them, and is named in the caller's language.
func TestCommandForSome(t *testing.T) {
	t.Parallel()
	c := idle()
	owner := jid.MustParse("owner@b/c")
	c.Offer(Command{Node: "open", Name: "Open", Run: greet})
	c.Offer(Command{
		Node: "closed", Run: greet, For: func(from JID) bool { return from.Bare().Equal(owner.Bare()) },
		Title: func(lang string) string { return "closed in " + lang },
	})
	for _, tt := range []struct{ from, space, node, want string }{
		{"owner@b/c", nsDiscoItems, nsCommands, `<item jid="a@b/r" node="open" name="Open"/><item jid="a@b/r" node="closed" name="closed in fr"/>`},
		{"other@b/c", nsDiscoItems, nsCommands, `<item jid="a@b/r" node="open" name="Open"/>`},
		{"owner@b/c", nsDiscoInfo, "closed", `<identity category="automation" type="command-node" name="closed in fr"/><feature var="` + nsCommands + `"/><feature var="jabber:x:data"/>`},
		{"other@b/c", nsDiscoInfo, "closed", "item-not-found"},
	} {
		q := IQ{Type: "get", Lang: "fr", From: jid.MustParse(tt.from), To: jid.MustParse("a@b/r"), Payload: NewElement(tt.space, "query", "node", tt.node)}
		answer, err := c.router.handle(context.Background(), q)
		got := text(err)
		if err == nil {
			for _, child := range answer.Children {
				got += child.String()
			}
		}
		if got != tt.want {
			t.Errorf("%s asks for %s: got %s, want %s", tt.from, tt.node, got, tt.want)
		}
	}
}

func TestCommandLocale(t *testing.T) {
	t.Parallel()
	cs := greeter(time.Now)
	for lang, refused := range map[string]bool{"": false, "fr": false, "zh-Hant-TW": false, "not a language": true, "fr_FR": true, "-": true} {
		_, err := cs.handle(context.Background(), IQ{From: jid.MustParse("a@b/c"), Lang: lang, Payload: NewElement(nsCommands, "command", "node", "greet")})
		var told *StanzaError
		if is := errors.As(err, &told) && told.App != nil && told.App.Name.Local == "bad-locale"; is != refused {
			t.Errorf("%q: %v", lang, err)
		}
	}
}
