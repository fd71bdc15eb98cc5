package main

import (
	"net/http"
	"os"

	"releve/agent/access"
	"releve/agent/kiosk"
	"releve/agent/status"
)

// wall is what screens on walls are shown. A logo that cannot be read is said once, and they do without.
func (a *agent) wall() *status.Kiosk {
	c := a.cfg.Kiosk
	k := &status.Kiosk{
		Show: kiosk.Show{Title: c.Title, Label: c.Label, Every: c.Every, Dusk: c.Dusk, Dawn: c.Dawn},
		Pass: passOf,
		Past: a.engine(), Stake: a.stake(),
	}
	if c.Site != nil {
		k.Show.Sky = &kiosk.Sky{Latitude: c.Site.Latitude, Longitude: c.Site.Longitude}
	}
	if c.Logo == "" {
		return k
	}
	file, err := os.ReadFile(c.Logo)
	if err == nil {
		k.Show.Logo, err = kiosk.ReadLogo(file)
	}
	if err != nil {
		a.log.Warn("no logo on screens on walls", "error", err)
		return k
	}
	k.Logo = file
	return k
}

// passOf is what a screen that is no person may see.
func passOf(r *http.Request) (status.Pass, bool) {
	pass, bound := access.Kiosk(r)
	return status.Pass{View: pass.View, Resolution: pass.Resolution}, bound
}
