package command

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"releve/federation/xmpp"
)

// said is a sentence that a test writes in one language.
func said(en string) Text { return words{"fr " + en, en} }

func parse(t testing.TB, address string) xmpp.JID {
	t.Helper()
	jid, err := xmpp.ParseJID(address)
	if err != nil {
		t.Fatal(err)
	}
	return jid
}

// byName gives who is called owner, operator or reader that role.
func byName(of xmpp.JID) Role {
	for role, name := range roleNames {
		if of.Localpart() == name {
			return Role(role)
		}
	}
	return Nobody
}

// offers is a session that only takes commands.
type offers map[string]xmpp.Command

func (o offers) Offer(list ...xmpp.Command) {
	for _, c := range list {
		o[c.Node] = c
	}
}

// guest runs one command of a door, as the server of commands would.
type guest struct {
	t       testing.TB
	command xmpp.Command
	from    xmpp.JID
	lang    string
	state   any
}

func visit(t testing.TB, d *Door, as string, c Command) *guest {
	t.Helper()
	o := offers{}
	d.Offer(o, c)
	return &guest{t: t, command: o[c.Node], from: parse(t, as+"@b.example/desk")}
}

func newDoor() *Door { return &Door{Roles: byName, Log: slog.New(slog.DiscardHandler)} }

// does takes one step and writes the answer as it travels; fields are name=value.
func (g *guest) does(action string, fields ...string) string {
	g.t.Helper()
	step := xmpp.Step{From: g.from, Lang: g.lang, Action: action, State: g.state}
	if fields != nil {
		step.Form = form(fields...)
	}
	o, err := g.command.Run(context.Background(), step)
	if err != nil {
		return err.Error()
	}
	if g.state = o.State; o.Done {
		g.state = nil
	}
	var out strings.Builder
	for _, n := range o.Notes {
		out.WriteString(n.Severity + ": " + n.Text + "\n")
	}
	out.WriteString(strings.Join(o.Actions, " ") + "\n")
	if o.Form != nil {
		out.WriteString(o.Form.Element().String())
	}
	return out.String()
}

// form is a submitted form; a field that is named twice in a row has both values, "name" alone has none.
func form(fields ...string) *xmpp.Form {
	f := &xmpp.Form{Type: "submit"}
	for _, one := range fields {
		name, value, has := strings.Cut(one, "=")
		if n := len(f.Fields); n > 0 && f.Fields[n-1].Var == name {
			f.Fields[n-1].Values = append(f.Fields[n-1].Values, value)
			continue
		}
		field := xmpp.Field{Var: name}
		if has {
			field.Values = []string{value}
		}
		f.Fields = append(f.Fields, field)
	}
	return f
}
