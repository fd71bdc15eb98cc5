package pride

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// quoted writes a string of WarpScript. Whatever it holds is percent-encoded: no quote, space or line break of a label
// can end it (https://www.warp10.io/content/03_Documentation/04_WarpScript/01_Concepts).
func quoted(s string) string { return "'" + encode(s) + "'" }

// findScript lists the series of a selector.
func findScript(token, selector string) string {
	return fmt.Sprintf("{ 'token' %s 'selector' %s } FIND\n", quoted(token), quoted(selector))
}

// countScript counts them.
func countScript(token, selector string) string {
	return strings.TrimSuffix(findScript(token, selector), "\n") + " SIZE\n"
}

// fetchScript asks for a series from one instant to another, both included, and for how many of the platform's units of
// time a second has. Selectors that begin with = are exact.
func fetchScript(token string, g GTS, from, to time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{ 'token' %s 'class' %s 'labels' {", quoted(token), quoted("="+g.Class))
	for _, name := range slices.Sorted(maps.Keys(g.Labels)) {
		fmt.Fprintf(&b, " %s %s", quoted(name), quoted("="+g.Labels[name]))
	}
	fmt.Fprintf(&b, " }\n'start' %d STU 1000 / *\n'end' %d STU 1000 / * } FETCH\nSTU\n", from.UnixMilli(), to.UnixMilli())
	return b.String()
}
