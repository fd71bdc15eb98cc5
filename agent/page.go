package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/history"
	"releve/agent/series"
	"releve/agent/status"
	"releve/buffer"
	"releve/federation"
	"releve/federation/xmpp"
	"releve/tic"
)

// dayIndexes are the indexes that today is counted from.
func dayIndexes() []string { return []string{series.PathDrawn, series.PathInjectedIndex} }

// show returns what the page shows of a meter; now is a stamp.
func (v *view) show(cfg config.Meter, counters tic.Counters, now time.Time) status.Meter {
	v.mu.Lock()
	defer v.mu.Unlock()
	m := status.Meter{
		Name: cfg.Name, Title: cfg.Title, Port: cfg.Port, LastFrame: v.shown(v.lastFrame),
		Frames: counters.Frames, Groups: counters.Groups, Rejected: counters.Refused(),
		Trend: v.trendToNow(), Power: v.power(), Phases: v.phases(now), Today: v.today(), Events: v.events(),
	}
	if v.mode != tic.Auto {
		m.Mode = v.mode.String()
	}
	m.Option, m.Colours = v.option(), v.colours(now)
	for _, latest := range v.recorder.All() {
		v.place(&m, latest, now)
	}
	return m
}

// option is the kind of contract, by what the meter calls it: OPTARIF in historic mode, the supplier's calendar NGTF in
// standard mode, whose words are the supplier's own.
func (v *view) option() string {
	for _, path := range []string{series.PathOption, series.PathCalendar} {
		latest, _ := v.recorder.Latest(path)
		word, _ := latest.Value.Text()
		for _, known := range []struct{ has, option string }{
			{"BASE", "base"}, {"HC", "hphc"}, {"CREUSE", "hphc"}, {"TEMPO", "tempo"}, {"BBR", "tempo"}, {"EJP", "ejp"},
		} {
			if strings.Contains(strings.ToUpper(word), known.has) {
				return known.option
			}
		}
	}
	return ""
}

// colours are those of a Tempo contract that the meter still says; nil when it says none.
func (v *view) colours(now time.Time) *status.Colours {
	said := func(path string) string {
		latest, _ := v.recorder.Latest(path)
		if colour, _ := latest.Value.Text(); !latest.Stale(now) && colour != "none" {
			return colour
		}
		return ""
	}
	c := status.Colours{Today: said(series.PathColourToday), Tomorrow: said(series.PathColourTomorrow)}
	if c == (status.Colours{}) {
		return nil
	}
	return &c
}

// place puts a value where it belongs: registers, or the list of the others. What the meter does not say any more is
// not shown, but for registers, which stay what they are while nothing is heard.
func (v *view) place(m *status.Meter, latest series.Live, now time.Time) {
	path, stale := latest.Series.Path, latest.Stale(now)
	label := status.Say(latest.Series.Title.FR, latest.Series.Title.EN)
	n, isNumber := latest.Value.Number()
	isIndex := isNumber && latest.Series.Unit == "Wh"
	tariff, _ := latest.Value.Text()
	switch {
	case path == series.PathPower, path == series.PathInjected, isPhase(path) && len(m.Phases) > 0:
	case isIndex && n == 0: // indexes the contract does not use
	case isIndex:
		m.Indexes = append(m.Indexes, status.Index{
			Label: label, Value: status.WattHour(n), Current: v.counts(path, now), At: v.shown(latest.Said),
		})
	case stale:
	case path == series.PathTariff:
		m.Tariff = status.Say(tariff, tariff)
	default:
		m.Readings = append(m.Readings, status.Reading{
			Series: path, Label: label, Value: latest.Value.String(), Unit: latest.Series.Unit, At: v.shown(latest.Of),
		})
	}
}

// counts tells whether an index is the one that counts now.
func (v *view) counts(path string, now time.Time) bool {
	latest, ok := v.recorder.Latest(series.PathTariffIndex)
	return ok && !latest.Stale(now) && path == series.SupplierIndex(latest.Value.String())
}

// events is what happened to the meter, the latest first.
func (v *view) events() []status.Event {
	var shown []status.Event
	for _, e := range slices.Backward(v.recorder.Events()) {
		title := e.Title()
		shown = append(shown, status.Event{At: v.shown(e.At), Kind: e.String(), Text: status.Say(title.FR, title.EN)})
	}
	return shown
}

// trendToNow is the curve with the latest value as its end, so that it agrees with the headline.
func (v *view) trendToNow() []status.Point {
	trend := slices.Clone(v.trend)
	if p := v.power(); p != nil && len(trend) > 0 && p.At.After(trend[len(trend)-1].At) {
		trend = append(trend, pointOf(p))
	}
	return trend
}

func pointOf(p *status.Power) status.Point {
	return status.Point{At: p.At, Apparent: p.Apparent, Injected: p.Injected}
}

