package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// present puts on the list what a signed receipt proves; asker is who presented it from outside, "" at the terminal. The
// owners are told of what came from outside: also of what is in force by it alone.
func (a *agent) present(signed, asker string) (consent.Consent, error) {
	p, err := a.presented(signed)
	if err != nil {
		return consent.Consent{}, fmt.Errorf("the receipt is not taken: %w", err)
	}
	if p.Asker = asker; asker != "" {
		p.Tell = a.ownerAddresses()
	}
	one, err := a.notary.Present(p)
	if err != nil {
		return one, fmt.Errorf("the receipt is not taken: %w", err)
	}
	a.log.Info("receipt of a consent taken", "consent", one.ID, "issuer", p.Proof.Issuer, "state", string(one.State))
	return one, nil
}

// presented verifies a receipt: who signed it, for whom, and whether it still holds.
func (a *agent) presented(signed string) (consent.Presented, error) {
	now, known := a.notary.time()
	switch {
	case len(a.cfg.Issuers) == 0:
		return consent.Presented{}, errors.New("no application is known that issues receipts; name it and its key in a [[consent_issuer]]")
	case !known:
		return consent.Presented{}, errors.New("this device does not know the time yet; present it later")
	}
	r, issuer, err := consent.OpenReceipt([]byte(signed), a.cfg.Issuers)
	if err != nil {
		return consent.Presented{}, err
	}
	principals, err := principalsOf(a.cfg)
	if err == nil {
		err = r.Holds(principals, now)
	}
	g := r.Grant()
	return consent.Presented{
		Grant: g, Holds: issuer.Suffices(g),
		Proof: consent.Proof{Issuer: issuer.Name, Record: r.Record, Given: r.Event.Time, Receipt: signed},
	}, err
}

// principalsOf are the names by which a receipt may mean this agent: its address in the federation, and its ledger's name.
func principalsOf(c config.Config) ([]string, error) {
	public, err := ledger.PublicKey(filepath.Join(c.Agent.State, "ledger"))
	if err != nil {
		return nil, err
	}
	all := []string{ledger.Name(public)}
	if c.Federation != nil {
		all = slices.Insert(all, 0, c.Federation.JID.Bare().String())
	}
	return all, nil
}

// receiptOf is the receipt of a consent that was given here, signed with the ledger's key.
func receiptOf(c config.Config, one consent.Consent) ([]byte, error) {
	principals, err := principalsOf(c)
	if err != nil {
		return nil, err
	}
	text, err := consent.NewReceipt(one, principals[0], principals[len(principals)-1]).Text()
	if err != nil {
		return nil, err
	}
	return ledger.Vouch(filepath.Join(c.Agent.State, "ledger"), text)
}

// Present puts on the list what a verified receipt proves. It is in the ledger then.
func (n *notary) Present(p consent.Presented) (consent.Consent, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer rouse(n.news)
	at, _ := n.time()
	one, err := n.consents.Present(p, at)
	if errors.Is(err, consent.ErrCrowded) {
		n.crowded++
	}
	return one, err
}
