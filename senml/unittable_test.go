package senml

import (
	"math"
	"testing"
)

// Every row stands on its own feet: a symbol once, a primary unit that is one, a scale that can be undone.
func TestUnitTable(t *testing.T) {
	t.Parallel()
	rows := unitTable()
	if len(rows) != 58+8+33 {
		t.Errorf("%d rows, want the 58 of RFC 8428 and the 8 and 33 of RFC 8798", len(rows))
	}
	seen := make(map[string]bool)
	for _, unit := range rows {
		if seen[unit.Symbol] {
			t.Errorf("%s is there twice", unit.Symbol)
		}
		seen[unit.Symbol] = true
		primary, ok := LookupUnit(unit.Primary)
		if !ok || primary.IsSecondary() {
			t.Errorf("%s counts in %s, which is no primary unit", unit.Symbol, unit.Primary)
		}
		if unit.Scale <= 0 || math.IsInf(1/unit.Scale, 0) {
			t.Errorf("%s has scale %v", unit.Symbol, unit.Scale)
		}
	}
}
