package tic

import "encoding/binary"

// Modes is a set of modes.
type Modes uint8

// The modes a label is sent in.
const (
	InHistoric Modes = 1 << Historic
	InStandard Modes = 1 << Standard
)

// Has reports whether the set holds the mode.
func (m Modes) Has(mode Mode) bool { return m&(1<<mode) != 0 }

// Label is what the specifications say of one label: Enedis-NOI-CPT_02E for historic mode, 54E for standard mode.
//
// Width and Phases are for reading, not yet enforced: meters in the field send other widths, and authors of recordings
// change them.
type Label struct {
	Name     string
	Modes    Modes
	Width    int    // characters of the value; 0 for DATE, which has none
	Unit     string // as the specification writes it: A, V, W, VA, kVA, Wh, VArh, min, dal; "" for text, codes, counts
	Horodate bool   // the value comes with its date
	Phases   int    // 1 sent by single-phase meters only, 3 by three-phase meters only, 0 by both
	Producer bool   // sent only when the meter also counts injected energy
	Meaning  string
}

// Lookup finds a label by its name as received. It allocates nothing.
func Lookup(name []byte) (Label, bool) {
	if i := index(name); i >= 0 && labels[i].Name == string(name) { // index takes parity bits too
		return labels[i], true
	}
	return Label{}, false
}

// Labels returns the whole dictionary, historic labels first, in the order of the specifications.
func Labels() []Label { return append([]Label(nil), labels[:]...) }

