package buffer

import (
	"encoding/binary"
	"slices"

	"releve/senml"
)

// columnar is a pack by what its records are made of: the names once, then whose record comes when, then the times, then
// the numbers series by series. So written a minute of a meter takes half of what it takes in CBOR, both compressed, on the
// card and in the year that is kept. A record is plain when it is a number at a whole millisecond and nothing besides; the
// rest, such as texts, stays in CBOR. Reading gives the records as they were, in their order.
//
// Format:  uvarint n records; uvarint series, each: text name, text unit (uvarint length, bytes), scale;
// n turns (uvarint, see turns); the time of each plain record (ms, varint, less that of the one before);
// for each series its numbers (see scale, each less the one before); the rest in CBOR, when a turn was of it
// Example: 02 01 0161 0157 00 02 02 a01f d00f d006 14 is 424 W at 2 s and 434 W at 3 s in series a
type columnar struct {
	series []strand
	times  []int64 // of the plain records, in the order of the pack
	turns  []int   // whose each record is: a place in series and one, or 0 for the rest
	rest   senml.Pack
}

// strand is what one series says in a pack, under one unit.
type strand struct {
	name, unit string
	numbers    []float64
}

// millisecond is the scale of times.
const millisecond = scale(maxDecimals)

// newColumnar takes a pack apart.
func newColumnar(p senml.Pack) columnar {
	c := columnar{}
	type key struct{ name, unit string }
	places := map[key]int{}
	for i := range p {
		r := &p[i]
		v, _ := r.Value.Number()
		plain := senml.Record{Name: r.Name, Unit: r.Unit, Value: senml.NumberValue(v), Time: r.Time}
		if *r != plain || !millisecond.holds(r.Time) {
			c.turns, c.rest = append(c.turns, 0), append(c.rest, *r)
			continue
		}
		place, known := places[key{r.Name, r.Unit}]
		if !known {
			c.series = append(c.series, strand{name: r.Name, unit: r.Unit})
			place = len(c.series)
			places[key{r.Name, r.Unit}] = place
		}
		s := &c.series[place-1]
		s.numbers = append(s.numbers, v)
		c.turns, c.times = append(c.turns, place), append(c.times, millisecond.integer(r.Time))
	}
	return c
}

// encode writes it.
func (c columnar) encode() ([]byte, error) {
	out := binary.AppendUvarint(nil, uint64(len(c.turns)))
	out = binary.AppendUvarint(out, uint64(len(c.series)))
	for _, s := range c.series {
		out = append(appendText(appendText(out, s.name), s.unit), byte(scaleOf(s.numbers)))
	}
	t := newTurns(len(c.series))
	for _, place := range c.turns {
		out = binary.AppendUvarint(out, t.code(place))
	}
	before := int64(0)
	for _, ms := range c.times {
		out = binary.AppendVarint(out, ms-before)
		before = ms
	}
	for _, s := range c.series {
		kind, last := scaleOf(s.numbers), 0.0
		for _, v := range s.numbers {
			out = kind.append(out, v, last)
			last = v
		}
	}
	if len(c.rest) == 0 {
		return out, nil
	}
	cbor, err := senml.EncodeCBOR(c.rest)
	return append(out, cbor...), err
}

// decodeColumnar reads what encode wrote and puts the pack together.
func decodeColumnar(data []byte) (senml.Pack, error) {
	b := &scanner{data: data}
	p := make(senml.Pack, b.uvarint(min(senml.MaxRecords, uint64(len(data)))))
	series := make([]senml.Record, b.uvarint(uint64(len(data))))
	kinds := make([]scale, len(series))
	for i := range series {
		series[i], kinds[i] = senml.Record{Name: b.text(), Unit: b.text()}, scale(b.byte())
		if !kinds[i].isKnown() {
			return nil, errMalformed
		}
	}
	whose := readTurns(b, len(p), len(series))
	for i, before := 0, int64(0); i < len(p); i++ {
		if place := whose[i]; place > 0 {
			p[i] = series[place-1]
			before += b.varint()
			p[i].Time = float64(before) / millisecond.factor()
		}
	}
	for i, at := range placesOf(whose, len(series)) {
		last := 0.0
		for _, n := range at {
			last = kinds[i].read(b, last)
			p[n].Value = senml.NumberValue(last)
		}
	}
	return p, readRest(b, p, whose)
}

// placesOf lists which records each series has.
func placesOf(whose []int, series int) [][]int {
	at := make([][]int, series)
	for n, place := range whose {
		if place > 0 {
			at[place-1] = append(at[place-1], n)
		}
	}
	return at
}

// readRest reads the records that are not plain into their places.
func readRest(b *scanner, p senml.Pack, whose []int) error {
	if b.err != nil || !slices.Contains(whose, 0) {
		return b.end()
	}
	rest, err := senml.DecodeCBOR(b.data)
	if err != nil {
		return err
	}
	for i, place := range whose {
		if place > 0 {
			continue
		}
		if len(rest) == 0 {
			return errMalformed
		}
		p[i], rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		return errMalformed
	}
	return nil
}

// turns writes whose record comes next: 0 when it is whose came after the last one's the last time, for meters say their
// series in the same order again and again; else its place and one. Whoever came never is followed by the rest.
type turns struct {
	after []int
	last  int
}

func newTurns(series int) *turns { return &turns{after: make([]int, series+1)} }

func (t *turns) code(place int) uint64 {
	expected := t.after[t.last]
	t.after[t.last], t.last = place, place
	if place == expected {
		return 0
	}
	return uint64(place) + 1
}

func (t *turns) place(code uint64) int {
	place := t.after[t.last]
	if code > 0 {
		place = int(code - 1)
	}
	t.after[t.last], t.last = place, place
	return place
}

func readTurns(b *scanner, n, series int) []int {
	t, whose := newTurns(series), make([]int, n)
	for i := range whose {
		whose[i] = t.place(b.uvarint(uint64(series) + 1))
	}
	return whose
}
