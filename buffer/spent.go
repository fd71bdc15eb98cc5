package buffer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"
)

// A value log is spent once everything in it has gone. Badger frees it when compaction has met all the deletions, and
// compacting costs the card more than a MB a day if it is done each week. So what a spent log takes is given back at once,
// by a hole in the file, which costs nothing; the file itself stays until compaction, which is seldom. A file system that
// makes no holes is left to that.

// crumbs is what a spent log may go on taking: a block of the file system, with the header that Badger wants, and what the
// file system needs to know of the rest.
const (
	holeBegin = 4 << 10
	crumbs    = 64 << 10
)

// unreadable is in the place of a value log's newest pack when it is not known.
const unreadable = Seq(math.MaxUint64)

// giveSpent makes holes of the value logs whose packs had all gone by the trimming before the last: readers that still had
// them then are through. Only the keeper calls it.
func (b *Buffer) giveSpent() error {
	b.reclaiming.Lock() // an erasure gives the names of files to others
	defer b.reclaiming.Unlock()
	b.mu.Lock()
	gone, first := b.gone, b.first
	b.mu.Unlock()
	b.gone = first
	if gone == first { // nothing has gone since
		return nil
	}
	f, err := listFiles(b.o.Dir)
	if err != nil {
		return err
	}
	for _, path := range f.values[:max(len(f.values)-1, 0)] { // Badger writes to the last
		if newest, known := b.newest[path]; known && newest == unreadable {
			continue
		} else if known && newest >= gone {
			return nil
		}
		if err := b.giveIfSpent(path, gone); err != nil && !errors.Is(err, fs.ErrNotExist) { // Badger frees files too
			return fmt.Errorf("give back value log %s: %w", path, err)
		}
	}
	return nil
}

// giveIfSpent makes a hole of a value log if nothing in it is left. A log that cannot be read is left to Badger.
func (b *Buffer) giveIfSpent(path string, gone Seq) error {
	taken, err := takenBy(path)
	if err != nil || taken <= crumbs {
		return err
	}
	newest, spent, err := b.leftIn(path)
	if err != nil {
		return err
	}
	b.newest[path] = newest
	if !spent || newest >= gone {
		return nil
	}
	if err := b.inTurn(b.sync)(); err != nil { // the deletions first
		return err
	}
	b.o.Log.Debug("value log given back", "path", path)
	return hollow(path)
}

// leftIn finds the newest pack in a value log, and whether all that was ever written there has gone.
func (b *Buffer) leftIn(path string) (newest Seq, spent bool, err error) {
	whole, spent := false, true
	err = b.look(func(txn *badger.Txn) (err error) {
		whole, err = eachValue(path, func(key []byte, version uint64) error {
			if seq, ok := packSeq(key); ok {
				newest = max(newest, seq)
			}
			item, err := txn.Get(key)
			if errors.Is(err, badger.ErrKeyNotFound) {
				return nil
			}
			spent = spent && err == nil && item.Version() != version // it was written again
			return err
		})
		return err
	})
	if !whole {
		return unreadable, false, err
	}
	return newest, spent, err
}

// eachValue reads the keys and versions of a value log, and tells whether it could be read to its end. An entry is as in
// other logs, see logged.
func eachValue(path string, do func(key []byte, version uint64) error) (whole bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 16<<10)
	if _, err := in.Discard(logHeader); err != nil {
		return false, err
	}
	for {
		key, version, err := readValue(in)
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if key == nil {
			return false, nil
		}
		if err := do(key, version); err != nil {
			return false, err
		}
	}
}

// readValue reads one entry; io.EOF when there is none, and no key when it is damaged.
func readValue(in *bufio.Reader) (key []byte, version uint64, err error) {
	head, err := in.Peek(2 + 3*binary.MaxVarintLen32)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if len(head) <= 4 && usedLength(head) == 0 { // as many zeros as cutZeros leaves
		return nil, 0, io.EOF
	}
	at, lengths := 2, [3]uint64{} // of key, value and expiry
	for i := range lengths {
		n, m := binary.Uvarint(head[min(at, len(head)):])
		if m <= 0 {
			return nil, 0, nil
		}
		lengths[i], at = n, at+m
	}
	if lengths[0] < 9 || lengths[0] > maxSeriesName+9 || lengths[2] != 0 {
		return nil, 0, nil
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	body, entry := io.TeeReader(in, sum), make([]byte, at+int(lengths[0]))
	if _, err = io.ReadFull(body, entry); err == nil {
		_, err = io.CopyN(io.Discard, body, int64(lengths[1]))
	}
	var check [4]byte
	if err == nil {
		_, err = io.ReadFull(in, check[:])
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || err == nil && binary.BigEndian.Uint32(check[:]) != sum.Sum32() {
		return nil, 0, nil
	}
	stamp := len(entry) - 8
	return entry[at:stamp], math.MaxUint64 - binary.BigEndian.Uint64(entry[stamp:]), err
}

// takenBy is what a file takes on the disk.
func takenBy(path string) (int64, error) {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return 0, err
	}
	return stat.Blocks * 512, nil
}

// fileLength is how long a file is.
func fileLength(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// hollow gives back what a spent log takes, where the file system can.
func hollow(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	const beyond = 1 << 30 // also of the last block there is nothing left
	err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, holeBegin, beyond)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}
