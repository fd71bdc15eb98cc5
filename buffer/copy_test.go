package buffer_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"releve/buffer"
)

// snapshot copies a folder as it was at one instant, which is what a kill leaves. Badger may still be moving the log
// of the last opening into a table, and files copied one after the other are then of different instants: the copy
// counts only if, once it is whole, there are the same files and every one still reads as it was copied.
func snapshot(t *testing.T, dir string) string {
	for {
		copied := t.TempDir()
		before := files(t, dir, "")
		var err error
		for _, path := range before {
			err = errors.Join(err, copySparse(path, filepath.Join(copied, filepath.Base(path))))
		}
		if err == nil && !slices.Equal(before, files(t, dir, "")) {
			err = fmt.Errorf("files of %s: %w", dir, errMoved)
		}
		if err == nil {
			err = sameFiles(before, copied)
		}
		switch {
		case err == nil:
			return copied
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errMoved):
			t.Fatal(err)
		}
	}
}

// TestSnapshot copies a store again and again while it is closed, which makes tables and removes logs: every copy is of
// one instant, so nothing of it is set aside.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	for range 8 {
		dir := t.TempDir()
		b := open(t, buffer.Options{Dir: dir})
		put(t, b, minute(noon, 3))
		closed := make(chan error)
		go func() { closed <- b.Close() }()
		for done := false; !done; {
			select {
			case err := <-closed:
				done = true
				if err != nil {
					t.Fatal(err)
				}
			default:
			}
			copied := snapshot(t, dir)
			before := sizes(t, copied)
			if aside := open(t, buffer.Options{Dir: copied}).Stats().SetAside; len(aside) > 0 {
				t.Errorf("set aside: %v, of %v", aside, before)
			}
		}
	}
}

// errMoved tells that files were written, made or removed while the folder was copied.
var errMoved = errors.New("changed while it was copied")

// sizes tells how long the files of a folder are.
func sizes(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for _, path := range files(t, dir, "") {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		out[info.Name()] = info.Size()
	}
	return out
}

// sameFiles compares files with their copies in a folder.
func sameFiles(paths []string, copied string) error {
	for _, path := range paths {
		same, err := sameBytes(path, filepath.Join(copied, filepath.Base(path)))
		if err != nil {
			return err
		}
		if !same {
			return fmt.Errorf("%s: %w", path, errMoved)
		}
	}
	return nil
}

// sameBytes compares two files piece by piece: most of a value log is a hole.
func sameBytes(one, other string) (same bool, err error) {
	var parts [2]struct {
		file *os.File
		read [64 << 10]byte
		n    int
	}
	for i, path := range []string{one, other} {
		if parts[i].file, err = os.Open(path); err != nil {
			return false, err
		}
		defer parts[i].file.Close()
	}
	for {
		for i := range parts {
			parts[i].n, err = io.ReadFull(parts[i].file, parts[i].read[:])
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return false, err
			}
		}
		switch {
		case !bytes.Equal(parts[0].read[:parts[0].n], parts[1].read[:parts[1].n]):
			return false, nil
		case parts[0].n < len(parts[0].read):
			return true, nil
		}
	}
}

// copySparse copies a file, leaving holes where it has zeros.
func copySparse(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	part := make([]byte, 64<<10)
	zeros := make([]byte, len(part))
	for size := int64(0); ; {
		n, err := in.Read(part)
		if errors.Is(err, io.EOF) {
			return out.Truncate(size)
		}
		if err != nil {
			return err
		}
		if string(part[:n]) != string(zeros[:n]) {
			if _, err := out.WriteAt(part[:n], size); err != nil {
				return err
			}
		}
		size += int64(n)
	}
}
