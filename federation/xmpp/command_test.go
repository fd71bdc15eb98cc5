package xmpp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"
)

// greet asks for a name, then greets it.
func greet(_ context.Context, s Step) (Outcome, error) {
	switch {
	case s.Form == nil:
		return Outcome{Form: &Form{Type: "form", Fields: []Field{{Var: "name"}}}}, nil
	case s.Form.Value("name") == "":
		return Outcome{}, BadRequest("name is missing")
	case s.Form.Value("name") == "boom":
		return Outcome{}, errors.New("secret detail")
	}
	return Outcome{Done: true, Notes: []Note{{"info", "hello " + s.Form.Value("name") + " from " + s.Action + " in " + s.Lang}}}, nil
}

func greeter(now func() time.Time) *commands {
	cs := newCommands(now)
	cs.list = []Command{{Node: "greet", Name: "Greet", Run: greet}, {Node: "other", Run: greet}}
	return cs
}

func ask(cs *commands, from, attrs, inner string) (*Element, error) {
	payload, err := ParseElement(fmt.Appendf(nil, `<command xmlns="%s" %s>%s</command>`, nsCommands, attrs, inner))
	if err != nil {
		return nil, err
	}
	return cs.handle(context.Background(), IQ{From: jid.MustParse(from), Lang: "fr", Payload: payload})
}

func submit(name string) string {
	return `<x xmlns="jabber:x:data" type="submit"><field var="name"><value>` + name + `</value></field></x>`
}

func TestCommandSteps(t *testing.T) {
	t.Parallel()
	cs := greeter(time.Now)
	first, err := ask(cs, "a@b/c", `node="greet"`, "\n ")
	if err != nil || first.Attr("status") != "executing" || first.Child(nsForm, "x") == nil {
		t.Fatalf("first step: %v %v", first, err)
	}
	session := first.Attr("sessionid")
	if _, err := ask(cs, "a@b/c", `node="greet" sessionid="`+session+`"`, submit("")); text(err) != "bad-request: name is missing" {
		t.Fatalf("a refused step: %v", err)
	}
	last, err := ask(cs, "a@b/c", `node="greet" action="complete" sessionid="`+session+`"`, submit("Ana"))
	if err != nil || last.Attr("status") != "completed" {
		t.Fatalf("last step: %v %v", last, err)
	}
	if got, want := last.Child("", "note").Text, "hello Ana from complete in fr"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(cs.sessions.open) != 0 {
		t.Errorf("%d sessions are left", len(cs.sessions.open))
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestCommandErrors(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1e9, 0)
	cs := greeter(func() time.Time { return clock })
	first, err := ask(cs, "a@b/c", `node="greet"`, "")
	if err != nil {
		t.Fatal(err)
	}
	session := ` sessionid="` + first.Attr("sessionid") + `"`
	tests := []struct{ name, from, attrs, inner, err string }{
		{"unknown command", "a@b/c", `node="nope"`, "", "item-not-found: there is no such command"},
		{"unknown action", "a@b/c", `node="greet" action="frob"`, "", "bad-request: this action is not known"},
		{"unknown session", "a@b/c", `node="greet" sessionid="x"`, "", "bad-request: this session is not known; begin again"},
		{"another's session", "a@b/d", `node="greet"` + session, "", "bad-request: this session is not known; begin again"},
		{"another command's session", "a@b/c", `node="other"` + session, "", "bad-request: this session is not known; begin again"},
		{"an action that was not offered", "a@b/c", `node="greet" action="prev"` + session, "", "bad-request: this step does not offer the action prev"},
		{"back from the first", "a@b/c", `node="greet" action="prev"`, "", "bad-request: there is no step before the first"},
		{"many fields", "a@b/c", `node="greet"`, "<x xmlns='jabber:x:data'>" + strings.Repeat("<field/>", maxFields+1) + "</x>", "bad-request: the form has more fields than any of ours"},
		{"many values", "a@b/c", `node="greet"`, "<x xmlns='jabber:x:data'><field>" + strings.Repeat("<value/>", maxValues+1) + "</field></x>", "bad-request: a field of the form is longer than any of ours may be"},
		{"a long value", "a@b/c", `node="greet"`, submit(strings.Repeat("x", maxValueBytes+1)), "bad-request: a field of the form is longer than any of ours may be"},
		{"a fault of ours", "a@b/c", `node="greet"`, submit("boom"), "secret detail"},
	}
	for _, tt := range tests {
		if _, err := ask(cs, tt.from, tt.attrs, tt.inner); text(err) != tt.err {
			t.Errorf("%s: got %q, want %q", tt.name, text(err), tt.err)
		}
	}
	if e := asStanzaError(errors.New("secret detail")); e.Text != "the agent could not do this; its log says why" {
		t.Errorf("a peer is told %q", e.Text)
	}
	clock = clock.Add(commandTTL + time.Second)
	if _, err := ask(cs, "a@b/c", `node="greet"`+session, ""); text(err) != "not-allowed: this session has expired; begin again" {
		t.Errorf("a session lives for ever: %v", err)
	}
}

func TestCommandCancel(t *testing.T) {
	t.Parallel()
	cs := greeter(time.Now)
	first, _ := ask(cs, "a@b/c", `node="greet"`, "")
	answer, err := ask(cs, "a@b/c", `node="greet" action="cancel" sessionid="`+first.Attr("sessionid")+`"`, "")
	if err != nil || answer.Attr("status") != "canceled" || len(cs.sessions.open) != 0 {
		t.Errorf("got %v, %v and %d sessions", answer, err, len(cs.sessions.open))
	}
}

// Somebody who begins commands without end holds no more than a bound.
func TestCommandSessionsAreBounded(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1e9, 0)
	cs := greeter(func() time.Time { clock = clock.Add(time.Millisecond); return clock })
	first, _ := ask(cs, "a@b/c", `node="greet"`, "")
	for i := range 3 * maxSessions {
		if _, err := ask(cs, fmt.Sprintf("a%d@b/c", i), `node="greet"`, ""); err != nil {
			t.Fatal(err)
		}
	}
	if len(cs.sessions.open) != maxSessions {
		t.Errorf("%d sessions are kept, want %d", len(cs.sessions.open), maxSessions)
	}
	if _, kept := cs.sessions.open[first.Attr("sessionid")]; kept {
		t.Error("the oldest session was kept")
	}
}

