package buffer

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

// newYear is the hour of 2026-01-01T00 UTC.
const newYear hour = 490896

var sameColumns = cmp.Options{cmp.AllowUnexported(block{}, column{}, sample{}), cmp.Comparer(func(x, y senml.Value) bool { return x == y })}

func number(at float64, v float64) senml.Record {
	return senml.Record{Unit: "W", Value: senml.NumberValue(v), Time: newYear.start() + at}
}

func columnOf(records ...senml.Record) *column {
	c := &column{}
	for i := range records {
		c.add(newYear, &records[i])
	}
	c.settle()
	return c
}

func TestColumnExample(t *testing.T) {
	t.Parallel()
	got, err := columnOf(number(0, 424), number(1, 434)).encode(nil, []int32{0, 1000})
	if want := "00" + "0157" + "02" + "00" + "01" + "00" + "d006" + "14"; hex.EncodeToString(got) != want || err != nil {
		t.Errorf("encoded %x, %v, want %s", got, err, want)
	}
}

// columns are of every sort.
func columns() map[string]*column {
	sum := 3.5
	text, opaque, withSum, odd, other := number(3, 0), number(4, 0), number(5, 1), number(6.0001, 1), number(7, 1)
	text.Value, opaque.Value, withSum.Sum, other.Unit = senml.TextValue("HC.."), senml.DataValue([]byte{0, 1}), &sum, "VA"
	return map[string]*column{
		"integers":              columnOf(number(0, 1), number(1.25, -7), number(3599.999, 1<<52)),
		"tenths":                columnOf(number(0.001, 230.1), number(0.002, 229.9)),
		"thousandths":           columnOf(number(0, -0.001), number(9, 0.999)),
		"floats":                columnOf(number(0, math.Pi), number(1, 1e300), number(2, math.Copysign(0, -1))),
		"the same time":         columnOf(number(5, 2), number(5, 1), number(5, 3)),
		"texts":                 columnOf(text, number(8, 1)),
		"opaque":                columnOf(opaque),
		"a sum":                 columnOf(number(1, 1), withSum),
		"not a whole ms":        columnOf(odd, number(7, 2)),
		"two units":             columnOf(number(1, 1), other),
		"one series of nothing": columnOf(number(0, 0)),
	}
}

func TestBlockKeeps(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	want := &block{hour: newYear, seq: 7, columns: map[uint32]*column{}}
	for name, col := range columns() {
		one := &block{hour: newYear, seq: 1<<53 - 1, columns: map[uint32]*column{maxIDs - 1: col}}
		for first, payload := range one.parts() {
			got, err := c.openBlock(c.sealBlock(one.hour, one.seq, payload), nil)
			if diff := cmp.Diff(one, got, sameColumns); diff != "" || err != nil || first != maxIDs-1 {
				t.Errorf("%s: first id %d, %v (-want +got):\n%s", name, first, err, diff)
			}
		}
		want.columns[uint32(3*len(want.columns))] = col
	}
	for _, payload := range want.parts() {
		sealed := c.sealBlock(want.hour, want.seq, payload)
		got, err := c.openBlock(sealed, nil)
		if diff := cmp.Diff(want, got, sameColumns); diff != "" || err != nil {
			t.Errorf("all: %v (-want +got):\n%s", err, diff)
		}
		one, err := c.openBlock(sealed, func(id uint32) bool { return id == 6 })
		if diff := cmp.Diff(want.columns[6], one.columns[6], sameColumns); diff != "" || err != nil || len(one.columns) != 1 {
			t.Errorf("one of them: %d columns, %v (-want +got):\n%s", len(one.columns), err, diff)
		}
	}
}

// TestColumnOrder adds records in any order, some twice, and merges columns: what is there is there once, in order.
func TestColumnOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 2))
		var all senml.Pack
		for range 40 {
			r := number(float64(random.IntN(20)), float64(random.IntN(3)))
			if seed%2 == 0 && random.IntN(9) == 0 {
				r.Value = senml.TextValue("x")
			}
			all = append(all, r)
		}
		want := columnOf(all...)
		again := columnOf(append(want.all(newYear, ""), all...)...)
		if diff := cmp.Diff(want, again, sameColumns); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
		for i, r := range want.all(newYear, "") {
			for _, before := range want.all(newYear, "")[:i] {
				if before.Time > r.Time || sameRecord(before, r) {
					t.Fatalf("seed %d: %+v comes after %+v", seed, r, before)
				}
			}
		}
	}
}

// TestLargeBlock is cut in parts between series, and a series too large for a block is left to its packs.
func TestLargeBlock(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	k := &block{hour: newYear, seq: 1, columns: map[uint32]*column{}}
	for id := range uint32(5) {
		c := &column{}
		for i := range int32(100_000) {
			c.samples = append(c.samples, sample{i * 30, random.Float64()})
		}
		k.columns[id] = c
	}
	for i := range int32(300_000) {
		k.columns[4].samples = append(k.columns[4].samples, sample{3_000_000 + i, random.Float64()})
	}
	c := testCodec(t)
	found := map[uint32]int{}
	parts := k.parts()
	for first, payload := range parts {
		part, err := c.openBlock(c.sealBlock(k.hour, k.seq, payload), nil)
		if err != nil {
			t.Fatal(err)
		}
		for id, col := range part.columns {
			found[id] = len(col.samples)
			if id < first {
				t.Errorf("id %d is in part %d", id, first)
			}
		}
	}
	want := map[uint32]int{0: 100_000, 1: 100_000, 2: 100_000, 3: 100_000}
	if diff := cmp.Diff(want, found); diff != "" || len(parts) < 2 {
		t.Errorf("%d parts (-want +got):\n%s", len(parts), diff)
	}
}

