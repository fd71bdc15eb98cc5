package doctor

import (
	"fmt"
	"io"
	"strings"

	"releve/agent/status"
)

// titles are the names of checks for people. A name that is not here is a meter's own; a relay's follows the word for
// which end it is.
var titles = map[string]status.Words{
	"releve":        {FR: "Relève", EN: "Relève"},
	"configuration": {FR: "Configuration", EN: "Configuration"},
	"port":          {FR: "Port", EN: "Port"},
	"uart":          {FR: "Port de la carte", EN: "On-board port"},
	"console":       {FR: "Console Linux", EN: "Linux console"},
	"holder":        {FR: "Autres lecteurs", EN: "Other readers"},
	"modem":         {FR: "ModemManager", EN: "ModemManager"},
	"permission":    {FR: "Droits", EN: "Permission"},
	"signal":        {FR: "Signal du compteur", EN: "Meter's signal"},
	"offer":         {FR: "Offre", EN: "Offer"},
	"disk":          {FR: "Carte ou disque", EN: "Card or disk"},
	"state":         {FR: "Dossier de Relève", EN: "Relève's folder"},
	"pins":          {FR: "Voyant et bouton", EN: "Light and button"},
	"page":          {FR: "Page locale", EN: "Local page"},
	"relays":        {FR: "Relais", EN: "Relays"},
	"recipient":     {FR: "Destinataire", EN: "Recipient"},
	"source":        {FR: "Source", EN: "Source"},
	"server":        {FR: "Serveur", EN: "Server"},
	"api":           {FR: "API", EN: "API"},
	"account":       {FR: "Compte", EN: "Account"},
	"data":          {FR: "API de données", EN: "Data API"},
	"secrets":       {FR: "Mot de passe", EN: "Password"},
	"federation":    {FR: "Fédération", EN: "Federation"},
	"clock":         {FR: "Horloge", EN: "Clock"},
	"power":         {FR: "Alimentation", EN: "Power supply"},
}

// states are the words of the first column.
var states = map[status.State]status.Words{
	status.OK:      {FR: "bon", EN: "good"},
	status.Waiting: {FR: "en attente", EN: "waiting"},
	status.Warning: {FR: "attention", EN: "warning"},
	status.Fault:   {FR: "panne", EN: "fault"},
}

func title(name, language string) string {
	if words, known := titles[name]; known {
		return words.In(language)
	}
	if end, own, isRelay := strings.Cut(name, " "); isRelay {
		return title(end, language) + " " + own
	}
	return name
}

// Report writes a tree for a terminal: a line for each check, and below it what to do. A check that only one other
// leads to is not set in further than that one.
//
//	good       Configuration: /etc/releve/releve.toml
//	fault        linky
//	fault        Port: The port /dev/ttyUSB0 does not exist.
//	               → Correct port; plugged in are: /dev/serial/by-id/usb-FTDI_TIC-if00-port0
//	waiting      not looked at as long as that is so: On-board port, Linux console
func Report(w io.Writer, n status.Node, language string) error {
	var out strings.Builder
	for _, child := range n.Children {
		report(&out, child, language, 0)
	}
	if n.Worst() <= status.Waiting {
		out.WriteString(status.Say("Rien d'anormal n'a été trouvé.\n", "Nothing wrong was found.\n").In(language))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func report(out *strings.Builder, n status.Node, language string, depth int) {
	in := strings.Repeat("  ", depth)
	line, state := title(n.Name, language), n.State
	switch {
	case !n.Text.IsZero():
		line += status.Say(" : ", ": ").In(language) + n.Text.In(language)
	case len(n.Children) > 0: // only a heading: as well as what it stands above
		state = n.Worst()
	}
	fmt.Fprintf(out, "%-10s %s%s\n", states[state].In(language), in, line)
	for _, more := range []string{n.Advice.In(language), n.Detail} {
		for part := range strings.Lines(more) {
			fmt.Fprintf(out, "%-10s %s  → %s\n", "", in, strings.TrimSpace(part))
		}
	}
	if len(n.Children) > 1 || depth == 0 {
		depth++
	}
	if unseen := unseen(n, language); len(unseen) > 0 {
		fmt.Fprintf(out, "%-10s %s%s\n", states[status.Waiting].In(language), strings.Repeat("  ", depth),
			status.Sayf("pas examiné tant que cela dure : %s", "not looked at as long as that is so: %s", strings.Join(unseen, ", ")).In(language))
		return
	}
	for _, child := range n.Children {
		report(out, child, language, depth)
	}
}

// unseen lists what was not looked at below a node that failed.
func unseen(n status.Node, language string) []string {
	var list []string
	for _, child := range n.Children {
		if child.DependsOn != "" {
			list = append(list, title(child.Name, language))
			list = append(list, unseen(child, language)...)
		}
	}
	return list
}
