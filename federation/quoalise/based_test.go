package quoalise

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
	"releve/senml"
)

// terse is records as they are written, without the element's name.
func terse(t *testing.T, records senml.Pack) (lines []string) {
	t.Helper()
	e, err := Data{Name: current, Records: records}.Element()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range e.Child("", "data").Child("", "sensml").Children {
		line := ""
		for _, a := range r.Attrs[min(1, len(r.Attrs)):] {
			line += " " + a.Name.Local + "=" + a.Value
		}
		if r.Attrs[0].Name.Local != "bn" {
			line = " " + r.Attrs[0].Name.Local + "=" + r.Attrs[0].Value + line
		}
		lines = append(lines, line)
	}
	return lines
}

func TestBases(t *testing.T) {
	t.Parallel()
	index := func(n int, at float64) senml.Record { return number("Wh", float64(n), at) }
	tests := []struct {
		name    string
		records senml.Pack
		want    []string
	}{
		{
			"an index counts from its least value",
			senml.Pack{index(17_623_548, 1_700_000_000), index(17_623_547, 1_700_000_001), index(17_623_599, 1_700_000_002)},
			[]string{" bt=1700000000 bu=Wh bv=17623547 v=1", " t=1 v=0", " t=2 v=52"},
		},
		{"a base that saves nothing is not stated", senml.Pack{index(5, 1_700_000_000), index(6, 1_700_000_001)}, []string{" bt=1700000000 bu=Wh v=5", " t=1 v=6"}},
		{
			"values that are not integers have no base",
			senml.Pack{number("A", 1_000_000.5, 1_700_000_000), number("A", 1_000_000, 1_700_000_001), number("A", 1_000_000, 1_700_000_002)},
			[]string{" bt=1700000000 bu=A v=1000000.5", " t=1 v=1000000", " t=2 v=1000000"},
		},
		{
			"nor have those that texts are among",
			senml.Pack{number("", 10_000_000, 1_700_000_000), number("", 10_000_000, 1_700_000_001), label("off", 1_700_000_002)},
			[]string{" bt=1700000000 v=10000000", " t=1 v=10000000", " t=2 vs=off"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, terse(t, tt.records)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// Restated bases cost less than they save, and what a client makes of them is what there was.
func TestBasesChangeNothing(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		var p senml.Pack
		at, v := 1_600_000_000.0, math.Round(random.NormFloat64()*1e6)
		step, jump := []float64{0.002, 1.3, 30, 600, 86_400}[random.IntN(5)], []float64{0, 1, 100, 1e7}[random.IntN(4)]
		for range 1 + random.IntN(300) {
			at = math.Round((at+step*random.Float64())*1000) / 1000
			v = math.Round(v + jump*random.NormFloat64())
			p = append(p, senml.Record{Name: current, Unit: "Wh", Value: senml.NumberValue(v), Time: at})
		}
		e, err := Data{Name: current, Records: p}.Element()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseData(wire(t, e), now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fmt.Sprint(p), fmt.Sprint(got)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

// message is the stanza that carries data of 500 records to a client that acknowledges, as Post writes it.
func message(t testing.TB, data Data) []byte {
	t.Helper()
	payload, err := data.Element()
	if err != nil {
		t.Fatal(err)
	}
	text, err := xmpp.NewElement("", "message", "id", "0123456789abcdef", "to", conseil.Bare().String()).Add(payload,
		xmpp.NewElement(xmpp.NSReceipts, "request"), xmpp.NewElement("urn:xmpp:hints", "no-store")).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// batch is 500 readings of a power or an index, each so many milliseconds after the one before.
func batch(path, unit string, value func(i int) float64, after func(i int) int) Data {
	data := Data{
		Name: device + "_" + path,
		Measurement: Measurement{
			Name: "apparent-power", Direction: "consumption", Quantity: "power", Type: "electrical", Unit: unit,
		},
	}
	at := 1_700_000_000_000
	for i := range 500 {
		at += after(i)
		data.Records = append(data.Records, senml.Record{Unit: unit, Value: senml.NumberValue(value(i)), Time: float64(at) / 1000})
	}
	return data
}

// A reading costs at most 26 bytes of the stream in batches of 500, all of the stanza counted, when it is dated to the
// tenth of a second, as what is heard on a meter's line is, and at most 29 dated to the millisecond.
func TestBytesOfAReading(t *testing.T) {
	t.Parallel()
	power := func(i int) float64 { return float64(350 + i*37%90 + 2000*(i/100%2)) } // VA, a kettle now and then
	index := func(i int) float64 { return float64(17_623_547 + i) }                 // Wh
	seconds := func(i int) int { return 1000 * (1 + i%2) }
	tenths := func(i int) int { return 100 * (11 + i*37%8) }
	millis := func(i int) int { return 1100 + i*397%800 }
	tests := []struct {
		name        string
		data        Data
		bytes, most int // of the stanza; of a reading
	}{
		{"power by the second", batch("consumption/power/apparent/raw", "VA", power, seconds), 11_950, 26},
		{"index by the second", batch("consumption/energy/active/index", "Wh", index, seconds), 11_981, 26},
		{"power by the tenth", batch("consumption/power/apparent/raw", "VA", power, tenths), 12_898, 26},
		{"index by the tenth", batch("consumption/energy/active/index", "Wh", index, tenths), 12_929, 26},
		{"power by the millisecond", batch("consumption/power/apparent/raw", "VA", power, millis), 13_886, 29},
		{"index by the millisecond", batch("consumption/energy/active/index", "Wh", index, millis), 13_917, 29},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := len(message(t, tt.data))
			if n != tt.bytes || n > tt.most*500 {
				t.Errorf("%d bytes, %.2f a reading; want %d and at most %d a reading", n, float64(n)/500, tt.bytes, tt.most)
			}
		})
	}
}

// BenchmarkElement is what it takes to write a stanza of 500 readings.
func BenchmarkElement(b *testing.B) {
	data := batch("consumption/power/apparent/raw", "VA", func(i int) float64 { return float64(350 + i*37%90) }, func(i int) int { return 1100 + i*397%800 })
	for b.Loop() {
		message(b, data)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/reading")
}
