package buffer

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

var sameCells = cmp.AllowUnexported(cell{})

func cellFrom(kind Kind, readings ...reading) (c cell) {
	for _, x := range readings {
		c = c.join(cellOf(kind, x), 1_500_000)
	}
	return c
}

func TestCellExample(t *testing.T) {
	t.Parallel()
	c := cellFrom(Quantity, reading{at: 1000, v: 528}, reading{at: 3000, v: 529})
	if got := hex.EncodeToString(c.encode(nil, 0, 0)); got != "02"+"e807"+"d00f"+"00"+"a008"+"02"+"00"+"02"+"00" {
		t.Errorf("encoded %s", got)
	}
}

// TestJoin: whatever way readings are split into spans, the cell of all is the same.
func TestJoin(t *testing.T) {
	t.Parallel()
	readings := []reading{{at: 0, v: 5, text: "a"}, {at: 60_000, v: 7, text: "b"}, {at: 60_000, v: 1, text: "b"}, {at: 4_000_000, v: 9, text: "a"}, {at: 4_000_001, v: -9, text: "c"}}
	const hold = 1_500_000
	for _, row := range []struct {
		kind Kind
		want cell
	}{
		{Quantity, cell{kind: Quantity, count: 5, first: 0, last: 4_000_001, open: 5, close: -9, min: -9, max: 9, gaps: 2_440_000, area: 5*60_000 + 1*hold + 9}},
		{Index, cell{kind: Index, count: 5, first: 0, last: 4_000_001, open: 5, close: -9, gaps: 2_440_000}},
		{Text, cell{kind: Text, count: 5, first: 0, last: 4_000_001, openText: "a", closeText: "c", gaps: 2_440_000, changes: 2}},
	} {
		for split := range len(readings) + 1 {
			var first, second cell
			for i, x := range readings {
				if i < split {
					first = first.join(cellOf(row.kind, x), hold)
				} else {
					second = second.join(cellOf(row.kind, x), hold)
				}
			}
			if diff := cmp.Diff(row.want, first.join(second, hold), sameCells); diff != "" {
				t.Errorf("kind %d, split at %d (-want +got):\n%s", row.kind, split, diff)
			}
		}
	}
}

func TestShortened(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{"", ""}, {"HC..", "HC.."},
		{strings.Repeat("x", 32), strings.Repeat("x", 32)}, {strings.Repeat("x", 33), strings.Repeat("x", 32)},
		{strings.Repeat("x", 31) + "é", strings.Repeat("x", 31)}, {strings.Repeat("é", 17), strings.Repeat("é", 16)},
	} {
		if got := shortened(row.text); got != row.want {
			t.Errorf("%q is cut to %q, want %q", row.text, got, row.want)
		}
	}
}

// hours of every sort.
func spells() map[string]tens {
	at := func(minute int) int64 { return newYear.milli() + int64(minute)*60_000 }
	text := strings.Repeat("é", 16)
	var full, floats, texts, mixed, sparse tens
	for i := range tensPerHour {
		m := 10 * i
		full[i] = cellFrom(Quantity, reading{at: at(m) + 250, v: 1200}, reading{at: at(m) + 60_000, v: 18_000}, reading{at: at(m) + 599_000, v: 40})
		floats[i] = cellFrom(Quantity, reading{at: at(m), v: math.Pi}, reading{at: at(m) + 1, v: -1e200})
		texts[i] = cellFrom(Text, reading{at: at(m), text: text}, reading{at: at(m) + 1, text: "b"}, reading{at: at(m) + 2, text: text})
		mixed[i] = cellFrom(Kind(i%3), reading{at: at(m) + 7, v: 230.1}, reading{at: at(m) + 8, v: 1 << 52})
	}
	sparse[1] = cellFrom(Index, reading{at: at(19), v: 123_456_789})
	sparse[5] = cellFrom(Index, reading{at: at(59) + 59_999, v: 123_456_790})
	return map[string]tens{"full": full, "floats": floats, "texts": texts, "mixed": mixed, "sparse": sparse, "none": {}}
}

