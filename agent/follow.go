package main

import (
	"fmt"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/federation/quoalise"
)

// followed is a source that is a provider of the federation.
type followed struct {
	*source
	follower *quoalise.Follower
	repair   time.Duration
	up       func() bool // whether there is a session
}

// pauseOfPushes is how long a source has to push nothing until what it has pushed is written: a household pushes each of its
// series in a message of its own, one right after the other, and a card wears by how often it is written.
const pauseOfPushes = 200 * time.Millisecond

// follow prepares what follows a provider. Marks that cannot be read do not keep it from that.
func (a *agent) follow(s *source, origin config.FromFederation) error {
	progress, err := quoalise.OpenProgress(a.marksOf(s.name))
	if progress == nil {
		return err
	}
	if err != nil {
		a.log.Warn("all of a source is asked for again", "source", s.name, "error", err)
	}
	s.meet(giver{source: s.name}, progress.Series())
	f := &followed{source: s, repair: origin.Repair, up: func() bool { return a.session.State().Up }}
	f.follower = &quoalise.Follower{
		Remote:      &quoalise.Remote{Session: a.session, Provider: origin.Provider, Location: a.cfg.Agent.Location},
		Identifiers: origin.Identifiers, Since: origin.Since, Every: origin.Repair, Progress: progress,
		Ready: a.clock.Known(), Now: a.now, Take: s.take, Gather: pauseOfPushes, Log: a.log,
	}
	s.finding = f.finding
	a.followed = append(a.followed, f)
	return nil
}

// listen has what providers push handed to those who follow them.
func (a *agent) listen() {
	if len(a.followed) == 0 {
		return
	}
	listener := &quoalise.Listener{Session: a.session}
	for _, f := range a.followed {
		listener.Followers = append(listener.Followers, f.follower)
	}
	listener.Register()
}

// finding says how it stands with a provider: what is wrong, what is missing, and what came last.
func (f *followed) finding() status.Finding {
	now := f.follower.Standing()
	refused, why := f.unkept()
	switch {
	case !f.up():
		return status.Finding{State: status.Waiting, Text: status.Sayf("En attente de la fédération ; %[1]s", "Waits for the federation; %[2]s", f.lastFR(now), f.lastEN(now))}
	case now.Err != nil:
		text, advice := refusalWords(now.Err)
		return status.Finding{State: status.Warning, Text: text, Advice: advice, Detail: federation.Discreet(now.Err.Error())}
	case !now.Listed:
		return status.Finding{State: status.Waiting, Text: status.Say("Le fournisseur est interrogé.", "The provider is being asked.")}
	case refused > 0:
		return unkeptFinding(refused, why)
	case now.Gaps > 0:
		return status.Finding{
			State: status.Waiting,
			Text: status.Sayf("Il manque encore des relevés de %[1]d série(s) sur %[2]d ; %[3]s",
				"Readings of %[1]d of %[2]d series are still missing; %[4]s", now.Gaps, now.Series, f.lastFR(now), f.lastEN(now)),
		}
	}
	found := status.Finding{Text: status.Sayf("%[1]d série(s), rien ne manque ; %[2]s", "%[1]d series, nothing is missing; %[3]s", now.Series, f.lastFR(now), f.lastEN(now))}
	if now.Mute {
		every := f.repair.String()
		found.Advice = status.Sayf("Ce fournisseur n'envoie rien de lui-même : il est interrogé toutes les %s (repair).", "This provider sends nothing by itself: it is asked every %s (repair).", every)
	}
	return found
}

func (f *followed) lastFR(now quoalise.Standing) string {
	if now.Newest.IsZero() {
		return "rien n'est encore venu."
	}
	return fmt.Sprintf("dernier relevé du %s.", now.Newest.In(f.location).Format("02/01/2006 à 15:04:05"))
}

func (f *followed) lastEN(now quoalise.Standing) string {
	if now.Newest.IsZero() {
		return "nothing has come yet."
	}
	return fmt.Sprintf("last reading of %s.", now.Newest.In(f.location).Format(time.DateTime))
}
