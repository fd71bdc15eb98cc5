package tic

import "encoding/binary"

// decimal reads at most maxDigits decimal digits, and reports whether raw is nothing but that.
func decimal(raw []byte) (uint64, bool) {
	if len(raw) == 0 || len(raw) > maxDigits {
		return 0, false
	}
	var n uint64
	for _, c := range raw {
		digit := uint64(c - '0')
		if digit > 9 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}

// hexadecimal reads at most sixteen upper-case hexadecimal digits, and reports whether raw is nothing but that.
func hexadecimal(raw []byte) (uint64, bool) {
	if len(raw) == 0 || len(raw) > 16 {
		return 0, false
	}
	var n uint64
	for _, c := range raw {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | uint64(c-'0')
		case c >= 'A' && c <= 'F':
			n = n<<4 | uint64(c-'A'+10)
		default:
			return 0, false
		}
	}
	return n, true
}

// overNine makes the top bit of each byte that is over 9, and under 80h, when it is added.
const overNine = 0x76 * lanes

// isDigits reports whether at least eight bytes are digits.
func isDigits(raw []byte) bool {
	end := len(raw) - 8
	w := binary.LittleEndian.Uint64(raw[end:]) ^ '0'*lanes
	bad := w | (w + overNine)
	for i := 0; i < end; i += 8 {
		w = binary.LittleEndian.Uint64(raw[i:]) ^ '0'*lanes
		bad |= w | (w + overNine)
	}
	return bad&topBits == 0
}
