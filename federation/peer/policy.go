package peer

import (
	"slices"
	"strings"

	"releve/federation/xmpp"
	"releve/senml"
)

// NSConsent is the namespace of what was agreed to, as inside Quoalise's <meta/>. Who does not know it reads past it.
const NSConsent = "urn:releve:consent:0"

// Agree adds to a <pack/> what was agreed to about its records: one <policy/> for each set of terms, whose attributes they
// are. Where there are several, each names the series it is about. terms may be nil, and gives nil where nothing is known.
//
//	Example: <policy xmlns="urn:releve:consent:0" consent="1aa91d143f66213e" purpose="energy advice" retention="P1Y" origin="meter"/>
//	         <policy … retention="P1D" origin="meter"><series>urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1</series></policy>
func Agree(pack *xmpp.Element, p senml.Pack, terms func(name string) []string) *xmpp.Element {
	if terms == nil {
		return pack
	}
	var order []string
	of := map[string][]string{}    // names, by terms
	words := map[string][]string{} // terms, by the same
	seen := map[string]bool{}
	for i := range p {
		name := p[i].Name
		if seen[name] {
			continue
		}
		seen[name] = true
		agreed := terms(name)
		key := strings.Join(agreed, "\x00")
		if of[key] == nil {
			order = append(order, key)
		}
		of[key], words[key] = append(of[key], name), agreed
	}
	for _, key := range order {
		if len(words[key]) == 0 {
			continue
		}
		policy := xmpp.NewElement(NSConsent, "policy", words[key]...)
		if len(order) > 1 {
			for _, name := range slices.Sorted(slices.Values(of[key])) {
				policy.Add(xmpp.NewElement("", "series").WithText(name))
			}
		}
		pack.Add(policy)
	}
	return pack
}
