package main

import (
	"strings"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/route"
)

// admit gives a delivery the gate of who is granted, and behind it the routes of the recipient. Without routes all that is
// granted goes. It returns the gate itself, which knows what was agreed to.
func (a *agent) admit(r config.Recipient, one *outgoing, grantee string) *consent.Gate {
	name := func(local string) string { return a.book.Name(grantee, local) }
	gate := a.book.Gate(grantee, one.place, nil)
	one.delivery.Gate, one.routes = a.routed(r, gate, name)
	return gate
}

// routed puts the routes of a recipient behind a gate, which lets a local series through under a name; nil without routes.
func (a *agent) routed(r config.Recipient, gate federation.Gate, name func(local string) string) (federation.Gate, *route.Gate) {
	if len(r.Routes) == 0 {
		return gate, nil
	}
	routes := &route.Gate{Gate: gate, Name: name}
	for _, to := range r.Routes {
		routes.Routes = append(routes.Routes, route.Route{
			Meter: a.meterOf(to), Series: to.Series, Device: to.ToDevice, Item: to.ToItem, Unit: to.Unit, Every: to.Every,
		})
	}
	return routes, routes
}

// mismatched is how many readings were left out because their unit is not that of their route.
func (o *outgoing) mismatched() uint64 {
	if o.routes == nil {
		return 0
	}
	return o.routes.Mismatched.Load()
}

// idleRoutes says that routes of a recipient which has had something since the start have matched nothing; else nothing.
func (o *outgoing) idleRoutes(shown status.Recipient) status.Words {
	if o.routes == nil || shown.LastSent.IsZero() {
		return status.Words{}
	}
	n := o.routes.Idle()
	if n == 0 {
		return status.Words{}
	}
	return status.Sayf("[[route]] sans aucune série accordée depuis le démarrage : %d ; vérifiez from, device et series.",
		"[[route]] that matched no granted series since the start: %d; check from, device and series.", n)
}

// meterOf is a glob over what precedes the paths of a route's series in the buffer.
func (a *agent) meterOf(r config.Route) string {
	var from *config.Source
	for i := range a.cfg.Sources {
		if a.cfg.Sources[i].Name == r.From {
			from = &a.cfg.Sources[i]
		}
	}
	switch {
	case r.From == "":
		return "*"
	case from == nil:
		return r.From
	case r.Device == "":
		return r.From + ".*"
	}
	giver, device := giver{source: r.From}, r.Device
	if from.HasSenders() {
		giver.sender, device, _ = strings.Cut(device, "/")
	}
	if from.HasItems() {
		return a.intake.meter(giver, federation.Outside(device, "x"))
	}
	return a.intake.meter(giver, device+"_x")
}