func TestCommandItems(t *testing.T) {
	t.Parallel()
	want := []Item{{Node: "greet", Name: "Greet"}, {Node: "other"}}
	if diff := cmp.Diff(want, greeter(time.Now).items(IQ{})); diff != "" {
		t.Error(diff)
	}
}

// FuzzCommand: whatever a peer submits, the answer is a command of this node or an error meant for the peer.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		`<command node="echo"/>`, `<command node="echo" sessionid="s" action="next"/>`, `<command node="nope"/>`,
		`<command node="echo" action="cancel"/>`, `<command node="echo" action="cancel" sessionid="s"/>`,
		`<command node="echo" action="frob"/>`, `<command node="echo" sessionid="other"/>`,
		`<command node="echo" sessionid="s"><x xmlns="jabber:x:data"><field var="a"><value>1</value></field></x></command>`,
		`<command node="echo"><x xmlns="jabber:x:data"/></command>`, `<command>text</command>`, `<x/>`,
	} {
		f.Add([]byte(seed))
	}
	echo := func(_ context.Context, s Step) (Outcome, error) {
		return Outcome{Form: s.Form, Notes: []Note{{"info", s.Action}}, Done: s.Form.Value("a") != ""}, nil
	}
	from := jid.MustParse(peer)
	f.Fuzz(func(t *testing.T, raw []byte) {
		payload, err := ParseElement(raw)
		if err != nil {
			return
		}
		cs := newCommands(time.Now)
		cs.list = []Command{{Node: "echo", Run: echo}}
		cs.sessions.open["s"] = &session{id: "s", owner: peer, node: "echo", last: time.Now(), offered: []string{ActionComplete, ActionNext}}
		answer, err := cs.handle(context.Background(), IQ{From: from, Payload: payload})
		var told *StanzaError
		switch {
		case err != nil && (answer != nil || !errors.As(err, &told)):
			t.Errorf("%q is answered with %v, %v", raw, answer, err)
		case err != nil:
			return
		case answer.Name.Space != nsCommands || answer.Name.Local != "command" || answer.Attr("node") != "echo":
			t.Errorf("%q is answered with %s", raw, answer)
		}
		session := answer.Attr("sessionid")
		_, open := cs.sessions.open[session]
		if executing := answer.Attr("status") == "executing"; executing != open {
			t.Errorf("after %q the session is open: %t; the answer is %s", raw, open, answer)
		}
	})
}
