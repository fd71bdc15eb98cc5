package senml_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"releve/senml"
)

func TestCompact(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, resolved, compact string }{
		{"nothing", `[]`, `[]`},
		{
			"one record", `[{"n":"urn:dev:ow:1:a","u":"W","t":1700000000,"v":1}]`,
			`[{"n":"urn:dev:ow:1:a","u":"W","t":1700000000,"v":1}]`,
		},
		{
			"one instant", `[
				{"n":"urn:dev:ow:1:power","u":"W","t":1700000000,"v":1},
				{"n":"urn:dev:ow:1:price","u":"/","t":1700000000,"v":2},
				{"n":"urn:dev:ow:1:load","u":"W","t":1700000000,"v":3}]`,
			`[
				{"bn":"urn:dev:ow:1:","bt":1700000000,"bu":"W","n":"power","v":1},
				{"n":"price","u":"/","v":2},
				{"n":"load","v":3}]`,
		},
		{
			"one series", `[
				{"n":"urn:dev:ow:1","u":"W","t":1700000000,"v":1},
				{"n":"urn:dev:ow:1","u":"W","t":1700000001,"v":2}]`,
			`[{"bn":"urn:dev:ow:1","bt":1700000000,"bu":"W","v":1},{"t":1,"v":2}]`,
		},
		{
			"several series, each put together", `[
				{"n":"m:a","u":"W","t":1700000000,"v":1},
				{"n":"m:b","t":1700000000,"vs":"x"},
				{"n":"m:a","u":"W","t":1700000001,"v":2},
				{"n":"m:b","t":1700000001,"vs":"x"},
				{"n":"m:a","u":"W","t":1700000002,"v":3},
				{"n":"m:b","t":1700000002,"vs":"y"}]`,
			`[
				{"bn":"m:a","bt":1700000000,"bu":"W","v":1},
				{"t":1,"v":2},
				{"t":2,"v":3},
				{"bn":"m:b","bu":"","vs":"x"},
				{"t":1,"vs":"x"},
				{"t":2,"vs":"y"}]`,
		},
		{
			"an order of equal times that putting together would lose", `[
				{"n":"m:a","t":1700000000,"v":1},
				{"n":"m:b","t":1700000000,"v":2},
				{"n":"m:a","t":1700000000,"v":3},
				{"n":"m:b","t":1700000000,"v":4},
				{"n":"m:a","t":1700000000,"v":5},
				{"n":"m:b","t":1700000000,"v":6}]`,
			`[
				{"bn":"m:","bt":1700000000,"n":"a","v":1},
				{"n":"b","v":2},
				{"n":"a","v":3},
				{"n":"b","v":4},
				{"n":"a","v":5},
				{"n":"b","v":6}]`,
		},
		{
			"a series of several units", `[
				{"n":"m:a","u":"W","t":1700000000,"v":1},
				{"n":"m:b","u":"V","t":1700000000,"v":1},
				{"n":"m:a","u":"W","t":1700000001,"v":2},
				{"n":"m:b","u":"A","t":1700000001,"v":1},
				{"n":"m:a","u":"W","t":1700000002,"v":3},
				{"n":"m:b","t":1700000002,"v":1}]`,
			`[
				{"bn":"m:a","bt":1700000000,"bu":"W","v":1},
				{"t":1,"v":2},
				{"t":2,"v":3},
				{"bn":"m:b","bu":"","u":"V","v":1},
				{"u":"A","t":1,"v":1},
				{"t":2,"v":1}]`,
		},
		{
			"a record without unit forbids a base unit", `[
				{"n":"aaaaa:1","u":"W","t":1700000000,"v":1},
				{"n":"aaaaa:2","t":1700000000,"v":1},
				{"n":"aaaaa:3","u":"W","t":1700000000,"v":1}]`,
			`[
				{"bn":"aaaaa:","bt":1700000000,"n":"1","u":"W","v":1},
				{"n":"2","v":1},
				{"n":"3","u":"W","v":1}]`,
		},
		{
			"names with little in common", `[
				{"n":"a1","u":"W","t":1700000000,"v":1},
				{"n":"a2","u":"V","t":1700000000,"v":1}]`,
			`[{"bt":1700000000,"n":"a1","u":"W","v":1},{"n":"a2","u":"V","v":1}]`,
		},
		{
			"fractions of seconds", `[
				{"n":"urn:a","t":1700000000.25,"v":1},
				{"n":"urn:a","t":1700000000.501,"v":1},
				{"n":"urn:a","t":1700000001.123456,"v":1}]`,
			`[
				{"bn":"urn:a","bt":1700000000.25,"v":1},
				{"t":0.251,"v":1},
				{"t":0.873456,"v":1}]`,
		},
		{
			"relative times", `[{"n":"urn:a","t":-10,"v":1},{"n":"urn:a","v":1}]`,
			`[{"bn":"urn:a","t":-10,"v":1},{"v":1}]`,
		},
		{
			"a version", `[
				{"bver":5,"n":"urn:a","t":1700000000,"v":1},
				{"bver":5,"n":"urn:a","t":1700000000,"v":1}]`,
			`[{"bn":"urn:a","bt":1700000000,"bver":5,"v":1},{"v":1}]`,
		},
		{
			"base fields already", `[{"bn":"urn:","n":"a","t":1700000000,"v":1},{"n":"b","t":1700000000,"v":1}]`,
			`[{"bn":"urn:","n":"a","t":1700000000,"v":1},{"n":"b","t":1700000000,"v":1}]`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := mustDecodeJSON(t, test.resolved)
			got, err := senml.EncodeJSON(p.Compact())
			if err != nil {
				t.Fatal(err)
			}
			diff(t, strings.NewReplacer("\n", "", "\t", "").Replace(test.compact), string(got))
			diff(t, mustDecodeJSON(t, test.resolved), p)
			checkCompact(t, p)
		})
	}
}

