package main

import (
	"releve/agent/status"
	"releve/federation/xmpp"
)

// stageTrouble says how far an attempt to reach the federation came, and what to do about it.
func stageTrouble(stage xmpp.Stage) (text, advice status.Words) {
	switch stage {
	case xmpp.StageSecrets:
		return status.Say("Ce qu'il faut pour se connecter à la fédération ne peut pas être lu ; les relevés attendent ici.", "What a login to the federation needs cannot be read; readings wait here."),
			status.Say("Corrigez le fichier nommé ci-dessous.", "Mend the file named below.")
	case xmpp.StageNames:
		return status.Say("Le serveur de la fédération n'est pas trouvé (DNS) ; les relevés attendent ici.", "The federation's server is not found (DNS); readings wait here."),
			status.Say("Vérifiez le réseau et federation.jid ; sans serveur de noms, donnez federation.address.", "Check the network and federation.jid; without a name server, give federation.address.")
	case xmpp.StageProxy:
		return status.Say("Le mandataire ne laisse pas passer vers la fédération ; les relevés attendent ici.", "The proxy does not let us through to the federation; readings wait here."),
			status.Say("Vérifiez federation.proxy et son mot de passe ; s'il ne permet que le web, mettez federation.websocket = \"auto\".", "Check federation.proxy and its password; if it allows only the web, set federation.websocket = \"auto\".")
	case xmpp.StageTLS:
		return status.Say("La liaison avec la fédération ne peut pas être chiffrée, et rien n'est envoyé en clair ; les relevés attendent ici.", "The link to the federation cannot be encrypted, and nothing is sent in the clear; readings wait here."),
			status.Say("Vérifiez federation.address (xmpps:// là où TLS commence aussitôt) ; sinon quelque chose sur le chemin retire le chiffrement.", "Check federation.address (xmpps:// where TLS begins at once); otherwise something on the way takes the encryption out.")
	case xmpp.StageLogin:
		return status.Say("Le serveur de la fédération n'offre pas de connexion sûre ; les relevés attendent ici.", "The federation's server offers no login that is safe; readings wait here."),
			status.Say("Prévenez qui tient le serveur, et montrez ce qui suit.", "Tell whoever runs the server, and show what follows.")
	case xmpp.StageStream:
		return status.Say("Ce qui répond à l'adresse de la fédération ne parle pas comme son serveur ; les relevés attendent ici.", "What answers at the federation's address does not talk as its server should; readings wait here."),
			status.Say("Vérifiez federation.address et federation.jid ; si le serveur vient de redémarrer, rien à faire.", "Check federation.address and federation.jid; if the server has just restarted, there is nothing to do.")
	}
	return status.Say("La fédération est injoignable ; les relevés attendent ici.", "The federation cannot be reached; readings wait here."),
		status.Say("Rien à faire si le réseau est coupé : l'envoi reprendra seul. S'il ferme les ports 5222 et 5223 : federation.websocket ou federation.proxy.", "Nothing to do if the network is down: sending resumes by itself. If it closes ports 5222 and 5223: federation.websocket or federation.proxy.")
}
