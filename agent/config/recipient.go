package config

import (
	"fmt"
	"slices"

	"releve/federation/consent"
	"releve/federation/sen1"
	"releve/federation/xmpp"
)

// Recipient is one [[recipient]]: who is handed readings without having subscribed.
type Recipient struct {
	Name    string     // stable: its place in the buffer is kept under it
	Kind    string     // KindReleve or KindPubSub
	To      xmpp.JID   // of KindReleve: full
	Naming  string     // of KindReleve: NamingQuoalise or NamingSEN1
	Readers []xmpp.JID // of KindPubSub: bare
	Service xmpp.JID   // of KindPubSub: where the nodes are; the zero JID to find it
}

// The kinds of recipient that this version knows, and how their series can be named.
const (
	KindReleve     = "releve"
	KindPubSub     = "pubsub"
	NamingQuoalise = "quoalise"
	NamingSEN1     = "sen1"
)

type rawRecipient struct {
	Name    string   `toml:"name"`
	Kind    string   `toml:"kind"`
	To      string   `toml:"to"`
	Naming  string   `toml:"naming"`
	Readers []string `toml:"readers"`
	Service string   `toml:"service"`
}

func (f *findings) recipients(d document) []Recipient {
	var list []Recipient
	names := map[string]bool{}
	for i, raw := range d.Recipient {
		key := fmt.Sprintf("recipient %d (%s)", i+1, raw.Name)
		r := Recipient{Name: raw.Name, Kind: raw.Kind}
		if !meterName.MatchString(raw.Name) {
			f.addf("%s: name must be 1 to 32 ASCII letters, digits or hyphens", key)
		}
		if names[raw.Name] {
			f.addf("%s: two recipients cannot have the same name", key)
		}
		names[raw.Name] = true
		switch raw.Kind {
		case KindReleve:
			f.releve(key, d.Federation.JID, raw, &r)
		case KindPubSub:
			f.pubsub(key, raw, &r)
		default:
			f.addf("%s: kind %q is not one of %s, %s", key, raw.Kind, KindReleve, KindPubSub)
		}
		list = append(list, r)
	}
	if len(list) > 0 && d.Federation.JID == "" {
		f.addf("recipient: there are recipients but no [federation] to reach them through")
	}
	return list
}

// releve checks a consumer that acknowledges.
func (f *findings) releve(key, own string, raw rawRecipient, r *Recipient) {
	if len(raw.Readers) > 0 || raw.Service != "" {
		f.addf("%s: readers and service are keys of kind %s", key, KindPubSub)
	}
	address, err := xmpp.ParseJID(raw.To)
	switch {
	case raw.To == "" || err != nil || address.Localpart() == "":
		f.addf("%s: to: %q is not an address such as serveur@breizh-sen2.example/releve", key, raw.To)
	case address.Resourcepart() == "":
		address, _ = address.WithResource("releve") // a fixed ASCII word is always a valid resource
	}
	r.To, r.Naming = address, or(raw.Naming, NamingQuoalise)
	switch r.Naming {
	case NamingQuoalise:
	case NamingSEN1:
		f.sen1(key, own)
	default:
		f.addf("%s: naming %q is not one of %s, %s", key, raw.Naming, NamingQuoalise, NamingSEN1)
	}
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

// pubsub checks nodes on our own server.
func (f *findings) pubsub(key string, raw rawRecipient, r *Recipient) {
	if raw.To != "" || raw.Naming != "" {
		f.addf("%s: to and naming are keys of kind %s", key, KindReleve)
	}
	if len(raw.Readers) == 0 {
		f.addf("%s: readers is missing: the addresses that may read, such as [\"tableau@breizh-sen2.example\"]", key)
	}
	for _, reader := range raw.Readers {
		address, err := xmpp.ParseJID(reader)
		if err != nil || address.Localpart() == "" || address.Resourcepart() != "" {
			f.addf("%s: readers: %q is not an address without resource, such as tableau@breizh-sen2.example", key, reader)
			continue
		}
		r.Readers = append(r.Readers, address)
	}
	if raw.Service == "" {
		return
	}
	service, err := xmpp.ParseJID(raw.Service)
	if err != nil {
		f.addf("%s: service: %q is not an address such as pubsub.breizh-sen1.example", key, raw.Service)
	}
	r.Service = service
}

// addresses are those a grant to the recipient's name is for.
func (r Recipient) addresses() []string {
	var all []string
	for _, reader := range r.Readers {
		all = append(all, reader.String())
	}
	if r.Kind == KindReleve {
		all = append(all, r.To.Bare().String())
	}
	return all
}

// toAddresses puts the addresses of recipients in place of their names: a consent is for whoever stands behind a name.
func toAddresses(grants []consent.Grant, recipients []Recipient) []consent.Grant {
	var all []consent.Grant
	for _, g := range grants {
		i := slices.IndexFunc(recipients, func(r Recipient) bool { return r.Name == g.To })
		if i < 0 {
			all = append(all, g)
			continue
		}
		for _, address := range recipients[i].addresses() {
			g.To = address
			all = append(all, g)
		}
	}
	return all
}
