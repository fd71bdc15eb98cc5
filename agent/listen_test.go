package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"releve/federation/quoalise"
	"releve/senml"
)

func TestRecordLines(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_768_498_200_250)
	when := at.Format("2006-01-02T15:04:05.000Z07:00")
	seconds := float64(at.UnixMilli()) / 1000
	record := func(unit string, value senml.Value) senml.Record {
		return senml.Record{Name: "urn:dev:org:60060-1f_tariff/label", Unit: unit, Value: value, Time: seconds}
	}
	const name = "urn:dev:org:60060-1f_tariff/label "
	for _, test := range []struct {
		record     senml.Record
		text, json string
	}{
		{record("VA", senml.NumberValue(500)), "VA 500", `"u":"VA","v":500`},
		{record("", senml.NumberValue(-1.5)), "- -1.5", `"v":-1.5`},
		{record("", senml.TextValue("HEURE  CREUSE")), `- "HEURE  CREUSE"`, `"vs":"HEURE  CREUSE"`},
		{record("", senml.TextValue("500")), `- "500"`, `"vs":"500"`},
		{record("", senml.TextValue("")), `- ""`, `"vs":""`},
		{record("", senml.TextValue("a\nb \"c\" é\x1b[31m")), `- "a\nb \"c\" \u00e9\x1b[31m"`, `"vs":"a\nb \"c\" é\u001b[31m"`},
		{record("", senml.BoolValue(true)), "- true", `"vb":true`},
		{record("", senml.DataValue([]byte{1, 2})), "- AQI", `"vd":"AQI"`},
	} {
		for format, want := range map[string]string{
			"text":       name + test.text + " " + when,
			"senml-json": `{"n":"` + strings.TrimSpace(name) + `",` + test.json + `,"t":1768498200.25}`,
		} {
			var out bytes.Buffer
			l := &recordLines{out: &out, format: format, location: time.Local, seen: newSeen()}
			for range 2 { // what comes twice is printed once
				if err := l.take(t.Context(), senml.Pack{test.record}); err != nil {
					t.Fatal(err)
				}
			}
			if want := want + "\n"; !sameJSONOrder(out.String(), want) {
				t.Errorf("%s:\n%swant\n%s", format, out.String(), want)
			}
		}
	}
}

// sameJSONOrder compares lines whose JSON fields may come in any order.
func sameJSONOrder(a, b string) bool {
	if !strings.HasPrefix(a, "{") {
		return a == b
	}
	sorted := func(s string) string {
		line, _, _ := strings.Cut(s, "\n")
		return line
	}
	fields := func(line string) map[string]bool {
		set := map[string]bool{}
		for _, f := range strings.Split(strings.Trim(line, "{}"), ",") {
			set[f] = true
		}
		return set
	}
	x, y := fields(sorted(a)), fields(sorted(b))
	for f := range x {
		if !y[f] {
			return false
		}
	}
	return len(x) == len(y) && strings.Count(a, "\n") == strings.Count(b, "\n")
}

// A record that could not be printed was not taken: it comes again.
func TestRecordLinesBroken(t *testing.T) {
	t.Parallel()
	wrong := errors.New("gone")
	l := &recordLines{out: &stubborn{err: wrong}, format: "text", location: time.Local, seen: newSeen()}
	if err := l.take(t.Context(), counted(0, 1)); !errors.Is(err, wrong) {
		t.Errorf("error is %v, want %v", err, wrong)
	}
}

// Who was answered once goes on asking, whatever is answered later: another program may have the provider's address.
func TestListenGivesUpOnlyAtFirst(t *testing.T) {
	t.Parallel()
	hopeless := &quoalise.Refusal{Cause: quoalise.Misasked}
	for _, told := range [][]error{{hopeless}, {nil, hopeless}, {errors.New("away"), nil, quoalise.ErrUnlisted}} {
		var stopped error
		tell := hopeful(func(err error) { stopped = err })
		for _, err := range told {
			tell(err)
		}
		if want := told[0] == error(hopeless); (stopped != nil) != want {
			t.Errorf("told %v, it stops: %v", told, stopped)
		}
	}
}
