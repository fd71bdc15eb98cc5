package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

type catalogueVerb struct {
	configFile
	For  string `name:"for" help:"What this address could obtain now, or the recipient of that name; what anybody can ask for when it is not given." placeholder:"JID"`
	JSON bool   `name:"json" help:"Print a DCAT catalogue as JSON-LD."`
}

// Run prints the catalogue of the agent that runs.
func (v catalogueVerb) Run(t terminal) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	answer, err := askCounter(c, request{Do: "catalogue", ID: v.For})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(t.out)
	if v.JSON {
		lines := json.NewEncoder(out)
		lines.SetIndent("", "  ")
		lines.SetEscapeHTML(false)
		err = lines.Encode(dcat(answer.Catalogue))
		return errors.Join(err, out.Flush())
	}
	for _, o := range answer.Catalogue {
		name := o.Identifier
		if name == "" {
			name = o.Path
		}
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("%s  %s  %s  %s", name, o.Resolution, o.Unit, o.TitleEN), " ")) // flush reports the error
	}
	return out.Flush()
}

// object is one of JSON-LD.
type object map[string]any

// dcat is a catalogue in W3C's vocabulary (DCAT 3), with schema.org's units and our own terms of consents.
func dcat(all []offered) object {
	sets := []object{}
	for _, o := range all {
		sets = append(sets, o.dataset())
	}
	return object{
		"@context": object{
			"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "adms": "http://www.w3.org/ns/adms#",
			"schema": "https://schema.org/", "xsd": "http://www.w3.org/2001/XMLSchema#", "consent": "urn:releve:consent:0#",
		},
		"@type":        "dcat:Catalog",
		"dct:title":    inBoth("Relevés disponibles", "Readings available"),
		"dcat:dataset": sets,
	}
}

func (o offered) dataset() object {
	set := object{"@type": "dcat:Dataset", "dct:title": inBoth(o.TitleFR, o.TitleEN), "dcat:keyword": o.Path}
	put := func(name, value string, shape any) {
		if value != "" {
			set[name] = shape
		}
	}
	put("dct:identifier", o.Identifier, o.Identifier)
	put("schema:variableMeasured", o.Unit, object{"@type": "schema:PropertyValue", "schema:name": o.Path, "schema:unitText": o.Unit})
	if o.Resolution != "live" { // that has no length
		put("dcat:temporalResolution", o.Resolution, object{"@type": "xsd:duration", "@value": o.Resolution})
	}
	put("consent:finest", o.Resolution, o.Resolution)
	put("consent:id", o.Consent, o.Consent)
	put("consent:purpose", o.Purpose, o.Purpose)
	put("consent:retention", o.Retention, o.Retention)
	put("consent:until", o.Until, o.Until)
	put("consent:origin", o.Origin, o.Origin)
	put("adms:sample", o.Sample, object{"@type": "dcat:Distribution", "dcat:mediaType": "application/senml+json", "dct:description": o.Sample})
	if o.Identifier != "" {
		set["consent:identity"] = o.Identity
	}
	if !o.From.IsZero() {
		set["dct:temporal"] = object{"@type": "dct:PeriodOfTime", "dcat:startDate": dated(o.From), "dcat:endDate": dated(o.To)}
	}
	return set
}

func inBoth(fr, en string) []object {
	return []object{{"@language": "fr", "@value": fr}, {"@language": "en", "@value": en}}
}

func dated(t time.Time) object {
	return object{"@type": "xsd:dateTime", "@value": t.UTC().Format(time.RFC3339)}
}
