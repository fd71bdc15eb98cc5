// Package journal is a file in which entries are durable, one after the other, until they are all forgotten.
//
// Bytes come in and are on the disk when Add returns; after a kill or a power cut Entries gives back those that are whole,
// in order. It knows nothing of what they say, nor of where they go before Empty forgets them. One goroutine at a time.
package journal

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

// Journal is the file. A database needs two synced files a pack, which costs an SD card some 16 kB for 1 kB of readings;
// the journal costs the entry rounded up to 512 bytes: the file is written in place past the page cache, and has its
// length and its blocks from the start, so there is no other metadata to write.
//
// Format, big-endian, each part from the start of a block of 512 bytes (or 4096, where the disk has such), zeros behind:
//
//	head   "RJ" version(1) 0(1) generation(4) block size(4), CRC-32C(4) of all before; at 0
//	entry  "RE" version(1) 0(1) generation(4) length of the body(4), body, CRC-32C(4) of all before; from block 1 on
//
// Only entries of the head's generation count: emptying the journal is one more than that, in one block. An entry
// never shares a block with one that is durable, so a write that a power cut tears harms none before it.
type Journal struct {
	path string
	file *os.File
	unit int    // what the disk wants to be written at once
	page []byte // as long as the file, aligned for direct writing

	generation uint32
	at         int // where the next entry goes
}

// File is the name of the journal within its folder.
const File = "JOURNAL"

const (
	fileSize  = 1 << 20
	blockSize = 512
	pageSize  = 4096 // the block of a disk that takes nothing smaller
	version   = 1
	fixedSize = 12
	sumSize   = 4
)

// ErrFull is returned for an entry that has no room until the journal is emptied.
var ErrFull = errors.New("journal is full")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Open opens the journal of a folder, making it if need be. Its entries are to be read before it is written.
func Open(dir string) (*Journal, error) {
	j := &Journal{path: filepath.Join(dir, File)}
	info, err := os.Stat(j.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() < fileSize {
		err = j.create()
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if j.page, err = unix.Mmap(-1, 0, fileSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return j, nil
}

// create makes the file whole or lengthens what there is, so that no later write needs room.
func (j *Journal) create() error {
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, fileSize-info.Size()), info.Size()); err != nil {
		return err
	}
	return f.Sync()
}

// Begin opens the file for writing with an empty generation above all that were. Not every file system writes past the
// page cache, nor every disk 512 bytes; each way is tried, and each makes durable what it has written.
func (j *Journal) Begin() (err error) {
	for _, way := range []struct{ flags, unit int }{
		{unix.O_DIRECT, blockSize}, {unix.O_DIRECT, pageSize}, {0, blockSize},
	} {
		if j.file, err = os.OpenFile(j.path, os.O_WRONLY|unix.O_DSYNC|way.flags, 0); err != nil {
			continue
		}
		if j.unit = way.unit; j.Empty() == nil {
			return nil
		}
		err = j.file.Close()
	}
	return fmt.Errorf("open journal: %w", errors.Join(err, errors.New("no way of writing it works")))
}

// IsEmpty tells whether nothing was added since it was empty.
func (j *Journal) IsEmpty() bool { return j.at <= j.unit }

// Empty forgets all entries. Before Begin it does nothing: what the process before has left is still needed.
func (j *Journal) Empty() error {
	if j.file == nil {
		return nil
	}
	head := append(make([]byte, 0, fixedSize+sumSize), 'R', 'J', version, 0)
	head = binary.BigEndian.AppendUint32(head, j.generation+1)
	head = binary.BigEndian.AppendUint32(head, uint32(j.unit))
	if err := j.write(0, sum(head)); err != nil {
		return fmt.Errorf("empty journal: %w", err)
	}
	j.generation++
	j.at = j.unit
	return nil
}

// Add makes an entry durable. It returns ErrFull when there is no room for it.
func (j *Journal) Add(body []byte) error {
	size := fixedSize + len(body) + sumSize
	if j.at+size > fileSize {
		return ErrFull
	}
	entry := append(make([]byte, 0, size), 'R', 'E', version, 0)
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
func (j *Journal) whole(size int) int { return (size + j.unit - 1) / j.unit * j.unit }

// write writes a part and zeros behind it, to the disk.
func (j *Journal) write(at int, part []byte) error {
	if j.page == nil {
		return os.ErrClosed // its memory is no longer ours: to touch it would kill the process
	}
	page := j.page[:j.whole(len(part))]
	clear(page[copy(page, part):])
	_, err := j.file.WriteAt(page, int64(at))
	return err
}

// sum appends the checksum.
func sum(part []byte) []byte {
	return binary.BigEndian.AppendUint32(part, crc32.Checksum(part, castagnoli))
}

// Bring copies the journal, if there is one, of a folder that was set aside: it can be read whatever is wrong there.
func Bring(aside, dir string) error {
	data, err := os.ReadFile(filepath.Join(aside, File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, File), data, 0o640)
	}
	if err != nil {
		return fmt.Errorf("bring journal: %w", err)
	}
	return nil
}

// Path is where the file is.
func (j *Journal) Path() string { return j.path }

// Close gives everything back. What comes after it fails.
func (j *Journal) Close() error {
	err := unix.Munmap(j.page)
	j.page = nil
	if j.file != nil {
		err = errors.Join(err, j.file.Close())
	}
	if err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}
