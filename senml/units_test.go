package senml_test

import (
	"testing"

	"releve/senml"
)

func TestLookupUnit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		symbol  string
		value   float64 // in the unit
		primary string
		same    float64 // in the primary unit
	}{
		{"W", 1500, "W", 1500},
		{"VA", 1500, "VA", 1500},
		{"var", 1500, "var", 1500},
		{"V", 230, "V", 230},
		{"A", 5, "A", 5},
		{"J", 5, "J", 5},
		{"VAs", 1, "VAs", 1},
		{"vars", 1, "vars", 1},
		{"Cel", 20, "Cel", 20},
		{"/", 0.5, "/", 0.5},
		{"%RH", 50, "%RH", 50},
		{"kg", 1, "kg", 1},
		{"g", 1, "g", 1},
		{"count", 3, "count", 3},
		{"S/m", 3, "S/m", 3},
		{"Wh", 2, "J", 7200},
		{"kWh", 2, "J", 7.2e6},
		{"varh", 2, "vars", 7200},
		{"kvarh", 2, "vars", 7.2e6},
		{"kVAh", 2, "VAs", 7.2e6},
		{"kW", 6, "W", 6000},
		{"kVA", 6, "VA", 6000},
		{"kvar", 6, "var", 6000},
		{"Ah", 2, "C", 7200},
		{"mV", 230500, "V", 230.5},
		{"ms", 100, "s", 0.1},
		{"min", 2, "s", 120},
		{"dBm", 10, "dBW", -20},
		{"/100", 50, "/", 0.5},
		{"Wh/km", 150, "J/m", 540},
		{"km/h", 36, "m/s", 10},
		{"KiB", 2, "B", 2048},
		{"MB/s", 1, "bit/s", 8e6},
	} {
		t.Run(test.symbol, func(t *testing.T) {
			t.Parallel()
			unit, ok := senml.LookupUnit(test.symbol)
			if !ok {
				t.Fatal("not found")
			}
			diff(t, test.symbol, unit.Symbol)
			diff(t, test.primary, unit.Primary)
			diff(t, test.symbol != test.primary, unit.IsSecondary())
			diff(t, test.same, unit.ToPrimary(test.value))
			diff(t, test.value, unit.FromPrimary(test.same))
			if unit.Description == "" {
				t.Error("no description")
			}
		})
	}
}

func TestLookupUnitWithoutAny(t *testing.T) {
	t.Parallel()
	for _, symbol := range []string{"", "VAh", "VAR", "kwh", "wh", "kV", "°C", "Wr", " W"} {
		if unit, ok := senml.LookupUnit(symbol); ok {
			t.Errorf("%q is %+v", symbol, unit)
		}
	}
}

func TestDiscouragedUnits(t *testing.T) {
	t.Parallel()
	for symbol, want := range map[string]bool{
		"g": true, "l": true, "l/s": true, "Bspl": true, "%": true, "1/min": true, "beat/min": true, "beats": true, "deg": true,
		"kg": false, "m3": false, "/": false, "1/s": false, "rad": false, "Wh": false,
	} {
		if unit, _ := senml.LookupUnit(symbol); unit.Discouraged != want {
			t.Errorf("%s discouraged: %t, want %t", symbol, unit.Discouraged, want)
		}
	}
}

func TestUnknownUnits(t *testing.T) {
	t.Parallel()
	p := mustDecodeJSON(t, `[{"bu":"furlong","n":"a","u":"W","v":1},{"n":"a","v":1},{"n":"a","u":"Wr","v":1},{"n":"a","u":"furlong","v":1},{"bu":"Wh","n":"b","v":1}]`)
	diff(t, []string{"furlong", "Wr"}, p.UnknownUnits())
	diff(t, []string(nil), mustDecodeJSON(t, mobileDevice).UnknownUnits())
}
