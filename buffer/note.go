package buffer

import (
	"encoding/binary"
	"errors"
	"math"

	"releve/buffer/journal"
)

// note is the body of an entry of the journal: a pack, the places of the cursors that have moved, or both.
//
// Format:  uvarint number of cursors; each: uvarint length, name, acknowledged seq(8), uvarint expired packs; envelope or nothing
// Example: 01 01 63 0006200000000007 00 says that cursor c has acknowledged that number
type note struct {
	places map[string]place
	sealed []byte // nothing when it tells of cursors only
}

func (n note) encode() []byte {
	body := binary.AppendUvarint(nil, uint64(len(n.places)))
	for name, at := range n.places {
		body = binary.AppendUvarint(body, uint64(len(name)))
		body = append(body, name...)
		body = binary.BigEndian.AppendUint64(body, uint64(at.acked))
		body = binary.AppendUvarint(body, at.expired)
	}
	return append(body, n.sealed...)
}

var errNote = errors.New("journal entry is malformed")

func decodeNote(body []byte) (note, error) {
	count, n := binary.Uvarint(body)
	if n <= 0 || count > uint64(len(body)) {
		return note{}, errNote
	}
	body = body[n:]
	places := map[string]place{}
	for range count {
		size, n := binary.Uvarint(body)
		if n <= 0 || size > maxCursorName || uint64(len(body)-n) < size+8 {
			return note{}, errNote
		}
		name, rest := string(body[n:n+int(size)]), body[n+int(size):]
		expired, m := binary.Uvarint(rest[8:])
		if m <= 0 {
			return note{}, errNote
		}
		places[name] = place{acked: Seq(binary.BigEndian.Uint64(rest)), expired: expired}
		body = rest[8+m:]
	}
	return note{places: places, sealed: body}, nil
}

// firstJournaled is the number of the first pack in the journal of a folder, above all when there is none.
func firstJournaled(dir string) (Seq, error) {
	bodies, err := journal.Read(dir)
	first := Seq(math.MaxUint64)
	for _, body := range bodies {
		if n, err := decodeNote(body); err == nil && len(n.sealed) >= envelopeFixed {
			first = min(first, Seq(binary.BigEndian.Uint64(n.sealed[4:])))
		}
	}
	return first, err
}
