package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/status"
	"releve/buffer"
	"releve/federation"
	"releve/federation/route"
	"releve/senml"
)

// A recipient with routes gets what they say of what it was granted; one device of a source is told by the name that the
// source has for it, which stands nowhere in the buffer.
func TestRoutes(t *testing.T) {
	t.Parallel()
	from, to := newPlatform(t), newPlatform(t)
	h := newHouse(t, func(c *config.Config) {
		between(t, from, to, t.TempDir())(c)
		c.Recipients[0].Routes = []config.Route{
			{From: "enedis", Device: "a box", Series: []string{"consumption/*"}, ToDevice: "maison", ToItem: "cdc", Unit: "kW"},
			{From: "linky", Series: []string{"*"}},
			{Series: []string{"consumption/index"}, Unit: "kWh"},
		}
	})
	defer h.stop(t)
	now := float64(time.Now().Unix())
	pack := senml.Pack{}
	for _, device := range []string{"a box", "another"} {
		for _, path := range []string{"consumption/power", "consumption/index", "hidden/power"} {
			name := h.intake.local(giver{source: "enedis"}, federation.Outside(device, path))
			pack = append(pack, senml.Record{Name: name, Unit: "W", Value: senml.NumberValue(1500), Time: now})
		}
	}
	one := h.recipients[0]
	var got []string
	for _, r := range one.delivery.Gate.Pass(pack) {
		place := federation.PlaceOf(r.Name)
		got = append(got, place.Device+" "+place.Item+" "+place.Path+" "+r.Value.String()+" "+r.Unit)
	}
	want := []string{"maison cdc consumption/power 1.5 kW", "maison cdc consumption/index 1.5 kW"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := one.mismatched(); n != 2 {
		t.Errorf("%d mismatched", n)
	}
	said := status.Say("2 relevés ont été laissés de côté : leur unité n'est pas celle de leur route.", "2 readings were left out: their unit is not that of their route.")
	if diff := cmp.Diff([]status.Recipient{{Name: "pride", State: status.Warning, Text: said}}, h.recipientsShown()); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	idle := status.Say("[[route]] sans aucune série accordée depuis le démarrage : 1 ; vérifiez from, device et series.", "[[route]] that matched no granted series since the start: 1; check from, device and series.")
	if diff := cmp.Diff(idle, (&outgoing{routes: &route.Gate{Routes: make([]route.Route, 1)}}).idleRoutes(status.Recipient{LastSent: time.Now()})); diff != "" {
		t.Errorf("idle (-want +got):\n%s", diff)
	}
	if one := recipientShown("pride", federation.Stats{}, buffer.CursorStats{}); one.State != status.OK {
		t.Errorf("without routes: %+v", one)
	}
}
