package config

import (
	"releve/federation/sen1"
	"releve/federation/xmpp"
)

// KindReleve is the kind of a consumer that acknowledges packs, and of a source that hands them to us.
const KindReleve = "releve"

// How series can be named to a consumer.
const (
	NamingQuoalise = "quoalise"
	NamingSEN1     = "sen1"
)

// ToReleve is the way to a consumer that acknowledges packs.
type ToReleve struct {
	To     xmpp.JID // full
	Naming string   // NamingQuoalise or NamingSEN1
}

func (w ToReleve) addresses() []string { return []string{w.To.Bare().String()} }

type rawToReleve struct {
	To     string `toml:"to" type:"address" afar:"owner"`
	Naming string `toml:"naming" choices:"quoalise,sen1" default:"quoalise" afar:"owner"`
}

func (f *findings) toReleve(key string, d document, raw rawRecipient) Way {
	address, err := xmpp.ParseJID(raw.To)
	switch {
	case raw.To == "" || err != nil || address.Localpart() == "":
		f.addf("%s: to: %q is not an address such as serveur@breizh-sen2.example/releve", key, raw.To)
	case address.Resourcepart() == "":
		address, _ = address.WithResource("releve") // a fixed ASCII word is always a valid resource
	}
	w := ToReleve{To: address, Naming: or(raw.Naming, NamingQuoalise)}
	switch w.Naming {
	case NamingQuoalise:
	case NamingSEN1:
		f.sen1(key, d.Federation.JID)
	default:
		f.addf("%s: naming %q is not one of %s, %s", key, raw.Naming, NamingQuoalise, NamingSEN1)
	}
	return w
}

// sen1 refuses an address of ours that cannot stand in a name.
func (f *findings) sen1(key, own string) {
	address, err := xmpp.ParseJID(own)
	if err != nil { // said where it is given
		return
	}
	name := sen1.Name{
		App: address.Localpart(), AppServer: address.Domainpart(),
		Sensor: "meter", SensorServer: address.Domainpart(), Path: "path",
	}
	if err := name.Check(); err != nil {
		f.addf("%s: naming sen1 puts federation.jid into names, and it does not fit: %w", key, err)
	}
}

// FromReleve is a source that hands us packs.
type FromReleve struct {
	Sender xmpp.JID // bare
}

func (w FromReleve) address() string { return w.Sender.String() }

type rawFromReleve struct {
	From string `toml:"from" type:"address"`
}

// fromReleve checks who hands packs to us: one source each, so that it is known whose they are.
func (f *findings) fromReleve(key string, d document, raw rawSource) Origin {
	address, err := xmpp.ParseJID(raw.From)
	if raw.From == "" || err != nil || address.Localpart() == "" || address.Resourcepart() != "" {
		f.addf("%s: from: %q is not an address without resource, such as maison@breizh-sen1.example", key, raw.From)
	}
	return FromReleve{Sender: address}
}

// oneSender refuses two sources that the same sender hands packs to, or messages of the proof of concept.
func (f *findings) oneSender(list []Source) {
	seen := map[string]bool{}
	for i, s := range list {
		if s.Kind != KindReleve && s.Kind != KindSEN1 || s.Origin.address() == "" {
			continue
		}
		sender := s.Kind + " " + s.Origin.address()
		if seen[sender] {
			f.addf("source %d (%s): another source has the same from", i+1, s.Name)
		}
		seen[sender] = true
	}
}
