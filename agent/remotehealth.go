package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"releve/agent/status"
	"releve/agent/trial"
)

// toldFor is how long the page tells of a change that was taken back.
const toldFor = 24 * time.Hour

// changesFinding says what was changed from afar, what is on trial, and what was taken back.
func (a *agent) changesFinding() status.Finding {
	a.remote.mu.Lock()
	broken := a.remote.broken
	a.remote.mu.Unlock()
	c, left, onTrial := a.remote.current()
	past := a.remote.trials.Past()
	switch {
	case broken != "":
		return status.Finding{
			State:  status.Warning,
			Text:   status.Say("Ce qui avait été changé à distance n'a pas pu être repris : les fichiers de l'appareil comptent.", "What had been changed from afar could not be used: the files of the device count."),
			Advice: status.Say("Refaites les changements, ou gardez les fichiers tels quels.", "Make the changes again, or leave the files as they are."),
			Detail: broken,
		}
	case onTrial:
		return trialFinding(c, left)
	case len(past) > 0 && !past[len(past)-1].Confirmed && a.now().Sub(past[len(past)-1].At) < toldFor:
		fr, en := whyReturned(past[len(past)-1])
		return status.Finding{
			State: status.Warning,
			Text:  status.Sayf("Un changement à distance a été repris, la configuration d'avant compte : %[1]s.", "A change from afar was taken back, the configuration before counts: %[2]s.", fr, en),
		}
	}
	changed := slices.Sorted(maps.Keys(a.remote.trials.Values()))
	if len(changed) == 0 {
		return status.Finding{}
	}
	return status.Finding{Text: status.Sayf("Changé à distance : %s.", "Changed from afar: %s.", strings.Join(changed, ", "))}
}

func trialFinding(c trial.Change, left time.Duration) status.Finding {
	keys, rest := strings.Join(c.Paths(), ", "), max(0, left.Round(time.Second)).String()
	if c.Stage == trial.Proved {
		return status.Finding{
			State:  status.Waiting,
			Text:   status.Sayf("Un changement à distance fonctionne (%s) et attend d'être confirmé, encore %s.", "A change from afar works (%s) and waits to be confirmed, for another %s.", keys, rest),
			Advice: status.Say("Sans confirmation, la configuration d'avant revient.", "Unless it is confirmed, the configuration before returns."),
		}
	}
	return status.Finding{
		State: status.Waiting,
		Text:  status.Sayf("Un changement à distance fait ses preuves (%s), encore %s.", "A change from afar proves itself (%s), for another %s.", keys, rest),
	}
}