func TestTensKeep(t *testing.T) {
	t.Parallel()
	for name, want := range spells() {
		var got tens
		for first, data := range want.chunks(newYear) {
			if len(data) >= inlineValue {
				t.Errorf("%s: a chunk has %d bytes: it would go to the value log", name, len(data))
			}
			if err := got.decodeChunk(newYear, first, data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if diff := cmp.Diff(want, got, sameCells); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTensKey(t *testing.T) {
	t.Parallel()
	h, id, first, ok := tensAt(tensKey(newYear, 77, 5))
	if h != newYear || id != 77 || first != 5 || !ok {
		t.Errorf("key is of hour %d, series %d, cell %d", h, id, first)
	}
	if _, _, _, ok := tensAt([]byte("r1234")); ok {
		t.Error("a short key was taken")
	}
}

func TestTensRefuse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, data string }{
		{"nothing", ""}, {"kind", "0300"}, {"scale", "0004"}, {"no cell", "000000"},
		{"a cell after the hour", "010006" + "0100000002" + "00"},
		{"no readings", "010000" + "0000000002" + "00"},
		{"longer than ten minutes", "010000" + "0100c0cf2400" + "0200"},
		{"gaps longer than the cell", "010000" + "0100" + "05" + "06" + "0200"},
		{"no number", "01ff00" + "01000000" + "7ff8000000000000" + "0000000000000000"},
		{"a text too long", "020000" + "01000000" + "7f"},
	} {
		data, err := hex.DecodeString(row.data)
		if err != nil {
			t.Fatal(err)
		}
		var got tens
		if err := got.decodeChunk(newYear, 0, data); err != errMalformed {
			t.Errorf("%s: error is %v, want %v", row.name, err, errMalformed)
		}
	}
}

func TestReadingOf(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		value senml.Value
		want  reading
		kind  Kind
		ok    bool
	}{
		{senml.NumberValue(1.5), reading{at: newYear.milli() + 2, v: 1.5}, Quantity, true},
		{senml.TextValue("HC"), reading{at: newYear.milli() + 2, text: "HC"}, Text, true},
		{senml.BoolValue(true), reading{at: newYear.milli() + 2, text: "true"}, Text, true},
		{senml.DataValue([]byte{1}), reading{at: newYear.milli() + 2}, Quantity, false},
		{senml.Value{}, reading{at: newYear.milli() + 2}, Quantity, false},
	} {
		got, kind, ok := readingOf(&senml.Record{Value: row.value, Time: newYear.start() + 0.002})
		if got != row.want || kind != row.kind || ok != row.ok {
			t.Errorf("%s: %+v, kind %d, %v", row.value, got, kind, ok)
		}
	}
}

// FuzzTens: what decodes lies in its ten minutes, and encodes to what decodes to the same.
func FuzzTens(f *testing.F) {
	for _, s := range spells() {
		for first, data := range s.chunks(newYear) {
			f.Add(first, data)
		}
	}
	f.Fuzz(func(t *testing.T, first int, data []byte) {
		if first < 0 || first >= tensPerHour {
			return
		}
		var once tens
		if once.decodeChunk(newYear, first, data) != nil {
			return
		}
		for i, c := range once {
			if start := newYear.milli() + int64(i)*msPerTen; c.count > 0 && (c.first < start || c.last >= start+msPerTen) {
				t.Fatalf("cell %d is of %d to %d", i, c.first, c.last)
			}
		}
		checkAgain(t, once)
	})
}

// checkAgain encodes cells and decodes them, unless a number is so large that adding to it is lost.
func checkAgain(t *testing.T, once tens) {
	for _, c := range once {
		for _, v := range append(c.numbers(), c.area, c.above()) {
			if math.Abs(v) > 1<<40 || v != math.Round(v) {
				return
			}
		}
	}
	var again tens
	for first, data := range once.chunks(newYear) {
		if err := again.decodeChunk(newYear, first, data); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(once, again, sameCells); diff != "" {
		t.Fatalf("encoded again (-want +got):\n%s", diff)
	}
}

// FuzzDay: what decodes, encodes to what decodes to the same.
func FuzzDay(f *testing.F) {
	for _, s := range spells() {
		for _, c := range s {
			if c.count > 0 {
				f.Add(encodeDay(c, newYear.milli()))
			}
		}
	}
	f.Add([]byte("\x010000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		once, err := decodeDay(data, newYear.milli())
		if err != nil {
			return
		}
		for _, v := range append(once.numbers(), once.area, once.above()) {
			if math.Abs(v) > 1<<40 || v != math.Round(v) {
				return
			}
		}
		again, err := decodeDay(encodeDay(once, newYear.milli()), newYear.milli())
		if diff := cmp.Diff(once, again, sameCells); diff != "" || err != nil {
			t.Fatalf("encoded again: %v (-want +got):\n%s", err, diff)
		}
	})
}
