package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/buffer/statefile"
	"releve/federation"
	"releve/federation/sen1"
	"releve/federation/xmpp"
)

// reachSEN1 hands packs to a proxy of the proof of concept.
func (a *agent) reachSEN1(r config.Recipient, way config.ToSEN1, one *outgoing) {
	one.delivery.Recipient = &sen1.Recipient{
		Session: a.session, To: way.To, Username: way.Username, Source: way.Source, Target: way.Target, Location: a.cfg.Agent.Location,
	}
	a.admit(r, one, way.To.String())
}

// tapSEN1 takes what a proxy of the proof of concept sends.
func (a *agent) tapSEN1(s *source, origin config.FromSEN1) {
	dir := filepath.Join(a.state("sources"), s.name+".poison")
	r := &sen1.Receiver{
		From: origin.Sender, Source: origin.Source, Usernames: origin.Usernames, Location: a.cfg.Agent.Location,
		Take: s.renaming.before(s.take), Aside: func(e *xmpp.Element, why error) error { return setAside(dir, e, why) }, Log: a.log,
	}
	r.Prepare()
	a.proxies = append(a.proxies, r)
	s.task, s.finding = r, func() status.Finding { return s.proxyFinding(r) }
}

// poison is a message that can never be taken, as it is kept for a person to look at.
type poison struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Bounds of what is set aside of one source: who sends without sense must not fill the card.
const (
	mostPoison    = 100     // messages
	longestPoison = 1 << 16 // bytes of a message
)

// setAside keeps a message as long as there is room for it.
func setAside(dir string, e *xmpp.Element, why error) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for what is set aside: %w", err)
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look into what is set aside: %w", err)
	}
	if len(there) >= mostPoison {
		return nil // counted
	}
	text := e.String()
	if len(text) > longestPoison {
		text = text[:longestPoison]
	}
	name := fmt.Sprintf("%s-%03d.json", time.Now().UTC().Format("20060102T150405Z"), len(there))
	return statefile.Write(filepath.Join(dir, name), poison{Reason: why.Error(), Message: text})
}

// proxyFinding says how it stands with a proxy of the proof of concept.
func (s *source) proxyFinding(r *sen1.Receiver) status.Finding {
	stats := r.Stats()
	refused, why := s.unkept()
	switch {
	case stats.Err != nil:
		return status.Finding{
			State:  status.Warning,
			Text:   status.Say("Ce que cette source envoie ne peut pas être enregistré pour l'instant, et attend en mémoire.", "What this source sends cannot be stored for now, and waits in memory."),
			Detail: federation.Discreet(stats.Err.Error()),
		}
	case stats.Dropped > 0:
		return status.Finding{State: status.Warning, Text: status.Sayf("%d messages de cette source ont été perdus faute de place.", "%d messages of this source were lost for want of room.", stats.Dropped)}
	case stats.Poison > 0:
		return status.Finding{
			State:  status.Warning,
			Text:   status.Sayf("%d messages de cette source ont été mis de côté.", "%d messages of this source were set aside.", stats.Poison),
			Advice: status.Sayf("Regardez le dossier sources/%s.poison, puis videz-le.", "Look into the folder sources/%s.poison, then empty it.", s.name),
			Detail: stats.Why.Error(),
		}
	case refused > 0:
		return unkeptFinding(refused, why)
	case stats.Newest.IsZero():
		return nothingYet()
	}
	return s.renaming.doubted(lastReading(stats.Newest.In(s.location)))
}
