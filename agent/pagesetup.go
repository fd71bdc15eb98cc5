package main

import (
	"context"
	"errors"
	"slices"

	"releve/agent/access"
	"releve/agent/config"
	"releve/agent/status"
	"releve/agent/trial"
	"releve/federation/consent"
)

// pageSetup is how the device is set on the page: by the same trial as from afar.
type pageSetup struct {
	*agent
	way pageEntry
}

// pageSetup is nil where nothing can be set.
func (a *agent) pageSetup() status.Setup {
	if a.entry == nil || a.remote == nil {
		return nil
	}
	return pageSetup{a, pageEntry{a.entry, a.notary}}
}

// Settings tells how the device is set.
func (s pageSetup) Settings() status.Settings {
	set := status.Settings{Steps: s.steps(), OwnerCode: s.remote.code(), Trial: s.onTrial()}
	for _, one := range changeable(s.remote.settings().Settings(), config.Owner) {
		set.Keys = append(set.Keys, settingShown(one))
	}
	for _, p := range s.entry.Passes() {
		set.Screens = append(set.Screens, status.ScreenPass{ID: p.ID, Name: p.Name, View: p.View, Resolution: p.Resolution, Made: p.Made.In(s.cfg.Agent.Location)})
	}
	for _, r := range consent.Resolutions() {
		set.Resolutions = append(set.Resolutions, string(r))
	}
	for _, r := range s.recipients {
		set.Recipients = append(set.Recipients, r.name)
	}
	return set
}

// settingShown is a value as a form asks for it.
func settingShown(s config.Setting) status.Setting {
	one := status.Setting{
		Path: s.Path, About: status.Say(s.Key.FR, s.Key.EN), Kind: "text", Values: s.Values, Range: rangeOf(s.Key)[min(1, len(rangeOf(s.Key))):], Changed: s.Place.Layer == config.Overlay,
	}
	switch {
	case s.Key.Many:
		one.Kind = "lines"
	case s.Key.Type == config.Boolean:
		one.Kind = "check"
	case s.Key.Type == config.Choice:
		one.Kind, one.Choices = "choice", s.Key.Choices
	}
	return one
}

// steps are what setting up a device consists of, and how far this one is.
func (s pageSetup) steps() []status.Step {
	heard, named, section := 0, 0, ""
	for _, m := range s.meters {
		if _, counters := m.look(); counters.Frames > 0 {
			heard++
		}
		if m.cfg.Title != "" {
			named++
		}
		section = "section-" + (config.Path{Table: "meter", Entry: m.cfg.Name}).String()
	}
	sent := slices.ContainsFunc(s.recipients, func(r *outgoing) bool { return !r.delivery.Stats().Last.IsZero() })
	return []status.Step{
		{Title: status.Say("Le compteur est trouvé", "The meter is found"), Done: heard > 0 && heard == len(s.meters), Anchor: section,
			Text: status.Sayf("Compteurs lus : %d sur %d.", "Meters that are read: %d of %d.", heard, len(s.meters))},
		{Title: status.Say("Il a un nom", "It has a name"), Done: named > 0 && named == len(s.meters), Anchor: section,
			Text: status.Say("Donnez-lui le nom que vous lui donnez chez vous (title).", "Give it the name it has in your home (title).")},
		{Title: status.Say("Le tarif", "The tariff"), Done: s.cfg.Prices.File != "",
			Text: status.Say("Pour l'estimation de la facture, nommez un fichier de prix sur l'appareil (prices.file) ; releve config example prices en écrit un.",
				"For the estimated bill name a file of prices on the device (prices.file); releve config example prices writes one.")},
		{Title: status.Say("Qui peut voir", "Who may look"), Done: true, Anchor: "section-status", Text: viewWords(s.cfg.Status)},
		{Title: status.Say("Un premier envoi", "A first transfer"), Done: sent, Anchor: "section-test",
			Text: status.Say("Si vous partagez vos relevés : répondez à l'accord dans « Mes données », puis essayez.", "If you share your readings: answer the consent under “My data”, then try.")},
	}
}

func viewWords(s config.Status) status.Words {
	if s.Closed {
		return status.Say("Il faut le mot de passe pour voir la page.", "The password is needed to look at the page.")
	}
	return status.Say("Tous ceux qui atteignent la page peuvent la voir.", "Everybody who reaches the page may look.")
}

func (s pageSetup) onTrial() *status.Trial {
	c, left, ok := s.remote.current()
	if !ok {
		return nil
	}
	t := &status.Trial{By: c.By, Works: c.Stage == trial.Proved, Left: max(0, left)}
	for _, d := range c.Differences {
		t.Changes = append(t.Changes, status.TrialChange{Path: d.Path, Before: d.Before, After: d.After})
	}
	return t
}

// Change puts values on trial.
func (s pageSetup) Change(values map[string][]string) error {
	_, faults, err := s.remote.changeBy(atPage(), config.Changes(values))
	if len(faults) > 0 {
		var refusals status.Refusals
		for _, fault := range faults {
			if _, ours := values[fault.Path]; !ours {
				fault.Path = "" // its sentence begins with it
			}
			refusals = append(refusals, status.Refusal{Field: fault.Path, Text: status.Say(fault.French, fault.Text)})
		}
		return refusals
	}
	return trialRefusal(err)
}

// Confirm makes the change on trial stay.
func (s pageSetup) Confirm() error {
	_, err := s.remote.confirmBy(atPage())
	return trialRefusal(err)
}

// TakeBack ends the trial.
func (s pageSetup) TakeBack() error { return trialRefusal(s.remote.takeBackBy(atPage())) }

// trialRefusal words what keeps a change from its trial.
func trialRefusal(err error) error {
	switch {
	case errors.Is(err, errNoChange):
		return &status.Refusal{Text: status.Say("Rien ne changerait.", "Nothing would change.")}
	case errors.Is(err, trial.ErrBusy):
		return &status.Refusal{Text: status.Say("Un autre changement est à l'essai : gardez-le ou revenez à avant d'abord.", "Another change is on trial: keep it or return to before first.")}
	case errors.Is(err, trial.ErrNone):
		return &status.Refusal{Text: status.Say("Aucun changement n'est à l'essai.", "No change is on trial.")}
	case errors.Is(err, trial.ErrUnproved):
		return &status.Refusal{Text: status.Say("Le changement n'a pas encore fait ses preuves.", "The change has not proved itself yet.")}
	}
	return err
}

// Issue makes a pass. The ledger has it, before.
func (s pageSetup) Issue(name, view, resolution string) (string, error) {
	if err := s.notary.Changed(byPage, "page: screen allowed", "", view+" "+resolution); err != nil {
		return "", err
	}
	token, err := s.entry.Issue(access.Pass{Name: name, View: view, Resolution: resolution, Made: s.now()})
	return token, s.way.refusal(err)
}

// Revoke takes a pass back.
func (s pageSetup) Revoke(id string) error {
	p, err := s.entry.Revoke(id)
	if err != nil {
		return s.way.refusal(err)
	}
	return s.notary.Changed(byPage, "page: screen taken back", p.View+" "+p.Resolution, "")
}

// Test has a recipient try now.
func (s pageSetup) Test(recipient string) (status.Words, error) {
	for _, one := range s.recipients {
		if one.name == recipient {
			r := s.testRecipient(context.Background(), one)
			if len(r.Notes) == 0 {
				return status.Words{}, nil
			}
			words, _ := r.Notes[0].Text.(status.Words)
			return words, nil
		}
	}
	return status.Words{}, &status.Refusal{Text: status.Say("Ce destinataire n'est plus là.", "This recipient is not there any more.")}
}
