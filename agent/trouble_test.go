package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
	"releve/federation"
	"releve/federation/xmpp"
)

func TestSessionTrouble(t *testing.T) {
	t.Parallel()
	expired := fmt.Errorf("%w (%w)", xmpp.ErrUntrusted, &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}})
	fault := func(condition, text string) error { return &xmpp.StreamError{Condition: condition, Text: text} }
	for name, test := range map[string]struct {
		err          error
		text, advice string
	}{
		"password":  {xmpp.ErrCredentials, "The federation's server refuses the account's name or password; readings wait here.", "Check the address and password of the account, then restart Relève."},
		"conflict":  {xmpp.ErrConflict, "Another program has taken Relève's address in the federation; readings wait here.", "Another device uses the same address and resource: give them different resources."},
		"expired":   {expired, "The certificate of the federation's server is not valid at this date; readings wait here.", "If this device's clock is right, tell whoever runs the server: sending resumes by itself."},
		"untrusted": {xmpp.ErrUntrusted, "The certificate of the federation's server is not trusted; readings wait here.", "If the server has its own authority, give its certificate in ca_file; or its key in pin, once whoever runs the server has confirmed it."},
		"network":   {errors.New("no route to host"), "The federation cannot be reached; readings wait here.", "Nothing to do if the network is down: sending resumes by itself. If it closes ports 5222 and 5223: federation.websocket or federation.proxy."},
		"restart":   {fault("system-shutdown", ""), "The federation's server stops or restarts; readings wait here.", "Nothing to do: sending resumes by itself."},
		"elsewhere": {fault("see-other-host", "two.example"), "The federation's server sends Relève on to two.example; readings wait here.", "Nothing to do: sending resumes by itself."},
		"policy":    {fault("policy-violation", ""), "The federation's server hung up: something sent was against its rules of size or rate; readings wait here.", "Ask whoever runs the server for its limits, and give a lower pace."},
		"long":      {fmt.Errorf("%w: %w", xmpp.ErrShorter, fault("policy-violation", "")), "A message was too long for the federation's server: the next ones will be shorter; readings wait here.", "Nothing to do: sending resumes by itself."},
		"long for anybody": {
			fmt.Errorf("%w: %w", xmpp.ErrShortest, fault("policy-violation", "")), "The federation's server refuses even short messages; readings wait here.",
			"Ask whoever runs the server to take 10,000 bytes a message, the least that the standard asks for (RFC 6120 §13.12).",
		},
		"full":  {fault("resource-constraint", ""), "The federation's server has no means for one more session; readings wait here.", "Tell whoever runs the server if this lasts: sending resumes by itself."},
		"other": {fault("reset", ""), "The federation's server ended the session (reset); readings wait here.", "Nothing to do: sending resumes by itself."},
	} {
		text, advice := sessionTrouble(fmt.Errorf("log in: %w", test.err))
		if text.EN != test.text || advice.EN != test.advice || text.FR == "" || advice.FR == "" {
			t.Errorf("%s: got %+v, %+v", name, text, advice)
		}
	}
}

