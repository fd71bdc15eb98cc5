package main

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/status"
	"releve/senml"
)

// What has a [[rename]] comes under its path and in its unit; the page names those that nothing came for.
func TestRenaming(t *testing.T) {
	t.Parallel()
	n := newRenaming([]config.Rename{{Item: "tic[EAST]", Path: "consumption/energy/active/index", Unit: "Wh"}, {Item: "tic[EASTT]", Path: "power"}})
	var got senml.Pack
	take := n.before(func(_ context.Context, p senml.Pack) error {
		got = append(got, p...)
		return nil
	})
	good := status.Finding{Text: status.Say("Bien.", "Good.")}
	more := n.doubted(good).Text.EN
	if want := "Good. [[rename]] that matched nothing since the start: 2 (tic[EASTT], tic[EAST]); check their item."; more != want {
		t.Errorf("before anything came: %s", more)
	}
	must(t, take(t.Context(), senml.Pack{{Name: "device:a_tic:5BEAST:5D", Value: senml.NumberValue(1)}, {Name: "device:a_voltage/1", Unit: "V", Value: senml.NumberValue(2)}}))
	want := senml.Pack{{Name: "device:a_consumption/energy/active/index", Unit: "Wh", Value: senml.NumberValue(1)}, {Name: "device:a_voltage/1", Unit: "V", Value: senml.NumberValue(2)}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(senml.Value{})); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	said := status.Finding{Text: status.Say(
		"Bien. [[rename]] sans effet depuis le démarrage : 1 (tic[EASTT]) ; vérifiez leur item.",
		"Good. [[rename]] that matched nothing since the start: 1 (tic[EASTT]); check their item.")}
	if diff := cmp.Diff(said, n.doubted(good)); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(good, newRenaming(nil).doubted(good)); diff != "" {
		t.Errorf("without any (-want +got):\n%s", diff)
	}
}
