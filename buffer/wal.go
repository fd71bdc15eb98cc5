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
	// tornCommits is how many commits may follow a hole that a power cut has torn: those since the last sync.
	tornCommits = 3
	// lostNumbers is more than the packs whose keys fit a log of 2×memTableSize.
	lostNumbers = 1 << 16
)

// keepDamagedLogs copies the logs Badger would cut short although there is more in them, and tells which.
func (f *files) keepDamagedLogs(o Options) (reports []string, err error) {
	for _, path := range f.logs {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		at, lost := lostCommits(data)
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

// lostCommits finds the first entry of a log which cannot be read and counts the commits that can be read
// behind it, up to one more than tornCommits.
func lostCommits(data []byte) (at, lost int) {
	used := usedLength(data)
	at = logHeader
	for at < used {
		n, _, ok := logEntry(data[at:])
		if !ok {
			break
		}
		at += n
	}
	var commits []uint64
	for from := at + 1; from < used && len(commits) <= tornCommits; {
		n, commit, ok := logEntry(data[from:])
		from += max(n, 1)
		if ok && !slices.Contains(commits, commit) {
			commits = append(commits, commit)
		}
	}
	return at, len(commits)
}

// usedLength is how much of a log is not zeros to the end: logs are allocated ahead.
func usedLength(data []byte) int { return len(bytes.TrimRight(data, "\x00")) }

// logEntry reads the length and the commit of the entry data begins with.
//
// Format: meta(1) user meta(1), uvarints key length, value length and expiry, key, value, CRC-32C(4) of all
// before; the key ends in the commit(8), counted down from 2^64-1. We never set an expiry, and longer values are
// in the value log, which leaves a pointer here.
func logEntry(data []byte) (size int, commit uint64, ok bool) {
	at := 2
	var lengths [3]uint64
	for i := range lengths {
		n, m := binary.Uvarint(data[min(at, len(data)):])
		if m <= 0 {
			return 0, 0, false
		}
		lengths[i], at = n, at+m
	}
	key, val, expiry := lengths[0], lengths[1], lengths[2]
	if key < 9 || key > maxSeriesName+9 || val > inlineValue || expiry != 0 {
		return 0, 0, false
	}
	end := at + int(key+val)
	if end+4 > len(data) ||
		crc32.Checksum(data[:end], crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(data[end:]) {
		return 0, 0, false
	}
	commit = binary.BigEndian.Uint64(data[at+int(key)-8:])
	return end + 4, commit, true
}