// What the page says of a session: that its server lags before anything else, or how much is on its way.
func TestSessionWords(t *testing.T) {
	t.Parallel()
	type words struct {
		finding status.State
		text    status.Words // of the finding
		shown   status.Words
	}
	ok := func(fr, en string) words { return words{status.OK, status.Words{}, status.Say(fr, en)} }
	for name, test := range map[string]struct {
		state xmpp.State
		want  words
	}{
		"paced":   {xmpp.State{Up: true, Pace: 2500, Queued: 12, Unsure: 34}, ok("12 octets à envoyer, 34 sans accusé du serveur ; débit 2500 o/s.", "12 bytes to send, 34 not acknowledged by the server; pace 2500 B/s.")},
		"unpaced": {xmpp.State{Up: true, Queued: 12, Unsure: 34}, ok("12 octets à envoyer, 34 sans accusé du serveur ; débit non limité.", "12 bytes to send, 34 not acknowledged by the server; pace not limited.")},
		"a little late": {
			xmpp.State{Up: true, Lag: lagging},
			ok("0 octets à envoyer, 0 sans accusé du serveur ; débit non limité.", "0 bytes to send, 0 not acknowledged by the server; pace not limited."),
		},
		"late": {xmpp.State{Up: true, Lag: lagging + 1, Queued: 900_000, Pace: 900}, words{
			status.Warning, status.Say("Le serveur de la fédération répond avec retard ; 900000 octets attendent.", "The federation's server is slow to answer; 900000 bytes wait."),
			status.Say("900000 octets à envoyer, 0 sans accusé du serveur ; débit 900 o/s.", "900000 bytes to send, 0 not acknowledged by the server; pace 900 B/s."),
		}},
	} {
		finding := findingOf(test.state)
		got := words{finding.State, finding.Text, sessionShown(test.state)}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(words{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, test := range map[string]struct {
		state xmpp.State
		want  status.Finding
	}{
		"at first": {xmpp.State{}, status.Finding{State: status.Waiting, Text: status.Say("Connexion à la fédération…", "Connecting to the federation…")}},
		"sent on": {xmpp.State{Err: &xmpp.StreamError{Condition: "see-other-host", Text: "two.example"}, Lag: time.Hour}, status.Finding{
			State: status.Warning, Detail: "see-other-host: two.example",
			Text:   status.Say("Le serveur de la fédération envoie Relève vers two.example ; les relevés attendent ici.", "The federation's server sends Relève on to two.example; readings wait here."),
			Advice: status.Say("Rien à faire : l'envoi reprendra seul.", "Nothing to do: sending resumes by itself."),
		}},
	} {
		if diff := cmp.Diff(test.want, findingOf(test.state)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRecipientTrouble(t *testing.T) {
	t.Parallel()
	bounce := func(condition string) error { return &xmpp.StanzaError{Type: "wait", Condition: condition} }
	for name, test := range map[string]struct {
		err  error
		want status.Words
	}{
		"silent": {federation.ErrSilent, status.Say("Ce destinataire n'accuse pas réception ; ses relevés l'attendent ici.", "This recipient does not acknowledge; its readings wait here.")},
		"away":   {xmpp.ErrAway, status.Say("Ses relevés attendent la connexion à la fédération.", "Its readings wait for the connection to the federation.")},
		"full":   {bounce("resource-constraint"), status.Say("Le serveur de ce destinataire ne garde plus de messages pour lui ; ses relevés l'attendent ici.", "This recipient's server keeps no more messages for it; its readings wait here.")},
		"cut":    {bounce("remote-server-timeout"), status.Say("Le serveur de ce destinataire est injoignable ; ses relevés l'attendent ici.", "This recipient's server cannot be reached; its readings wait here.")},
		"gone":   {bounce("recipient-unavailable"), status.Say("Ce destinataire est injoignable (recipient-unavailable) ; ses relevés l'attendent ici.", "This recipient cannot be reached (recipient-unavailable); its readings wait here.")},
		"long":   {bounce("policy-violation"), status.Say("Un message était trop long pour le serveur de ce destinataire : les suivants seront plus courts ; ses relevés l'attendent ici.", "A message was too long for this recipient's server: the next ones will be shorter; its readings wait here.")},
		"long for anybody": {
			fmt.Errorf("%w: %w", federation.ErrStopped, bounce("policy-violation")),
			status.Say("Le serveur de ce destinataire refuse même les messages les plus courts ; ses relevés l'attendent ici.", "This recipient's server refuses even the shortest messages; its readings wait here."),
		},
		"no room": {fmt.Errorf("%w: %w", federation.ErrStopped, xmpp.ErrNoRoom), status.Say("Le serveur de ce destinataire refuse même les messages les plus courts ; ses relevés l'attendent ici.", "This recipient's server refuses even the shortest messages; its readings wait here.")},
		"other":   {errors.New("odd"), status.Say("Sera réessayé : send: odd", "Will be tried again: send: odd")},
	} {
		if diff := cmp.Diff(test.want, recipientTrouble(fmt.Errorf("send: %w", test.err))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
