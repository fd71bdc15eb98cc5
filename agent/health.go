package main

import (
	"time"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/led"
	"releve/agent/series"
	"releve/agent/status"
	"releve/federation/xmpp"
	"releve/tic"
)

// A meter that has said nothing good for this long is at fault.
const silentAfter = series.SilentAfter

// checks is the tree of what can be wrong. What a failed check explains is not looked at.
func (a *agent) checks() *status.Check {
	root := status.Named("releve", nil)
	for _, m := range a.meters {
		port := status.Named("port", m.portFinding).Required().Then(
			status.Named("frames", m.framesFinding).Required().Then(
				status.Named("checksums", m.checksumsFinding),
				status.Named("readings", m.readingsFinding)))
		if m.share != nil {
			port.Then(status.Named("share", m.shareFinding))
		}
		if len(a.meters) > 1 { // else it is the only one
			port = status.Named(m.cfg.Name, nil).Then(port)
		}
		root.Then(port)
	}
	root.Then(status.Named("clock", a.clockFinding))
	root.Then(status.Named("buffer", a.bufferFinding).Required())
	written := status.Named("ledger", a.notary.finding)
	if a.witness != nil {
		written.Then(status.Named("witnessed", a.witness.finding))
	}
	if a.cosignatures != nil {
		written.Then(status.Named("witnesses", a.cosignatures.finding))
	}
	root.Then(written)
	if a.remote != nil {
		root.Then(status.Named("changes", a.changesFinding), status.Named("owner", a.ownerFinding))
	}
	if a.cfg.Update != (config.Update{}) {
		root.Then(status.Named("software", a.editionFinding))
	}
	root.Then(status.Named("consents", a.notary.consentsFinding))
	if a.session != nil {
		root.Then(status.Named("federation", a.sessionFinding))
	}
	if len(a.sources) > 0 {
		sources := status.Named("sources", nil)
		for _, s := range a.sources {
			sources.Then(status.Named(s.name, s.finding))
		}
		root.Then(sources)
	}
	return root
}

func (m *meter) portFinding() status.Finding {
	line, _ := m.look()
	switch {
	case line.Open && line.Rivals != "":
		return status.Finding{
			State:  status.Warning,
			Text:   status.Say("Un autre programme lit aussi le port et prend une partie des octets.", "Another program reads the port too and takes some of the bytes."),
			Advice: status.Sayf("Arrêtez %s.", "End %s.", line.Rivals),
		}
	case line.Open:
		return status.Finding{}
	case line.Err != nil:
		return status.Finding{
			State:  status.Fault,
			Text:   status.Sayf("Le port %s ne s'ouvre pas.", "The port %s does not open.", m.cfg.Port),
			Advice: status.Say("Vérifiez que l'adaptateur est branché et qu'aucun autre programme ne le lit.", "Check that the adapter is plugged in and that no other program reads it."),
			Detail: line.Err.Error(),
		}
	}
	return status.Finding{State: status.Waiting, Text: status.Say("Le port s'ouvre.", "The port is being opened.")}
}

func (m *meter) framesFinding() status.Finding {
	m.view.mu.Lock()
	last := m.view.lastFrame
	m.view.mu.Unlock()
	line, _ := m.look()
	switch age := clock.Stamp(m.clock.Instant()).Sub(last); {
	case line.Mode != tic.Auto && m.cfg.Mode != tic.Auto && line.Mode != m.cfg.Mode:
		return otherMode(line.Mode)
	case last.IsZero():
		return status.Finding{
			State:  status.Waiting,
			Text:   status.Say("Aucune trame n'a encore été lue.", "No frame has been read yet."),
			Advice: status.Say("Vérifiez les deux fils entre les bornes I1 et I2 du compteur et l'adaptateur.", "Check the two wires between terminals I1 and I2 of the meter and the adapter."),
		}
	case age > silentAfter:
		return status.Finding{
			State:  status.Fault,
			Text:   status.Say("Le compteur ne dit plus rien de lisible.", "The meter has stopped saying anything readable."),
			Advice: status.Say("Vérifiez les fils ; si le compteur vient de changer de mode, attendez une minute.", "Check the wires; if the meter has just changed mode, wait a minute."),
		}
	}
	return status.Finding{}
}

// otherMode is about a meter that is heard in a mode which the configuration does not want.
func otherMode(heard tic.Mode) status.Finding {
	text := status.Say("Le compteur parle en mode historique, et la configuration veut le mode standard.", "The meter talks in historic mode, and the configuration wants standard mode.")
	if heard == tic.Standard {
		text = status.Say("Le compteur parle en mode standard, et la configuration veut le mode historique.", "The meter talks in standard mode, and the configuration wants historic mode.")
	}
	return status.Finding{State: status.Fault, Text: text, Advice: status.Say("Mettez mode = \"auto\" dans la section du compteur.", "Put mode = \"auto\" into the meter's section.")}
}

