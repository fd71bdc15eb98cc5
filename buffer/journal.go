package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// journal is where a pack is durable until the database has it. Badger needs two synced files a pack, which costs an
// SD card some 16 kB for 1 kB of readings; the journal costs the pack rounded up to 512 bytes: the file is written
// in place past the page cache, and has its length and its blocks from the start, so there is no other metadata to
// write. Whoever holds the turn may use it.
//
// Format, big-endian, each part from the start of a block of 512 bytes (or 4096, where the disk has such), zeros behind:
//
//	head   "RJ" version(1) 0(1) generation(4) block size(4), CRC-32C(4) of all before; at 0
//	entry  "RE" version(1) 0(1) generation(4) length of the body(4), body, CRC-32C(4) of all before; from block 1 on
//	body   uvarint number of cursors; each: uvarint length, name, acknowledged seq(8), uvarint expired packs; envelope or nothing
//
// Only entries of the head's generation count: emptying the journal is one more than that, in one block. An entry
// never shares a block with one that is durable, so a write that a power cut tears harms none before it.
type journal struct {
	path string
	file *os.File
	unit int    // what the disk wants to be written at once
	page []byte // as long as the file, aligned for direct writing

	generation uint32
	at         int // where the next entry goes
}

const (
	journalFile    = "JOURNAL"
	journalSize    = 1 << 20
	journalBlock   = 512
	journalPage    = 4096
	journalVersion = 1
	journalFixed   = 12
	journalSum     = 4
)

var (
	errJournalFull = errors.New("journal is full")
	castagnoli     = crc32.MakeTable(crc32.Castagnoli)
)

// openJournal opens the journal of a folder, making it if need be. Its entries are to be read before it is written.
func openJournal(dir string) (*journal, error) {
	j := &journal{path: filepath.Join(dir, journalFile)}
	info, err := os.Stat(j.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() < journalSize {
		err = j.create()
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if j.page, err = unix.Mmap(-1, 0, journalSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return j, nil
}

// create makes the file whole or lengthens what there is, so that no later write needs room.
func (j *journal) create() error {
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, journalSize-info.Size()), info.Size()); err != nil {
		return err
	}
	return f.Sync()
}

// begin opens the file for writing with an empty generation above all that were. Not every file system writes past the
// page cache, nor every disk 512 bytes; each way is tried, and each makes durable what it has written.
func (j *journal) begin() (err error) {
	for _, way := range []struct{ flags, unit int }{
		{unix.O_DIRECT, journalBlock}, {unix.O_DIRECT, journalPage}, {0, journalBlock},
	} {
		if j.file, err = os.OpenFile(j.path, os.O_WRONLY|unix.O_DSYNC|way.flags, 0); err != nil {
			continue
		}
		if j.unit = way.unit; j.empty() == nil {
			return nil
		}
		err = j.file.Close()
	}
	return fmt.Errorf("open journal: %w", errors.Join(err, errors.New("no way of writing it works")))
}

// isEmpty tells whether nothing was added since it was empty.
func (j *journal) isEmpty() bool { return j.at <= j.unit }

// empty forgets all entries. Before begin it does nothing: what the process before has left is still needed.
func (j *journal) empty() error {
	if j.file == nil {
		return nil
	}
	head := append(make([]byte, 0, journalFixed+journalSum), 'R', 'J', journalVersion, 0)
	head = binary.BigEndian.AppendUint32(head, j.generation+1)
	head = binary.BigEndian.AppendUint32(head, uint32(j.unit))
	if err := j.write(0, sum(head)); err != nil {
		return fmt.Errorf("empty journal: %w", err)
	}
	j.generation++
	j.at = j.unit
	return nil
}

// add makes an entry durable. It returns errJournalFull when there is no room for it.
func (j *journal) add(body []byte) error {
	size := journalFixed + len(body) + journalSum
	if j.at+size > journalSize {
		return errJournalFull
	}
	entry := append(make([]byte, 0, size), 'R', 'E', journalVersion, 0)
	entry = binary.BigEndian.AppendUint32(entry, j.generation)
	entry = binary.BigEndian.AppendUint32(entry, uint32(len(body)))
	entry = sum(append(entry, body...))
	if err := j.write(j.at, entry); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	j.at += j.whole(size)
	return nil
}

// whole rounds up to what is written at once.
func (j *journal) whole(size int) int { return (size + j.unit - 1) / j.unit * j.unit }

// write writes a part and zeros behind it, to the disk.
func (j *journal) write(at int, part []byte) error {
	page := j.page[:j.whole(len(part))]
	clear(page[copy(page, part):])
	_, err := j.file.WriteAt(page, int64(at))
	return err
}

// sum appends the checksum.
func sum(part []byte) []byte {
	return binary.BigEndian.AppendUint32(part, crc32.Checksum(part, castagnoli))
}

// bringJournal copies the journal of a store that was set aside: it does not depend on the database.
func bringJournal(aside, dir string) error {
	data, err := os.ReadFile(filepath.Join(aside, journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, journalFile), data, 0o640)
	}
	if err != nil {
		return fmt.Errorf("bring journal: %w", err)
	}
	return nil
}

