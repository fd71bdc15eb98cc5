package buffer

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// A store begins at its creation's Unix second times 2^20, or above what the store before it had reserved,
// whichever is more, and reserves the next 2^40 numbers: 35 000 years at one pack a second. So a pack of a
// new store never bears a number recipients have seen, even when the clock has gone backwards.
const (
	seqPerSecond = 1 << 20
	seqReserve   = 1 << 40
)

// reserveSeq returns the first number of a new store in dir and records in SEQUENCE what it reserves.
func reserveSeq(dir string, now time.Time) (Seq, error) {
	start := max(Seq(max(now.Unix(), 1))*seqPerSecond, reservedSeq(dir))
	return start, writeReserved(dir, start+seqReserve)
}

// reservedSeq reads SEQUENCE: the first number that may not have been used in dir. Zero when it cannot be read.
func reservedSeq(dir string) Seq {
	data, err := os.ReadFile(filepath.Join(dir, sequenceFile))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 53)
	if err != nil {
		return 0
	}
	return Seq(n)
}

func writeReserved(dir string, seq Seq) error {
	text := strconv.FormatUint(uint64(seq), 10) + "\n"
	if err := renameio.WriteFile(filepath.Join(dir, sequenceFile), []byte(text), 0o640); err != nil {
		return fmt.Errorf("reserve sequence numbers: %w", err)
	}
	return nil
}