func (m *meter) checksumsFinding() status.Finding {
	if diagnosis := m.recent().Diagnosis(); !diagnosis.IsZero() {
		return status.Finding{State: status.Warning, Text: status.Say(diagnosis.FR, diagnosis.EN)}
	}
	return status.Finding{}
}

func (m *meter) shareFinding() status.Finding {
	stats := m.share.Stats()
	if stats.Err != nil {
		return status.Finding{
			State:  status.Warning,
			Text:   status.Say("Les autres programmes ne peuvent pas lire le compteur ici.", "Other programs cannot read the meter here."),
			Advice: status.Sayf("Donnez à share une adresse libre de cet appareil ; %s ne l'est pas.", "Give share a free address of this device; %s is not one.", m.cfg.Share),
			Detail: stats.Err.Error(),
		}
	}
	found := status.Finding{Text: status.Sayf("%d autre(s) programme(s) lisent ce compteur.", "%d other program(s) read this meter.", stats.Clients)}
	if stats.Skipped+stats.Dropped+stats.Refused > 0 {
		found.Text = status.Sayf("%d autre(s) programme(s) lisent ce compteur ; %d octets sautés, %d déconnexion(s), %d refus.",
			"%d other program(s) read this meter; %d bytes skipped, %d disconnected, %d refused.", stats.Clients, stats.Skipped, stats.Dropped, stats.Refused)
	}
	return found
}

// readingsFinding says what holds of the meter that its readings do not say by themselves. A meter that is asleep is a
// fault to be shown (02E §1.5.3); everything else may be as it must.
func (m *meter) readingsFinding() status.Finding {
	conditions := m.recorder.Conditions()
	switch {
	case len(conditions) == 0 && m.moved(m.cfg.Name):
		return status.Finding{
			State:  status.Warning,
			Text:   status.Say("Le compteur dit appartenir à un autre point de livraison que celui qui est connu.", "The meter says that it is of another delivery point than the known one."),
			Advice: status.Say("Si c'est vrai, donnez son numéro sous prm dans la configuration, et revoyez les accords donnés.", "If that is so, give its number as prm in the configuration, and look at the grants again."),
		}
	case len(conditions) == 0:
		return status.Finding{}
	}
	first := conditions[0]
	title := first.Kind.Title()
	finding := status.Finding{State: status.Warning, Text: status.Say(title.FR+".", title.EN+".")}
	switch first.Kind {
	case series.Standby:
		finding.State = status.Fault
		finding.Advice = status.Say("Demandez au distributeur d'activer la télé-information.", "Ask the distributor to switch the customer bus on.")
	case series.IndexWithheld:
		finding.Advice = status.Say("Rien à faire : il sera repris si le compteur le confirme.", "Nothing to do: it is taken if the meter confirms it.")
	}
	return finding
}

func (a *agent) bufferFinding() status.Finding {
	lost, err := a.gatherer.trouble()
	switch {
	case err != nil:
		return status.Finding{
			State:  status.Fault,
			Text:   status.Say("Les relevés ne peuvent pas être enregistrés.", "Readings cannot be stored."),
			Advice: status.Say("Vérifiez la place qui reste sur la carte et son état.", "Check the space left on the card, and its health."),
			Detail: err.Error(),
		}
	case a.buffer.Stats().Unerased != "":
		return unerased(a.buffer.Stats().Unerased)
	case lost > 0:
		return status.Finding{
			State: status.Warning,
			Text:  status.Sayf("%d relevés ont été perdus faute de pouvoir être enregistrés.", "%d readings were lost because they could not be stored.", lost),
		}
	}
	return status.Finding{}
}

// lagging is how late the federation's server may be before that is worth a word.
const lagging = 20 * time.Second

func (a *agent) sessionFinding() status.Finding { return findingOf(a.session.State()) }

// findingOf says what is wrong with a session.
func findingOf(state xmpp.State) status.Finding {
	switch {
	case state.Up && state.Lag > lagging:
		return status.Finding{
			State: status.Warning,
			Text:  status.Sayf("Le serveur de la fédération répond avec retard ; %d octets attendent.", "The federation's server is slow to answer; %d bytes wait.", state.Queued),
		}
	case state.Up:
		return status.Finding{}
	case state.Err == nil:
		return status.Finding{State: status.Waiting, Text: status.Say("Connexion à la fédération…", "Connecting to the federation…")}
	}
	text, advice := sessionTrouble(state.Err)
	return status.Finding{State: status.Warning, Text: text, Advice: advice, Detail: state.Err.Error()}
}

// light is the one word of all this that an LED can say.
func (a *agent) light() led.State {
	tree := a.health.Run()
	switch {
	case a.isNoted(time.Now()):
		return led.Noted
	case tree.Ready() == nil && a.session != nil && !a.session.State().Up:
		return led.Away
	case tree.Ready() == nil:
		return led.Reading
	case tree.Worst() == status.Fault:
		return led.Fault
	}
	return led.Waiting
}
