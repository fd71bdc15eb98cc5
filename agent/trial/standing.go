package trial

import (
	"slices"
	"strings"
)

// without lists what is needed and does not work now.
func (need Standing) without(now Standing) []string {
	var missing []string
	if need.Session && !now.Session {
		missing = append(missing, "federation")
	}
	for _, one := range need.Meters {
		if !slices.Contains(now.Meters, one) {
			missing = append(missing, "meter "+one)
		}
	}
	for _, one := range need.Recipients {
		if !slices.Contains(now.Recipients, one) {
			missing = append(missing, "recipient "+one)
		}
	}
	return missing
}

func joined(missing []string) string { return strings.Join(missing, ", ") }
