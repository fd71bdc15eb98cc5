package status

import (
	"slices"
	"strconv"
	"strings"

	"releve/agent/chart"
	"releve/agent/history"
	"releve/agent/tariff"
)

// registerView is one register of the supplier, as a key names and paints it.
type registerView struct {
	Class, Label string
}

// registerClasses paints them: what is cheap is light, and the colours of Tempo are theirs.
var registerClasses = map[string]string{
	"base": "drawn", "hc": "off-peak", "hp": "peak", "normal": "drawn", "peak": "red",
	"blue-hc": "blue off-peak", "blue-hp": "blue", "white-hc": "white off-peak", "white-hp": "white", "red-hc": "red off-peak", "red-hp": "red",
}

// register names the n-th register of a contract; of one that is not known it says the number.
func (c catalogue) register(option string, n int) registerView {
	names := tariff.Option(option).Registers()
	if n < 1 || n > len(names) {
		classes := []string{"peak", "off-peak", "other", "injected"}
		return registerView{Class: classes[(max(n, 1)-1)%len(classes)], Label: c.say("register.number", strconv.Itoa(n))}
	}
	return registerView{Class: registerClasses[names[n-1]], Label: c.say("register." + names[n-1])}
}

// bands tints the stretches of a day in which another register than the dearest counted: the one that grew most in each step.
func (c catalogue) bands(option string, lines []history.Line) []chart.Band {
	if len(lines) < 2 || len(tariff.Option(option).Registers()) < 2 {
		return nil
	}
	var all []chart.Band
	for i, p := range lines[0].Points {
		number := counted(lines, i)
		if number == 0 {
			continue
		}
		r := c.register(option, number)
		last := len(all) - 1
		if last >= 0 && all[last].Label == r.Label && all[last].To.Equal(p.From) {
			all[last].To = p.To
			continue
		}
		all = append(all, chart.Band{From: p.From, To: p.To, Class: r.Class, Label: r.Label})
	}
	return slices.DeleteFunc(all, func(b chart.Band) bool { return b.Class == "peak" || b.Class == "drawn" })
}

// counted is the number of the register that grew most in the i-th step, 0 when none did.
func counted(lines []history.Line, i int) int {
	number, most := 0, 0.0
	for _, line := range lines {
		if v := line.Points[i].Value; v != nil && *v > most {
			number, most = line.Number, *v
		}
	}
	return number
}

// periods are the words that meters have for the periods of a tariff (LTARF and PTEC), by the key of ours.
var periods = map[string]string{
	"BASE": "base", "TH..": "base", "HEURE CREUSE": "hc", "HC..": "hc", "HEURE PLEINE": "hp", "HP..": "hp", "HN..": "normal", "PM..": "peak",
	"HCJB": "blue-hc", "HPJB": "blue-hp", "HCJW": "white-hc", "HPJW": "white-hp", "HCJR": "red-hc", "HPJR": "red-hp",
	"HC BLEU": "blue-hc", "HP BLEU": "blue-hp", "HC BLANC": "white-hc", "HP BLANC": "white-hp", "HC ROUGE": "red-hc", "HP ROUGE": "red-hp",
}

// period words what a meter calls the period in force; what is not known is shown as the meter says it.
func (c catalogue) period(said string) string {
	if key, known := periods[strings.Join(strings.Fields(strings.ToUpper(said)), " ")]; known {
		return c.say("register." + key)
	}
	return said
}
