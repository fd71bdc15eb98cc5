package main

import (
	"errors"

	"releve/agent/status"
	"releve/federation"
	"releve/federation/quoalise"
)

func unkeptFinding(refused uint64, why error) status.Finding {
	return status.Finding{
		State:  status.Warning,
		Text:   status.Sayf("%d relevés de cette source n'ont pas pu être gardés.", "%d readings of this source could not be kept.", refused),
		Detail: federation.Discreet(why.Error()),
	}
}

// refusalWords says in a sentence why a provider does not give what it is asked for, and what to do about it.
func refusalWords(err error) (text, advice status.Words) {
	var r *quoalise.Refusal
	switch {
	case errors.Is(err, quoalise.ErrUnlisted):
		return status.Say("Le fournisseur ne dit pas quelles séries il a.", "The provider does not say which series it has."),
			status.Say("Nommez-les sous identifiers.", "Name them under identifiers.")
	case errors.Is(err, quoalise.ErrNothingListed):
		return status.Say("Le fournisseur ne nous propose aucune série.", "The provider lists no series for us."),
			status.Say("Un accord manque peut-être, ou rien n'a encore été lu chez lui.", "A consent may be missing, or nothing has been read there yet.")
	case !errors.As(err, &r):
		return status.Say("Le fournisseur ne répond pas, ou sa réponse est inutilisable.", "The provider does not answer, or not usably."),
			status.Say("Rien à faire pour l'instant : il sera interrogé de nouveau.", "Nothing to do for now: it is asked again.")
	}
	return causeWords(r)
}

func causeWords(r *quoalise.Refusal) (text, advice status.Words) {
	again := status.Say("Rien à faire : il sera interrogé de nouveau.", "Nothing to do: it is asked again.")
	switch r.Cause {
	case quoalise.Unconsented:
		return status.Say("Le fournisseur n'a pas, ou plus, d'accord pour nous montrer ces séries.", "The provider has no consent, or no longer, to show us these series."),
			status.Say("Demandez-le à la personne dont ce sont les données.", "Ask the person whose data they are.")
	case quoalise.Misasked:
		return status.Say("Le fournisseur ne comprend pas la demande, ou ne connaît pas une série.", "The provider does not understand the request, or does not know a series."),
			status.Say("Vérifiez identifiers.", "Check identifiers.")
	case quoalise.TooMuch:
		return status.Say("Le fournisseur trouve que c'est trop à la fois, ou contre ses règles.", "The provider finds that too much at once, or against its rules."),
			status.Say("Demandez ses limites à qui tient le fournisseur ; il sera interrogé de nouveau.", "Ask whoever runs the provider for its limits; it is asked again.")
	case quoalise.Unwelcome:
		return status.Say("La demande n'est pas acceptée.", "The request is not accepted."),
			status.Say("Vérifiez que le compte de Relève ne bloque pas l'adresse du fournisseur.", "Check that Relève's account does not block the provider's address.")
	case quoalise.Upstream:
		return status.Sayf("Le fournisseur n'obtient pas ces données de %s, qui répond %s.", "The provider does not get these data from %s, which answers %s.", orDash(r.Issuer), orDash(r.Code)), again
	case quoalise.Absent:
		return status.Say("Le fournisseur n'est pas connecté.", "The provider is not connected."), again
	case quoalise.Unoffered:
		return status.Say("Aucun fournisseur Quoalise ne répond à cette adresse.", "No Quoalise provider answers at this address."),
			status.Say("Vérifiez provider : l'adresse doit porter sa ressource, après la barre oblique.", "Check provider: the address needs its resource, after the slash.")
	case quoalise.Unreachable:
		return status.Say("Le serveur du fournisseur est injoignable.", "The provider's server cannot be reached."), again
	case quoalise.Busy:
		return status.Say("Le fournisseur demande d'attendre.", "The provider asks to wait."), again
	}
	return status.Say("Le fournisseur refuse.", "The provider refuses."), again
}
