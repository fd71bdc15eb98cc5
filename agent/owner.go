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

// codeFile, under agent.state, is the code in sentences; releve-code.service copies it to the boot partition (bootcode.go).
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

// showCode says a code that is new, once in the log and in a file; "" takes it away.
func (a *agent) showCode(code string) {
	file := filepath.Join(a.cfg.Agent.State, codeFile)
	if code == "" {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			a.log.Warn("code not removed", "error", err)
		}
		return
	}
	a.log.Info("no owner yet: who sends this code to the command claim becomes it", "code", code, "address", a.cfg.Federation.JID.Bare().String())
	text := fmt.Sprintf("Relève %[1]s\nCode : %[2]s\nEnvoyez ce code à la commande « claim » de cette adresse pour en devenir propriétaire.\n"+
		"Send this code to the command \"claim\" of this address to become its owner.\n", a.cfg.Federation.JID.Bare(), code)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		a.log.Warn("code not written", "error", err)
	}
}

// ownerFinding shows the code.
func (a *agent) ownerFinding() status.Finding {
	code := a.remote.code()
	if code == "" {
		return status.Finding{}
	}
	return status.Finding{
		Text: status.Sayf("Personne n'en est encore propriétaire. Code : %s", "It has no owner yet. Code: %s", code),
		Advice: status.Sayf("Envoyez ce code à la commande « claim » de %s depuis votre client XMPP, ou donnez federation.owners dans la configuration.",
			"Send this code to the command \"claim\" of %s from your XMPP client, or give federation.owners in the configuration.", a.cfg.Federation.JID.Bare()),
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
