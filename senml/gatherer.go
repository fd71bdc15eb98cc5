package senml

import "fmt"

// gather turns what was read into a pack, naming the record that cannot be one.
func gather(records []fields) (Pack, error) {
	p := make(Pack, len(records))
	for i := range records {
		r, err := records[i].record()
		if err != nil {
			return nil, recordError(i, err)
		}
		p[i] = r
	}
	return p, nil
}

// record gathers what was read. It refuses what a Record cannot hold: a second value, a field of the
// wrong kind, a version it cannot read.
func (f *fields) record() (Record, error) {
	g := gatherer{}
	r := Record{
		BaseName: g.text("bn", f.BaseName), BaseTime: g.number("bt", f.BaseTime), BaseUnit: g.text("bu", f.BaseUnit),
		BaseValue: g.optional("bv", f.BaseValue), BaseSum: g.optional("bs", f.BaseSum),
		BaseVersion: g.version(f.BaseVersion),
		Name:        g.text("n", f.Name), Unit: g.text("u", f.Unit),
		Time: g.number("t", f.Time), UpdateTime: g.number("ut", f.UpdateTime),
		Value: g.value(f), Sum: g.optional("s", f.Sum),
	}
	r.Cleared = f.cleared(&r)
	return r, g.err
}

// cleared notes the base fields that are present and empty.
func (f *fields) cleared(r *Record) (c Cleared) {
	if f.BaseName != nil && r.BaseName == "" {
		c |= ClearedName
	}
	if f.BaseTime != nil && r.BaseTime == 0 {
		c |= ClearedTime
	}
	if f.BaseUnit != nil && r.BaseUnit == "" {
		c |= ClearedUnit
	}
	return c
}

// gatherer takes fields one by one and keeps the first error, with the field's label.
type gatherer struct{ err error }

func (g *gatherer) refuse(label, want string, got any) {
	if g.err == nil {
		g.err = fmt.Errorf("%s must be %s, found %s", label, want, describe(got))
	}
}

func (g *gatherer) text(label string, v any) string {
	s, ok := v.(string)
	if v != nil && !ok {
		g.refuse(label, "text", v)
	}
	return s
}

func (g *gatherer) number(label string, v any) float64 {
	if v == nil {
		return 0
	}
	n, ok := toFloat(v)
	if !ok {
		g.refuse(label, "a finite number", v)
	}
	return n
}

func (g *gatherer) optional(label string, v any) *float64 {
	if v == nil {
		return nil
	}
	n := g.number(label, v)
	return &n
}

func (g *gatherer) version(v any) int {
	if v == nil {
		return 0
	}
	n := g.number("bver", v)
	if g.err == nil {
		g.err = checkVersion(n)
	}
	return int(min(max(n, 0), Version))
}

// value takes the one value of the record.
func (g *gatherer) value(f *fields) (value Value) {
	found := ""
	for _, place := range f.table() {
		if !place.isValue() || *place.at == nil {
			continue
		}
		if found != "" && g.err == nil {
			g.err = fmt.Errorf("%s and %s in one record, which may hold one value only", found, place.label)
		}
		found, value = place.label, g.one(place)
	}
	return value
}

func (p field) isValue() bool { return p.label == p.kind.String() }

func (g *gatherer) one(place field) Value {
	switch v := (*place.at).(type) {
	case bool:
		if place.kind == Bool {
			return BoolValue(v)
		}
	case []byte:
		if place.kind == Data {
			return DataValue(v)
		}
	}
	switch place.kind {
	case Number:
		return NumberValue(g.number(place.label, *place.at))
	case Text:
		return TextValue(g.text(place.label, *place.at))
	case Bool:
		g.refuse(place.label, "true or false", *place.at)
	default:
		g.refuse(place.label, "data", *place.at)
	}
	return Value{}
}

// describe names what stands where something else was expected, but never shows it: a name or a number
// may identify a person's meter, and errors end up in logs.
func describe(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case bool:
		return "a boolean"
	case []byte:
		return "data"
	case []any:
		return "an array"
	case map[any]any:
		return "a map"
	case float64, int64, uint64:
		return "a number"
	default:
		return "something else"
	}
}
