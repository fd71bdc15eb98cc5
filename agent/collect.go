package main

import (
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
)

// collect has a system outside the federation asked for its series, again and again. Marks that cannot be read do not
// keep it from that: what is had already is stored once.
func (a *agent) collect(s *source, supplier federation.Supplier, asking config.Asking) error {
	marks, err := federation.OpenMarks(a.marksOf(s.name))
	if marks == nil {
		return err
	}
	if err != nil {
		a.log.Warn("all of a source is asked for again", "source", s.name, "error", err)
	}
	c := &federation.Collection{
		Supplier: supplier, Since: asking.Since, Every: asking.Every, Repair: asking.Repair, Marks: marks,
		Take: s.renaming.before(s.take), Ready: a.clock.Known(), Now: a.now, Log: a.log,
	}
	s.task, s.collection, s.finding = c, c, func() status.Finding { return s.collectedFinding(c) }
	return nil
}

// collectedFinding says how it stands with a source that is asked.
func (s *source) collectedFinding(c *federation.Collection) status.Finding {
	now := c.Standing()
	refused, why := s.unkept()
	switch {
	case now.Err != nil:
		return status.Finding{
			State:  status.Warning,
			Text:   status.Say("Cette source ne donne pas tout ce qui lui est demandé ; elle sera interrogée de nouveau.", "This source does not give all that it is asked for; it is asked again."),
			Detail: now.Err.Error(),
		}
	case !now.Asked:
		return status.Finding{State: status.Waiting, Text: status.Say("La source est interrogée.", "The source is being asked.")}
	case refused > 0:
		return unkeptFinding(refused, why)
	case now.Series == 0:
		return status.Finding{State: status.Warning, Text: status.Say("La source n'a aucune série de celles qui lui sont demandées.", "The source has none of the series that it is asked for.")}
	case now.Newest.IsZero():
		return status.Finding{Text: status.Sayf("%d série(s) ; rien de nouveau depuis le démarrage.", "%d series; nothing new since the start.", now.Series)}
	}
	at := now.Newest.In(s.location)
	return s.renaming.doubted(status.Finding{Text: status.Sayf("%[1]d série(s) ; dernier relevé du %[2]s.", "%[1]d series; last reading of %[3]s.",
		now.Series, at.Format("02/01/2006 à 15:04:05"), at.Format(time.DateTime))})
}
