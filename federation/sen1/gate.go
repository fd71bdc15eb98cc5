package sen1

import (
	"strings"

	"releve/federation"
	"releve/senml"
)

// Gate lets through what another gate does, under SEN1 names in their SenML form. The application is our account, and
// the device stands on our server: by its delivery point number or by its pseudonym, as the other gate has it.
type Gate struct {
	federation.Gate
	App, Server string

	was map[string]string // what the other gate calls what passed last, by name
}

// Pass renames what passes.
func (g *Gate) Pass(p senml.Pack) senml.Pack {
	passed := g.Gate.Pass(p)
	names := map[string]string{}
	g.was = map[string]string{}
	for i := range passed {
		name, known := names[passed[i].Name]
		if !known {
			name = g.name(passed[i].Name)
			names[passed[i].Name], g.was[name] = name, passed[i].Name
		}
		passed[i].Name = name
	}
	return passed
}

// Leaving tells the other gate, which does not know these names.
func (g *Gate) Leaving(goes senml.Pack, was func(string) string) error {
	return g.Gate.Leaving(goes, func(name string) string { return g.was[was(name)] })
}

// name translates urn:dev:prm:01234567890123_path, or urn:dev:org:60060-1f2e3d4c5b6a7988_path.
func (g *Gate) name(urn string) string {
	device, path, _ := strings.Cut(urn, "_")
	sensor := device[strings.LastIndexByte(device, ':')+1:]
	if strings.HasPrefix(device, "urn:dev:org:") {
		_, sensor, _ = strings.Cut(sensor, "-")
	}
	return Name{App: g.App, AppServer: g.Server, Sensor: sensor, SensorServer: g.Server, Path: path}.SenML()
}
