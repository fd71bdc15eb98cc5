package buffer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// TestPowerCut cuts the power at every stage of random work, and wants each time all that had been called durable,
// nothing that was never put, and nothing set aside.
//
// The disk is modelled: images of the folder are taken when all before is durable, and when something more is written.
// What a cut leaves is the earlier image with any of the blocks written since, 512 or 4096 bytes each, in any order;
// a new file may be absent, empty, of zeros or whole; one that goes may be there, empty or gone; a file has its old
// length or its new one. What cannot be is held back: Badger syncs a table before MANIFEST knows it and MANIFEST before
// files go, and a sync of ours comes before the journal is emptied. That a block is written whole or not at all, and
// that what was synced stays, is what we take the card's word for.
//
// BUFFER_CUTS sets how many steps of work there are.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	steps, each := 20, 1
	if testing.Short() {
		steps = 8
	}
	if n, err := strconv.Atoi(os.Getenv("BUFFER_CUTS")); err == nil {
		steps, each = n, 4
	}
	w := &worker{
		t: t, random: rand.New(rand.NewPCG(uint64(steps), 4)), dir: filepath.Join(t.TempDir(), "buffer"), put: map[buffer.Seq]senml.Pack{}, each: each,
	}
	w.open()
	for range steps {
		w.step()
		if t.Failed() {
			return
		}
	}
	t.Logf("%d cuts in %d steps, %d packs called durable, all there each time", w.cuts, steps, len(w.durable))
}

// worker does random work and cuts the power meanwhile.
type worker struct {
	t      *testing.T
	random *rand.Rand
	dir    string
	b      *buffer.Buffer
	c      *buffer.Cursor

	disk    disk // what is durable
	durable []buffer.Seq
	put     map[buffer.Seq]senml.Pack
	next    senml.Pack // on its way
	acked   buffer.Seq
	cuts    int
	each    int // cuts a stage
}

func (w *worker) open() {
	b, err := buffer.Open(buffer.Options{Dir: w.dir}.WithWatch(w.watch))
	if err != nil {
		w.t.Fatal(err)
	}
	w.b = b
	w.c = cursor(w.t, b, "c", buffer.Beginning())
	w.disk = w.image()
}

// watch cuts the power while what was written is not synced. What is synced is durable.
func (w *worker) watch(point string) {
	if w.disk == nil {
		return
	}
	now := w.image()
	if point == "written" {
		w.cut(now)
		return
	}
	w.disk = now
}

// step does something and cuts the power.
func (w *worker) step() {
	switch n := w.random.IntN(20); {
	case n < 11:
		w.store(1 + w.random.IntN(40))
	case n < 12:
		w.store(6000) // too large for the journal
	case n < 15:
		w.ack()
	case n < 18:
		if err := w.b.Fold(); err != nil {
			w.t.Fatal(err)
		}
	default:
		w.reopen()
		return
	}
	now := w.image()
	w.cut(now)
	w.disk = now
	w.settle()
}

// store puts a pack of n seconds.
func (w *worker) store(n int) {
	w.next = minute(noon.Add(time.Duration(len(w.put))*time.Minute), n)
	if n > 1000 {
		w.next = noise(rand.NewChaCha8([32]byte{byte(n), byte(len(w.put))}), noon, n*20)
	}
	w.put[put(w.t, w.b, w.next)] = w.next
}

// settle notes that what was put is durable.
func (w *worker) settle() {
	w.durable = w.durable[:0]
	for seq := range w.put {
		w.durable = append(w.durable, seq)
	}
	slices.Sort(w.durable)
}

func (w *worker) ack() {
	if len(w.durable) > 0 {
		w.acked = max(w.acked, w.durable[w.random.IntN(len(w.durable))])
		ack(w.t, w.c, w.acked)
	}
}

// reopen closes, in which the log becomes a table, and opens.
func (w *worker) reopen() {
	if err := w.b.Close(); err != nil {
		w.t.Fatal(err)
	}
	now := w.image()
	w.cut(now)
	w.disk = nil
	closed := now
	w.open()
	now, w.disk = w.disk, closed
	w.cut(now)
	w.disk = now
}

// cut opens what a power cut may leave between what is durable and what is there now.
func (w *worker) cut(now disk) {
	w.t.Helper()
	if w.disk == nil {
		return
	}
	for _, s := range []stage{stageBulk, stageManifest, stageRest} {
		for range w.each {
			w.cuts++
			w.check(w.disk.torn(now, s, w.random).lay(w.t), fmt.Sprintf("cut %d, stage %d", w.cuts, s))
			if w.t.Failed() {
				return
			}
		}
	}
}

// check opens a folder after a cut.
func (w *worker) check(dir, name string) {
	w.t.Helper()
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	defer b.Close()
	if s := b.Stats(); len(s.SetAside) > 0 || s.Corrupt > 0 {
		w.t.Fatalf("%s: stats %+v", name, s)
	}
	found := map[buffer.Seq]senml.Pack{}
	c := cursor(w.t, b, "check", buffer.Beginning())
	for uint64(len(found)) < b.Stats().Packs {
		for _, item := range next(w.t, c, 100) {
			found[item.Seq] = item.Pack
			ack(w.t, c, item.Seq)
		}
	}
	for _, seq := range w.durable {
		if diff := cmp.Diff(w.put[seq], found[seq], sameValue); diff != "" {
			w.t.Errorf("%s: pack %d (-want +got):\n%.300s", name, seq, diff)
		}
		delete(found, seq)
	}
	for seq, got := range found { // it was on its way
		if diff := cmp.Diff(w.next, got, sameValue); diff != "" {
			w.t.Errorf("%s: pack %d was never put: %.300s", name, seq, diff)
		}
	}
	if s := b.Stats(); s.Corrupt > 0 {
		w.t.Errorf("%s: stats %+v", name, s)
	}
}

// disk is a folder as it lies on a disk: the files without the zeros at their ends, and their lengths.
type disk map[string]file

type file struct {
	data []byte
	size int64
}

func (w *worker) image() disk {
	w.t.Helper()
	d := disk{}
	for _, path := range files(w.t, w.dir, "") {
		data := read(w.t, path)
		d[filepath.Base(path)] = file{bytes.Clone(bytes.TrimRight(data, "\x00")), int64(len(data))}
	}
	return d
}

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

// stage is how far the writing of an image has come.
type stage int

const (
	stageBulk     stage = iota // tables and logs are being written
	stageManifest              // they are durable, MANIFEST is being written
	stageRest                  // it is durable too, files go and shrink
)

// of tells the stage in which a file gets from one state to the other, and whether it does so at any time.
func stageOf(name string, from, to file, had, has bool) (s stage, anyTime bool) {
	switch {
	case !strings.Contains(name, "."):
		return stageManifest, name != manifestFile
	case had && !has || had && has && to.size < from.size:
		return stageRest, false
	}
	return stageBulk, false
}

// torn is what a power cut may leave on the way from d to now.
func (d disk) torn(now disk, at stage, random *rand.Rand) disk {
	left := disk{}
	names := map[string]bool{}
	for name := range d {
		names[name] = true
	}
	for name := range now {
		names[name] = true
	}
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
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
	return left
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