// index returns the place in labels of a name, parity bits or not, or -1. Every group of every frame is looked up, so it
// compares words in one table and follows no pointer, which a map would.
func index(name []byte) int {
	if len(name) < shortest || len(name) > longest {
		return -1
	}
	want := fold(name)
	for slot := want.slot(); ; slot++ {
		switch p := &places[slot%uint(len(places))]; {
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

// place is an entry of the index; its key is zero when it is empty.
type place struct {
	key   key
	label int
}

// places is an open-addressed index of labels, a quarter full so that most names are found at once.
var places = arrange()

func arrange() (table [512]place) {
	for i, l := range labels {
		k := fold([]byte(l.Name))
		slot := k.slot()
		for table[slot%uint(len(table))].key != (key{}) {
			slot++
		}
		table[slot%uint(len(table))] = place{key: k, label: i}
	}
	return table
}

// labels is the dictionary.
var labels = [...]Label{
	// Historic mode, 02E.
	{Name: "ADCO", Modes: InHistoric, Width: 12, Meaning: "address of the meter"},
	{Name: "OPTARIF", Modes: InHistoric, Width: 4, Meaning: "tariff option: BASE, HC.., EJP., BBRx"},
	{Name: "ISOUSC", Modes: InHistoric, Width: 2, Unit: "A", Meaning: "subscribed current"},
	{Name: "BASE", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, base option"},
	{Name: "HCHC", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, off-peak hours"},
	{Name: "HCHP", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, peak hours"},
	{Name: "EJPHN", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, EJP normal hours"},
	{Name: "EJPHPM", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, EJP mobile-peak hours"},
	{Name: "BBRHCJB", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, Tempo blue days, off-peak hours"},
	{Name: "BBRHPJB", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, Tempo blue days, peak hours"},
	{Name: "BBRHCJW", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, Tempo white days, off-peak hours"},
	{Name: "BBRHPJW", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, Tempo white days, peak hours"},
	{Name: "BBRHCJR", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, Tempo red days, off-peak hours"},
	{Name: "BBRHPJR", Modes: InHistoric, Width: 9, Unit: "Wh", Meaning: "index, Tempo red days, peak hours"},
	{Name: "PEJP", Modes: InHistoric, Width: 2, Unit: "min", Meaning: "notice of an EJP mobile peak"},
	{Name: "PTEC", Modes: InHistoric, Width: 4, Meaning: "tariff period in force"},
	{Name: "DEMAIN", Modes: InHistoric, Width: 4, Meaning: "Tempo colour of tomorrow: ----, BLEU, BLAN, ROUG"},
	{Name: "IINST", Modes: InHistoric, Width: 3, Unit: "A", Phases: 1, Meaning: "current"},
	{Name: "IINST1", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "current, phase 1"},
	{Name: "IINST2", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "current, phase 2"},
	{Name: "IINST3", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "current, phase 3"},
	{Name: "ADPS", Modes: InHistoric, Width: 3, Unit: "A", Phases: 1, Meaning: "warning: subscribed current exceeded"},
	{Name: "ADIR1", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "warning: subscribed current exceeded, phase 1"},
	{Name: "ADIR2", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "warning: subscribed current exceeded, phase 2"},
	{Name: "ADIR3", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "warning: subscribed current exceeded, phase 3"},
	{Name: "IMAX", Modes: InHistoric, Width: 3, Unit: "A", Phases: 1, Meaning: "highest current"},
	{Name: "IMAX1", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "highest current, phase 1"},
	{Name: "IMAX2", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "highest current, phase 2"},
	{Name: "IMAX3", Modes: InHistoric, Width: 3, Unit: "A", Phases: 3, Meaning: "highest current, phase 3"},
	{Name: "PMAX", Modes: InHistoric, Width: 5, Unit: "W", Phases: 3, Meaning: "highest three-phase power; a Linky sends VA of the day before"},
	{Name: "PAPP", Modes: InHistoric, Width: 5, Unit: "VA", Meaning: "apparent power"},
	{Name: "HHPHC", Modes: InHistoric, Width: 1, Meaning: "peak and off-peak timetable: A, C, D, E, Y"},
	{Name: "MOTDETAT", Modes: InHistoric, Width: 6, Meaning: "status word, for the distributor"},
	{Name: "PPOT", Modes: InHistoric, Width: 2, Phases: 3, Meaning: "phases that are present, hexadecimal"},
	{Name: "GAZ", Modes: InHistoric, Width: 7, Unit: "dal", Meaning: "gas index, from a concentrator"},
	{Name: "AUTRE", Modes: InHistoric, Width: 7, Unit: "dal", Meaning: "other index, from a concentrator"},

	// Standard mode, 54E, in the order of emission.
	{Name: "ADSC", Modes: InStandard, Width: 12, Meaning: "secondary address of the meter"},
	{Name: "VTIC", Modes: InStandard, Width: 2, Meaning: "version of the interface: 02, 01 on pilot meters"},
	{Name: "DATE", Modes: InStandard, Width: 0, Horodate: true, Meaning: "date and time"},
	{Name: "NGTF", Modes: InStandard, Width: 16, Meaning: "name of the supplier's calendar"},
	{Name: "LTARF", Modes: InStandard, Width: 16, Meaning: "name of the tariff in force"},
	{Name: "EAST", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, total"},
	{Name: "EASF01", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 1"},
	{Name: "EASF02", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 2"},
	{Name: "EASF03", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 3"},
	{Name: "EASF04", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 4"},
	{Name: "EASF05", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 5"},
	{Name: "EASF06", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 6"},
	{Name: "EASF07", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 7"},
	{Name: "EASF08", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 8"},
	{Name: "EASF09", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 9"},
	{Name: "EASF10", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, supplier index 10"},
	{Name: "EASD01", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, distributor index 1"},
	{Name: "EASD02", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, distributor index 2"},
	{Name: "EASD03", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, distributor index 3"},
	{Name: "EASD04", Modes: InStandard, Width: 9, Unit: "Wh", Meaning: "active energy drawn, distributor index 4"},
	{Name: "EAIT", Modes: InStandard, Width: 9, Unit: "Wh", Producer: true, Meaning: "active energy injected, total"},
	{Name: "ERQ1", Modes: InStandard, Width: 9, Unit: "VArh", Producer: true, Meaning: "reactive energy, quadrant 1"},
	{Name: "ERQ2", Modes: InStandard, Width: 9, Unit: "VArh", Producer: true, Meaning: "reactive energy, quadrant 2"},
	{Name: "ERQ3", Modes: InStandard, Width: 9, Unit: "VArh", Producer: true, Meaning: "reactive energy, quadrant 3"},
	{Name: "ERQ4", Modes: InStandard, Width: 9, Unit: "VArh", Producer: true, Meaning: "reactive energy, quadrant 4"},
	{Name: "IRMS1", Modes: InStandard, Width: 3, Unit: "A", Meaning: "rms current, phase 1"},
	{Name: "IRMS2", Modes: InStandard, Width: 3, Unit: "A", Phases: 3, Meaning: "rms current, phase 2"},
	{Name: "IRMS3", Modes: InStandard, Width: 3, Unit: "A", Phases: 3, Meaning: "rms current, phase 3"},
	{Name: "URMS1", Modes: InStandard, Width: 3, Unit: "V", Meaning: "rms voltage, phase 1"},
	{Name: "URMS2", Modes: InStandard, Width: 3, Unit: "V", Phases: 3, Meaning: "rms voltage, phase 2"},
	{Name: "URMS3", Modes: InStandard, Width: 3, Unit: "V", Phases: 3, Meaning: "rms voltage, phase 3"},
	{Name: "PREF", Modes: InStandard, Width: 2, Unit: "kVA", Meaning: "subscribed power"},
	{Name: "PCOUP", Modes: InStandard, Width: 2, Unit: "kVA", Meaning: "breaking power"},
	{Name: "SINSTS", Modes: InStandard, Width: 5, Unit: "VA", Meaning: "apparent power drawn"},
	{Name: "SINSTS1", Modes: InStandard, Width: 5, Unit: "VA", Phases: 3, Meaning: "apparent power drawn, phase 1"},
	{Name: "SINSTS2", Modes: InStandard, Width: 5, Unit: "VA", Phases: 3, Meaning: "apparent power drawn, phase 2"},
	{Name: "SINSTS3", Modes: InStandard, Width: 5, Unit: "VA", Phases: 3, Meaning: "apparent power drawn, phase 3"},
	{Name: "SMAXSN", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Meaning: "highest apparent power drawn today"},
	{Name: "SMAXSN1", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Phases: 3, Meaning: "highest apparent power drawn today, phase 1"},
	{Name: "SMAXSN2", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Phases: 3, Meaning: "highest apparent power drawn today, phase 2"},
	{Name: "SMAXSN3", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Phases: 3, Meaning: "highest apparent power drawn today, phase 3"},
	{Name: "SMAXSN-1", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Meaning: "highest apparent power drawn yesterday"},
	{Name: "SMAXSN1-1", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Phases: 3, Meaning: "highest apparent power drawn yesterday, phase 1"},
	{Name: "SMAXSN2-1", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Phases: 3, Meaning: "highest apparent power drawn yesterday, phase 2"},
	{Name: "SMAXSN3-1", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Phases: 3, Meaning: "highest apparent power drawn yesterday, phase 3"},
	{Name: "SINSTI", Modes: InStandard, Width: 5, Unit: "VA", Producer: true, Meaning: "apparent power injected"},
	{Name: "SMAXIN", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Producer: true, Meaning: "highest apparent power injected today"},
	{Name: "SMAXIN-1", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Producer: true, Meaning: "highest apparent power injected yesterday"},
	{Name: "CCASN", Modes: InStandard, Width: 5, Unit: "W", Horodate: true, Meaning: "mean active power drawn, last point of the load curve"},
	{Name: "CCASN-1", Modes: InStandard, Width: 5, Unit: "W", Horodate: true, Meaning: "mean active power drawn, last point but one"},
	{Name: "CCAIN", Modes: InStandard, Width: 5, Unit: "W", Horodate: true, Producer: true, Meaning: "mean active power injected, last point of the load curve"},
	{Name: "CCAIN-1", Modes: InStandard, Width: 5, Unit: "W", Horodate: true, Producer: true, Meaning: "mean active power injected, last point but one"},
	{Name: "UMOY1", Modes: InStandard, Width: 3, Unit: "V", Horodate: true, Meaning: "mean voltage, phase 1"},
	{Name: "UMOY2", Modes: InStandard, Width: 3, Unit: "V", Horodate: true, Phases: 3, Meaning: "mean voltage, phase 2"},
	{Name: "UMOY3", Modes: InStandard, Width: 3, Unit: "V", Horodate: true, Phases: 3, Meaning: "mean voltage, phase 3"},
	{Name: "STGE", Modes: InStandard, Width: 8, Meaning: "status register, hexadecimal"},
	{Name: "DPM1", Modes: InStandard, Width: 2, Horodate: true, Meaning: "beginning of mobile peak 1"},
	{Name: "FPM1", Modes: InStandard, Width: 2, Horodate: true, Meaning: "end of mobile peak 1"},
	{Name: "DPM2", Modes: InStandard, Width: 2, Horodate: true, Meaning: "beginning of mobile peak 2"},
	{Name: "FPM2", Modes: InStandard, Width: 2, Horodate: true, Meaning: "end of mobile peak 2"},
	{Name: "DPM3", Modes: InStandard, Width: 2, Horodate: true, Meaning: "beginning of mobile peak 3"},
	{Name: "FPM3", Modes: InStandard, Width: 2, Horodate: true, Meaning: "end of mobile peak 3"},
	{Name: "MSG1", Modes: InStandard, Width: 32, Meaning: "short message"},
	{Name: "MSG2", Modes: InStandard, Width: 16, Meaning: "ultra-short message"},
	{Name: "PRM", Modes: InStandard, Width: 14, Meaning: "number of the delivery point"},
	{Name: "RELAIS", Modes: InStandard, Width: 3, Meaning: "state of the eight relays, decimal, bit 0 is relay 1"},
	{Name: "NTARF", Modes: InStandard, Width: 2, Meaning: "number of the supplier index in force"},
	{Name: "NJOURF", Modes: InStandard, Width: 2, Meaning: "number of the day profile of today"},
	{Name: "NJOURF+1", Modes: InStandard, Width: 2, Meaning: "number of the day profile of tomorrow"},
	{Name: "PJOURF+1", Modes: InStandard, Width: 98, Meaning: "day profile of tomorrow, eleven blocks"},
	{Name: "PPOINTE", Modes: InStandard, Width: 98, Meaning: "profile of the next peak day, eleven blocks"},
	{Name: "SINST1", Modes: InStandard, Width: 5, Unit: "VA", Meaning: "apparent power drawn, of a pilot meter (VTIC 01)"},
	{Name: "SMAXN", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Meaning: "highest apparent power drawn today, of a pilot meter (VTIC 01)"},
	{Name: "SMAXN-1", Modes: InStandard, Width: 5, Unit: "VA", Horodate: true, Meaning: "highest apparent power drawn yesterday, of a pilot meter (VTIC 01)"},
}
