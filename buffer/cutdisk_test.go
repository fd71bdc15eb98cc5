package buffer_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// disk is a folder as it lies on a disk: the files without the zeros at their ends, and their lengths.
type disk map[string]file

type file struct {
	data []byte
	size int64
}

// takeDisk is the folder at one instant: the keeper may be merging tables meanwhile, so it counts only when it is found
// the same twice.
func takeDisk(t *testing.T, dir string) disk {
	t.Helper()
	for before := readDisk(t, dir); ; {
		now := readDisk(t, dir)
		if before != nil && now != nil && maps.EqualFunc(before, now, file.equal) {
			return now
		}
		before = now
	}
}

// readDisk reads the files of a folder one after the other; it is nil when one has gone meanwhile.
func readDisk(t *testing.T, dir string) disk {
	t.Helper()
	d := disk{}
	for _, path := range files(t, dir, "") {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		d[filepath.Base(path)] = file{bytes.Clone(bytes.TrimRight(data, "\x00")), int64(len(data))}
	}
	return d
}

func (f file) equal(g file) bool { return f.size == g.size && bytes.Equal(f.data, g.data) }

func (d disk) lay(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "buffer")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for name, f := range d {
		overwrite(t, filepath.Join(dir, name), f.data)
		truncate(t, filepath.Join(dir, name), f.size)
	}
	return dir
}

// and is the disk with one file as another has it.
func (d disk) and(name string, other disk) disk {
	with := maps.Clone(d)
	with[name] = other[name]
	return with
}

// stage is how far the writing of an image has come.
type stage int

const (
	stageBulk     stage = iota // tables are being written, as logs are until the end
	stageManifest              // they are durable, MANIFEST is being written
	stageRest                  // it is durable too, files go and shrink
	stages
)

// stageOf tells the stage in which a file gets from one state to the other, and whether it does so at any time.
func stageOf(name string, from, to file, had, has bool) (s stage, anyTime bool) {
	switch {
	case !strings.Contains(name, "."):
		return stageManifest, name != manifestFile
	case had && !has || had && has && to.size < from.size:
		return stageRest, false
	}
	return stageBulk, !strings.HasSuffix(name, ".sst")
}

// torn is what a power cut may leave on the way from d to now.
func (d disk) torn(now disk, at stage, random *rand.Rand) disk {
	left := disk{}
	names := maps.Clone(d)
	maps.Copy(names, now)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		from, had := d[name]
		to, has := now[name]
		s, anyTime := stageOf(name, from, to, had, has)
		switch {
		case !anyTime && s > at:
			to, has = from, had
		case anyTime || s == at:
			to, has = mix(from, to, had, has, random)
		}
		if has {
			left[name] = to
		}
	}
	left.keepLogs(d, now)
	return left
}

// keepLogs brings back the logs that go while a table that goes is there: a log goes after the tables before it, and a
// file system forgets names in order.
func (d disk) keepLogs(from, to disk) {
	goes := func(suffix string) (names []string) {
		for name := range from {
			if _, stays := to[name]; !stays && strings.HasSuffix(name, suffix) {
				names = append(names, name)
			}
		}
		return names
	}
	if slices.ContainsFunc(goes(".sst"), func(name string) bool { _, there := d[name]; return there }) {
		for _, name := range goes(".mem") {
			d[name] = from[name]
		}
	}
}

// mix is a file on the way from one state to another.
func mix(from, to file, had, has bool, random *rand.Rand) (file, bool) {
	switch n := random.IntN(4); {
	case n == 0:
		return from, had
	case n == 1:
		return to, has
	case !had && n == 2:
		return file{}, true
	case had && !has:
		return file{size: from.size * int64(n-2), data: from.data[:len(from.data)*(n-2)]}, true
	}
	size := []int64{from.size, to.size}[random.IntN(2)]
	if !had {
		size = to.size
	}
	block := []int{512, 4096}[random.IntN(2)]
	data := make([]byte, max(len(from.data), len(to.data)))
	copy(data, from.data)
	for at := 0; at < len(to.data); at += block {
		if random.IntN(2) == 0 {
			end := min(at+block, len(data))
			clear(data[at:end])
			copy(data[at:end], to.data[at:])
		}
	}
	return file{data: data[:min(int64(len(data)), size)], size: size}, true
}
