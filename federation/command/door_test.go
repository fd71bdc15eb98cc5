package command

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func listing(least Role) Command {
	return Command{Node: "c", Title: said("C"), Least: least, Begin: func(_ context.Context, c Caller) (Turn, error) {
		return Done(said("C"), said(c.Role.String())), nil
	}}
}

func TestDoor(t *testing.T) {
	t.Parallel()
	names := []string{"nobody", "reader", "operator", "owner"}
	for i, who := range names {
		for least := Nobody; least <= Owner; least++ {
			d := newDoor()
			g := visit(t, d, who, listing(least))
			want, stats := "info: "+who+"\n\n", Stats{Done: 1}
			if Role(i) < least {
				want, stats = "forbidden: "+who+"@b.example may not do this here", Stats{Forbidden: 1}
			}
			if got := g.does("execute"); got != want {
				t.Errorf("%s, of %s at least: got %q, want %q", who, least, got, want)
			}
			if diff := cmp.Diff(stats, d.Stats()); diff != "" {
				t.Errorf("%s, of %s at least: %s", who, least, diff)
			}
			if seen := g.command.For == nil || g.command.For(g.from); seen != (Role(i) >= least) {
				t.Errorf("%s sees a command of %s: %t", who, least, seen)
			}
		}
	}
}

// Who asks too often is told to wait, whatever the role, and hinders nobody else.
func TestDoorPace(t *testing.T) {
	t.Parallel()
	d := newDoor()
	stranger, owner := visit(t, d, "mallory", listing(Reader)), visit(t, d, "owner", listing(Reader))
	for range 1000 {
		stranger.does("execute")
	}
	if got := stranger.does("execute"); got != "resource-constraint: too many requests; try again in a minute" {
		t.Errorf("a stranger is told %q", got)
	}
	if got := owner.does("execute"); got != "info: owner\n\n" {
		t.Errorf("an owner is told %q", got)
	}
	if s := d.Stats(); s.Forbidden != 1001 || s.Done != 1 || s.Limited != 0 {
		t.Errorf("counted %+v", s)
	}
	for range 1000 {
		owner.does("execute")
	}
	if s := d.Stats(); s.Limited == 0 || s.Done > 900 {
		t.Errorf("counted %+v", s)
	}
}

// A crowd of strangers is not remembered for ever, and does not make those with a role forgotten.
func TestDoorRemembers(t *testing.T) {
	t.Parallel()
	d := newDoor()
	command := listing(Reader)
	_ = d.admit(Caller{JID: parse(t, "owner@b.example/x"), Role: Owner}, command, time.Unix(1e9, 0))
	for i := range 3 * maxVisitors {
		_ = d.admit(Caller{JID: parse(t, fmt.Sprintf("m%d@b.example/x", i))}, command, time.Unix(1e9+int64(i), 0))
	}
	if _, known := d.visitors["owner@b.example"]; !known || len(d.visitors) != maxVisitors {
		t.Errorf("%d visitors are remembered, the owner: %t", len(d.visitors), known)
	}
}

// A role that is lost ends what was begun with it.
func TestDoorAsksEachTime(t *testing.T) {
	t.Parallel()
	var deeds []string
	d := newDoor()
	g := visit(t, d, "owner", booking(&deeds))
	g.does("execute", "colour=red")
	g.from = parse(t, "nobody@b.example/desk")
	if got := g.does("complete", "count=1"); got != "forbidden: nobody@b.example may not do this here" || len(deeds) != 0 {
		t.Errorf("told %q, did %v", got, deeds)
	}
}
