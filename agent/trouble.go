package main

import (
	"crypto/x509"
	"errors"
	"strings"

	"releve/agent/status"
	"releve/federation"
	"releve/federation/xmpp"
)

// sessionTrouble says why there is no session, and what to do about it.
func sessionTrouble(err error) (text, advice status.Words) {
	var invalid x509.CertificateInvalidError
	var fault *xmpp.StreamError
	switch {
	case errors.Is(err, xmpp.ErrCredentials):
		return status.Say("Le serveur de la fédération refuse le nom ou le mot de passe du compte ; les relevés attendent ici.", "The federation's server refuses the account's name or password; readings wait here."),
			status.Say("Vérifiez l'adresse et le mot de passe du compte, puis redémarrez Relève.", "Check the address and password of the account, then restart Relève.")
	case errors.Is(err, xmpp.ErrConflict):
		return status.Say("Un autre programme a pris l'adresse de Relève dans la fédération ; les relevés attendent ici.", "Another program has taken Relève's address in the federation; readings wait here."),
			status.Say("Un autre appareil utilise la même adresse et la même ressource : donnez-leur des ressources différentes.", "Another device uses the same address and resource: give them different resources.")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return status.Say("Le certificat du serveur de la fédération n'est pas valable à cette date ; les relevés attendent ici.", "The certificate of the federation's server is not valid at this date; readings wait here."),
			status.Say("Si l'heure de cet appareil est juste, prévenez qui tient le serveur : l'envoi reprendra seul.", "If this device's clock is right, tell whoever runs the server: sending resumes by itself.")
	case errors.Is(err, xmpp.ErrShorter):
		return status.Say("Un message était trop long pour le serveur de la fédération : les suivants seront plus courts ; les relevés attendent ici.", "A message was too long for the federation's server: the next ones will be shorter; readings wait here."),
			status.Say("Rien à faire : l'envoi reprendra seul.", "Nothing to do: sending resumes by itself.")
	case errors.Is(err, xmpp.ErrShortest):
		return status.Say("Le serveur de la fédération refuse même les messages courts ; les relevés attendent ici.", "The federation's server refuses even short messages; readings wait here."),
			status.Say("Demandez à qui tient le serveur d'accepter 10 000 octets par message, le moins que veut la norme (RFC 6120 §13.12).", "Ask whoever runs the server to take 10,000 bytes a message, the least that the standard asks for (RFC 6120 §13.12).")
	case errors.As(err, &fault):
		return streamTrouble(fault)
	case errors.Is(err, xmpp.ErrUntrusted):
		return status.Say("Le certificat du serveur de la fédération n'est pas reconnu ; les relevés attendent ici.", "The certificate of the federation's server is not trusted; readings wait here."),
			status.Say("Si le serveur a sa propre autorité, donnez son certificat dans ca_file ; ou sa clé, dans pin, une fois que qui tient le serveur l'a confirmée.", "If the server has its own authority, give its certificate in ca_file; or its key in pin, once whoever runs the server has confirmed it.")
	}
	return stageTrouble(xmpp.StageOf(err))
}

// streamTrouble is about a server that ended the session and said why (RFC 6120 §4.9.3).
func streamTrouble(fault *xmpp.StreamError) (text, advice status.Words) {
	none := status.Say("Rien à faire : l'envoi reprendra seul.", "Nothing to do: sending resumes by itself.")
	switch fault.Condition {
	case "system-shutdown":
		return status.Say("Le serveur de la fédération s'arrête ou redémarre ; les relevés attendent ici.", "The federation's server stops or restarts; readings wait here."), none
	case "see-other-host":
		return status.Sayf("Le serveur de la fédération envoie Relève vers %s ; les relevés attendent ici.", "The federation's server sends Relève on to %s; readings wait here.", fault.Text), none
	case "policy-violation":
		return status.Say("Le serveur de la fédération a coupé : un message dépassait ses règles, de taille ou de débit ; les relevés attendent ici.", "The federation's server hung up: something sent was against its rules of size or rate; readings wait here."),
			status.Say("Demandez ses limites à qui tient le serveur, et donnez un débit moindre sous pace.", "Ask whoever runs the server for its limits, and give a lower pace.")
	case "resource-constraint":
		return status.Say("Le serveur de la fédération n'a pas les moyens d'une session de plus ; les relevés attendent ici.", "The federation's server has no means for one more session; readings wait here."),
			status.Say("Prévenez qui tient le serveur si cela dure : l'envoi reprendra seul.", "Tell whoever runs the server if this lasts: sending resumes by itself.")
	}
	return status.Sayf("Le serveur de la fédération a mis fin à la session (%s) ; les relevés attendent ici.", "The federation's server ended the session (%s); readings wait here.", fault.Condition), none
}

// isTooLong tells a message that a recipient's server does not take for its length.
func isTooLong(err error) bool {
	var bounce *xmpp.StanzaError
	return errors.Is(err, xmpp.ErrNoRoom) || errors.As(err, &bounce) && bounce.TooLarge()
}

// recipientTrouble says why what is for a recipient waits, after the error of the last attempt.
func recipientTrouble(err error) status.Words {
	var bounce *xmpp.StanzaError
	switch {
	case errors.Is(err, federation.ErrSilent):
		return status.Say("Ce destinataire n'accuse pas réception ; ses relevés l'attendent ici.", "This recipient does not acknowledge; its readings wait here.")
	case errors.Is(err, xmpp.ErrAway):
		return status.Say("Ses relevés attendent la connexion à la fédération.", "Its readings wait for the connection to the federation.")
	case isTooLong(err) && errors.Is(err, federation.ErrStopped):
		return status.Say("Le serveur de ce destinataire refuse même les messages les plus courts ; ses relevés l'attendent ici.", "This recipient's server refuses even the shortest messages; its readings wait here.")
	case isTooLong(err):
		return status.Say("Un message était trop long pour le serveur de ce destinataire : les suivants seront plus courts ; ses relevés l'attendent ici.", "A message was too long for this recipient's server: the next ones will be shorter; its readings wait here.")
	case errors.As(err, &bounce) && bounce.Condition == "resource-constraint":
		return status.Say("Le serveur de ce destinataire ne garde plus de messages pour lui ; ses relevés l'attendent ici.", "This recipient's server keeps no more messages for it; its readings wait here.")
	case errors.As(err, &bounce) && strings.HasPrefix(bounce.Condition, "remote-server-"):
		return status.Say("Le serveur de ce destinataire est injoignable ; ses relevés l'attendent ici.", "This recipient's server cannot be reached; its readings wait here.")
	case errors.As(err, &bounce):
		return status.Sayf("Ce destinataire est injoignable (%s) ; ses relevés l'attendent ici.", "This recipient cannot be reached (%s); its readings wait here.", bounce.Condition)
	}
	return status.Sayf("Sera réessayé : %s", "Will be tried again: %s", err)
}
