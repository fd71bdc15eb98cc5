package tic

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Modes is a set of modes.
type Modes uint8

// The modes a label is sent in.
const (
	InHistoric Modes = 1 << Historic
	InStandard Modes = 1 << Standard
)

// Has reports whether the set holds the mode.
func (m Modes) Has(mode Mode) bool { return m&(1<<mode) != 0 }

// Label is what the specifications say of one label: Enedis-NOI-CPT_02E for historic mode, 54E for standard mode. LABELS.md
// is made of it.
type Label struct {
	Name     string
	Modes    Modes
	Kind     Kind
	Width    int       // characters of the value; 0 for DATE, which has none
	Unit     Unit      // of a number
	Horodate bool      // the value comes with its date
	Phases   int       // 1 sent by single-phase meters only, 3 by three-phase meters only, 0 by both
	Producer bool      // sent only when the meter also counts injected energy
	When     Condition // what else it takes
	Low      uint64    // least number the specification defines
	High     uint64    // greatest number it defines, 0 for what the width can hold
	Meaning  Words

	from, to int // a row of the specification may stand for several labels, whose number is %d or %02d in it
}

// defines reports whether the specification defines a number.
func (l *Label) defines(n uint64) bool {
	return n >= l.Low && (l.High == 0 || n <= l.High)
}

// labels is the dictionary: historic labels first, in the order of the specifications.
var labels = append(spread(InHistoric, historicLabels), spread(InStandard, standardLabels)...)

// spread writes the numbered rows out.
func spread(modes Modes, rows []Label) []Label {
	var all []Label
	for _, r := range rows {
		for n := r.from; n <= r.to; n++ {
			l := r
			l.Modes, l.from, l.to = modes, 0, 0
			l.Name = numbered(r.Name, n)
			l.Meaning = Words{FR: numbered(r.Meaning.FR, n), EN: numbered(r.Meaning.EN, n)}
			all = append(all, l)
		}
	}
	return all
}

// numbered puts n where the pattern has a verb, and leaves others alone.
func numbered(pattern string, n int) string {
	if n == 0 || !strings.Contains(pattern, "%") {
		return pattern
	}
	return fmt.Sprintf(pattern, n)
}

// Lookup finds a label by its name as received. It allocates nothing.
func Lookup(name []byte) (Label, bool) {
	if i := index(name); i >= 0 && labels[i].Name == string(name) { // index takes parity bits too
		return labels[i], true
	}
	return Label{}, false
}

// Labels returns the whole dictionary, historic labels first, in the order of the specifications.
func Labels() []Label { return slices.Clone(labels) }

// index returns the place in labels of a name, parity bits or not, or -1. Every group of every frame is looked up, so it
// compares words in one table and follows no pointer, which a map would.
func index(name []byte) int {
	if len(name) < shortest || len(name) > longest {
		return -1
	}
	want := fold(name)
	for slot := want.slot(); ; slot++ {
		switch p := &buckets[slot%uint(len(buckets))]; {
		case p.key == want:
			return p.label
		case p.key == key{}:
			return -1
		}
	}
}

// The lengths of the names, GAZ and SMAXSN1-1.
const (
	shortest = 3
	longest  = 9
)

// key is a name in a form that compares at once: its first four characters and its last four, which overlap in a short
// name, and its length and middle character, which a name of nine leaves out.
type key struct {
	ends uint64
	rest uint64
}

func fold(name []byte) key {
	n := len(name)
	rest := uint64(n)<<8 | uint64(name[n/2]&0x7F)
	if n < 4 {
		return key{ends: short(name) & sevenBits, rest: rest}
	}
	first, last := binary.LittleEndian.Uint32(name), binary.LittleEndian.Uint32(name[n-4:])
	return key{ends: (uint64(first) | uint64(last)<<32) & sevenBits, rest: rest}
}

// slot spreads the keys by the golden ratio.
func (k key) slot() uint { return uint((k.ends + k.rest) * 0x9E3779B97F4A7C15 >> 55) }

// bucket is an entry of the index; its key is zero when it is empty.
type bucket struct {
	key   key
	label int
}

// buckets is an open-addressed index of labels, a quarter full so that most names are found at once.
var buckets = arrange()

func arrange() (table [512]bucket) {
	for i, l := range labels {
		k := fold([]byte(l.Name))
		slot := k.slot()
		for table[slot%uint(len(table))].key != (key{}) {
			slot++
		}
		table[slot%uint(len(table))] = bucket{key: k, label: i}
	}
	return table
}
