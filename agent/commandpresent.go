package main

import (
	"context"
	"strings"

	"releve/agent/status"
	"releve/federation/command"
	"releve/federation/consent"
)

func presentTitle() status.Words {
	return status.Say("Présenter le reçu d'un accord", "Present the receipt of a consent")
}

// maxReceiptLine bounds one line of a receipt: its terms stand on one.
const maxReceiptLine = 10 << 10 // bytes

// commandPresent takes a receipt that an application of the configuration has signed, from everybody: it proves itself.
func (a *agent) commandPresent(context.Context, command.Caller) (command.Turn, error) {
	return &command.Page{
		Title: presentTitle(), Final: true,
		Instructions: status.Say("Le reçu signé de l'application à qui l'accord a été donné. Il est vérifié ; selon les réglages de la maison il suffit, ou attend sa réponse.",
			"The signed receipt of the application to which the consent was given. It is verified; as the household has set, it is enough or waits for an answer."),
		Fields: []command.Field{{Name: "receipt", Label: status.Say("Reçu", "Receipt"), Kind: command.Lines, Required: true, Bytes: maxReceiptLine}},
		Then: func(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
			one, err := a.present(receiptFromForm(answers["receipt"]), c.Bare())
			if err != nil {
				return command.Refused(presentTitle(), text("%s.", err)), nil
			}
			said := consentStates[one.State]
			if one.State == consent.Pending {
				said = status.Say("Le reçu est bon ; il attend la réponse de la maison.", "The receipt is good; it waits for the household's answer.")
			}
			r := command.Done(presentTitle(), said)
			r.Fields = []command.Field{answerField("consent", "Accord", "Consent", one.ID), answerField("state", "État", "State", string(one.State))}
			return r, nil
		},
	}, nil
}

// receiptFromForm puts back the empty line before the signatures, and the line ends, which a form does not keep.
func receiptFromForm(lines []string) string {
	var b strings.Builder
	signing := false
	for _, line := range lines {
		if strings.HasPrefix(line, "— ") && !signing {
			signing = true
			b.WriteByte('\n')
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
