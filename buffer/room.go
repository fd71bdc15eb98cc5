package buffer

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ErrFull is under the error of a call which would need more room than the disk has.
var ErrFull = errors.New("disk is too full")

// Badger writes through memory maps of files that are not allocated beforehand. On a full disk such a write is
// no error but a signal that ends the process. So nothing is written unless there is room for the log and the
// tables that a write may entail, with some left for others who write at the same time. Put stops first, so that
// acknowledging, trimming and giving space back still work then.
const (
	putRoom  = 16 << 20 // bytes
	openRoom = 12 << 20 // replay of the log makes tables
	tidyRoom = 8 << 20
)

// checkRoom refuses when fewer than need bytes are free.
func checkRoom(o Options, need uint64) error {
	free, err := o.free(o.Dir)
	if err != nil {
		return fmt.Errorf("ask for free room in %s: %w", o.Dir, err)
	}
	if free < need {
		return fmt.Errorf("%w: %s has %d MiB free and the buffer needs %d; make room",
			ErrFull, o.Dir, free>>20, need>>20)
	}
	return nil
}

// freeBytes asks the file system what we may still write.
func freeBytes(dir string) (uint64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), nil
}
