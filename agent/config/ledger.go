package config

import (
	"slices"

	"releve/federation/xmpp"
)

// Ledger is who sees to it that the history of whose ledger is not written anew.
type Ledger struct {
	Witnesses  []xmpp.JID // full: who cosigns ours
	WitnessFor []xmpp.JID // bare: whose we cosign
}

type rawLedger struct {
	Witnesses  []string `toml:"witnesses" type:"address" afar:"owner"`
	WitnessFor []string `toml:"witness_for" type:"address" afar:"owner"`
}

func (f *findings) ledger(d document) (l Ledger) {
	for _, text := range d.Ledger.Witnesses {
		address, err := xmpp.ParseJID(text)
		switch {
		case text == "" || err != nil || address.Localpart() == "":
			f.addf("ledger.witnesses: %q is not an address such as temoin@breizh-sen2.example/releve", text)
			continue
		case address.Resourcepart() == "":
			address, _ = address.WithResource("releve") // a fixed ASCII word is always a valid resource
		}
		l.Witnesses = append(l.Witnesses, address)
	}
	for _, text := range d.Ledger.WitnessFor {
		address, err := xmpp.ParseJID(text)
		if text == "" || err != nil || address.Localpart() == "" || address.Resourcepart() != "" {
			f.addf("ledger.witness_for: %q is not an address without resource, such as maison@breizh-sen1.example", text)
			continue
		}
		l.WitnessFor = append(l.WitnessFor, address)
	}
	if own, err := xmpp.ParseJID(d.Federation.JID); err == nil && slices.ContainsFunc(l.Witnesses, func(w xmpp.JID) bool { return w.Bare().Equal(own.Bare()) }) {
		f.addf("ledger.witnesses: %s is this agent itself, which proves nothing", own.Bare())
	}
	if len(l.Witnesses)+len(l.WitnessFor) > 0 && d.Federation.JID == "" {
		f.addf("ledger: witnesses are reached through the federation, and there is no [federation]")
	}
	return l
}