// close gives everything back.
func (j *journal) close() error {
	err := unix.Munmap(j.page)
	if j.file != nil {
		err = errors.Join(err, j.file.Close())
	}
	if err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

// entries reads what is durable, in order, and remembers the generation. Damage hides no entry but those it is in: hole
// tells where it begins, when there is an entry behind it.
func (j *journal) entries() (bodies [][]byte, hole int, err error) {
	data, err := os.ReadFile(j.path)
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	var known bool
	if j.generation, j.unit, known = journalHead(data); !known {
		j.generation, j.unit = newestGeneration(data), journalBlock
	}
	end := j.unit
	for at := j.unit; at < len(data); {
		body, generation, ok := journalEntry(data[at:])
		if !ok || generation != j.generation {
			at += j.unit
			continue
		}
		if at > end && hole == 0 {
			hole = end
		}
		bodies = append(bodies, body)
		at += j.whole(journalFixed + len(body) + journalSum)
		end = at
	}
	return bodies, hole, nil
}

// journalHead reads the generation and the size of a block.
func journalHead(data []byte) (generation uint32, unit int, ok bool) {
	const size = journalFixed + journalSum
	if len(data) < size || string(data[:2]) != "RJ" || data[2] != journalVersion ||
		crc32.Checksum(data[:journalFixed], castagnoli) != binary.BigEndian.Uint32(data[journalFixed:]) {
		return 0, 0, false
	}
	unit = int(binary.BigEndian.Uint32(data[8:]))
	return binary.BigEndian.Uint32(data[4:]), unit, unit == journalBlock || unit == journalPage
}

// newestGeneration is for a journal whose head is damaged.
func newestGeneration(data []byte) (newest uint32) {
	for at := 0; at < len(data); at += journalBlock {
		if _, generation, ok := journalEntry(data[at:]); ok {
			newest = max(newest, generation)
		}
	}
	return newest
}

// journalEntry reads the entry that data begins with.
func journalEntry(data []byte) (body []byte, generation uint32, ok bool) {
	if len(data) < journalFixed+journalSum || string(data[:2]) != "RE" || data[2] != journalVersion {
		return nil, 0, false
	}
	size := binary.BigEndian.Uint32(data[8:])
	if uint64(size) > uint64(len(data)-journalFixed-journalSum) {
		return nil, 0, false
	}
	end := journalFixed + int(size)
	if crc32.Checksum(data[:end], castagnoli) != binary.BigEndian.Uint32(data[end:]) {
		return nil, 0, false
	}
	return data[journalFixed:end], binary.BigEndian.Uint32(data[4:]), true
}
