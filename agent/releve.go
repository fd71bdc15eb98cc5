package main

import (
	"releve/agent/config"
	"releve/federation"
	"releve/federation/peer"
	"releve/federation/sen1"
)

// reachReleve hands packs to a consumer that acknowledges them.
func (a *agent) reachReleve(r config.Recipient, way config.ToReleve, one *outgoing) {
	consumer := peer.New(a.session, way.To)
	one.delivery.Recipient = after{consumer, way.To.Bare().String(), a.notary}
	consumer.Terms = a.admit(r, one, way.To.Bare().String()).Terms
	one.delivery.Gate = a.namedAs(way.Naming, one.delivery.Gate)
}

// namedAs gives what passes a gate the names that the recipient wants.
func (a *agent) namedAs(naming string, gate federation.Gate) federation.Gate {
	if naming != config.NamingSEN1 {
		return gate
	}
	own := a.cfg.Federation.JID
	return &sen1.Gate{Gate: gate, App: own.Localpart(), Server: own.Domainpart()}
}
