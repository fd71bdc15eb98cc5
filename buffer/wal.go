package buffer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Badger ends a log at the first entry it cannot read and throws away what follows. After a kill or a power
// cut that is right: what follows was never durable. After damage in the middle it is not, so such a log is
// copied aside before Badger opens it, reported, and numbers that may have been in it are left out.

const (
	logHeader = 20 // key id and initialisation vector
	// tornCommits is how many commits may follow a hole that a power cut has torn, besides those of the journal's packs:
	// the others are synced one by one.
	tornCommits = 3
	// lostNumbers is more than the packs whose keys fit a log of 2×memTableSize.
	lostNumbers = 1 << 16
)

// keepDamagedLogs copies the logs Badger would cut short although there is more in them, and tells which.
func (f *files) keepDamagedLogs(o Options) (reports []string, err error) {
	if len(f.logs) == 0 {
		return nil, nil
	}
	inJournal, err := journaled(o.Dir)
	if err != nil {
		return nil, err
	}
	for _, path := range f.logs {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		at, lost := lostCommits(data, inJournal)
		if lost <= tornCommits {
			continue
		}
		aside, err := copyAside(path, data, o.now())
		if err != nil {
			return nil, err
		}
		reports = append(reports, fmt.Sprintf("log %s is damaged at byte %d, more than %d commits behind it are lost to the buffer; copied to %s",
			path, at, tornCommits, aside))
	}
	return reports, nil
}

// copyAside writes data into the folder that setAside would make for the log's folder.
func copyAside(path string, data []byte, now time.Time) (string, error) {
	folder := filepath.Dir(path) + ".damaged-" + now.UTC().Format("20060102T150405Z")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("keep damaged log: %w", err)
	}
	aside := filepath.Join(folder, filepath.Base(path))
	if err := os.WriteFile(aside, data[:usedLength(data)], 0o640); err != nil {
		return "", fmt.Errorf("keep damaged log: %w", err)
	}
	return aside, nil
}

// lostCommits finds the first entry of a log which cannot be read and counts the commits behind it that are lost with
// it, up to one more than tornCommits. Those are the ones that write the totals or the number of undated packs, as every
// change of packs does, from before the first pack that the journal has: later packs are brought in again, and what is
// rolled up is made again.
func lostCommits(data []byte, inJournal reach) (at, lost int) {
	used := usedLength(data)
	at = logHeader
	for at < used {
		e, ok := readLogged(data[at:])
		if !ok {
			break
		}
		at += e.size
	}
	var commits []uint64
	for from := at + 1; from < used && len(commits) <= tornCommits; {
		e, ok := readLogged(data[from:])
		from += max(e.size, 1)
		if ok && e.isBefore(inJournal) && !slices.Contains(commits, e.commit) {
			commits = append(commits, e.commit)
		}
	}
	return at, len(commits)
}

// usedLength is how much of a log is not zeros to the end: logs are allocated ahead.
func usedLength(data []byte) int { return len(bytes.TrimRight(data, "\x00")) }

// logged is an entry of a log.
//
// Format: meta(1) user meta(1), uvarints key length, value length and expiry, key, value, CRC-32C(4) of all
// before; the key ends in the commit(8), counted down from 2^64-1. We never set an expiry, and longer values are
// in the value log, which leaves a pointer here.
type logged struct {
	key, value []byte
	commit     uint64
	size       int
}

// readLogged reads the entry that data begins with. Without one, all is zero.
func readLogged(data []byte) (e logged, ok bool) {
	at := 2
	var lengths [3]uint64
	for i := range lengths {
		n, m := binary.Uvarint(data[min(at, len(data)):])
		if m <= 0 {
			return logged{}, false
		}
		lengths[i], at = n, at+m
	}
	key, val, expiry := lengths[0], lengths[1], lengths[2]
	if key < 9 || key > maxSeriesName+9 || val > inlineValue || expiry != 0 {
		return logged{}, false
	}
	end := at + int(key+val)
	if end+4 > len(data) ||
		crc32.Checksum(data[:end], crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(data[end:]) {
		return logged{}, false
	}
	stamp := at + int(key) - 8
	return logged{data[at:stamp], data[stamp+8 : end], binary.BigEndian.Uint64(data[stamp:]), end + 4}, true
}

// isBefore tells whether this is of a change of packs when the first of the journal were not there yet.
func (e logged) isBefore(first reach) bool {
	switch {
	case bytes.Equal(e.key, totalsKey()):
		t, err := decodeTotals(e.value)
		return err == nil && t.next <= first.pack
	case bytes.Equal(e.key, numberKey()):
		number, err := decodeNumber(e.value)
		return err == nil && number <= first.undated
	}
	return false
}
