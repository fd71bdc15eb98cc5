package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"releve/agent/config"
	"releve/agent/pairing"
	"releve/agent/status"
	"releve/buffer/statefile"
	"releve/federation/xmpp"
)

// pairingFile, under agent.state, is the code that makes the first owner, or the owner.
const pairingFile = "pairing.json"

// codeFile, under agent.state, is the codes in sentences; releve-code.service copies it to the boot partition (bootcode.go).
const codeFile = "code.txt"

// errClosed is why a claim is refused of a device that gives no owner away.
var errClosed = errors.New("this device has no code to give: it has owners, or pairing is off")

// isOpen says whether who sends the code becomes the owner: only while nobody has any role.
func (r *remote) isOpen() bool {
	f := r.loaded.Federation
	return r.pairing != nil && f != nil && f.Pairing && len(f.Roles.Owners)+len(f.Roles.Operators)+len(f.Roles.Readers) == 0
}

// claim makes an owner of who sends the code that the device shows. Anybody of the federation may try.
func (r *remote) claim(by xmpp.JID, code string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isOpen() || by.Localpart() == "" {
		return errClosed
	}
	who := by.Bare().String()
	if err := r.pairing.Claim(who, by.Domainpart(), code); err != nil {
		r.log.Warn("device not claimed", "by", who, "error", err)
		return err
	}
	r.log.Info("device claimed", "by", who)
	if r.runs != nil {
		if err := r.runs.notary.Changed(who, "federation.owners: claimed", "", who); err != nil {
			r.log.Error("claim not in the ledger", "error", err)
		}
	}
	r.againSoon()
	return nil
}

// code is the code to show; "" when there is none to be shown.
func (r *remote) code() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isOpen() {
		return ""
	}
	code, err := r.pairing.Code()
	if err != nil {
		r.log.Debug("no code for the owner", "error", err)
	}
	return code
}

// codes are what is shown to whoever is in front of the device; "" when there is nothing to show.
type codes struct{ owner, page string }

// showCodes says codes that are new, in a file, and that of the owner once in the log too; none takes the file away.
func (a *agent) showCodes(c codes) {
	if text := a.codeText(c); text != "" {
		if err := os.WriteFile(a.state(codeFile), []byte(text), 0o600); err != nil {
			a.log.Warn("code not written", "error", err)
		}
	} else if err := os.Remove(a.state(codeFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.log.Warn("code not removed", "error", err)
	}
	if c.owner != "" {
		a.log.Info("no owner yet: who sends this code to the command claim becomes it", "code", c.owner, "address", a.cfg.Federation.JID.Bare().String())
	}
	if c.page != "" { // who may read the log from afar is not in front of the device
		a.log.Info("the page has no password yet: who has the code that releve access code prints chooses it", "page", a.cfg.Status.Listen)
	}
}

// codeText is what the file says.
func (a *agent) codeText(c codes) string {
	var text string
	if c.page != "" {
		text = fmt.Sprintf("Relève\nCode de la page : %s\nOuvrez la page de cet appareil et choisissez-y un mot de passe avec ce code.\n"+
			"Open the page of this device and choose a password there with this code.\n\n", c.page)
	}
	if c.owner != "" {
		text += fmt.Sprintf("Relève %[1]s\nCode : %[2]s\nEnvoyez ce code à la commande « claim » de cette adresse pour en devenir propriétaire.\n"+
			"Send this code to the command \"claim\" of this address to become its owner.\n", a.cfg.Federation.JID.Bare(), c.owner)
	}
	return text
}

// ownerFinding says where the code is. Not the code itself: whoever may look at the page is not its owner for that.
func (a *agent) ownerFinding() status.Finding {
	if a.remote.code() == "" {
		return status.Finding{}
	}
	return status.Finding{
		Text: status.Say("Personne n'en est encore propriétaire.", "It has no owner yet."),
		Advice: status.Sayf("Envoyez le code de l'appareil (releve-code.txt sur la carte, ou releve config code) à la commande « claim » de %s depuis votre client XMPP, ou donnez federation.owners dans la configuration.",
			"Send the device's code (releve-code.txt on the card, or releve config code) to the command \"claim\" of %s from your XMPP client, or give federation.owners in the configuration.", a.cfg.Federation.JID.Bare()),
	}
}

// claimed is who claimed the device that keeps its state in a folder.
func claimed(state string) (string, error) {
	s, err := pairing.Look(filepath.Join(state, pairingFile))
	return s.Owner, err
}

type configCodeVerb struct{ configFile }

// Run prints the code that makes the first owner.
func (v configCodeVerb) Run(t terminal) error {
	base, err := v.read()
	if err != nil {
		return err
	}
	s, err := pairing.Look(filepath.Join(base.State(), pairingFile))
	switch {
	case err != nil:
		return err
	case s.Owner != "":
		return fmt.Errorf("%s owns this device; releve config reset-owner forgets it", s.Owner)
	case s.Code == "":
		return errors.New("there is no code: the agent makes one when it runs with a federation and nobody has a role")
	}
	_, err = fmt.Fprintln(t.out, s.Code)
	return err
}

type configResetOwnerVerb struct{ configFile }

// Run forgets who claimed the device: started anew, it shows a code again.
func (v configResetOwnerVerb) Run(t terminal) error {
	base, err := v.read()
	if err != nil {
		return err
	}
	aside, err := statefile.SetAside(filepath.Join(base.State(), pairingFile), "reset")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintln(t.err, "nobody has claimed this device")
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintln(t.out, aside)
	fmt.Fprintln(t.err, "the owner is forgotten; start an agent that runs anew, and it shows a code: systemctl restart releve")
	if loaded, _, err := v.loadAll(); err == nil && loaded.Federation != nil && len(loaded.Federation.Roles.Owners) > 0 {
		fmt.Fprintf(t.err, "but %s gives owners all the same\n", placeOf(loaded, "federation.owners"))
	}
	return nil
}

func placeOf(l config.Loaded, path string) config.Place {
	s, _ := l.Setting(path)
	return s.Place
}
