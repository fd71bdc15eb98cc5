package buffer

import (
	"bytes"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzNote wants what is read to be read the same again once it is written.
func FuzzNote(f *testing.F) {
	f.Add(note{places: map[string]place{"c": {7, 1}, "lorient": {1 << 52, 0}}, sealed: []byte("RP…")}.encode())
	f.Add(note{sealed: []byte("RP")}.encode())
	f.Add(note{key: undatedPack{number: 7, place: 1 << 52, records: 3, boot: "b"}.key(), sealed: []byte("RP")}.encode())
	f.Add(note{key: blockKey(newYear, 7), sealed: []byte("RB")}.encode())
	f.Add(note{dates: []uint64{7, 8, 300}, sealed: []byte("RP")}.encode())
	f.Add([]byte{1, 1, 'c'})
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := decodeNote(data)
		if err != nil {
			return
		}
		again, err := decodeNote(n.encode())
		if err != nil || !maps.Equal(n.places, again.places) || !cmp.Equal(n.dates, again.dates) ||
			!bytes.Equal(n.key, again.key) || !bytes.Equal(n.sealed, again.sealed) {
			t.Errorf("%x is read as %v, and written and read again as %v: %v", data, n, again, err)
		}
	})
}