// power is the latest power and when it was said. What is injected is of the same moment, or not known: the estimate
// of a meter that does not count it is called so.
func (v *view) power() *status.Power {
	drawn, _ := v.recorder.Latest(series.PathPower)
	n, ok := drawn.Value.Number()
	if !ok {
		return nil
	}
	p := &status.Power{
		Apparent: status.VoltAmpere(n), Subscribed: status.VoltAmpere(v.recorder.Contracted()), At: v.shown(drawn.Said),
	}
	for _, path := range []string{series.PathInjectedEstimate, series.PathInjected} {
		injected, _ := v.recorder.Latest(path)
		if n, ok := injected.Value.Number(); ok && !injected.Stale(drawn.Said) {
			p.Injected, p.Estimated = status.VoltAmpere(n), path == series.PathInjectedEstimate && n > 0
		}
	}
	return p
}

func isPhase(path string) bool {
	word, rest, _ := strings.Cut(path, "/")
	return (word == "current" || word == "voltage") && len(rest) == 1 || strings.HasPrefix(path, series.PathPower+"/")
}

// phases is what is said of each phase of a three-phase meter.
func (v *view) phases(now time.Time) []status.Phase {
	if _, three := v.recorder.Latest("current/3"); !three {
		return nil
	}
	var phases []status.Phase
	for n := 1; n <= threePhases; n++ {
		phase := status.Phase{
			Name:    fmt.Sprint(n),
			Current: v.fresh(fmt.Sprintf("current/%d", n), now),
			Voltage: v.fresh(fmt.Sprintf("voltage/%d", n), now),
		}
		if p := v.fresh(fmt.Sprintf("%s/%d", series.PathPower, n), now); p != nil {
			apparent := status.VoltAmpere(*p)
			phase.Apparent = &apparent
		}
		phases = append(phases, phase)
	}
	return phases
}

const threePhases = 3

// fresh is a number that the meter still says.
func (v *view) fresh(path string, now time.Time) *float64 {
	latest, _ := v.recorder.Latest(path)
	n, ok := latest.Value.Number()
	if !ok || latest.Stale(now) {
		return nil
	}
	return &n
}

// today is what the indexes have grown by since midnight; nil when midnight's index is not known.
func (v *view) today() *status.Today {
	drawn, ok := v.since(series.PathDrawn)
	if !ok {
		return nil
	}
	injected, _ := v.since(series.PathInjectedIndex)
	return &status.Today{Drawn: drawn, Injected: injected}
}

// since is what an index has grown by since midnight, unless it is another meter's.
func (v *view) since(path string) (status.WattHour, bool) {
	began, known := v.midnight[path]
	latest, _ := v.recorder.Latest(path)
	now, read := latest.Value.Number()
	if !known || !read || history.IsBreak(largestMeter, v.day, began, v.shown(latest.Said), now) {
		return 0, false
	}
	return status.WattHour(now - began), true
}

// snapshot is the whole page at one instant.
func (a *agent) snapshot() status.Snapshot {
	machine, oldest := a.vitalsShown()
	ahead := a.clocksAhead()
	s := status.Snapshot{
		Machine:    machine,
		Recipients: a.recipientsShown(), Consents: a.consentsShown(),
		Version: versionText(), Started: a.now().Add(a.started - a.clock.Instant()), Now: a.now(),
		Buffer: a.bufferShown(), Federation: a.federationShown(), Health: a.health.Run(),
	}
	for _, m := range a.meters {
		line, counters := m.look()
		shown := m.view.show(m.cfg, counters, clock.Stamp(a.clock.Instant()))
		shown.Port = cmp.Or(line.Device, m.cfg.Port) // what auto found
		recent := m.recent()
		diagnosis := recent.Diagnosis()
		shown.Diagnosis = status.Say(diagnosis.FR, diagnosis.EN)
		shown.Recent = status.Tally{Groups: recent.Groups, Rejected: recent.Refused()}
		shown.Wire, shown.ClockBy = m.wire.shown(m.view.shown), ahead[m.cfg.Name]
		s.Meters = append(s.Meters, shown)
	}
	s.Buffer.Oldest = oldest
	return s
}

func (a *agent) bufferShown() status.Buffer {
	stats := a.buffer.Stats()
	shown := status.Buffer{Packs: stats.Packs, Bytes: stats.DiskBytes}
	switch {
	case stats.Damage != "":
		shown.Note = status.Sayf("Le stock est abîmé, redémarrez l'agent : %s", "The store is damaged, restart the agent: %s", stats.Damage)
	case len(stats.SetAside) > 0:
		aside := strings.Join(stats.SetAside, " ")
		shown.Note = status.Sayf("Un stock endommagé a été mis de côté : %s", "A damaged store was set aside: %s", aside)
	case stats.Strays > 0:
		shown.Note = status.Sayf("%d table(s) d'écritures interrompues sont gardées à côté du stock, sans gêner.",
			"%d table(s) of writes that were broken off are kept beside the store; they do no harm.", stats.Strays)
	}
	return shown
}

