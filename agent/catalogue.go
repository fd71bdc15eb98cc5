package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// offered is a series as one recipient could obtain it, or, without an identifier, as anybody could ask for it. It is a
// contract with other programs, as JSON.
type offered struct {
	Identifier string    `json:"identifier,omitempty"` // its name for the recipient: what get_history and subscribe take
	Path       string    `json:"path"`
	TitleFR    string    `json:"title_fr"`
	TitleEN    string    `json:"title_en"`
	Unit       string    `json:"unit,omitempty"`       // SenML
	Resolution string    `json:"resolution,omitempty"` // the finest: live, or an ISO 8601 duration
	From       time.Time `json:"from,omitzero"`        // of the readings that are kept
	To         time.Time `json:"to,omitzero"`
	Consent    string    `json:"consent,omitempty"` // under which, and its terms
	Purpose    string    `json:"purpose,omitempty"` // its code, or in words
	Retention  string    `json:"retention,omitempty"`
	Until      string    `json:"until,omitempty"`
	Identity   bool      `json:"identity,omitempty"`
	Origin     string    `json:"origin,omitempty"` // meter or source
	Sample     string    `json:"sample,omitempty"` // SenML JSON of nobody's meter
}

// catalogue is what a recipient could obtain now, by the same book that answers it. Nobody learns of what was not granted.
func (a *agent) catalogue(recipient string) ([]offered, error) {
	from, to, err := a.buffer.Span()
	if err != nil {
		return nil, err
	}
	var all []offered
	for _, local := range a.archive().Series() {
		name := a.book.Name(recipient, local)
		if name == "" {
			continue
		}
		_, path, _ := strings.Cut(local, "/")
		one := a.kind(path)
		one.Identifier, one.Resolution, one.From, one.To = name, a.book.Finest(recipient, local), from, to
		one.Identity = a.book.Identified(recipient, local)
		terms := a.book.Terms(recipient, local)
		for i := 0; i+1 < len(terms); i += 2 {
			one.setTerm(terms[i], terms[i+1])
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(x, y offered) int { return strings.Compare(x.Identifier, y.Identifier) })
	return all, nil
}

func (o *offered) setTerm(name, value string) {
	switch name {
	case "consent":
		o.Consent = value
	case "purpose":
		o.Purpose = value
	case "retention":
		o.Retention = value
	case "until":
		o.Until = value
	case "origin":
		o.Origin = value
	}
}

// kinds is what can be asked for: all that any agent knows of, the same in every house. What this one has tells of its
// contract, its phases and its roof, and is nobody's business yet.
func (a *agent) kinds() []offered {
	var all []offered
	for _, s := range a.dictionary.All() {
		all = append(all, a.kind(s.Path))
	}
	return all
}

func (a *agent) kind(path string) offered {
	s := a.dictionary.Path(path)
	return offered{Path: path, TitleFR: s.Title.FR, TitleEN: s.Title.EN, Unit: s.Unit, Sample: sampleOf(path, s.Unit)}
}

// sampleDevice is a pseudonym that no meter has: those have 16 hexadecimal digits, and a key.
const sampleDevice = "urn:dev:org:60060-sample"

// samples are values by unit, of no meter.
var samples = map[string]float64{"VA": 812, "W": 790, "Wh": 12_345_678, "V": 231, "A": 4, "kVA": 6}

// sampleOf shows how a record of a series looks, "" where its unit does not say.
func sampleOf(path, unit string) string {
	value, known := samples[unit]
	if !known {
		return ""
	}
	record := senml.Record{Name: sampleDevice + "_" + path, Unit: unit, Value: senml.NumberValue(value), Time: 1767225600} // 2026-01-01
	text, err := senml.EncodeJSON(senml.Pack{record})
	if err != nil { // a path that SenML does not take is in no pack either
		return ""
	}
	return string(text)
}

// readCatalogue is what the terminal asks for: of an address, or of the name of a recipient that the configuration has.
func (a *agent) readCatalogue(of string) ([]offered, error) {
	if of == "" {
		return a.kinds(), nil
	}
	if strings.Contains(of, "@") {
		jid, err := xmpp.ParseJID(of)
		if err != nil {
			return nil, fmt.Errorf("%q is not an XMPP address", of)
		}
		of = jid.Bare().String()
	}
	return a.catalogue(of)
}
