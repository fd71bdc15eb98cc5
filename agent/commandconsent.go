package main

import (
	"context"
	"fmt"
	"strings"

	"releve/agent/status"
	"releve/federation/command"
	"releve/federation/consent"
)

func consentTitle() status.Words { return status.Say("Accords", "Consents") }

// commandConsents lists the consents; whoever chooses one is shown its terms and what can be answered.
func (a *agent) commandConsents(context.Context, command.Caller) (command.Turn, error) {
	f := command.Field{Name: "consent", Label: status.Say("Accord", "Consent"), Kind: command.Choice, Required: true}
	for _, one := range a.notary.consents.All() {
		one = one.At(a.now())
		f.Options = append(f.Options, command.Option{Value: one.ID, Label: status.Say(consentLabel(one, consentStates[one.State].FR), consentLabel(one, consentStates[one.State].EN))})
		if len(f.Values) == 0 || one.State == consent.Pending { // what waits for an answer is offered first
			f.Values = []string{one.ID}
		}
	}
	if len(f.Options) == 0 {
		return command.Done(consentTitle(), status.Say("Aucun accord n'a été donné ni demandé : rien ne part.", "No consent was given or asked for: nothing leaves.")), nil
	}
	return &command.Page{
		Title: consentTitle(), Instructions: status.Say("Choisissez un accord pour le lire et y répondre.", "Choose a consent to read and answer it."),
		Fields: []command.Field{f},
		Then: func(_ context.Context, _ command.Caller, answers command.Answers) (command.Turn, error) {
			one, err := a.notary.consents.Find(answers.One("consent"))
			if err != nil {
				return nil, command.Invalid{"consent": text("%s.", err)}
			}
			return a.consentPage(one.At(a.now())), nil
		},
	}, nil
}

// consentStates are the words for how a consent stands.
var consentStates = map[consent.State]status.Words{
	consent.Pending: {FR: "attend votre réponse", EN: "waits for your answer"}, consent.InForce: {FR: "en vigueur", EN: "in force"},
	consent.Refused: {FR: "refusé", EN: "refused"}, consent.Withdrawn: {FR: "retiré", EN: "withdrawn"}, consent.Lapsed: {FR: "terminé", EN: "ended"},
}

func consentLabel(one consent.Consent, state string) string {
	return fmt.Sprintf("%s · %s · %s", one.Grant.To, state, one.Grant.Purpose)
}

// What can be answered.
const (
	answerAccept   = "accept"
	answerRefuse   = "refuse"
	answerWithdraw = "withdraw"
)

// consentAnswers is what can be answered to a consent as it stands.
func consentAnswers(state consent.State) []command.Option {
	accept := command.Option{Value: answerAccept, Label: status.Say("accepter", "accept")}
	switch state {
	case consent.Pending:
		return []command.Option{{Value: answerRefuse, Label: status.Say("refuser", "refuse")}, accept}
	case consent.InForce:
		return []command.Option{{Value: answerWithdraw, Label: status.Say("retirer : rien ne part plus, même ce qui attend", "withdraw: nothing more leaves, also of what waits")}}
	case consent.Refused, consent.Withdrawn:
		return []command.Option{accept}
	}
	return nil
}

// consentPage shows all terms of a consent, and asks for an answer where one is possible.
func (a *agent) consentPage(one consent.Consent) command.Turn {
	terms := command.Field{
		Name: "terms", Label: status.Say("Termes", "Terms"), Kind: command.Fixed,
		Values: strings.Split(strings.TrimSpace(consentText(one, a.cfg.Agent.Location)), "\n"),
	}
	if words, is := unpromised(a.cfg, one.Grant); is {
		terms.Values = append(terms.Values, words.FR, words.EN)
	}
	possible := consentAnswers(one.State)
	if len(possible) == 0 {
		terms.Kind = command.Lines
		return &command.Result{Title: consentTitle(), Fields: []command.Field{terms}}
	}
	page := &command.Page{Title: consentTitle(), Final: true, Fields: []command.Field{
		terms,
		{Name: "answer", Label: status.Say("Réponse", "Answer"), Kind: command.Choice, Required: true, Options: possible},
	}}
	if one.State == consent.Pending {
		page.Fields = append(page.Fields, finestField(one.Grant))
	}
	page.Then = func(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
		return a.answerConsent(one, c, answers)
	}
	return page
}

// finestField lets a person agree to something coarser than what was asked for.
func finestField(g consent.Grant) command.Field {
	f := command.Field{Name: "finest", Label: status.Say("Au plus fin", "The finest"), Kind: command.Choice, Required: true, Values: []string{string(g.Resolution)}}
	coarser := false
	for _, r := range consent.Resolutions() {
		if coarser = coarser || r == g.Resolution; coarser {
			f.Options = append(f.Options, command.Option{Value: string(r)})
		}
	}
	return f
}

// answerConsent does what was answered. The ledger has it before it holds.
func (a *agent) answerConsent(one consent.Consent, c command.Caller, answers command.Answers) (command.Turn, error) {
	var err error
	switch answers.One("answer") {
	case answerAccept:
		if finest := answers.One("finest"); finest != "" {
			one.Grant.Resolution = consent.Resolution(finest)
		}
		one, err = a.notary.AcceptAs(one.ID, one.Grant, c.Bare())
	case answerRefuse:
		one, err = a.notary.Refuse(one.ID, c.Bare())
	case answerWithdraw:
		one, err = a.notary.Withdraw(one.ID, c.Bare())
	}
	if err != nil {
		a.log.Warn("consent not answered", "consent", one.ID, "by", c.Bare(), "error", err)
		return command.Refused(consentTitle(), text("%s.", err)), nil
	}
	a.log.Info("consent answered", "consent", one.ID, "by", c.Bare(), "state", string(one.State))
	said := consentStates[one.State]
	return command.Done(consentTitle(), status.Say(one.Grant.To+" : "+said.FR+".", one.Grant.To+": "+said.EN+".")), nil
}
