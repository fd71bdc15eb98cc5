package senml

import (
	"errors"
	"fmt"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// Limits of what is read, in every format where they have a meaning.
const (
	// MaxRecords is the most records a pack may hold when it is read.
	MaxRecords = 1 << 16
	maxFields  = 64 // per record, known and unknown
	maxNesting = 8  // array, record, decimal fraction and its bignums need five
)

// modes are the one way this package writes CBOR and the one way it reads it.
type modes struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

// cborModes makes the modes once. They never change and are safe for use by several goroutines.
var cborModes = sync.OnceValues(newModes)

func newModes() (modes, error) {
	enc, err := cbor.EncOptions{
		Sort:          cbor.SortNone, // the order of fields, which is the order of RFC 8428 §6
		ShortestFloat: cbor.ShortestFloat16,
		IndefLength:   cbor.IndefLengthForbidden,
	}.EncMode()
	if err != nil {
		return modes{}, fmt.Errorf("prepare CBOR encoding: %w", err)
	}
	values, err := cbor.NewSimpleValueRegistryFromDefaults(
		cbor.WithRejectedSimpleValue(22), // null and
		cbor.WithRejectedSimpleValue(23), // undefined: SenML leaves a field out instead
	)
	if err != nil {
		return modes{}, fmt.Errorf("prepare CBOR decoding: %w", err)
	}
	dec, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:   maxNesting,
		MaxArrayElements:  MaxRecords,
		MaxMapPairs:       maxFields,
		IndefLength:       cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		SimpleValues:      values,
		NaN:               cbor.NaNDecodeForbidden,
		Inf:               cbor.InfDecodeForbidden,
	}.DecMode()
	if err != nil {
		return modes{}, fmt.Errorf("prepare CBOR decoding: %w", err)
	}
	return modes{enc, dec}, nil
}

// EncodeCBOR writes p as application/senml+cbor (RFC 8428 §6): integer labels, integers where the value
// is one, otherwise the shortest float that is exact. It refuses numbers that are not finite and text that
// is not UTF-8, naming the record. The same pack always gives the same bytes.
func EncodeCBOR(p Pack) ([]byte, error) {
	m, err := cborModes()
	if err != nil {
		return nil, err
	}
	records, err := spread(p)
	if err != nil {
		return nil, fmt.Errorf("encode CBOR: %w", err)
	}
	for i := range records {
		records[i].shorten()
	}
	data, err := m.enc.Marshal(records)
	if err != nil {
		return nil, fmt.Errorf("encode CBOR: %w", err)
	}
	return data, nil
}

// shorten gives every number the form CBOR carries best.
func (f *fields) shorten() {
	for _, place := range f.table() {
		if n, ok := (*place.at).(float64); ok {
			*place.at = cborNumber(n)
		}
	}
}

// DecodeCBOR reads application/senml+cbor. Numbers may be integers, floats of any width or decimal
// fractions; unknown fields are skipped unless their label ends in an underscore. Duplicate labels,
// indefinite lengths, NaN, the infinities, more than MaxRecords records and a record with two values are errors.
// The pack is as it was sent: see Pack.Validate and Pack.Resolve.
func DecodeCBOR(data []byte) (Pack, error) {
	m, err := cborModes()
	if err != nil {
		return nil, err
	}
	records, err := m.decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode CBOR: %w", err)
	}
	p, err := gather(records)
	if err != nil {
		return nil, fmt.Errorf("decode CBOR: %w", err)
	}
	return p, nil
}

// decode reads the common case in one go, and field by field a pack that has fields we do not know.
func (m modes) decode(data []byte) ([]fields, error) {
	if err := checkLengths(data); err != nil {
		return nil, err
	}
	var records []fields
	err := m.dec.Unmarshal(data, &records)
	var unknown *cbor.UnknownFieldError
	if errors.As(err, &unknown) {
		return m.decodeKnown(data)
	}
	return records, err
}

// decodeKnown reads a pack with fields we do not know: it drops those that may be dropped and reads the rest.
func (m modes) decodeKnown(data []byte) ([]fields, error) {
	var raw []map[any]cbor.RawMessage
	if err := m.dec.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	records := make([]fields, len(raw))
	for i := range raw {
		if err := dropUnknown(raw[i]); err != nil {
			return nil, recordError(i, err)
		}
		known, err := m.enc.Marshal(raw[i])
		if err != nil {
			return nil, recordError(i, err)
		}
		if err := m.dec.Unmarshal(known, &records[i]); err != nil {
			return nil, recordError(i, err)
		}
	}
	return records, nil
}

// dropUnknown removes what Table 4 does not have. A known label spelled as text is an error, because
// skipping it would lose a reading without a word.
func dropUnknown(record map[any]cbor.RawMessage) error {
	var refused error
	for label := range record {
		if isCBORLabel(label) {
			continue
		}
		delete(record, label)
		name, ok := label.(string)
		if !ok {
			continue
		}
		if err := checkCBORName(name); err != nil && (refused == nil || err.Error() < refused.Error()) {
			refused = err // the first in alphabetical order, so that the message is always the same
		}
	}
	return refused
}

func checkCBORName(name string) error {
	if _, known := new(fields).find(name); known {
		return fmt.Errorf("field %q is spelled as text; CBOR wants its integer label (RFC 8428 §6)", name)
	}
	return checkUnknown(name)
}

func isCBORLabel(label any) bool {
	switch n := label.(type) {
	case uint64:
		return n <= maxCBORLabel
	case int64:
		return n >= minCBORLabel && n <= maxCBORLabel
	default:
		return false
	}
}
