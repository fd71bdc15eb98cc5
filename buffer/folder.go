package buffer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"golang.org/x/sys/unix"
)

// files are Badger's files in the folder.
type files struct {
	tables []string // *.sst
	logs   []string // *.mem, the logs of memtables
	values []string // *.vlog, in the order they were written
}

// check makes the folder fit for Badger, which answers some damage with a panic, some with the end of the
// process, and some by deleting files. Nothing with content is deleted here. Its reports tell what was put aside
// although the store can be opened; a *damage under the error means that it cannot.
func check(o Options) (reports []string, err error) {
	if err := checkRoom(o, openRoom); err != nil {
		return nil, err
	}
	f, err := listFiles(o.Dir)
	if err != nil {
		return nil, err
	}
	if f, err = f.dropEmpty(); err != nil {
		return nil, err
	}
	known, err := knownTables(o, f)
	if err != nil {
		return nil, err
	}
	unknown, err := f.keepUnknown(known)
	if err != nil {
		return nil, err
	}
	for _, report := range unknown {
		o.Log.Warn("buffer has a table too many", "report", report)
	}
	if len(f.logs) == 0 { // after a clean stop it cannot be one that was being written
		reports = unknown
	}
	if err := checkTables(f.tables); err != nil {
		return nil, err
	}
	more, err := f.keepDamagedLogs(o)
	if err != nil {
		return nil, err
	}
	return append(reports, more...), f.sealValues(o.Dir)
}

// listFiles lists Badger's files.
func listFiles(dir string) (*files, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read buffer folder: %w", err)
	}
	f := &files{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch filepath.Ext(path) {
		case ".sst":
			f.tables = append(f.tables, path)
		case ".mem":
			f.logs = append(f.logs, path)
		case ".vlog":
			f.values = append(f.values, path)
		}
	}
	return f, nil
}

// dropEmpty removes logs of no length. A power cut between creating and filling a file leaves them, and Badger
// takes one for damage.
func (f *files) dropEmpty() (*files, error) {
	kept := &files{tables: f.tables}
	for _, list := range []struct{ from, to *[]string }{{&f.logs, &kept.logs}, {&f.values, &kept.values}} {
		for _, path := range *list.from {
			info, err := os.Stat(path)
			if err != nil {
				return nil, fmt.Errorf("read log: %w", err)
			}
			if info.Size() > 0 {
				*list.to = append(*list.to, path)
				continue
			}
			if err := os.Remove(path); err != nil {
				return nil, fmt.Errorf("remove empty log: %w", err)
			}
		}
	}
	return kept, nil
}

// keepUnknown renames tables that are not in MANIFEST, which Badger would delete. A kill while a table is
// written leaves one that is not needed, its content being in a log still; so does a MANIFEST that has lost its end.
// Whether it is needed is seen once the store is open, see sortStrays.
func (f *files) keepUnknown(known map[uint64]badger.TableManifest) (reports []string, err error) {
	var tables []string
	for _, path := range f.tables {
		id, _ := table.ParseFileID(path)
		if _, ok := known[id]; ok {
			tables = append(tables, path)
			continue
		}
		aside := strayName(path)
		if err := os.Rename(path, aside); err != nil {
			return nil, fmt.Errorf("keep unknown table: %w", err)
		}
		reports = append(reports, fmt.Sprintf("table %s is not in MANIFEST; kept as %s", path, aside))
	}
	f.tables = tables
	return reports, nil
}

// sealValues keeps Badger from cutting the newest value log at the first entry it cannot read: it does that
// only to the one with the highest number, so that shall be a new one without entries. What was allocated
// ahead and never written is cut off, or Badger would never find enough of the file dead to free it.
func (f *files) sealValues(dir string) error {
	if len(f.values) == 0 {
		return nil
	}
	last := f.values[len(f.values)-1]
	if err := cutZeros(last); err != nil {
		return err
	}
	var number uint32
	if _, err := fmt.Sscanf(filepath.Base(last), "%d.vlog", &number); err != nil {
		return &damage{fmt.Errorf("value log %s has no number", filepath.Base(last))}
	}
	path := filepath.Join(dir, fmt.Sprintf("%06d.vlog", number+1))
	if err := os.WriteFile(path, make([]byte, logHeader), 0o640); err != nil {
		return fmt.Errorf("seal value log: %w", err)
	}
	return nil
}

// cutZeros cuts the zeros from a log's end, but for as many as a checksum may end in.
func cutZeros(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open value log: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open value log: %w", err)
	}
	used, err := lastByte(f, info.Size())
	if err != nil {
		return fmt.Errorf("read value log: %w", err)
	}
	if err := f.Truncate(min(max(used, logHeader)+4, info.Size())); err != nil {
		return fmt.Errorf("cut value log: %w", err)
	}
	return nil
}

// lastByte tells how long a file of that size is without the zeros at its end. It reads from the end, in parts.
func lastByte(f io.ReaderAt, size int64) (int64, error) {
	part, zeros := make([]byte, 64<<10), make([]byte, 64<<10)
	for size > 0 {
		from := max(size-int64(len(part)), 0)
		n, err := f.ReadAt(part[:size-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if !bytes.Equal(part[:n], zeros[:n]) { // many times as fast as to look for the last byte that is not zero
			return from + int64(usedLength(part[:n])), nil
		}
		size = from
	}
	return 0, nil
}

// syncLogs makes durable the newest value log and the logs of memtables, which say what is where in it, but for those that
// have become a durable table meanwhile. All are written before the first is synced: then ext4 commits its own journal once for all.
func syncLogs(dir string) error {
	f, err := listFiles(dir)
	if err != nil {
		return err
	}
	if n := len(f.values); n > 0 {
		f.logs = append([]string{f.values[n-1]}, f.logs...)
	}
	for _, step := range []func(fd int) error{
		func(fd int) error {
			const whole = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
			_ = unix.SyncFileRange(fd, 0, 0, whole) // where there is none, syncing writes
			return nil
		},
		unix.Fdatasync,
	} {
		for _, path := range f.logs {
			if err := withFile(path, step); err != nil {
				return fmt.Errorf("sync log: %w", err)
			}
		}
	}
	return nil
}

// withFile does something with a file, if it is still there.
func withFile(path string, do func(fd int) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(do(int(file.Fd())), file.Close())
}
