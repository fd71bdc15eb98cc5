package command

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// booking asks for a colour and then how many, and counts what it does.
func booking(deeds *[]string) Command {
	second := func(colour string) *Page {
		return &Page{
			Title: said("How many"), Final: true,
			Fields: []Field{{Name: "count", Label: said("Count"), Kind: Number, Least: 1, Most: 5, Required: true}},
			Then: func(_ context.Context, _ Caller, a Answers) (Turn, error) {
				switch a.Number("count") {
				case 4:
					return nil, Invalid{"count": said("four is bad luck.")}
				case 5:
					return nil, errors.New("broken")
				}
				*deeds = append(*deeds, a.One("count")+" "+colour)
				return Done(said("Booked"), said("done")), nil
			},
		}
	}
	return Command{Node: "book", Title: said("Book"), Least: Operator, Begin: func(context.Context, Caller) (Turn, error) {
		return &Page{
			Title: said("Colour"), Instructions: said("choose"),
			Fields: []Field{{Name: "colour", Label: said("Colour"), Kind: Choice, Values: []string{"red"}, Required: true, Options: []Option{{"red", said("red")}, {"blue", nil}}}},
			Then: func(_ context.Context, _ Caller, a Answers) (Turn, error) {
				return second(a.One("colour")), nil
			},
		}, nil
	}}
}

func TestDialogue(t *testing.T) {
	t.Parallel()
	var deeds []string
	g := visit(t, newDoor(), "operator", booking(&deeds))
	colour := func(value string) string {
		return `<x xmlns="jabber:x:data" type="form"><title>Colour</title><instructions>choose</instructions><field var="colour" type="list-single" label="Colour"><required/>` +
			`<value>` + value + `</value><option label="red"><value>red</value></option><option label="blue"><value>blue</value></option></field></x>`
	}
	count := func(desc, value string) string {
		return `<x xmlns="jabber:x:data" type="form"><title>How many</title><field var="count" type="text-single" label="Count">` + desc +
			`<required/><validate xmlns="http://jabber.org/protocol/xdata-validate" datatype="xs:integer"><range min="1" max="5"/></validate>` + value + `</field></x>`
	}
	const range5 = `"9" is not a whole number from 1 to 5.`
	for _, step := range []struct {
		action string
		fields []string
		want   string
	}{
		{"execute", nil, "next\n" + colour("red")},
		{"next", []string{"colour=green"}, "error: Colour: \"green\" is not among the choices.\nnext\n" +
			`<x xmlns="jabber:x:data" type="form"><title>Colour</title><instructions>choose</instructions><field var="colour" type="list-single" label="Colour">` +
			`<desc>"green" is not among the choices.</desc><required/><value>green</value><option label="red"><value>red</value></option><option label="blue"><value>blue</value></option></field></x>`},
		{"next", []string{"colour=blue"}, "complete prev\n" + count("", "")},
		{"prev", nil, "next\n" + colour("blue")},
		{"next", []string{"colour=blue"}, "complete prev\n" + count("", "")},
		{"complete", []string{"count=9"}, "error: Count: " + range5 + "\ncomplete prev\n" + count("<desc>"+range5+"</desc>", "<value>9</value>")},
		{"complete", []string{"count=4"}, "error: Count: four is bad luck.\ncomplete prev\n" + count("<desc>four is bad luck.</desc>", "<value>4</value>")},
		{"complete", []string{"count=5"}, "broken"},
		{"complete", nil, "complete prev\n" + count("", "<value>4</value>")},
		{"complete", []string{"count= 3 "}, "info: done\n\n"},
	} {
		if diff := cmp.Diff(step.want, g.does(step.action, step.fields...)); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", step.action, step.fields, diff)
		}
	}
	if diff := cmp.Diff([]string{"3 blue"}, deeds); diff != "" {
		t.Errorf("deeds (-want +got):\n%s", diff)
	}
}

// A program that knows the form fills it in at once.
func TestDialogueAtOnce(t *testing.T) {
	t.Parallel()
	var deeds []string
	g := visit(t, newDoor(), "owner", booking(&deeds))
	g.lang = "fr-FR"
	g.does("execute", "colour=red")
	if got, want := g.does("complete", "count=2"), "info: fr done\n\n"; got != want || len(deeds) != 1 {
		t.Errorf("got %q, want %q; did %v", got, want, deeds)
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	g := visit(t, newDoor(), "owner", Command{Node: "list", Title: said("List"), Least: Reader, Begin: func(context.Context, Caller) (Turn, error) {
		return &Result{
			Title: said("List"), Notes: []Note{{Warn, said("careful")}},
			Fields:  []Field{{Name: "state", Label: said("State"), Kind: Choice, Values: []string{"ok"}, Required: true, Options: []Option{{"ok", nil}}}},
			Columns: []Field{{Name: "a", Label: said("A"), Kind: Line}}, Rows: [][]string{{"1"}, {"2"}},
		}, nil
	}})
	want := "warn: careful\n\n" + `<x xmlns="jabber:x:data" type="result"><title>List</title><field var="state" type="list-single" label="State"><value>ok</value></field>` +
		`<reported><field var="a" type="text-single" label="A"/></reported><item><field var="a"><value>1</value></field></item><item><field var="a"><value>2</value></field></item></x>`
	if diff := cmp.Diff(want, g.does("execute")); diff != "" {
		t.Error(diff)
	}
}
