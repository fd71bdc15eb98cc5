package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"syscall"

	"releve/agent/status"
	"releve/federation"
	"releve/federation/lognact"
)

// door is one way into a relay's system, as the configuration describes it.
type door struct {
	name    string // of the software
	address string // host:port
	key     string // that says where it is
	secret  string // the keys that say who we are
	well    status.Words
	absent  status.Words // what to do when something is missing there
	reach   func(context.Context) error
}

// examine says what was found. No name of a host, a device or a user is in it, and no secret.
func (d door) examine(ctx context.Context) status.Finding {
	err := d.reach(ctx)
	if err == nil {
		return status.Finding{Text: d.well}
	}
	text, advice := d.trouble(err)
	return status.Finding{State: status.Warning, Text: text, Advice: advice, Detail: federation.Discreet(err.Error())}
}

// trouble says in a sentence what an error of reach means, and what mends it.
func (d door) trouble(err error) (text, advice status.Words) {
	switch {
	case errors.Is(err, federation.ErrStranger):
		return status.Sayf("Ce qui répond à %[1]s n'est pas %[2]s.", "What answers at %[1]s is no %[2]s.", d.address, d.name),
			status.Sayf("Corrigez %[1]s, son port et son chemin compris ; ou voyez si le réseau d'ici a un portail.", "Correct %[1]s, its port and path included; or see whether the network here has a portal.", d.key)
	case errors.Is(err, lognact.ErrNoPush):
		return status.Say("Ce Zabbix est plus ancien que 7.0 et n'a pas history.push.", "This Zabbix is older than 7.0 and has no history.push."),
			status.Say("Donnez method = \"sender\" et server.", "Give method = \"sender\" and server.")
	case errors.Is(err, federation.ErrDenied):
		return status.Sayf("%[1]s répond, mais refuse ce que donne %[2]s.", "%[1]s answers, but refuses what %[2]s gives.", d.name, d.secret),
			status.Sayf("Corrigez %s avec qui tient le serveur : ce que contient un fichier est relu à chaque essai.", "Correct %s with whoever runs the server: what a file holds is read again at each attempt.", d.secret)
	case errors.Is(err, federation.ErrAbsent):
		return status.Sayf("%s répond, mais il y manque de quoi prendre ou donner des relevés.", "%s answers, but lacks what takes or gives readings.", d.name), d.absent
	}
	if text, advice, found := d.insecure(err); found {
		return text, advice
	}
	return d.unreached(err)
}

// insecure is about TLS.
func (d door) insecure(err error) (text, advice status.Words, found bool) {
	var invalid x509.CertificateInvalidError
	var named x509.HostnameError
	var plain tls.RecordHeaderError
	var untrusted *tls.CertificateVerificationError
	var said *net.OpError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return status.Sayf("Le certificat de %s n'est pas valable à cette date.", "The certificate of %s is not valid at this date.", d.address),
			status.Say("Vérifiez l'heure d'ici (timedatectl) ; si elle est juste, prévenez qui tient le serveur.", "Check the clock here (timedatectl); if it is right, tell whoever runs the server."), true
	case errors.As(err, &named):
		return status.Sayf("Le certificat de %s est celui d'un autre nom.", "The certificate of %s is that of another name.", d.address),
			status.Sayf("Donnez dans %[1]s le nom que porte le certificat (pour lognact aussi dans server_name) : openssl s_client -connect %[2]s </dev/null", "Give in %[1]s the name that the certificate has (for lognact also in server_name): openssl s_client -connect %[2]s </dev/null", d.key, d.address), true
	case errors.As(err, &untrusted):
		return status.Sayf("Le certificat de %s n'est pas reconnu.", "The certificate of %s is not trusted.", d.address),
			status.Sayf("Si le serveur a sa propre autorité, donnez son certificat dans ca_file : openssl s_client -showcerts -connect %s </dev/null", "If the server has its own authority, give its certificate in ca_file: openssl s_client -showcerts -connect %s </dev/null", d.address), true
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return status.Sayf("Ce qui répond à %s ne parle pas TLS.", "What answers at %s does not speak TLS.", d.address),
			status.Sayf("Corrigez le port dans %s, ou faites activer TLS par qui tient le serveur.", "Correct the port in %s, or have TLS turned on by whoever runs the server.", d.key), true
	case errors.As(err, &said) && said.Op == "remote error": // an alert (RFC 8446 §6)
		return status.Sayf("%s refuse notre connexion chiffrée, ou notre certificat.", "%s refuses our encrypted connection, or our certificate.", d.address),
			status.Sayf("Faites vérifier par qui tient le serveur l'autorité et le nom du certificat que donne %s.", "Have whoever runs the server check the authority and the name of the certificate that %s gives.", d.secret), true
	}
	return text, advice, false
}

// unreached is about the way there, and about what nobody foresaw.
func (d door) unreached(err error) (text, advice status.Words) {
	var name *net.DNSError
	var late net.Error
	host, _, _ := net.SplitHostPort(d.address)
	switch {
	case errors.As(err, &name):
		return status.Sayf("Le nom %s ne se résout pas.", "The name %s cannot be resolved.", host),
			status.Sayf("Corrigez %[1]s, ou vérifiez le réseau d'ici : getent hosts %[2]s", "Correct %[1]s, or check the network here: getent hosts %[2]s", d.key, host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return status.Sayf("Rien n'écoute à %s.", "Nothing listens at %s.", d.address),
			status.Sayf("Corrigez le port dans %s, ou faites démarrer le serveur.", "Correct the port in %s, or have the server started.", d.key)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return status.Sayf("%s ne répond pas.", "%s does not answer.", d.address),
			status.Sayf("Vérifiez le chemin (ping -c 3 %s) et le pare-feu du serveur.", "Check the way there (ping -c 3 %s) and the server's firewall.", host)
	}
	return status.Sayf("%[1]s à %[2]s ne répond pas comme il faut.", "%[1]s at %[2]s does not answer as it should.", d.name, d.address),
		status.Say("Prévenez qui tient le serveur si cela dure : l'envoi reprend seul.", "Tell whoever runs the server if this lasts: sending resumes by itself.")
}
