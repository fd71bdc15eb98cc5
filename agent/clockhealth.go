package main

import (
	"time"

	"releve/agent/clock"
	"releve/agent/status"
)

// meterOff is from when a household should know that its meter's clock is wrong: its tariff goes by it.
const meterOff = time.Minute

// clockFinding says where the time comes from, or what waits for it.
func (a *agent) clockFinding() status.Finding {
	state := a.clock.State()
	wait, never, refused := a.dater.trouble()
	switch {
	case state.Source == clock.Unknown:
		return a.clockUnknown(state, wait)
	case state.Doubted != clock.Unknown:
		return a.clockDoubted(state)
	case refused > 0:
		return status.Finding{
			State: status.Warning,
			Text:  status.Sayf("%d relevés portaient une heure impossible et ont été refusés.", "%d readings bore an impossible time and were refused.", refused),
		}
	case never > 0:
		return status.Finding{
			State:  status.Warning,
			Text:   status.Sayf("%d relevés d'avant un redémarrage sans horloge ne peuvent pas être datés ; ils sont gardés à part (releve buffer export --undated).", "%d readings from before a start without a clock cannot be dated; they are kept aside (releve buffer export --undated).", never),
			Advice: status.Say("Une horloge à pile, ou le réseau au démarrage, l'évite.", "A clock with a battery, or a network at the start, avoids this."),
		}
	}
	if finding, off := meterFinding(state); off {
		return finding
	}
	return status.Finding{Text: sourceWords(state.Source)}
}

// clockUnknown is before the time is known.
func (a *agent) clockUnknown(state clock.State, wait uint64) status.Finding {
	if state.Doubted != clock.Unknown {
		return status.Finding{
			State: status.Warning,
			Text: status.Sayf("L'heure annoncée, %s, n'est pas crédible : la dernière connue est %s. %d relevés attendent leur date.",
				"The time told, %s, cannot be believed: the last that was known is %s. %d readings wait for their date.",
				a.dateText(state.Says), a.dateText(state.LastKnown), wait),
			Advice: status.Say("Si elle est juste, rien à faire : elle sera crue après un jour, ou dès que le compteur la confirme.", "If it is right there is nothing to do: it is believed after a day, or as soon as the meter confirms it."),
		}
	}
	advice := status.Say("Branchez le réseau ; en mode standard, l'heure du compteur suffit.", "Connect the network; in standard mode the meter's own time is enough.")
	for _, w := range state.Witnesses {
		if w.Degraded {
			advice = status.Say("L'horloge du compteur est en mode dégradé : branchez le réseau.", "The meter's clock is in degraded mode: connect the network.")
		}
	}
	return status.Finding{
		State:  status.Waiting,
		Text:   status.Sayf("L'heure n'est pas encore connue ; %d relevés attendent leur date.", "The clock is not set yet; %d readings wait for it.", wait),
		Advice: advice,
	}
}

// clockDoubted is while a source says another time than the known one.
func (a *agent) clockDoubted(state clock.State) status.Finding {
	return status.Finding{
		State: status.Warning,
		Text: status.Sayf("Le système annonce une autre heure, %s ; elle n'est pas suivie tant que rien ne la confirme.",
			"The system tells another time, %s; it is not followed until something confirms it.", a.dateText(state.Says)),
		Advice: status.Say("Vérifiez le serveur de temps de la machine.", "Check the machine's time server."),
	}
}

// meterFinding tells of a meter whose clock is wrong beside the network's.
func meterFinding(state clock.State) (status.Finding, bool) {
	for _, w := range state.Witnesses {
		switch off := w.Off.Round(time.Second); {
		case state.Source != clock.Kernel || off.Abs() < meterOff:
		case off > 0:
			return status.Finding{State: status.Warning, Text: status.Sayf("L'horloge du compteur avance de %s.", "The meter's clock is %s fast.", off)}, true
		default:
			return status.Finding{State: status.Warning, Text: status.Sayf("L'horloge du compteur retarde de %s.", "The meter's clock is %s slow.", off.Abs())}, true
		}
	}
	return status.Finding{}, false
}

func sourceWords(s clock.Source) status.Words {
	if s == clock.Meter {
		return status.Say("L'heure est celle du compteur.", "The time is the meter's.")
	}
	return status.Say("L'heure est celle du système.", "The time is the system's.")
}

func (a *agent) dateText(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(a.cfg.Agent.Location).Format("2006-01-02 15:04")
}
