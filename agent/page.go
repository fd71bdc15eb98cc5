package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"releve/agent/config"
	"releve/agent/series"
	"releve/agent/status"
	"releve/buffer"
	"releve/senml"
	"releve/tic"
)

// dayIndexes are the indexes that today is counted from.
func dayIndexes() []string { return []string{series.PathDrawn, series.PathInjectedIndex} }

func pathOf(name string) string {
	_, path, _ := strings.Cut(name, "/")
	return path
}

// show returns what the page shows of a meter.
func (v *view) show(cfg config.Meter, counters tic.Counters, d *series.Dictionary) status.Meter {
	v.mu.Lock()
	defer v.mu.Unlock()
	m := status.Meter{
		Name: cfg.Name, Port: cfg.Port, LastFrame: v.lastFrame,
		Frames: counters.Frames, Groups: counters.Groups, Rejected: counters.Refused(),
		Trend: v.trendToNow(), Power: v.power(), Phases: v.phases(), Today: v.today(),
	}
	if v.mode != tic.Auto {
		m.Mode = v.mode.String()
	}
	if diagnosis := counters.Diagnosis(); !diagnosis.IsZero() {
		m.Diagnosis = status.Say(diagnosis.FR, diagnosis.EN)
	}
	if tariff, ok := v.values[series.PathTariff].Value.Text(); ok {
		m.Tariff = status.Say(tariff, tariff)
	}
	for _, path := range slices.Sorted(maps.Keys(v.values)) {
		v.place(&m, path, d.Path(path))
	}
	return m
}

// place puts a value where it belongs: registers, or the list of the others.
func (v *view) place(m *status.Meter, path string, s series.Series) {
	value := v.values[path].Value
	label := status.Say(s.Title.FR, s.Title.EN)
	n, isNumber := value.Number()
	switch {
	case path == series.PathPower, path == series.PathInjected, path == series.PathTariff, isPhase(path) && len(m.Phases) > 0:
	case isNumber && s.Quantity == "energy" && n == 0: // indexes the contract does not use
	case isNumber && s.Quantity == "energy":
		m.Indexes = append(m.Indexes, status.Index{Label: label, Value: status.WattHour(n), At: v.lastFrame})
	default:
		m.Readings = append(m.Readings, status.Reading{
			Series: path, Label: label, Value: value.String(), Unit: s.Unit, At: v.lastFrame,
		})
	}
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

func (v *view) power() *status.Power {
	drawn, ok := v.values[series.PathPower].Value.Number()
	if !ok {
		return nil
	}
	injected, _ := v.values[series.PathInjected].Value.Number()
	return &status.Power{
		Apparent: status.VoltAmpere(drawn), Injected: status.VoltAmpere(injected),
		Subscribed: v.subscribed, At: v.lastFrame,
	}
}

func isPhase(path string) bool {
	return strings.HasPrefix(path, "current/") || strings.HasPrefix(path, "voltage/") ||
		strings.HasPrefix(path, series.PathPower+"/")
}

func (v *view) phases() []status.Phase {
	if _, three := v.values["current/3"]; !three {
		return nil
	}
	var phases []status.Phase
	for n := 1; n <= threePhases; n++ {
		phase := status.Phase{
			Name:    fmt.Sprint(n),
			Current: number(v.values[fmt.Sprintf("current/%d", n)]),
			Voltage: number(v.values[fmt.Sprintf("voltage/%d", n)]),
		}
		if p := number(v.values[fmt.Sprintf("%s/%d", series.PathPower, n)]); p != nil {
			apparent := status.VoltAmpere(*p)
			phase.Apparent = &apparent
		}
		phases = append(phases, phase)
	}
	return phases
}

func number(r senml.Record) *float64 {
	if n, ok := r.Value.Number(); ok {
		return &n
	}
	return nil
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

func (v *view) since(path string) (status.WattHour, bool) {
	began, known := v.midnight[path]
	now, read := v.values[path].Value.Number()
	if !known || !read || now < began {
		return 0, false
	}
	return status.WattHour(now - began), true
}

// snapshot is the whole page at one instant.
func (a *agent) snapshot() status.Snapshot {
	s := status.Snapshot{
		Recipients: []status.Recipient{},
		Version:    versionText(), Started: a.started, Now: time.Now().In(a.cfg.Agent.Location),
		Buffer: a.bufferShown(), Federation: a.federationShown(), Health: a.health.Run(),
	}
	for _, m := range a.meters {
		_, counters := m.look()
		s.Meters = append(s.Meters, m.view.show(m.cfg, counters, a.dictionary))
	}
	if a.subscribers != nil {
		s.Recipients = a.recipientsShown()
	}
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
	}
	return shown
}

func (a *agent) recipientsShown() []status.Recipient {
	cursors := map[string]buffer.CursorStats{}
	for _, c := range a.buffer.Cursors() {
		cursors[c.Name] = c
	}
	shown := []status.Recipient{}
	for _, r := range a.subscribers.deliveries() {
		stats, place := r.delivery.Stats(), cursors[cursorPrefix+r.subscription.JID]
		one := status.Recipient{Name: r.subscription.JID, State: status.OK, LastSent: stats.Last, Pending: place.Pending}
		switch {
		case stats.Err != nil:
			one.State, one.Text = status.Waiting, status.Say("", stats.Err.Error())
		case place.Expired+stats.Refused > 0:
			one.State, one.Text = status.Warning, status.Sayf(
				"%[1]d paquets ont expiré avant d'être envoyés, %[2]d ont été refusés.",
				"%[1]d packs expired before they were sent, %[2]d were refused.", place.Expired, stats.Refused)
		}
		shown = append(shown, one)
	}
	return shown
}

func (a *agent) federationShown() status.Federation {
	if a.session == nil {
		return status.Federation{}
	}
	state := a.session.State()
	finding := a.sessionFinding()
	if n := a.session.Refused(); n > 0 && finding.Text.IsZero() {
		finding.Text = status.Sayf("%d messages mal formés ou en trop ont été écartés.", "%d malformed or excess messages were turned away.", n)
	}
	return status.Federation{JID: a.cfg.Federation.JID.String(), State: finding.State, Since: state.Since, Text: finding.Text}
}
