package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
	"releve/federation/lognact"
)

// What the page says of a Zabbix: first what a person has to do something about.
func TestTellLognact(t *testing.T) {
	t.Parallel()
	parked := []lognact.Parked{{Host: "linky-12", Key: "tic[EAST]", Reason: "the item is disabled"}}
	for _, tc := range []struct {
		name     string
		standing lognact.Standing
		before   status.Recipient
		want     status.Recipient
	}{
		{name: "nothing sent, nothing asked"},
		{
			name: "what waits for confirmation alone does not wait to be sent", standing: lognact.Standing{Unconfirmed: 3, Sent: 10, Confirmed: 7},
			before: status.Recipient{Pending: 5}, want: status.Recipient{Pending: 2},
		},
		{
			name: "all is well", standing: lognact.Standing{Confirms: true, Confirmed: 7, Resent: 2},
			want: status.Recipient{Text: status.Say("Confirmé jusqu'au paquet 7 ; 2 valeurs renvoyées.", "Confirmed up to pack 7; 2 values sent again.")},
		},
		{
			name: "some cannot be looked for", standing: lognact.Standing{Confirms: true, Unseen: 4},
			want: status.Recipient{State: status.Warning, Text: status.Say(
				"4 valeurs envoyées passent pour enregistrées sans vérification : le jeton ne voit pas leurs éléments, ou ceux-ci ne gardent pas d'historique.",
				"4 values that were sent count as stored without being looked for: the token does not see their items, or these keep no history.")},
		},
		{
			name: "some fit no item", standing: lognact.Standing{Confirms: true, Unseen: 4, Misfits: 2, Misfit: errors.New("it has no value")},
			want: status.Recipient{State: status.Warning, Text: status.Say(
				"2 relevés n'ont pas de place chez ce destinataire, le dernier ainsi : it has no value",
				"2 readings have no place with this recipient, the last one so: it has no value")},
		},
		{
			name: "the API is away", standing: lognact.Standing{Confirms: true, Unconfirmed: 2, Err: errors.New("no answer"), Misfits: 2},
			want: status.Recipient{State: status.Waiting, Text: status.Say(
				"2 paquets envoyés ne sont pas encore confirmés : no answer", "2 packs that were sent are not confirmed yet: no answer")},
		},
		{
			name: "an item refuses", standing: lognact.Standing{Parked: parked, Err: errors.New("no answer")},
			want: status.Recipient{State: status.Warning, Text: status.Say(
				"1 élément(s) ne prennent pas de valeurs et sont réessayés ; le premier, linky-12 tic[EAST] : the item is disabled",
				"1 item(s) take no values and are tried again; the first, linky-12 tic[EAST]: the item is disabled")},
		},
		{
			name: "what was said already stays", standing: lognact.Standing{Parked: parked},
			before: status.Recipient{Text: status.Say("Avant.", "Before.")}, want: status.Recipient{Text: status.Say("Avant.", "Before.")},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := tc.before
			tellLognact(&got, tc.standing)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
		})
	}
}
