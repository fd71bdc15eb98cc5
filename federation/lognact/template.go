package lognact

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"go.yaml.in/yaml/v3"

	"releve/senml"
)

// Described is a series as a template has an item of it.
type Described struct {
	Path, Title, Unit string
	Kind              senml.Kind // of its values
	Index             bool       // whether it only ever grows
}

// Watched are the paths that triggers and graphs are about.
type Watched struct {
	Power, Injected, Subscribed, Index, InjectedIndex string
	OverPower, Overvoltage, Breaker                   string
	Voltages, Currents                                []string
}

// The names of the template and of the groups that it and the hosts are in.
const (
	TemplateName  = "Relève Linky"
	templateGroup = "Templates/Relève"
	hostGroup     = "Relève"
)

// templateHost is the technical name of the template, which has no accent.
const templateHost = "Releve Linky"

// Template writes the template of hosts that are sent these series: items, triggers, graphs and a dashboard, as YAML that
// Zabbix imports from 6.0 on. What is imported again replaces itself: everything has a UUID made of what it is about.
func Template(series []Described, w Watched) ([]byte, error) {
	t := template{
		UUID: uuid("template"), Template: templateHost, Name: TemplateName, Groups: []named{{templateGroup}}, Macros: macros(),
		Description: "Séries d'un compteur Linky, reçues de Relève par éléments « Trappeur ».",
		Dashboards:  dashboards(), ValueMaps: valueMaps(),
	}
	alarms := w.alarms()
	for _, s := range series {
		t.Items = append(t.Items, s.item(alarms[s.Path]))
	}
	return yaml.Marshal(map[string]any{"zabbix_export": export{
		Version: "6.0", Groups: []group{{uuid("group"), templateGroup}}, Templates: []template{t}, Triggers: w.overloaded(), Graphs: w.graphs(),
	}})
}

type (
	export struct {
		Version   string
		Groups    []group
		Templates []template
		Triggers  []trigger
		Graphs    []graph
	}
	group    struct{ UUID, Name string }
	named    struct{ Name string }
	template struct {
		UUID, Template, Name, Description string
		Groups                            []named
		Items                             []templateItem
		Macros                            []macro
		Dashboards                        []dashboard
		ValueMaps                         []valueMap `yaml:"valuemaps"`
	}
	templateItem struct {
		UUID, Name, Type, Key, Delay, History, Trends string
		ValueType                                     string `yaml:"value_type"`
		Units                                         string `yaml:",omitempty"`
		Description                                   string
		ValueMap                                      *named `yaml:"valuemap,omitempty"`
		Tags                                          []tag
		Triggers                                      []trigger `yaml:",omitempty"`
	}
	tag     struct{ Tag, Value string }
	macro   struct{ Macro, Value, Description string }
	trigger struct {
		UUID, Expression, Name, Priority, Description string
	}
	valueMap struct {
		UUID, Name string
		Mappings   []mapping
	}
	mapping struct{ Value, Newvalue string }
	graph   struct {
		UUID, Name string
		Items      []graphItem `yaml:"graph_items"`
	}
	graphItem struct {
		SortOrder string `yaml:"sortorder"`
		Color     string
		Item      itemOf
	}
	itemOf    struct{ Host, Key string }
	dashboard struct {
		UUID, Name string
		Pages      []page
	}
	page   struct{ Widgets []widget }
	widget struct {
		Type, X, Y, Width, Height string
		Fields                    []field
	}
	field struct {
		Type, Name string
		Value      graphOf
	}
	graphOf struct{ Name, Host string }
)

// uuid is a UUID (RFC 9562 version 4, as Zabbix wants it) that is always the same for a thing.
func uuid(of string) string {
	sum := sha256.Sum256([]byte("releve zabbix template " + of))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return hex.EncodeToString(sum[:16])
}

func (s Described) item(triggers []trigger) templateItem {
	i := templateItem{
		UUID: uuid("item " + s.Path), Name: s.Title, Type: "TRAP", Key: DefaultKey(s.Path), Delay: "0", History: "90d", Trends: "0",
		Units: unitOf(s), Description: s.Title + " (" + s.Path + ")", Triggers: triggers,
		Tags: []tag{{"component", strings.SplitN(s.Path, "/", 2)[0]}, {"source", "releve"}},
	}
	switch {
	case s.Kind == senml.Number && s.Index: // older values than the period are not taken: after an outage they come late
		i.ValueType, i.History, i.Trends = "UNSIGNED", "400d", "1825d"
	case s.Kind == senml.Number:
		i.ValueType, i.Trends = "FLOAT", "1825d"
	case s.Kind == senml.Bool:
		i.ValueType, i.Trends, i.ValueMap = "UNSIGNED", "1825d", &named{yesNo}
	default:
		i.ValueType = "TEXT"
	}
	return i
}

