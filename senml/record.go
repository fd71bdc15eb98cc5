// Package senml turns measurement records into JSON, CBOR and XML and back, as RFC 8428 says.
// It knows records and packs and nothing of meters, storage or networks.
package senml

// Record is one entry of a pack (RFC 8428 §4). Base fields hold for this record and those after it until
// restated; a resolved record (see Pack.Resolve) has none. Times are seconds: Unix time when at least
// 2**28, otherwise relative to now (§4.5.3).
type Record struct {
	BaseName    string   // bn
	BaseTime    float64  // bt, s
	BaseUnit    string   // bu
	BaseValue   *float64 // bv, nil when absent
	BaseSum     *float64 // bs, nil when absent
	BaseVersion int      // bver, 0 when absent (then 10)
	Cleared     Cleared  // the base fields that are present and empty

	Name       string   // n
	Unit       string   // u
	Value      Value    // v, vs, vb or vd; the zero Value when absent
	Sum        *float64 // s, nil when absent
	Time       float64  // t, s
	UpdateTime float64  // ut, s
}

// Cleared is a set of base fields that are present although empty: bn "", bt 0, bu "". Such a field ends
// the one stated before it, which is not the same as saying nothing.
type Cleared uint8

// The base fields that can be cleared so. BaseValue and BaseSum need no mark: their pointers tell.
const (
	ClearedName Cleared = 1 << iota // bn
	ClearedTime                     // bt
	ClearedUnit                     // bu
)

// Pack is an ordered list of records that travel together.
type Pack []Record

// Kind says which of the four value fields of RFC 8428 §4.2 a Value is.
type Kind uint8

// The kinds of Value. None means the record has no value, which is legal beside a sum.
const (
	None   Kind = iota
	Number      // v
	Text        // vs
	Bool        // vb
	Data        // vd
)

// Value is a number, a text, a boolean or opaque data. Two Values are equal when == says so.
type Value struct {
	kind   Kind
	number float64 // Number, or 1 for true
	text   string  // Text, or the bytes of Data
}
