package config

import "releve/federation/xmpp"

// KindSEN1 is the kind of a proxy of the proof of concept, which sends and takes Sen1Messages.
const KindSEN1 = "sen1"

// ToSEN1 is the way to a proxy.
type ToSEN1 struct {
	To       xmpp.JID // bare
	Username string   // of whose data it is that no route says
	Source   string   // what we say we are
	Target   string   // what it is
}

func (w ToSEN1) addresses() []string { return []string{w.To.String()} }

// FromSEN1 is a proxy that sends.
type FromSEN1 struct {
	Sender    xmpp.JID // bare
	Source    string   // the application that it may speak for
	Usernames []string // whose data it may send; none: everybody's
}

func (w FromSEN1) addresses() []string { return []string{w.Sender.String()} }

type rawToSEN1 struct {
	Peer string `toml:"peer_application"`
}

type rawFromSEN1 struct {
	Usernames []string `toml:"usernames" secret:"yes"`
}

func (f *findings) toSEN1(key string, _ document, raw rawRecipient) Way {
	to, err := xmpp.ParseJID(raw.To)
	if raw.To == "" || err != nil || to.Localpart() == "" || to.Resourcepart() != "" {
		f.addf("%s: to: %q is not an address without resource, such as bmhs@breizh-sen2.example", key, raw.To)
	}
	if raw.Username == "" {
		f.addf("%s: username is missing: whose data it is that no route names", key)
	}
	return ToSEN1{To: to, Username: raw.Username, Source: or(raw.Application, "releve"), Target: or(raw.Peer, to.Localpart())}
}

func (f *findings) fromSEN1(key string, _ document, raw rawSource) Origin {
	from, err := xmpp.ParseJID(raw.From)
	if raw.From == "" || err != nil || from.Localpart() == "" || from.Resourcepart() != "" {
		f.addf("%s: from: %q is not an address without resource, such as bmhs@breizh-sen2.example", key, raw.From)
	}
	return FromSEN1{Sender: from, Source: or(raw.Application, from.Localpart()), Usernames: raw.Usernames}
}
