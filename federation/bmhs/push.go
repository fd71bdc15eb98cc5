package bmhs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"releve/federation"
	"releve/senml"
)

// sendRouted pushes what a route gives a name of its own, and returns the rest. Without access to the data API it has no
// place on the server.
func (r *Recipient) sendRouted(ctx context.Context, p senml.Pack) (rest senml.Pack, err error) {
	var routed senml.Pack
	for _, record := range p {
		if federation.PlaceOf(record.Name).Item == "" {
			rest = append(rest, record)
			continue
		}
		routed = append(routed, record)
	}
	if len(routed) > 0 && r.Data.Token == nil {
		return rest, fmt.Errorf("%w: a route gives series names of their own, which only the data API takes: set application and token_file, or leave to_item out", federation.ErrStopped)
	}
	return rest, r.sendRows(ctx, routed)
}

// sendRows pushes every record as it is, a call for each series and local day. Texts have no place there.
func (r *Recipient) sendRows(ctx context.Context, p senml.Pack) error {
	type key struct {
		series
		day string
	}
	sorted := slices.Clone(p)
	slices.SortStableFunc(sorted, func(a, b senml.Record) int {
		return int(instant(a.Time).UnixMilli() - instant(b.Time).UnixMilli())
	})
	var order []key
	rows, units := map[key][]row{}, map[key]string{}
	for _, record := range sorted {
		text, ok := decimal(record.Value)
		if !ok {
			continue
		}
		device, place := placeOf(record.Name)
		k := key{series{device, cmp.Or(place.Item, metavalueOf(place.Path))}, day(instant(record.Time), r.Zone)}
		if rows[k] == nil {
			order = append(order, k)
		}
		units[k] = record.Unit
		rows[k] = append(rows[k], row{text, instant(record.Time).UnixMilli()})
	}
	for _, k := range order {
		mark := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, k, rows[k])))
		if r.done[mark] {
			continue
		}
		if err := r.call(ctx, k.series, units[k], rows[k]); err != nil {
			return err
		}
		r.done[mark] = true
	}
	return nil
}

// metavalueOf is the name of a series on the server: BMHS's own word where it has one, else its path.
func metavalueOf(path string) string {
	for _, w := range words {
		if w.path == path {
			return w.metavalue
		}
	}
	return path
}

// word is BMHS's name for a series.
type word struct{ path, metavalue, unit string }

// words are series that BMHS has a name for, "" being the value of a meter.
var words = []word{
	{pathDrawn, "base", "Wh"},
	{pathPower, "papp", "VA"},
	{pathCurrent, "", "A"},
	{pathInjectedIndex, "eait", "Wh"},
	{pathInjected, "sinsti", "VA"},
}