func TestBlockRefuses(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	k := &block{hour: newYear, seq: 7, columns: map[uint32]*column{1: columnOf(number(1, 1), number(2, 5))}}
	good := c.sealBlock(k.hour, k.seq, k.parts()[1])
	change := func(at int, value byte) []byte {
		data := bytes.Clone(good)
		data[at] = value
		return resum(data)
	}
	payload := func(data string) []byte {
		raw, err := hex.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		return c.sealBlock(newYear, 7, raw)
	}
	const malformed = "block of the history is damaged: it ends too early or holds an impossible number"
	for _, row := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "block of the history is damaged: 0 bytes are too few"},
		{"magic", change(1, 'P'), "block of the history is damaged: it begins with 525001"},
		{"version", change(2, 9), "block of the history is damaged: it begins with 524209"},
		{"cut", good[:len(good)-1], "block of the history is damaged: checksum does not match"},
		{"coding of the payload", change(3, 9), "block of the history is damaged: coding 9 is unknown"},
		{"length", change(19, 200), "block of the history is damaged: it holds 16 bytes and claims 200"},
		{"a time after the hour", payload("01" + "80dedb01"), malformed},
		{"an axis too long", payload("7f"), malformed},
		{"an id too large", payload("00" + "ffffff7f" + "00"), malformed},
		{"a column too long", payload("00" + "00" + "05" + "00"), malformed},
		{"coding of a column", payload("00" + "00" + "01" + "07"), "block of the history is damaged: coding 7 of a column is unknown"},
		{"a place off the axis", payload("0100" + "00" + "06" + "000001010002"), malformed},
		{"scale of a column", payload("0100" + "00" + "06" + "000001000402"), "block of the history is damaged: scale 4 of a column is unknown"},
		{"something behind", payload("0100" + "00" + "07" + "00000100000200"), malformed},
		{"no records", payload("00" + "00" + "02" + "0180"), malformed},
		{"a record of another hour", payload("00" + "00" + "07" + "0181a206010202"), malformed},
	} {
		_, err := c.openBlock(row.data, nil)
		if err == nil || !errors.Is(err, errBlock) || err.Error() != row.want {
			t.Errorf("%s: error is %v, want %s", row.name, err, row.want)
		}
	}
}

// FuzzBlock: what opens is in order of nothing worse than its hour, and sealed again opens as the same.
func FuzzBlock(f *testing.F) {
	c := testCodec(f)
	for _, col := range columns() {
		k := &block{hour: newYear, seq: 7, columns: map[uint32]*column{2: col, 9: col}}
		f.Add(k.parts()[2])
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		k, err := c.openBlock(c.sealBlock(newYear, 7, payload), nil)
		if err != nil {
			return
		}
		for _, col := range k.columns {
			for _, r := range col.all(newYear, "x") {
				if hourOf(r.Time) != newYear {
					t.Fatalf("%+v is not of hour %d", r, newYear)
				}
			}
		}
		for _, col := range k.columns {
			col.settle()
		}
		again := &block{hour: newYear, seq: 7, columns: map[uint32]*column{}}
		for _, payload := range k.parts() {
			part, err := c.openBlock(c.sealBlock(newYear, 7, payload), nil)
			if err != nil {
				t.Fatal(err)
			}
			for id, col := range part.columns {
				again.columns[id] = col
			}
		}
		if diff := cmp.Diff(k, again, sameColumns); diff != "" {
			t.Fatalf("sealed again (-want +got):\n%s", diff)
		}
	})
}

// TestIsFinal has cells of three readings, and what there is of their series now.
func TestIsFinal(t *testing.T) {
	t.Parallel()
	three := tens{{count: 1}, {count: 2}}
	huge := &column{records: senml.Pack{{Value: senml.TextValue(strings.Repeat("x", maxColumn)), Time: newYear.start()}}}
	small := columnOf(number(1, 1))
	for _, row := range []struct {
		name   string
		stored bool
		unread bool
		column *column
		now    tens
		want   bool
	}{
		{"its block has it", true, false, small, tens{{count: 3}}, false},
		{"no block has it", false, false, small, tens{{count: 3}}, true},
		{"a damaged block, all is there", false, true, small, tens{{count: 3}}, false},
		{"a damaged block, some has gone", false, true, small, tens{{count: 2}}, true},
		{"too large for a block, all is there", false, false, huge, tens{{count: 4}}, false},
		{"too large for a block, some has gone", false, false, huge, tens{{count: 1}}, true},
	} {
		k := &block{hour: newYear, columns: map[uint32]*column{5: row.column}, stored: map[uint32]bool{5: row.stored}, unread: row.unread}
		if got := k.isFinal(5, three, row.now); got != row.want {
			t.Errorf("%s: final is %v", row.name, got)
		}
	}
	if k := (&block{columns: map[uint32]*column{5: small}}); k.isFinal(5, tens{}, three) {
		t.Error("without cells nothing is final")
	}
}
