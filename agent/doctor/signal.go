package doctor

import (
	"fmt"
	"time"

	"releve/agent/status"
	"releve/tic"
)

// signal listens and says how well the meter is heard.
func (p *patient) signal() status.Finding {
	if p.taken {
		return p.shown()
	}
	h, err := p.Listen(p.ctx)
	if err != nil {
		if found := p.shown(); found.State != status.Waiting {
			return found // port auto found a dongle that Relève reads
		}
		return status.Finding{
			State:  status.Fault,
			Text:   status.Sayf("Le port %s ne peut pas être lu.", "The port %s cannot be read.", p.Port),
			Detail: err.Error(),
		}
	}
	p.heard = h
	return h.finding()
}

// silentAfter is how old the last frame may be on the page; see agent/health.go.
const silentAfter = 30 * time.Second

// shown is what the page of the Relève that reads the port tells.
func (p *patient) shown() status.Finding {
	unheard := status.Finding{
		State:  status.Waiting,
		Text:   status.Say("La ligne n'a pas été écoutée : un autre programme la lit.", "The line was not listened to: another program reads it."),
		Advice: status.Say("Libérez le port, puis recommencez.", "Free the port, then try again."),
	}
	if p.page == nil {
		return unheard
	}
	snapshot, err := p.page.Ask(p.ctx)
	if err != nil {
		return unheard
	}
	for _, m := range snapshot.Meters {
		if m.Name == p.Name {
			return shownMeter(m, snapshot.Now)
		}
	}
	return unheard
}

func shownMeter(m status.Meter, now time.Time) status.Finding {
	switch {
	case now.Sub(m.LastFrame) > silentAfter:
		return silence(tic.Counters{})
	case !m.Diagnosis.IsZero():
		return status.Finding{State: status.Warning, Text: m.Diagnosis}
	}
	return status.Finding{Text: status.Sayf("Le compteur est lu en mode %s : %d trames, %d lignes refusées.", "The meter is read in %s mode: %d frames, %d lines refused.", m.Mode, m.Frames, m.Rejected)}
}

// finding judges a line.
func (h *Hearing) finding() status.Finding {
	c := h.Counters()
	switch {
	case c.Groups == 0 && c.Rejected[tic.WrongMode] == 0:
		return silence(c)
	case c.Rejected[tic.WrongMode] > c.Groups:
		return status.Finding{
			State:  status.Fault,
			Text:   status.Say("Le compteur parle dans l'autre mode.", "The meter talks in the other mode."),
			Advice: status.Say(`Mettez mode = "auto" : Enedis change le mode sans prévenir.`, `Set mode = "auto": the distributor changes the mode without notice.`),
		}
	case c.OnStandby():
		return status.Finding{
			State:  status.Fault,
			Text:   status.Say("Le compteur ne dit que son adresse : sa sortie est en veille.", "The meter says nothing but its address: its output is on standby."),
			Advice: status.Say("Demandez au distributeur (Enedis) d'activer la télé-information client.", "Ask the distributor (Enedis) to turn on the customer output (télé-information client)."),
		}
	case c.Foreign():
		return status.Finding{State: status.Warning, Text: status.Words(c.Diagnosis())}
	case !c.Diagnosis().IsZero():
		return h.weak(c)
	}
	return h.well(c)
}

// silence tells nothing, stray bytes and noise apart.
func silence(c tic.Counters) status.Finding {
	const stray = 200 // bytes in some seconds; a meter says 1200 or more in ten
	switch {
	case c.Bytes == 0:
		return status.Finding{
			State:  status.Fault,
			Text:   status.Say("Rien n'est entendu.", "Nothing is heard."),
			Advice: status.Say("Vérifiez les deux fils entre les bornes I1 et I2 du compteur et l'adaptateur (leur sens est indifférent), et l'alimentation de l'adaptateur.", "Check the two wires between terminals I1 and I2 of the meter and the adapter (either way round), and the adapter's supply."),
		}
	case c.Bytes < stray:
		return status.Finding{
			State:  status.Fault,
			Text:   status.Sayf("Seuls %d octets égarés sont entendus : ce n'est pas une trame.", "Only %d stray bytes are heard: that is no frame.", c.Bytes),
			Advice: status.Say("La sortie du compteur donne peut-être des impulsions (métrologie) : demandez la télé-information à Enedis ; sinon un fil fait mauvais contact.", "The meter's output may give pulses (métrologie): ask the distributor for télé-information; otherwise a wire makes poor contact."),
		}
	}
	return status.Finding{
		State:  status.Fault,
		Text:   status.Sayf("%d octets sont entendus, et pas un groupe d'un compteur.", "%d bytes are heard, and not one group of a meter.", c.Bytes),
		Advice: status.Say(`Mettez mode = "auto" si un mode est imposé ; sinon l'adaptateur est fait pour autre chose, ou déforme tout.`, `Set mode = "auto" if a mode is given; otherwise the adapter is made for something else, or distorts everything.`),
	}
}

