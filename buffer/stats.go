package buffer

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Stats is the state of a buffer, for the status page.
type Stats struct {
	// Packs and Bytes tell what is stored; Bytes is the size of the packs as stored, without index.
	Packs uint64
	Bytes int64
	// DiskBytes is what the folder takes on the disk.
	DiskBytes int64
	// First and Last are the oldest and newest number; First is above Last when nothing is stored.
	First, Last Seq
	// Trimmed is how many packs have gone since the store was made, sent or not.
	Trimmed uint64
	// Undated is how many records wait for their date; UndatedGone, how many went without since Open, for want of room
	// or because later dated packs have gone.
	Undated, UndatedGone uint64
	// Corrupt is how many stored packs were found damaged and skipped since Open.
	Corrupt uint64
	// SetAside tells, a sentence each, which damaged stores or logs Open has put aside and where they are.
	SetAside []string
	// Strays is how many tables Open keeps beside the store: it lacks something of them, or they were never whole.
	Strays int
	// Damage tells what upkeep has found wrong with the tables, or is empty. The buffer goes on but gives no
	// space back; opened again, it sets the store aside.
	Damage string
	// Unerased tells why an erasure that was begun before a cut is not done yet, mostly for want of room, or is empty. What is to
	// go is still there. Each minute the keeper looks whether there is room; after another error it tries again each hour.
	Unerased string
}

// Stats tells the state of the buffer.
func (b *Buffer) Stats() Stats {
	disk := diskBytes(b.o.Dir)
	b.mu.Lock()
	defer b.mu.Unlock()
	undated := uint64(0)
	for _, u := range b.undated {
		undated += uint64(u.records)
	}
	unerased := ""
	if b.owing != nil {
		unerased = b.owing.Error()
	}
	return Stats{
		Packs: b.packs, Bytes: b.bytes, DiskBytes: disk,
		First: b.first, Last: b.next - 1,
		Undated: undated, UndatedGone: b.undatedGone,
		Trimmed: b.trimmed, Corrupt: b.corrupt, SetAside: slices.Clone(b.aside), Strays: b.strays, Damage: b.damage, Unerased: unerased,
	}
}

// diskBytes adds up the blocks of a folder's files; Badger's are sparse, so their length says little.
func diskBytes(dir string) int64 {
	var sum int64
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // it went between the two calls
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			sum += stat.Blocks * 512
		}
	}
	return sum
}
