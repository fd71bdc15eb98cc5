package xmpp

import (
	"context"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"
)

// A peer that shows its form, as to a person, gets it filled in at the second step; one that shows it again gets no third.
func TestExecuteFillsInForm(t *testing.T) {
	t.Parallel()
	const form = `<x xmlns="jabber:x:data" type="form"><field var="identifier"/></x>`
	tests := []struct{ name, actions, last, action, err string }{
		{"complete", `<actions execute="complete"><complete/><next/></actions>`, `status="completed"`, "complete", ""},
		{"no word of what is possible", "", `status="completed"`, "complete", ""},
		{"next only", `<actions><next/></actions>`, `status="completed"`, "next", ""},
		{"again", "", `status="executing"`, "complete", `run command greet: it ends as "executing", not completed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s := joined(t)
				second := make(chan *Element, 1)
				go func() {
					s.say(`<iq type="result" from="%s" id="%s"><command xmlns="%s" sessionid="s1" status="executing">%s%s</command></iq>`,
						peer, (<-s.sent).Attr("id"), nsCommands, tt.actions, form)
					step := <-s.sent
					second <- step.Children[0]
					s.say(`<iq type="result" from="%s" id="%s"><command xmlns="%s" %s>%s</command></iq>`, peer, step.Attr("id"), nsCommands, tt.last, form)
				}()
				filled := &Form{Type: "submit", Fields: []Field{{Var: "identifier", Values: []string{"x"}}}}
				_, err := c.Execute(context.Background(), jid.MustParse(peer), "greet", filled)
				if text(err) != tt.err {
					t.Errorf("got %v, want %s", err, tt.err)
				}
				step := <-second
				if step.Attr("sessionid") != "s1" || step.Attr("action") != tt.action || ParseForm(step.Child(nsForm, "x")).Value("identifier") != "x" {
					t.Errorf("second step is %s", step)
				}
			})
		})
	}
}
