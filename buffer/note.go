package buffer

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"releve/buffer/journal"
)

// note is the body of an entry of the journal: the places of the cursors that have moved, and a pack or nothing.
//
// Format: uvarint number of cursors; each: uvarint length, name, acknowledged seq(8), uvarint expired packs; then one of
//
//	nothing
//	envelope                                         a pack
//	'd' uvarint count, uvarint numbers, envelope     a pack made of the undated ones that have these numbers
//	'u' uvarint length, key, envelope                an undated pack, under its key
//	'v' uvarint length, key, value                   what else Badger may be moving, see secureLiving
//
// Example: 01 01 63 0006200000000007 00 says that cursor c has acknowledged that number
type note struct {
	places map[string]place
	dates  []uint64
	key    []byte // of an undated pack or another value
	sealed []byte // that, or a pack; nothing when it tells of cursors only
}

const (
	noteDates   = 'd'
	noteUndated = 'u'
	noteValue   = 'v'
)

// isValue tells whether it is of something that is no pack.
func (n note) isValue() bool {
	_, isUndated := parseUndated(n.key)
	return n.key != nil && !isUndated
}

func (n note) encode() []byte {
	body := binary.AppendUvarint(nil, uint64(len(n.places)))
	for name, at := range n.places {
		body = appendBytes(body, []byte(name))
		body = binary.BigEndian.AppendUint64(body, uint64(at.acked))
		body = binary.AppendUvarint(body, at.expired)
	}
	switch {
	case n.isValue():
		body = appendBytes(append(body, noteValue), n.key)
	case n.key != nil:
		body = appendBytes(append(body, noteUndated), n.key)
	case n.dates != nil:
		body = binary.AppendUvarint(append(body, noteDates), uint64(len(n.dates)))
		for _, number := range n.dates {
			body = binary.AppendUvarint(body, number)
		}
	}
	return append(body, n.sealed...)
}

// appendBytes appends a length and that many bytes.
func appendBytes(body, part []byte) []byte {
	return append(binary.AppendUvarint(body, uint64(len(part))), part...)
}

var errNote = errors.New("journal entry is malformed")

func decodeNote(body []byte) (n note, err error) {
	r := noteReader{body: body}
	n.places = map[string]place{}
	for range r.count() {
		name := string(r.bytes(maxCursorName))
		acked := r.number()
		n.places[name] = place{acked: Seq(acked), expired: r.uvarint()}
	}
	switch r.kind() {
	case noteUndated, noteValue:
		n.key = r.bytes(1 + maxSeriesName) // the longest key
	case noteDates:
		n.dates = []uint64{}
		for range r.count() {
			n.dates = append(n.dates, r.uvarint())
		}
	}
	n.sealed = r.body
	return n, r.err
}

// noteReader reads the parts of a note. Once one is malformed, all that follow are zero.
type noteReader struct {
	body []byte
	err  error
}

func (r *noteReader) take(size int) []byte {
	if r.err != nil || size < 0 || size > len(r.body) {
		r.err, r.body = errNote, nil
		return make([]byte, 8)
	}
	part := r.body[:size]
	r.body = r.body[size:]
	return part
}

func (r *noteReader) uvarint() uint64 {
	value, size := binary.Uvarint(r.body)
	if size <= 0 {
		size = -1
	}
	r.take(size)
	return value
}

// count reads how many things follow, of a byte each at least.
func (r *noteReader) count() uint64 {
	count := r.uvarint()
	if count > uint64(len(r.body)) {
		r.take(-1)
		return 0
	}
	return count
}

// bytes reads a length, up to most, and that many bytes.
func (r *noteReader) bytes(most int) []byte {
	size := r.uvarint()
	if size > uint64(most) {
		return r.take(-1)
	}
	return r.take(int(size))
}

func (r *noteReader) number() uint64 { return binary.BigEndian.Uint64(r.take(8)) }

// kind reads what the pack is: 0 when there is none or it is a usual one.
func (r *noteReader) kind() byte {
	if len(r.body) == 0 || !slices.Contains([]byte{noteDates, noteUndated, noteValue}, r.body[0]) {
		return 0
	}
	return r.take(1)[0]
}

// reach is where something that was written begins: with the pack and the undated pack of these numbers.
type reach struct {
	pack    Seq
	undated uint64
}

// journaled is where the journal of a folder begins; above all numbers when there is none.
func journaled(dir string) (first reach, err error) {
	bodies, err := journal.Read(dir)
	first = reach{math.MaxUint64, math.MaxUint64}
	for _, body := range bodies {
		n, err := decodeNote(body)
		if err != nil || n.isValue() || len(n.sealed) < envelopeFixed {
			continue
		}
		number := binary.BigEndian.Uint64(n.sealed[4:])
		if n.key != nil {
			first.undated = min(first.undated, number)
		} else {
			first.pack = min(first.pack, Seq(number))
		}
	}
	return first, err
}
