package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"releve/agent/config"
	"releve/federation/xmpp"
)

// cardType is the FORM_TYPE of the card in disco#info (XEP-0128). It goes with the session: what is taken out of the
// configuration is gone at the next login, and no server keeps it. vCards (XEP-0054, XEP-0292) would stay there, and no
// program of the federation reads them.
const cardType = "urn:releve:card:0"

// cardForm is the card of this node; its fields have the names of vCard's properties (RFC 6350) where there is one.
func cardForm(c config.Card) *xmpp.Form {
	form := &xmpp.Form{Type: "result", Fields: []xmpp.Field{{Var: "FORM_TYPE", Type: "hidden", Values: []string{cardType}}}}
	for _, field := range []struct {
		name, typ string
		values    []string
	}{
		{"org", "text-single", []string{c.Organisation}}, {"role", "text-single", []string{c.Role}},
		{"locality", "text-single", []string{c.Commune}}, {"services", "text-multi", c.Services},
	} {
		if strings.Join(field.values, "") != "" {
			form.Fields = append(form.Fields, xmpp.Field{Var: field.name, Type: field.typ, Values: field.values})
		}
	}
	return form
}

// memberCard is a card as it is listed, a contract with other programs as JSON.
type memberCard struct {
	Address      string   `json:"address"`
	Organisation string   `json:"organisation,omitempty"`
	Role         string   `json:"role,omitempty"`
	Commune      string   `json:"commune,omitempty"`
	Services     []string `json:"services,omitempty"`
	Error        string   `json:"error,omitempty"`
}

type directoryVerb struct {
	configFile
	JSON    bool     `name:"json" help:"Print JSON, one card a line."`
	Members []string `arg:"" help:"Full addresses of members, such as serveur@breizh-sen2.example/releve."`
}

// Run asks each member for its card. One that cannot be reached holds up no other, and is the error in the end.
func (v directoryVerb) Run(ctx context.Context, t terminal) error {
	c, err := callFlags{configFile: v.configFile, Provider: v.Members[0]}.prepare("directory", t, -1, "warn")
	if err != nil {
		return err
	}
	return c.during(ctx, func(ctx context.Context) error {
		var errs []error
		for _, address := range v.Members {
			one, err := askCard(ctx, c.session, address)
			errs = append(errs, err, v.print(t, one))
		}
		return errors.Join(errs...)
	})
}

// describing is what asking for a card needs of a session.
type describing interface {
	Described(ctx context.Context, to xmpp.JID, typ string) (*xmpp.Form, error)
}

// askCard asks a member. What it says of itself is a stranger's word, shown without what a terminal would obey.
func askCard(ctx context.Context, session describing, address string) (memberCard, error) {
	one := memberCard{Address: address}
	to, err := xmpp.ParseJID(address)
	if err != nil || to.Resourcepart() == "" {
		err = fmt.Errorf("%q is not a full address such as serveur@breizh-sen2.example/releve", address)
		one.Error = err.Error()
		return one, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	form, err := session.Described(ctx, to, cardType)
	if err != nil {
		err = fmt.Errorf("ask %s for its card: %w", address, err)
		one.Error = err.Error()
		return one, err
	}
	one.Organisation, one.Role, one.Commune = shownTerm(form.Value("org")), shownTerm(form.Value("role")), shownTerm(form.Value("locality"))
	for i, service := range form.Values("services") {
		if i < 16 {
			one.Services = append(one.Services, shownTerm(service))
		}
	}
	return one, nil
}

// shownTerm is a term of a stranger's card without what cannot be shown, cut where no honest one is as long.
func shownTerm(text string) string {
	runes := []rune(text)
	text = string(runes[:min(len(runes), 120)])
	if plain(text) != nil {
		return "?"
	}
	return text
}

func (v directoryVerb) print(t terminal, one memberCard) error {
	if v.JSON {
		lines := json.NewEncoder(t.out)
		lines.SetEscapeHTML(false)
		return lines.Encode(one)
	}
	switch {
	case one.Error != "":
		return nil // it is said at the end
	case one.Organisation == "":
		_, err := fmt.Fprintf(t.out, "%s  shows no card\n", one.Address)
		return err
	}
	_, err := fmt.Fprintf(t.out, "%s  %s  %s  %s  %s\n", one.Address, one.Organisation, orDash(one.Role), orDash(one.Commune), orDash(strings.Join(one.Services, ", ")))
	return err
}
