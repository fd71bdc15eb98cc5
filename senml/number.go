package senml

import (
	"math"
	"math/big"
	"strconv"

	"github.com/fxamacker/cbor/v2"
)

// Between these magnitudes a number is written without exponent in JSON, XML and for people.
const (
	smallestPlain = 1e-7
	largestPlain  = 1e21
)

// maxExact is the magnitude up to which every integer is a float64: 2**53.
const maxExact = 1 << 53

// formatNumber writes the shortest decimal that reads back as the same float64, without exponent at
// ordinary sizes: Unix times and meter indexes stay legible.
func formatNumber(n float64) string {
	if n == 0 {
		return "0" // minus zero too: both compare equal, one spelling
	}
	if size := math.Abs(n); size >= smallestPlain && size < largestPlain {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'e', -1, 64)
}

// cborNumber picks what CBOR carries for n: an integer when n is one, otherwise n itself, which the
// encoding mode shortens as far as it stays exact (RFC 8428 §6).
func cborNumber(n float64) any {
	if n == math.Trunc(n) && math.Abs(n) <= maxExact {
		return int64(n)
	}
	return n
}

// toFloat reads a number in any of the forms RFC 8428 §6 allows. It is false for what is not a finite number.
func toFloat(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, isFinite(n)
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case big.Int:
		f, _ := new(big.Float).SetInt(&n).Float64()
		return f, isFinite(f)
	case cbor.Tag:
		return decimalFraction(n)
	default:
		return 0, false
	}
}

func isFinite(n float64) bool { return !math.IsNaN(n) && !math.IsInf(n, 0) }

// tagDecimal is the CBOR tag of a decimal fraction: an array of exponent and mantissa (RFC 8949 §3.4.4).
const tagDecimal = 4

// maxMantissaBits bounds the work a mantissa can ask for: no float64 has more digits before its point.
const maxMantissaBits = 1024

// decimalFraction reads tag 4, for example 4([-1, 273]) for 27.3, rounding once to the nearest float64.
func decimalFraction(tag cbor.Tag) (float64, bool) {
	pair, ok := tag.Content.([]any)
	if !ok || tag.Number != tagDecimal || len(pair) != 2 {
		return 0, false
	}
	exponent, ok := toInteger(pair[0])
	if !ok || !exponent.IsInt64() {
		return 0, false
	}
	mantissa, ok := toInteger(pair[1])
	if !ok || mantissa.BitLen() > maxMantissaBits {
		return 0, false
	}
	n, err := strconv.ParseFloat(mantissa.String()+"e"+exponent.String(), 64)
	return n, err == nil
}

func toInteger(v any) (*big.Int, bool) {
	switch n := v.(type) {
	case int64:
		return big.NewInt(n), true
	case uint64:
		return new(big.Int).SetUint64(n), true
	case big.Int:
		return &n, true
	default:
		return nil, false
	}
}
