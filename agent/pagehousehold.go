package main

import "releve/agent/status"

// household is what the configuration lets the screens of the page tell, the same as programs are told.
func (a *agent) household() status.Household {
	h := a.house()
	told := status.Household{Bill: h.Bill, Standing: h.Standing, Stake: h.Stake}
	if h.Bill != nil {
		told.Cost = a.cost
	}
	for _, p := range h.Profiles {
		told.Profiles = append(told.Profiles, status.Profile(p))
	}
	return told
}
