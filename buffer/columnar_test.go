package buffer

import (
	"encoding/hex"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

// exact compares packs to the bit.
func exact(x, y senml.Pack) bool {
	return slices.EqualFunc(x, y, func(x, y senml.Record) bool {
		v, _ := x.Value.Number()
		w, _ := y.Value.Number()
		return reflect.DeepEqual(x, y) && math.Float64bits(v) == math.Float64bits(w) &&
			math.Float64bits(x.Time) == math.Float64bits(y.Time)
	})
}

// plainOf is a record of 2026-01-01 that is plain as long as its time is in whole milliseconds.
func plainOf(name, unit string, seconds, v float64) senml.Record {
	return senml.Record{Name: name, Unit: unit, Time: 1_767_225_600 + seconds, Value: senml.NumberValue(v)}
}

// said are packs of every kind.
func said() map[string]senml.Pack {
	sum := 4.0
	odd := func(change func(r *senml.Record)) senml.Record {
		r := plainOf("odd", "W", 1, 7)
		change(&r)
		return r
	}
	a, b := plainOf("a", "W", 1, 424), plainOf("b", "Wh", 1, 1e15)
	return map[string]senml.Pack{
		"one": {a}, "same name, other unit": {a, plainOf("a", "VA", 1, 3), a, plainOf("a", "", 2, 3)},
		"in turn":      {a, b, a, b, a, b, b, b, a},
		"scales":       {plainOf("a", "V", 0, 230.1), plainOf("a", "V", 1, 230), plainOf("b", "", 1, 0.001), plainOf("c", "", 1, 1e-4), plainOf("c", "", 1, math.Pi)},
		"large, small": {plainOf("a", "", 1, math.MaxFloat64), plainOf("b", "", 1, 1<<53), plainOf("c", "", 1, -1<<53+1), plainOf("d", "", 1, math.Copysign(0, -1))},
		"times":        {plainOf("a", "", 1.0004, 1), plainOf("a", "", -0.001, 1), plainOf("a", "", math.Nextafter(1, 2), 2)},
		"since a boot": {odd(func(r *senml.Record) { r.Time = 0 }), odd(func(r *senml.Record) { r.Time = 12.345 })},
		"not plain": {
			odd(func(r *senml.Record) { r.Value = senml.TextValue("text") }), a, odd(func(r *senml.Record) { r.Value = senml.BoolValue(true) }),
			odd(func(r *senml.Record) { r.Value = senml.DataValue([]byte{1, 2}) }), odd(func(r *senml.Record) { r.Sum = &sum }), b,
			odd(func(r *senml.Record) { r.Sum, r.Value = &sum, senml.Value{} }), odd(func(r *senml.Record) { r.UpdateTime = 3 }), a,
		},
	}
}

func TestColumnarKeeps(t *testing.T) {
	t.Parallel()
	for name, p := range said() {
		data, err := newColumnar(p).encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeColumnar(data)
		if !exact(p, got) || err != nil {
			t.Errorf("%s comes back otherwise, %v (-want +got):\n%s", name, err, cmp.Diff(p, got, cmp.AllowUnexported(senml.Value{})))
		}
	}
}

func TestColumnarExample(t *testing.T) {
	t.Parallel()
	p := senml.Pack{plainOf("a", "W", 0, 424), plainOf("a", "W", 0, 434)}
	p[0].Time, p[1].Time = 2, 3
	data, err := newColumnar(p).encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := hex.EncodeToString(data), "0201"+"0161"+"0157"+"00"+"0202"+"a01f"+"d00f"+"d006"+"14"; got != want {
		t.Errorf("pack\n got %s\nwant %s", got, want)
	}
}

// TestColumnarRandom takes random packs apart, and cuts what was written at every byte: no cut gives a pack.
func TestColumnarRandom(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	kinds := slices.Concat(slices.Collect(maps.Values(said()))...)
	for range 200 {
		var p senml.Pack
		for range 1 + random.IntN(40) {
			p = append(p, kinds[random.IntN(len(kinds))])
		}
		data, err := newColumnar(p).encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeColumnar(data); !exact(p, got) || err != nil {
			t.Fatalf("it comes back otherwise: %v (-want +got):\n%s", err, cmp.Diff(p, got, cmp.AllowUnexported(senml.Value{})))
		}
		for n := range data {
			if _, err := decodeColumnar(data[:n]); err == nil {
				t.Fatalf("cut at %d of %d it is still a pack", n, len(data))
			}
		}
	}
}

// TestOlderForm reads a pack as layout 3 wrote it, and wants one that columns would lengthen to stay so.
func TestOlderForm(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	for name, p := range said() {
		cbor, err := senml.EncodeCBOR(p)
		if err != nil {
			t.Fatal(err)
		}
		form, data, err := shortest(p, cbor)
		if err != nil || len(data) > len(cbor) {
			t.Errorf("%s takes %d bytes, in CBOR %d: %v", name, len(data), len(cbor), err)
		}
		for _, e := range []envelope{{form: formCBOR, data: cbor}, {form: form, data: data}} {
			got, err := c.open(sealed(c, e))
			if err != nil {
				t.Fatal(err)
			}
			if back, err := got.pack(); err != nil || got.form != e.form || len(back) != len(p) {
				t.Errorf("%s in form %d comes back in %d with %d records: %v", name, e.form, got.form, len(back), err)
			}
		}
	}
	if form, _, err := shortest(said()["not plain"][:1], []byte{1}); form != formCBOR || err != nil {
		t.Errorf("form %d: %v", form, err)
	}
}

// FuzzColumnar: whatever is read is no more than it may be and, written again, reads as the same.
func FuzzColumnar(f *testing.F) {
	for _, p := range said() {
		data, err := newColumnar(p).encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{1, 1, 0, 0, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodeColumnar(data)
		if err != nil {
			return
		}
		if len(p) > senml.MaxRecords || len(p) > len(data) {
			t.Fatalf("%d records came of %d bytes", len(p), len(data))
		}
		again, err := newColumnar(p).encode()
		if err != nil { // a base field in the rest, which Put refuses
			return
		}
		if got, err := decodeColumnar(again); err != nil || !exact(p, got) {
			t.Fatalf("comes back otherwise, %v (-want +got):\n%s", err, cmp.Diff(p, got, cmp.AllowUnexported(senml.Value{})))
		}
	})
}
