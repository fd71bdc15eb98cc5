package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"

	"releve/agent/history"
	"releve/senml"
)

// historyHead is the first line of a history as CSV (RFC 4180). A gap has no value; times have the offset of the household's zone.
//
// Example: 2026-03-01T00:00:00+01:00,2026-03-02T00:00:00+01:00,linky,energy,,Wh,11520,,,8640,true,true
var historyHead = []string{"from", "to", "meter", "quantity", "number", "unit", "value", "min", "max", "readings", "whole", "final"}

func answerCSV(a history.Answer) (reply, error) {
	var body bytes.Buffer
	w := csv.NewWriter(&body)
	if err := w.Write(historyHead); err != nil {
		return reply{}, err
	}
	for _, line := range a.Lines {
		number := ""
		if line.Number > 0 {
			number = strconv.Itoa(line.Number)
		}
		for _, p := range line.Points {
			err := w.Write([]string{
				p.From.Format(time.RFC3339), p.To.Format(time.RFC3339), line.Meter, string(line.Quantity), number, line.Unit,
				decimal(p.Value), decimal(p.Min), decimal(p.Max), strconv.Itoa(p.Count), strconv.FormatBool(p.Whole), strconv.FormatBool(p.Final),
			})
			if err != nil {
				return reply{}, err
			}
		}
	}
	w.Flush()
	return reply{kind: "text/csv; charset=utf-8; header=present", name: fileName(a, "csv"), body: body.Bytes()}, w.Error()
}

func decimal(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

// fileName says what is in a file: releve-energy-month-2026-03-01.csv. It names no meter.
func fileName(a history.Answer, ending string) string {
	quantity := ""
	for _, c := range string(a.Question.Quantity) {
		if c == '/' || c == '.' || c == '"' || c < ' ' || c > '~' {
			c = '-'
		}
		quantity += string(c)
	}
	return fmt.Sprintf("releve-%s-%s-%s.%s", quantity, a.Span.Calendar, a.Span.From.Format(time.DateOnly), ending)
}

// answerSenML is a history as a pack (RFC 8428), in which a point is a record at its begin: named after its series when it is raw,
// else after meter, quantity, number and step, such as linky/tariffs/1/PT1H. There is no record of a gap.
func answerSenML(a history.Answer) (reply, error) {
	pack := senml.Pack{}
	for _, line := range a.Lines {
		name := line.Series
		if a.Step != history.Raw {
			name = line.Meter + "/" + string(line.Quantity)
			if line.Number > 0 {
				name += "/" + strconv.Itoa(line.Number)
			}
			name += "/" + string(a.Step)
		}
		for _, p := range line.Points {
			if p.Value != nil {
				pack = append(pack, senml.Record{Name: name, Unit: line.Unit, Time: float64(p.From.UnixMilli()) / 1000, Value: senml.NumberValue(*p.Value)})
			}
		}
	}
	body, err := senml.Encode(senml.JSON, pack.Compact())
	return reply{kind: senml.JSON.MediaType(), name: fileName(a, "senml.json"), body: body}, err
}
