package buffer

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIDSet(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		set  idSet
		want string
	}{
		{"none", nil, ""},
		{"first", idSet{0}, "0001"},
		{"example", idSet{1, 2, 3, 7}, "01030301"},
		{"one run", idSet{5, 6, 7, 8}, "0504"},
		{"far apart", idSet{1, 300, 70000}, "0101aa0201c3a00401"},
	} {
		data := row.set.encode(nil)
		if hex.EncodeToString(data) != row.want {
			t.Errorf("%s: encoded %x, want %s", row.name, data, row.want)
		}
		got, err := decodeIDSet(data)
		if diff := cmp.Diff(row.set, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", row.name, err, diff)
		}
	}
}

func TestIDSetUnion(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var a, b idSet
		all := map[uint32]bool{}
		for range random.IntN(20) {
			a, b = append(a, random.Uint32N(30)), append(b, random.Uint32N(30))
		}
		a, b = newIDSet(a), newIDSet(b)
		for _, id := range append(append(idSet{}, a...), b...) {
			all[id] = true
		}
		got, more := a.union(b)
		if len(got) != len(all) || more != (len(all) > len(a)) {
			t.Fatalf("%v and %v make %v, more %v", a, b, got, more)
		}
		for id := range uint32(30) {
			if got.has(id) != all[id] {
				t.Fatalf("%v and %v make %v, wrong about %d", a, b, got, id)
			}
		}
	}
}

func TestEntryExample(t *testing.T) {
	t.Parallel()
	e := entry{first: 2000, last: 3000, ids: idSet{1, 2, 3}}
	if got := hex.EncodeToString(e.encode()); got != "d00fe8070103" {
		t.Errorf("encoded %s, want d00fe8070103", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, data, want string
	}{
		{"no gap", "80", "set of series ids is malformed"},
		{"no length", "01", "set of series ids is malformed"},
		{"empty run", "0100", "set of series ids is malformed"},
		{"a run that would fill the memory", "00ffffffffffffffff7f", "set of series ids is malformed"},
		{"many runs that would", "00ffff3f00ffff3f", "set of series ids is malformed"},
	} {
		data, err := hex.DecodeString(row.data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeIDSet(data); err == nil || err.Error() != row.want {
			t.Errorf("%s: error is %v, want %s", row.name, err, row.want)
		}
	}
	for _, data := range []string{"", "80", "01", "8080ffff7f00"} {
		raw, err := hex.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeEntry(raw); err != errEntry {
			t.Errorf("entry %q: error is %v, want %v", data, err, errEntry)
		}
	}
}

// FuzzEntry: what decodes, encodes to something that decodes to the same, and no longer than it was.
func FuzzEntry(f *testing.F) {
	f.Add([]byte{0xd0, 0x0f, 0xe8, 0x07, 1, 3})
	f.Add([]byte{0, 0, 0, 1, 0, 1})
	f.Add([]byte{0, 0, 0, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decodeEntry(data)
		if err != nil {
			return
		}
		short := e.encode()
		again, err := decodeEntry(short)
		if diff := cmp.Diff(e, again, cmp.AllowUnexported(entry{})); diff != "" || err != nil || len(short) > len(data) {
			t.Fatalf("%x comes back as %x, %v (-want +got):\n%s", data, short, err, diff)
		}
	})
}

// FuzzTotals: what decodes, encodes to the same bytes.
func FuzzTotals(f *testing.F) {
	f.Add(totals{next: 8, packs: 7, bytes: 3000}.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decodeTotals(data)
		if err == nil && string(got.encode()) != string(data) {
			t.Fatalf("%x comes back as %x", data, got.encode())
		}
	})
}

// FuzzLog: looking through a damaged log ends, within its bounds, whatever is in it.
func FuzzLog(f *testing.F) {
	f.Add(make([]byte, 100))
	f.Add(append(make([]byte, logHeader), 0x40, 0, 9, 1, 0, 'm', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0, 1, 2, 3, 4, 5))
	f.Fuzz(func(t *testing.T, data []byte) {
		at, lost := lostCommits(data, reach{math.MaxUint64, math.MaxUint64})
		if at < logHeader || at > max(len(data), logHeader) || lost > tornCommits+1 {
			t.Fatalf("damaged at %d of %d, %d commits lost", at, len(data), lost)
		}
	})
}

// FuzzTable: a table is checked without a panic, whatever is in it.
func FuzzTable(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 12))
	f.Add([]byte("index\x00\x00\x00\x05\x10\x01\x00\x00\x00\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := checkTable(data); err != nil && err.Error() == "" {
			t.Fatal("an error without a text")
		}
	})
}
