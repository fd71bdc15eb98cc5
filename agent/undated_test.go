package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/clock"
	"releve/buffer"
	"releve/senml"
)

// TestExportUndated gets readings of two boots out that nobody can date, with what the meter dated itself among them, and
// leaves them where they are.
func TestExportUndated(t *testing.T) {
	t.Parallel()
	file, dir, _ := stocked(t)
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	heard := func(name string, at time.Duration, v senml.Value) senml.Record {
		return senml.Record{Name: "linky/" + name, Unit: "V", Value: v, Time: float64(clock.Stamp(clock.Instant(at)).UnixMilli()) / 1000}
	}
	dated := heard("voltage/1/mean", 0, senml.NumberValue(230))
	dated.Time = 1772366400
	tariff := heard("tariff", 90*time.Minute, senml.TextValue("HEURE CREUSE"))
	tariff.Unit = ""
	err = errors.Join(
		b.PutUndated("boot-1", senml.Pack{heard("voltage/1", 12345*time.Millisecond, senml.NumberValue(231.5)), dated}),
		b.PutUndated("boot-1", senml.Pack{tariff}),
		b.PutUndated("boot-2", senml.Pack{heard("voltage/1", time.Second, senml.NumberValue(229))}),
		b.Close())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ args, want string }{
		{"", "boot-1,12.345,,linky/voltage/1,V,231.5,\nboot-1,,2026-03-01T13:00:00+01:00,linky/voltage/1/mean,V,230,\n" +
			"boot-1,5400,,linky/tariff,,,HEURE CREUSE\nboot-2,1,,linky/voltage/1,V,229,\n"},
		{"--series tariff --format csv", "boot-1,5400,,linky/tariff,,,HEURE CREUSE\n"},
	} {
		code, got, talk := tried(t, append([]string{"buffer", "export", "--config", file, "--undated"}, strings.Fields(row.args)...)...)
		if diff := cmp.Diff("boot,uptime_s,time,series,unit,value,text\n"+row.want, got); code != exitDone || diff != "" {
			t.Errorf("%s: code %d, %s (-want +got):\n%s", row.args, code, talk, diff)
		}
	}
}

// What is true or false comes back as such.
func TestBooleansInCSV(t *testing.T) {
	t.Parallel()
	want := senml.Pack{
		{Name: "linky/status/overvoltage", Time: 1_780_000_000, Value: senml.BoolValue(true)},
		{Name: "linky/status/overvoltage", Time: 1_780_000_001, Value: senml.BoolValue(false)},
		{Name: "linky/tariff", Time: 1_780_000_002, Value: senml.TextValue("true")},
	}
	var out bytes.Buffer
	if err := (&readingLines{csv: csv.NewWriter(&out), location: time.UTC}).write(want); err != nil {
		t.Fatal(err)
	}
	in, err := newLineReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := in.Next(); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v, %v", got, err)
	}
}
