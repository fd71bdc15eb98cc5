package main

import (
	"slices"
	"strings"
	"time"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/trial"
)

// standing is what works now, and which configuration it could be asked of again.
type standing struct{ trial.Standing }

// lastTaken is how long ago a recipient may have taken something last to count as one that does.
const lastTaken = 10 * time.Minute

// standing looks at what works. An agent that has just begun has read and sent nothing yet.
func (a *agent) standing() standing {
	var s standing
	s.Session = a.session != nil && a.session.State().Up
	now := clock.Stamp(a.clock.Instant())
	for _, m := range a.meters {
		m.view.mu.Lock()
		last := m.view.lastFrame
		m.view.mu.Unlock()
		if !last.IsZero() && now.Sub(last) <= silentAfter {
			s.Meters = append(s.Meters, m.cfg.Name)
		}
	}
	for _, r := range a.recipients {
		if stats := r.delivery.Stats(); stats.Err == nil && !stats.Last.IsZero() && time.Since(stats.Last) < lastTaken {
			s.Recipients = append(s.Recipients, r.name)
		}
	}
	return s
}

// within leaves out what a configuration does not have any more, or pauses.
func (s standing) within(c config.Config) trial.Standing {
	s.Meters = slices.DeleteFunc(s.Meters, func(name string) bool {
		return !slices.ContainsFunc(c.Meters, func(m config.Meter) bool { return m.Name == name })
	})
	s.Recipients = slices.DeleteFunc(s.Recipients, func(name string) bool {
		return !slices.ContainsFunc(c.Recipients, func(r config.Recipient) bool { return r.Name == name && !r.Paused })
	})
	return s.Standing
}

// longest bounds a value as it is told, in characters: an entry of the ledger has room for both.
const longest = 500

// differences lists what a change changes, of all values that there are before or after.
func differences(before, after config.Loaded) []trial.Difference {
	var all []trial.Difference
	seen := map[string]bool{}
	for _, l := range []config.Loaded{after, before} {
		for _, s := range l.Settings() {
			if seen[s.Path] {
				continue
			}
			seen[s.Path] = true
			d := trial.Difference{Path: s.Path, Before: wordOf(before, s.Path), After: wordOf(after, s.Path)}
			if d.Before != d.After {
				all = append(all, d)
			}
		}
	}
	return all
}

// wordOf writes a value for people. A secret cannot be changed from afar, so none is among them.
func wordOf(l config.Loaded, path string) string {
	s, _ := l.Setting(path)
	text := []rune(strings.Join(s.Values, " "))
	if len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return string(text)
}
