package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/xmpp"
)

// toldOf is a session in which a member tells a form of itself.
type toldOf struct {
	form *xmpp.Form
	err  error
}

func (s toldOf) Described(_ context.Context, _ xmpp.JID, typ string) (*xmpp.Form, error) {
	if typ != cardType {
		return nil, errors.New("another form was asked for")
	}
	return s.form, s.err
}

func TestCardOfMember(t *testing.T) {
	t.Parallel()
	const address = "serveur@breizh-sen2.example/releve"
	whole := config.Card{Organisation: "Ville", Role: "relais", Commune: "56121", Services: []string{"conseil", "affichage"}}
	long := strings.Repeat("é", 200)
	hostile := &xmpp.Form{Fields: []xmpp.Field{
		{Var: "org", Values: []string{"a\x1b[2Jb"}}, {Var: "role", Values: []string{long}}, {Var: "services", Values: strings.Split(strings.Repeat("x ", 40), " ")},
	}}
	sixteen := strings.Split(strings.TrimSpace(strings.Repeat("x ", 16)), " ")
	for _, row := range []struct {
		name, address string
		said          toldOf
		want          memberCard
		err           string
	}{
		{"whole", address, toldOf{form: cardForm(whole)}, memberCard{Address: address, Organisation: "Ville", Role: "relais", Commune: "56121", Services: whole.Services}, ""},
		{"the least", address, toldOf{form: cardForm(config.Card{Organisation: "Ville"})}, memberCard{Address: address, Organisation: "Ville"}, ""},
		{"none", address, toldOf{}, memberCard{Address: address}, ""},
		{"hostile", address, toldOf{form: hostile}, memberCard{Address: address, Organisation: "?", Role: long[:240], Services: sixteen}, ""},
		{"not there", address, toldOf{err: errors.New("service-unavailable")}, memberCard{Address: address, Error: "ask serveur@breizh-sen2.example/releve for its card: service-unavailable"},
			"ask serveur@breizh-sen2.example/releve for its card: service-unavailable"},
		{"no address", "serveur", toldOf{}, memberCard{Address: "serveur", Error: `"serveur" is not a full address such as serveur@breizh-sen2.example/releve`},
			`"serveur" is not a full address such as serveur@breizh-sen2.example/releve`},
	} {
		got, err := askCard(t.Context(), row.said, row.address)
		if diff := cmp.Diff(row.want, got); diff != "" || err == nil && row.err != "" || err != nil && err.Error() != row.err {
			t.Errorf("%s: %v (-want +got):\n%s", row.name, err, diff)
		}
	}
}

// TestCardIsTold wants the card to be part of what the session says of itself, and nothing without one.
func TestCardIsTold(t *testing.T) {
	t.Parallel()
	want := `<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE" type="hidden"><value>urn:releve:card:0</value></field>` +
		`<field var="org" type="text-single"><value>Ville</value></field><field var="services" type="text-multi"><value>a</value><value>b</value></field></x>`
	if got := cardForm(config.Card{Organisation: "Ville", Services: []string{"a", "b"}}).Element().String(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if (config.Card{}).Shown() {
		t.Error("an empty card is shown")
	}
}