// weak names the share of damaged lines and what its cause says about the circuit.
func (h *Hearing) weak(c tic.Counters) status.Finding {
	refused, all := c.Refused(), c.Groups+c.Refused()
	found := status.Finding{
		State: status.Warning,
		Text: status.Sayf("%[1]d lignes sur %[2]d sont abîmées (%[3]s%[4]s).", "%[1]d of %[2]d lines are damaged (%[3]s%[4]s).",
			refused, all, causes(c), h.at()),
		Advice: status.Say("Éloignez les fils du secteur, raccourcissez-les, et resserrez les bornes I1 et I2.", "Keep the wires away from the mains, shorten them, and tighten terminals I1 and I2."),
	}
	switch {
	case refused == 0 && c.DamagedLF == 0:
		found.Text = status.Say("Les groupes sont bons, mais aucune trame ne commence ni ne finit : quelque chose mange les caractères de commande.", "Groups are good but no frame begins and ends: something eats control characters.")
		found.Advice = status.Say("Si la ligne passe par un serveur série, mettez-le en mode brut (raw).", "If the line comes through a serial server, set it to raw mode.")
	case c.DamagedLF*10 > c.Groups || refused == 0:
		found.Text = status.Sayf("Le premier octet après un silence est abîmé dans %[1]d groupes sur %[2]d.", "The first byte after a silence is damaged in %[1]d of %[2]d groups.", c.DamagedLF, c.Groups)
		found.Advice = status.Say("Le récepteur se réveille trop lentement : réduisez sa résistance de charge (vers 1 kΩ) ou changez d'optocoupleur.", "The receiver wakes too slowly: lower its load resistor (towards 1 kΩ) or change the optocoupler.")
	case h.mode() == tic.Standard:
		found.Advice = status.Say("À 9600 bauds l'entrée doit être plus rapide qu'à 1200 : réduisez la résistance de charge de l'optocoupleur (vers 1 kΩ), ou prenez un adaptateur fait pour le mode standard.", "At 9600 Bd the input must be faster than at 1200: lower the load resistor of the optocoupler (towards 1 kΩ), or take an adapter made for standard mode.")
	}
	return found
}

// at names the speed, where there is one, in both languages.
func (h *Hearing) at() string {
	if h.Speed == 0 {
		return ""
	}
	return fmt.Sprintf(", %d Bd", h.Speed)
}

// causes lists what was wrong with lines, the words of tic.Cause with their counts.
func causes(c tic.Counters) string {
	list := ""
	for _, cause := range tic.Causes() {
		if n := c.Rejected[cause]; n > 0 {
			list += fmt.Sprintf(", %s %d", cause, n)
		}
	}
	if list == "" {
		return "-"
	}
	return list[2:]
}

func (h *Hearing) well(c tic.Counters) status.Finding {
	found := status.Finding{Text: status.Sayf("Le compteur est bien entendu : mode %[1]s%[2]s, %[3]d trames, %[4]d lignes refusées sur %[5]d.",
		"The meter is heard well: %[1]s mode%[2]s, %[3]d frames, %[4]d of %[5]d lines refused.", h.mode(), h.at(), c.Frames, c.Refused(), c.Groups+c.Refused())}
	if h.stripped() {
		found.Advice = status.Say("L'adaptateur retire la parité : un caractère abîmé est moins souvent reconnu. Réglez-le sur 8N1 si possible.", "The adapter takes the parity away: a damaged character is noticed less often. Set it to 8N1 if that is possible.")
	}
	return found
}

// offer warns that historic mode shows the indexes of the four historic offers only (54E §6).
func (p *patient) offer() status.Finding {
	if p.heard == nil || p.heard.mode() != tic.Historic || !p.heard.base {
		return status.Finding{}
	}
	return status.Finding{
		Text:   status.Say("Le mode historique ne montre qu'un seul index (BASE).", "Historic mode shows a single index (BASE)."),
		Advice: status.Say("Si votre contrat a plusieurs prix, ou si vous vendez, demandez le mode standard à votre fournisseur : c'est gratuit.", "If your contract has several prices, or you sell, ask your supplier for standard mode: it is free of charge."),
	}
}
