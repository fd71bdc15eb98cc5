package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

// empty is the configuration of an agent that has no store yet.
func empty(t *testing.T) string {
	t.Helper()
	return written(t, "releve.toml", fmt.Sprintf("[agent]\nstate = %q\n[[meter]]\nport = \"/dev/ttyS9\"\n", t.TempDir()))
}

// TestStoreIsPrivate wants the folders that an import makes closed to other users: they show how a household lives.
func TestStoreIsPrivate(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	to := written(t, "releve.toml", fmt.Sprintf("[agent]\nstate = %q\n[[meter]]\nport = \"/dev/ttyS9\"\n", state))
	file := written(t, "readings.csv", strings.Join(readingHead, ",")+"\n2026-03-01T13:00:00Z,linky/voltage/1,V,231,\n")
	if code, _, talk := tried(t, "buffer", "import", "--config", to, file); code != exitDone {
		t.Fatalf("exit code %d: %s", code, talk)
	}
	for _, folder := range []string{state, filepath.Join(state, "buffer")} {
		info, err := os.Stat(folder)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o700 {
			t.Errorf("%s has mode %v, want 0700", filepath.Base(folder), mode)
		}
	}
}

// TestExportImport brings an export of each format into a new store, twice: what that exports is the same.
func TestExportImport(t *testing.T) {
	t.Parallel()
	from, _, _ := stocked(t)
	for _, format := range []string{"senml-json", "senml-cbor", "csv"} {
		code, exported, talk := tried(t, "buffer", "export", "--config", from, "--format", format)
		if code != exitDone || exported == "" {
			t.Fatalf("%s: code %d, %s", format, code, talk)
		}
		to, file := empty(t), written(t, "export", exported)
		for _, want := range []string{"180 readings, 180 of them new\n", "180 readings, 0 of them new\n"} {
			code, _, talk := tried(t, "buffer", "import", "--config", to, "--format", format, file)
			if code != exitDone || talk != want {
				t.Errorf("%s: code %d, %q, want %q", format, code, talk, want)
			}
		}
		for _, args := range [][]string{{"--format", format}, {"--resolution", "10m"}, {"--resolution", "1d"}} {
			_, want, _ := tried(t, append([]string{"buffer", "export", "--config", from}, args...)...)
			_, got, _ := tried(t, append([]string{"buffer", "export", "--config", to}, args...)...)
			if diff := cmp.Diff(want, got); diff != "" || got == "" {
				t.Errorf("%s, %v (-want +got):\n%s", format, args, diff)
			}
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	file, _, _ := stocked(t)
	for _, row := range []struct {
		args, want string
	}{
		{"--format csv --series voltage --from 2026-03-01T13:02:28+01:00", "time,series,unit,value,text\n" +
			"2026-03-01T13:02:28+01:00,linky/voltage,V,231,\n2026-03-01T13:02:29+01:00,linky/voltage,V,232,\n"},
		{"--series linky/volt* --from 2026-03-01T13:02:29+01:00 --to 2026-03-02",
			`[{"n":"linky/voltage","u":"V","t":1772366549,"v":232}]` + "\n"},
		{"--to 2026-03-01", ""},
		{"--from 2026-03-02", ""},
		{"--series volt", ""},
		{"--resolution 10m --series power", "begin,end,series,unit,readings,covered_s,mean,min,max,first,last,changes\n" +
			"2026-03-01T13:00:00+01:00,2026-03-01T13:10:00+01:00,linky/power,W,90,600,63.35,0,98,0,67,\n" +
			"2026-03-01T13:10:00+01:00,2026-03-01T13:20:00+01:00,linky/power,W,0,600,67,67,67,67,67,\n" +
			"2026-03-01T13:20:00+01:00,2026-03-01T13:30:00+01:00,linky/power,W,0,449,67,67,67,67,67,\n"},
		{"--resolution 1y --series voltage", "begin,end,series,unit,readings,covered_s,mean,min,max,first,last,changes\n" +
			"2026-01-01T00:00:00+01:00,2027-01-01T00:00:00+01:00,linky/voltage,V,90,1649,231.945,230,232,230,232,\n"},
	} {
		code, out, talk := tried(t, append([]string{"buffer", "export", "--config", file}, strings.Fields(row.args)...)...)
		if diff := cmp.Diff(row.want, out); diff != "" || code != exitDone {
			t.Errorf("%s: code %d, %s (-want +got):\n%s", row.args, code, talk, diff)
		}
	}
}

func TestExportImportRefuse(t *testing.T) {
	t.Parallel()
	file, _, _ := stocked(t)
	const again = "; mend it and import again, nothing comes twice\n"
	for _, row := range []struct {
		name, args, in string
		code           int
		want           string
	}{
		{"no day", "export --from soon", "", exitUsage,
			`buffer export: --from: "soon" is not a time such as 2026-11-01, 2026-11-01T12:30, 2026-11-01T12:30:00+01:00, -7d or -12h; see releve --help` + "\n"},
		{"roll-ups as SenML", "export --resolution 1d --format senml-json", "", exitUsage, "buffer export: roll-ups cannot be written as senml-json; leave --format out; see releve --help\n"},
		{"a day of what has none", "export --undated --from 2026-03-01", "", exitUsage,
			"buffer export: readings without a date have no day, no roll-ups and no format but csv; leave the other flags but --series out; see releve --help\n"},
		{"no format", "import -", "", exitUsage, "buffer import: the name of - does not say what it is; add --format senml-json, senml-cbor or csv; see releve --help\n"},
		{"no file", "import /nowhere.json", "", exitFailed, "open /nowhere.json: no such file or directory\n"},
		{"no JSON", "import --format senml-json -", "{", exitFailed, "import -: after 0 readings, 0 of them new: pack 1: unexpected EOF" + again},
		{"no SenML", "import --format senml-json -", `[{"n":"x"}]`, exitFailed, "import -: after 0 readings, 0 of them new: record 1: has neither value nor sum" + again},
		{"too old", "import --format senml-json -", `[{"n":"x","v":1,"t":1000000000}]`, exitFailed,
			"import -: after 0 readings, 0 of them new: import record 1: no reading can be of that time: 1000000000.000 is not in Unix seconds since 2020" + again},
		{"other columns", "import --format csv -", "a,b,c,d,e\n", exitFailed, "import -: line 1: columns are [a b c d e], want [time series unit value text]\n"},
		{"a column missing", "import --format csv -", "time,series,unit,value,text\n1,2\n", exitFailed, "import -: after 0 readings, 0 of them new: record on line 2: wrong number of fields" + again},
		{"no time", "import --format csv -", "time,series,unit,value,text\nnow,x,V,1,\n", exitFailed,
			`import -: after 0 readings, 0 of them new: line 2: time "now" is not like 2026-03-01T12:00:00.25+01:00` + again},
		{"no number", "import --format csv -", "time,series,unit,value,text\n2026-03-01T12:00:00Z,x,V,Inf,\n", exitFailed,
			`import -: after 0 readings, 0 of them new: line 2: value "Inf" is not a number` + again},
	} {
		verb, rest, _ := strings.Cut(row.args, " ")
		o := typed(t, row.in, append([]string{"buffer", verb, "--config", file}, strings.Fields(rest)...)...)
		if o.code != row.code || o.talk != "releve: "+row.want {
			t.Errorf("%s: code %d, %q, want %d, %q", row.name, o.code, o.talk, row.code, "releve: "+row.want)
		}
	}
}

// FuzzReadingLines: readings that CSV can say come back as they were.
func FuzzReadingLines(f *testing.F) {
	f.Add("linky/x", "V", 230.1, "", int64(1772366400_250_000))
	f.Add("a,\"b\n", "", 0.0, "HEURE  PLEINE", int64(1772366400_000_001))
	f.Fuzz(func(t *testing.T, name, unit string, value float64, text string, micro int64) {
		if micro < 0 || micro > 1<<52 || math.IsNaN(value) || math.IsInf(value, 0) || strings.Contains(name+unit+text, "\r") {
			t.Skip("not of this century, no number, or a line end that RFC 4180 does not keep")
		}
		want := senml.Pack{{Name: name, Unit: unit, Value: senml.NumberValue(value), Time: float64(micro) / 1e6}}
		if text != "" {
			want = append(want, senml.Record{Name: name, Unit: unit, Value: senml.TextValue(text), Time: float64(micro) / 1e6})
		}
		var out bytes.Buffer
		if err := recordsTo("csv", &out, time.UTC)(want); err != nil {
			t.Fatal(err)
		}
		lines, err := newLineReader(&out)
		if err != nil {
			t.Fatal(err)
		}
		got, err := lines.Next()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if p, err := lines.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("then %v, %v", p, err)
		}
	})
}

// FuzzLineReader: whatever a file holds, reading it ends, with finite numbers.
func FuzzLineReader(f *testing.F) {
	f.Add("time,series,unit,value,text\n2026-03-01T12:00:00Z,x,V,1,\n")
	f.Add("time,series,unit,value,text\n\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := newLineReader(strings.NewReader(text))
		for err == nil {
			var p senml.Pack
			p, err = lines.Next()
			for _, r := range p {
				if v, _ := r.Value.Number(); math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%v is no number", v)
				}
			}
		}
	})
}
