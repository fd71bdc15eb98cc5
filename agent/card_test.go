package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// card is an SD card: an ext4 of its own, in a file behind a loop device, whose journal is on another, so that the kernel
// counts apart what each was told to write.
type card struct {
	t       *testing.T
	dir     string // the folder of the file system
	blocks  string // where the kernel counts for the file system
	commits string // and for its journal
}

// newCard makes an empty one. Where one may not mount, the test is skipped, or fails in CI. The file system hangs on one
// open descriptor and not in the tree of folders: it and its loop devices go with the process, however that ends.
func newCard(t *testing.T) card {
	t.Helper()
	mounted := t.TempDir()
	journal := loopOf(t, "8M")
	run(t, "mke2fs", "-q", "-b", "4096", "-O", "journal_dev", journal)
	device := loopOf(t, "1G")
	run(t, "mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0", "-J", "device="+journal, device)
	run(t, "mount", "-o", "noatime,lazytime,commit=30", device, mounted)
	root, opening := os.Open(mounted)
	run(t, "umount", "--lazy", mounted)
	run(t, "losetup", "-d", device, journal) // once they are not in use any more
	if opening != nil {
		t.Fatal(opening)
	}
	t.Cleanup(func() { _ = root.Close() })
	count := func(device string) string { return filepath.Join("/sys/block", filepath.Base(device), "stat") }
	return card{t, fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), root.Fd()), count(device), count(journal)}
}

// loopOf returns a device of that size.
func loopOf(t *testing.T, size string) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	run(t, "truncate", "-s", size, image)
	return run(t, "losetup", "--find", "--show", image)
}

// run does what a card needs.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatalf("no card to wear: %s %v: %v: %s", name, args, err, out)
	case err != nil:
		t.Skipf("no card to wear: %s %v: %v: %s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// flushed has ext4 write what it would write within half a minute, so that it is counted.
func (c card) flushed() {
	c.t.Helper()
	if out, err := exec.CommandContext(c.t.Context(), "sync", "--file-system", c.dir).CombinedOutput(); err != nil {
		c.t.Fatalf("sync: %v: %s", err, out)
	}
}

// aged has the kernel write what it writes when it is half a minute old: what is in a folder's files, all before the first
// is waited for, so that ext4 commits once. Times of files alone are left for a day, as lazytime has it.
func (c card) aged(dir string) {
	c.t.Helper()
	for _, step := range []func(fd int) error{
		func(fd int) error {
			return unix.SyncFileRange(fd, 0, 0, unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER)
		},
		unix.Fdatasync,
	} {
		paths, err := filepath.Glob(filepath.Join(dir, "*.*")) // those of Badger that grow
		if err != nil {
			c.t.Fatal(err)
		}
		for _, path := range paths {
			file, err := os.Open(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue // the keeper compacts meanwhile
			}
			if err == nil {
				err = errors.Join(step(int(file.Fd())), file.Close())
			}
			if err != nil {
				c.t.Fatal(err)
			}
		}
	}
}

// written are the bytes that the devices were told to write, of the file system and of its journal
// (Documentation/block/stat.rst).
func (c card) written() (system, commits int64) {
	c.t.Helper()
	for device, sum := range map[string]*int64{c.blocks: &system, c.commits: &commits} {
		data, err := os.ReadFile(device)
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := fmt.Sscan(strings.Fields(string(data))[6], sum); err != nil {
			c.t.Fatal(err)
		}
		*sum *= 512
	}
	return system, commits
}

// onDisk is what the files of a folder take.
func onDisk(t *testing.T, dir string) (size int64) {
	t.Helper()
	if _, err := fmt.Sscan(run(t, "du", "-s", "-B1", dir), &size); err != nil {
		t.Fatal(err)
	}
	return size
}

// difference tells what has changed in a folder since it was looked at before.
type difference struct {
	t      *testing.T
	dir    string
	before map[string][]byte
}

// look adds, by kind of file, the bytes of the blocks that are not what they were. It must be asked each time all is on
// the card: a block that was written twice meanwhile counts once.
func (d *difference) look(sums map[string]int64) {
	d.t.Helper()
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		d.t.Fatal(err)
	}
	now := map[string][]byte{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(d.dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the keeper compacts meanwhile
		}
		if err != nil {
			d.t.Fatal(err)
		}
		now[e.Name()] = data
		sums[kindOf(e.Name())] += changed(d.before[e.Name()], data, blockOf(e.Name()))
	}
	d.before = now
}

// kindOf is a file of the buffer in a word.
func kindOf(name string) string {
	for suffix, word := range map[string]string{".mem": "logs", ".sst": "tables", ".vlog": "packs", "JOURNAL": "journal"} {
		if strings.HasSuffix(name, suffix) {
			return word
		}
	}
	return "other"
}

// blockOf is what is written of a file at once: the journal goes past the page cache.
func blockOf(name string) int {
	if name == "JOURNAL" {
		return 512
	}
	return 4096
}

// changed is the size of the blocks that are not the same. A page of zeros is a hole, also where something was before.
func changed(before, after []byte, block int) (size int64) {
	zeros := make([]byte, block)
	for at := 0; at < len(after); at += block {
		old := zeros[:min(block, len(after)-at)]
		if at < len(before) {
			old = before[at:min(at+block, len(before))]
		}
		now := after[at:min(at+block, len(after))]
		if hole := block > 512 && bytes.Equal(now, zeros[:len(now)]); !hole && !bytes.Equal(old, now) {
			size += int64(block)
		}
	}
	return size
}