func (a *agent) recipientsShown() []status.Recipient {
	cursors := map[string]buffer.CursorStats{}
	for _, c := range a.buffer.Cursors() {
		cursors[c.Name] = c
	}
	shown := []status.Recipient{}
	for _, r := range a.recipients {
		one := recipientShown(r.name, r.delivery.Stats(), cursors[r.place])
		if r.tell != nil {
			r.tell(&one)
		}
		switch {
		case r.paused:
			one.State, one.Text = status.Waiting, status.Say("En pause : rien n'est envoyé, sa place est gardée.", "Paused: nothing is sent, its place is kept.")
		case r.doubt != nil && one.State == status.OK:
			one.State, one.Text = doubted(r.doubt())
		}
		if n := r.mismatched(); n > 0 && one.State == status.OK {
			one.State, one.Text = status.Warning, status.Sayf(
				"%d relevés ont été laissés de côté : leur unité n'est pas celle de leur route.",
				"%d readings were left out: their unit is not that of their route.", n)
		}
		if idle := r.idleRoutes(one); one.State == status.OK && idle.EN != "" {
			one.State, one.Text = status.Waiting, idle // it may only be rare
		}
		shown = append(shown, one)
	}
	if a.subscribers == nil {
		return shown
	}
	for _, r := range a.subscribers.deliveries() {
		place, slow := cursors[cursorPrefix+r.subscription.JID], cursors[slowPrefix+r.subscription.JID]
		place.Pending, place.Expired = r.pending(place, slow), place.Expired+slow.Expired
		shown = append(shown, recipientShown(r.subscription.JID, r.stats(), place))
	}
	return shown
}

// doubted is how it stands with a recipient that takes what it is sent, beside what else there is to say of it.
func doubted(text status.Words) (status.State, status.Words) {
	if text == (status.Words{}) {
		return status.OK, text
	}
	return status.Warning, text
}

// recipientShown says how it stands with one recipient: what hinders it now, or else what it has lost.
func recipientShown(name string, stats federation.Stats, place buffer.CursorStats) status.Recipient {
	one := status.Recipient{Name: name, State: status.OK, LastSent: stats.Last, Pending: place.Pending}
	switch {
	case errors.Is(stats.Err, federation.ErrStopped) && isTooLong(stats.Err):
		one.State, one.Text = status.Warning, recipientTrouble(stats.Err)
	case errors.Is(stats.Err, federation.ErrStopped):
		one.State, one.Text = status.Warning, status.Sayf(
			"Rien n'est pris tant que ce n'est pas corrigé ; nouvel essai chaque heure : %s",
			"Nothing is taken until this is mended; tried again each hour: %s", stats.Err)
	case stats.Err != nil && !errors.Is(stats.Err, federation.ErrRefused):
		one.State, one.Text = status.Waiting, recipientTrouble(stats.Err)
	case stats.Refused > 0:
		one.State, one.Text = status.Warning, status.Sayf(
			"%[1]d paquets ont expiré avant d'être envoyés, %[2]d ont été refusés, le dernier ainsi : %[3]s",
			"%[1]d packs expired before they were sent, %[2]d were refused, the last one so: %[3]s", place.Expired, stats.Refused, stats.Refusal)
	case place.Expired > 0:
		one.State, one.Text = status.Warning, status.Sayf(
			"%d paquets ont expiré avant d'être envoyés.", "%d packs expired before they were sent.", place.Expired)
	}
	return one
}

// sessionShown says how a session that is up goes.
func sessionShown(state xmpp.State) status.Words {
	if state.Pace == 0 {
		return status.Sayf("%[1]d octets à envoyer, %[2]d sans accusé du serveur ; débit non limité.",
			"%[1]d bytes to send, %[2]d not acknowledged by the server; pace not limited.", state.Queued, state.Unsure)
	}
	return status.Sayf("%[1]d octets à envoyer, %[2]d sans accusé du serveur ; débit %[3]d o/s.",
		"%[1]d bytes to send, %[2]d not acknowledged by the server; pace %[3]d B/s.", state.Queued, state.Unsure, state.Pace)
}

func (a *agent) federationShown() status.Federation {
	if a.session == nil {
		return status.Federation{}
	}
	state := a.session.State()
	finding := a.sessionFinding()
	if a.receiver != nil && finding.Text.IsZero() {
		if n := a.receiver.Stats().Forbidden; n > 0 {
			finding.Text = status.Sayf("%d paquets de qui n'est pas une source ont été refusés.", "%d packs of who is no source were refused.", n)
		}
	}
	if n := a.session.Refused(); n > 0 && finding.Text.IsZero() {
		finding.Text = status.Sayf("%d messages mal formés ou en trop ont été écartés.", "%d malformed or excess messages were turned away.", n)
	}
	if n := a.door.Stats().Forbidden; n > 0 && finding.Text.IsZero() {
		finding.Text = status.Sayf("%d commandes de qui n'a pas de rôle pour elles ont été refusées.", "%d commands of who has no role for them were refused.", n)
	}
	if n := a.notary.turnedAway(); n > 0 && finding.Text.IsZero() {
		finding.Text = status.Sayf("%d demandes d'accord sont restées sans place.", "%d requests for a consent found no room.", n)
	}
	if state.Up && finding.Text.IsZero() {
		finding.Text = sessionShown(state)
	}
	return status.Federation{JID: a.cfg.Federation.JID.String(), State: finding.State, Since: state.Since, Text: finding.Text}
}
