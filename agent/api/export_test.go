package api

import "slices"

// Routes are the parameters that each route takes, in order.
func Routes(h House) map[string][]string {
	all := map[string][]string{}
	for _, r := range (&server{House: h}).list() {
		all[r.path] = slices.Sorted(slices.Values(r.takes))
	}
	return all
}
