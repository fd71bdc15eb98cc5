package buffer

import (
	"encoding/binary"
	"errors"
	"slices"
)

// idSet is a sorted list of series ids without repetition.
//
// Format:  runs of consecutive ids, each as two uvarints: how many ids are left out since the last run, how many follow
// Example: {1 2 3 7} is 01 03 03 01
type idSet []uint32

// maxIDs bounds the series of a store, and so what a damaged entry can make us allocate.
const maxIDs = 1 << 20

var errIDSet = errors.New("set of series ids is malformed")

// newIDSet sorts ids and drops repetitions; it keeps and changes the slice.
func newIDSet(ids []uint32) idSet {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (s idSet) has(id uint32) bool {
	_, found := slices.BinarySearch(s, id)
	return found
}

// union returns the set of what is in s or in t, and whether that is more than s.
func (s idSet) union(t idSet) (idSet, bool) {
	all := newIDSet(append(slices.Clone(s), t...))
	return all, len(all) > len(s)
}

// encode appends the set to dst.
func (s idSet) encode(dst []byte) []byte {
	next := uint32(0)
	for i := 0; i < len(s); {
		n := runLength(s[i:])
		dst = binary.AppendUvarint(dst, uint64(s[i]-next))
		dst = binary.AppendUvarint(dst, uint64(n))
		next = s[i] + uint32(n)
		i += n
	}
	return dst
}

// runLength counts the consecutive ids s begins with.
func runLength(s idSet) int {
	n := 1
	for n < len(s) && s[n] == s[n-1]+1 {
		n++
	}
	return n
}

// decodeIDSet reads what encode wrote, to the end of data.
func decodeIDSet(data []byte) (idSet, error) {
	var set idSet
	next := uint64(0)
	for len(data) > 0 {
		gap, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errIDSet
		}
		length, m := binary.Uvarint(data[n:])
		if m <= 0 || length == 0 || gap > maxIDs || length > maxIDs || next+gap+length > maxIDs {
			return nil, errIDSet
		}
		for i := range length {
			set = append(set, uint32(next+gap+i))
		}
		next += gap + length
		data = data[n+m:]
	}
	return set, nil
}