// unitOf is a unit as people write it. Of what begins with ! Zabbix makes no kilo: an index is read to the last digit.
func unitOf(s Described) string {
	switch {
	case s.Unit == "/":
		return ""
	case s.Unit == "/100":
		return "%"
	case s.Index:
		return "!" + s.Unit
	}
	return s.Unit
}

const yesNo = "Oui ou non"

func valueMaps() []valueMap {
	return []valueMap{{uuid("valuemap"), yesNo, []mapping{{"0", "non"}, {"1", "oui"}}}}
}

func macros() []macro {
	return []macro{
		{"{$RELEVE.NODATA}", "15m", "Silence au bout duquel le compteur est signalé muet"},
		{"{$RELEVE.PREF.PCT}", "100", "Part de la puissance souscrite au-delà de laquelle signaler, en %"},
		{"{$RELEVE.U.MAX}", "253", "Tension la plus haute admise, en V (EN 50160)"},
		{"{$RELEVE.U.MIN}", "207", "Tension la plus basse admise, en V (EN 50160)"},
	}
}

// of is how a function of an expression names an item.
func of(path string) string { return "/" + templateHost + "/" + DefaultKey(path) }

func newTrigger(name, priority, expression, description string) trigger {
	return trigger{uuid("trigger " + name), expression, name, priority, description}
}

// alarms are the triggers of single items, by path.
func (w Watched) alarms() map[string][]trigger {
	all := map[string][]trigger{
		w.Power: {newTrigger("Compteur muet depuis {$RELEVE.NODATA}", "AVERAGE", "nodata("+of(w.Power)+",{$RELEVE.NODATA})=1",
			"Aucune puissance reçue : compteur, agent ou liaison à vérifier.")},
		w.OverPower: {newTrigger("Dépassement de la puissance souscrite signalé par le compteur", "HIGH", "last("+of(w.OverPower)+")=1", "Le compteur peut couper.")},
		w.Overvoltage: {newTrigger("Surtension signalée par le compteur", "HIGH", "last("+of(w.Overvoltage)+")=1",
			"À signaler au gestionnaire du réseau.")},
		w.Breaker: {newTrigger("Organe de coupure ouvert", "HIGH", "last("+of(w.Breaker)+`)<>"closed"`, "Le compteur a coupé l'alimentation, ou elle l'a été.")},
	}
	for _, index := range []string{w.Index, w.InjectedIndex} {
		all[index] = []trigger{newTrigger("Index en recul : "+index, "AVERAGE", "last("+of(index)+",#1)<last("+of(index)+",#2)",
			"Un index ne recule que si le compteur a été remplacé.")}
	}
	for _, voltage := range w.Voltages {
		all[voltage] = []trigger{newTrigger("Tension hors limites : "+voltage, "WARNING",
			"min("+of(voltage)+",#3)>{$RELEVE.U.MAX} or max("+of(voltage)+",#3)<{$RELEVE.U.MIN}", "Trois valeurs de suite hors des limites d'EN 50160.")}
	}
	return all
}

// overloaded is the trigger of two items: volt-amperes are compared with kilovolt-amperes.
func (w Watched) overloaded() []trigger {
	return []trigger{newTrigger("Puissance soutirée au-dessus de {$RELEVE.PREF.PCT} % de la puissance souscrite", "WARNING",
		"min("+of(w.Power)+",#3)>last("+of(w.Subscribed)+")*10*{$RELEVE.PREF.PCT}", "Trois valeurs de suite.")}
}

// The graphs, in the order in which the dashboard shows them.
const (
	graphPower   = "Linky : puissance apparente"
	graphVoltage = "Linky : tension"
	graphIndex   = "Linky : index"
	graphCurrent = "Linky : courant"
)

func (w Watched) graphs() []graph {
	return []graph{
		newGraph(graphPower, w.Power, w.Injected), newGraph(graphVoltage, w.Voltages...),
		newGraph(graphIndex, w.Index, w.InjectedIndex), newGraph(graphCurrent, w.Currents...),
	}
}

func newGraph(name string, paths ...string) graph {
	g := graph{UUID: uuid("graph " + name), Name: name}
	colours := []string{"1A7C11", "F63100", "2774A4"}
	for i, path := range paths {
		g.Items = append(g.Items, graphItem{string(rune('0' + i)), colours[i%len(colours)], itemOf{templateHost, DefaultKey(path)}})
	}
	return g
}

func dashboards() []dashboard {
	d := dashboard{UUID: uuid("dashboard"), Name: "Linky", Pages: []page{{}}}
	for i, name := range []string{graphPower, graphVoltage, graphIndex, graphCurrent} {
		d.Pages[0].Widgets = append(d.Pages[0].Widgets, widget{
			Type: "GRAPH_CLASSIC", X: []string{"0", "12"}[i%2], Y: []string{"0", "5"}[i/2], Width: "12", Height: "5",
			Fields: []field{{"GRAPH", "graphid", graphOf{name, templateHost}}},
		})
	}
	return []dashboard{d}
}
