package config

import (
	"strings"

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

// FromReleve is a source that hands us packs: one sender, or the many of a relay.
type FromReleve struct {
	Sender  xmpp.JID   // bare; zero where there are many
	Senders []xmpp.JID // bare; one without a localpart is everybody of its domain
}

// From are all who may hand packs over.
func (w FromReleve) From() []xmpp.JID {
	if len(w.Senders) > 0 {
		return w.Senders
	}
	return []xmpp.JID{w.Sender}
}

func (w FromReleve) addresses() []string {
	var all []string
	for _, from := range w.From() {
		if from.Localpart() == "" {
			all = append(all, "@"+from.Domainpart())
			continue
		}
		all = append(all, from.String())
	}
	return all
}

type rawFromReleve struct {
	From    string   `toml:"from" type:"address"`
	Senders []string `toml:"senders" type:"role"`
}

// fromReleve checks who hands packs to us: every sender is of one source, so that it is known whose they are.
func (f *findings) fromReleve(key string, _ document, raw rawSource) Origin {
	if len(raw.Senders) > 0 {
		if raw.From != "" {
			f.addf("%s: from and senders cannot both be given", key)
		}
		return FromReleve{Senders: f.senders(key, raw.Senders)}
	}
	address, err := xmpp.ParseJID(raw.From)
	if raw.From == "" || err != nil || address.Localpart() == "" || address.Resourcepart() != "" {
		f.addf("%s: from: %q is not an address without resource, such as maison@breizh-sen1.example", key, raw.From)
	}
	return FromReleve{Sender: address}
}

func (f *findings) senders(key string, list []string) []xmpp.JID {
	var all []xmpp.JID
	for _, text := range f.people(key+": senders", list) {
		address, err := xmpp.ParseJID(strings.TrimPrefix(text, "@"))
		if err == nil { // it was one a moment ago
			all = append(all, address)
		}
	}
	return all
}

// oneSender refuses two sources that the same sender hands packs to, or messages of the proof of concept. An address beside
// the domain that it is of is no doubt: it counts before the domain.
func (f *findings) oneSender(list []Source) {
	seen := map[string]bool{}
	for i, s := range list {
		if s.Kind != KindReleve && s.Kind != KindSEN1 {
			continue
		}
		for _, address := range s.Origin.addresses() {
			sender := s.Kind + " " + address
			if address != "" && seen[sender] {
				f.addf("source %d (%s): %s is a sender already", i+1, s.Name, address)
			}
			seen[sender] = true
		}
	}
}
