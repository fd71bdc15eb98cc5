package tic

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
