package config

import "releve/federation/xmpp"

// KindPubSub is the kind of a recipient that is nodes on our own server.
const KindPubSub = "pubsub"

// ToPubSub is the way to who reads nodes on our own server.
type ToPubSub struct {
	Readers []xmpp.JID // bare
	Service xmpp.JID   // where the nodes are; the zero JID to find it
}

func (w ToPubSub) addresses() []string {
	var all []string
	for _, reader := range w.Readers {
		all = append(all, reader.String())
	}
	return all
}

type rawToPubSub struct {
	Readers []string `toml:"readers" type:"address" afar:"owner"`
	Service string   `toml:"service" type:"address" afar:"owner"`
}

func (f *findings) toPubSub(key string, _ document, raw rawRecipient) Way {
	var w ToPubSub
	if len(raw.Readers) == 0 {
		f.addf("%s: readers is missing: the addresses that may read, such as [\"tableau@breizh-sen2.example\"]", key)
	}
	for _, reader := range raw.Readers {
		address, err := xmpp.ParseJID(reader)
		if err != nil || address.Localpart() == "" || address.Resourcepart() != "" {
			f.addf("%s: readers: %q is not an address without resource, such as tableau@breizh-sen2.example", key, reader)
			continue
		}
		w.Readers = append(w.Readers, address)
	}
	if raw.Service == "" {
		return w
	}
	service, err := xmpp.ParseJID(raw.Service)
	if err != nil {
		f.addf("%s: service: %q is not an address such as pubsub.breizh-sen1.example", key, raw.Service)
	}
	w.Service = service
	return w
}
