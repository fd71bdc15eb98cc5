package senml

import (
	"errors"
	"fmt"
	"math"
)

// Version is the newest SenML version this package reads, and the one it writes (RFC 8428 §4.4).
const Version = 10

func checkVersion(n float64) error {
	if n < 1 || n != math.Trunc(n) {
		return fmt.Errorf("bver must be a whole number from 1 to %d, found %s", Version, formatNumber(n))
	}
	if n > Version {
		return fmt.Errorf("bver %s %w", formatNumber(n), errVersion)
	}
	return nil
}

// errVersion tells the reader what to do about a pack from the future.
var errVersion = errors.New("is newer than version 10 (RFC 8428); update this program to read it")
