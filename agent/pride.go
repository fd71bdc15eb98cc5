package main

import (
	"releve/agent/config"
	"releve/federation/pride"
)

// reachPride stores packs on a Warp 10 platform.
func (a *agent) reachPride(name string, way config.ToPride, one *outgoing) {
	one.delivery.Recipient = &pride.Recipient{
		Service: platform(way.Pride), Name: name, Prefix: way.Prefix, Label: way.Label, Labels: way.Labels,
	}
}

// tapPride asks a Warp 10 platform for its series.
func (a *agent) tapPride(s *source, origin config.FromPride) error {
	supplier := &pride.Supplier{
		Service: platform(origin.Pride), Name: s.name, Selectors: origin.Selectors, Label: origin.Label, Now: a.now,
	}
	return a.collect(s, supplier, origin.Asking)
}

func platform(c config.Pride) *pride.Service {
	return &pride.Service{
		URL: c.URL, Token: func() (string, error) { return password("token_file", c.TokenFile) }, Client: webClient(c.CAFile),
	}
}