// checkCompact wants Compact to change nothing of what p says.
func checkCompact(t testing.TB, p senml.Pack) {
	t.Helper()
	want, err := p.Resolve(now())
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Compact().Resolve(now())
	if err != nil {
		t.Fatal(err)
	}
	diff(t, want, got)
}

// A time far from the base time cannot always be written as an offset: adding would round.
func TestCompactStatesABaseTimeAnewRatherThanRound(t *testing.T) {
	t.Parallel()
	const fine = senml.FirstAbsolute + 1.0/(1<<24) // no float64 lies between this and FirstAbsolute
	p := senml.Pack{
		{Name: "urn:a", Time: 1 << 53, Value: senml.NumberValue(1)},
		{Name: "urn:a", Time: fine, Value: senml.NumberValue(2)},
		{Name: "urn:a", Time: fine + 0.5, Value: senml.NumberValue(3)},
	}
	compact := p.Compact()
	diff(t, []float64{1 << 53, fine, 0}, []float64{compact[0].BaseTime, compact[1].BaseTime, compact[2].BaseTime})
	diff(t, []float64{0, 0, 0.5}, []float64{compact[0].Time, compact[1].Time, compact[2].Time})
	checkCompact(t, p)
}

func TestCompactKeepsPacksOfDifferentVersionsApart(t *testing.T) {
	t.Parallel()
	p := senml.Pack{{BaseVersion: 5, Name: "urn:a", Value: senml.NumberValue(1)}, {Name: "urn:a", Value: senml.NumberValue(1)}}
	diff(t, p, p.Compact())
}

// Many packs drawn at random, times and order included.
func TestCompactThenResolveIsTheSame(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8428, 1))
	for range 2000 {
		p := randomPack(random)
		resolved, err := p.Resolve(now())
		if err != nil {
			t.Fatal(err)
		}
		got, err := resolved.Compact().Resolve(now())
		if err != nil {
			t.Fatal(err)
		}
		diff(t, resolved, got)
		checkCompact(t, p)
		if t.Failed() {
			t.Fatalf("pack %+v", p)
		}
	}
}

func randomPack(random *rand.Rand) senml.Pack {
	p := make(senml.Pack, 1+random.IntN(40))
	series, spread := 1+random.IntN(8), []float64{0, 1, 60, 1e6, 1e12}[random.IntN(5)]
	for i := range p {
		which := random.IntN(series)
		p[i] = senml.Record{
			Name:  fmt.Sprintf("urn:dev:ow:10e2073a01080063:%d/%d", which%2, which),
			Unit:  []string{"W", "V", "", "Wh"}[(which+random.IntN(10)/9)%4],
			Time:  1.7e9 + random.Float64()*spread,
			Value: senml.NumberValue(random.NormFloat64()),
		}
	}
	return p
}

// Compact is worth its name: less room in every format, for one instant and for series over time.
func TestCompactTakesLessRoom(t *testing.T) {
	t.Parallel()
	for _, p := range []senml.Pack{instants(1), instants(2), instants(60)} {
		for _, format := range formats() {
			before, after := encodedSize(t, format, p), encodedSize(t, format, p.Compact())
			if after*4 > before*3 {
				t.Errorf("%v, %d records: %d bytes, %d compact, want three quarters or less", format, len(p), before, after)
			}
		}
	}
}

func encodedSize(t testing.TB, format senml.Format, p senml.Pack) int {
	t.Helper()
	data, err := senml.Encode(format, p)
	if err != nil {
		t.Fatal(err)
	}
	return len(data)
}

// instants returns what a meter of six series says in n seconds.
func instants(n int) senml.Pack {
	var p senml.Pack
	for second := range n {
		for i, series := range []struct{ name, unit string }{
			{"consumption/power/apparent/raw", "VA"}, {"consumption/energy/active/index", "Wh"}, {"voltage/1", "V"},
			{"current/1", "A"}, {"consumption/power/active/mean", "W"}, {"status/relay", ""},
		} {
			p = append(p, senml.Record{
				Name: "urn:dev:org:60060-demo_" + series.name, Unit: series.unit,
				Time: 1.7e9 + float64(second), Value: senml.NumberValue(float64(230*i + second)),
			})
		}
	}
	return p
}
