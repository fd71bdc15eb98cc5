package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"releve/agent/config"
	"releve/agent/series"
	"releve/buffer"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// Wear is counted where the card would have it: a store on an ext4 of its own, in a file behind a loop device, and the
// sectors which that device was told to write, the journal and the metadata of the file system among them. The meter's
// time is simulated. What is put is durable when Put returns and what is folded is synced at once, so there is nothing
// that the kernel would have written back had the time been real, but for ext4's commits of metadata alone.

// worn is what was written, in bytes.
type worn struct {
	device  int64 // all of it
	journal int64 // by the journal of the buffer
	disk    int64 // what the folder takes at the end
	packs   int
}

// TestWear wants a day of one meter in standard mode at full rate, with history and three recipients, to write no more
// than 5 MB. WEAR_HOURS sets how long is simulated, 3 if it is not set; WEAR_PERIODS adds what other periods cost.
func TestWear(t *testing.T) {
	hours, periods := 3, []time.Duration{time.Minute}
	_, _ = fmt.Sscan(os.Getenv("WEAR_HOURS"), &hours)
	for _, word := range strings.Fields(os.Getenv("WEAR_PERIODS")) {
		period, err := time.ParseDuration(word)
		if err != nil {
			t.Fatal(err)
		}
		periods = append(periods, period)
	}
	for _, period := range periods {
		dir, device := card(t)
		w := wear(t, filepath.Join(dir, "state"), device, period, time.Duration(hours)*time.Hour)
		day := func(bytes int64) float64 { return float64(bytes) / 1e6 * 24 / float64(hours) }
		t.Logf("a pack each %v: %.2f MB a day written, %.2f by the journal and %.2f by the store and ext4; %d packs, %.2f MB a day kept",
			period, day(w.device), day(w.journal), day(w.device-w.journal), w.packs, day(w.disk))
		limit := 5.0
		if hours < 24 {
			limit = 15 // closing, once a run, weighs more in a short one
		}
		if period == time.Minute && day(w.device) > limit {
			t.Errorf("%.2f MB a day are written, %.0f allowed", day(w.device), limit)
		}
	}
}

// card makes an empty ext4 and returns its folder and the file where the kernel counts what its device writes. Where one
// may not mount, the test is skipped, or fails in CI. The file system hangs on one open descriptor and not in the tree of
// folders: it and its loop device go with the process, however that ends.
func card(t *testing.T) (dir, device string) {
	t.Helper()
	image, mounted := filepath.Join(t.TempDir(), "card"), t.TempDir()
	var loop string
	for _, command := range [][]string{
		{"truncate", "-s", "512M", image}, {"mkfs.ext4", "-q", image},
		{"mount", "-o", "loop,noatime,lazytime,commit=30", image, mounted},
		{"findmnt", "-n", "-o", "SOURCE", mounted},
	} {
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		switch {
		case err != nil && os.Getenv("CI") != "":
			t.Fatalf("no card to wear: %v: %v: %s", command, err, out)
		case err != nil:
			t.Skipf("no card to wear: %v: %v: %s", command, err, out)
		}
		loop = strings.TrimSpace(string(out))
	}
	root, opening := os.Open(mounted)
	if out, err := exec.Command("umount", "--lazy", mounted).CombinedOutput(); err != nil || opening != nil {
		t.Fatalf("hold the card: %v: %v: %s", opening, err, out)
	}
	t.Cleanup(func() { _ = root.Close() })
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), root.Fd()), filepath.Join("/sys/block", filepath.Base(loop), "stat")
}

// sectors reads the bytes a device was told to write (Documentation/block/stat.rst).
func sectors(t *testing.T, device string) int64 {
	t.Helper()
	data, err := os.ReadFile(device)
	if err != nil {
		t.Fatal(err)
	}
	var written int64
	if _, err := fmt.Sscan(strings.Fields(string(data))[6], &written); err != nil {
		t.Fatal(err)
	}
	return written * 512
}

// wear lets a meter talk for some time.
func wear(t *testing.T, state, device string, period, long time.Duration) (w worn) {
	t.Helper()
	meter, err := linky.New(linky.Scenario{Seed: 3, Start: time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config{}
	c.Agent.State, c.Buffer.MaxBytes, c.Buffer.MaxAge = state, 256<<20, 31*24*time.Hour
	o := storeOptions(c, nil)
	var now atomic.Int64 // what the meter's clock says, which is not the keeper's to ask while the meter talks
	now.Store(meter.Now().UnixNano())
	o.Clock = func() (time.Time, bool) { return time.Unix(0, now.Load()), true }
	b, err := buffer.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() }) // before the card goes, also after a failure
	put := putting(t, b)
	flushed(t) // a new store is no daily matter
	before := sectors(t, device)
	journal := readJournal(t, o.Dir)
	recorder := series.NewRecorder("linky", 10*time.Minute)
	var gathered senml.Pack
	decoder := tic.NewDecoder(tic.Standard, func(f *tic.Frame) { gathered = append(gathered, recorder.Record(f, meter.Now())...) })
	for start, last := meter.Now(), meter.Now(); meter.Now().Sub(start) < long; {
		if _, err := decoder.Write(meter.Frame(nil)); err != nil {
			t.Fatal(err)
		}
		now.Store(meter.Now().UnixNano())
		if meter.Now().Sub(last) < period || len(gathered) == 0 {
			continue
		}
		put(gathered)
		last, gathered = meter.Now(), nil
		w.packs++
		written := readJournal(t, o.Dir)
		w.journal += differing(journal, written)
		journal = written
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	flushed(t)
	w.device, w.disk = sectors(t, device)-before, onDisk(t, o.Dir)
	return w
}

// flushed has ext4 write what it would write within some seconds, so that it is counted.
func flushed(t *testing.T) {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "sync").Run(); err != nil {
		t.Fatal(err)
	}
}

// putting stores packs for three recipients that take each at once.
func putting(t *testing.T, b *buffer.Buffer) func(p senml.Pack) {
	t.Helper()
	var cursors []*buffer.Cursor
	for _, name := range []string{"lorient", "client@sen1.example", "page"} {
		c, err := b.Cursor(name, buffer.Now())
		if err != nil {
			t.Fatal(err)
		}
		cursors = append(cursors, c)
	}
	return func(p senml.Pack) {
		seq, err := b.Put(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cursors {
			if err := c.Ack(seq); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func readJournal(t *testing.T, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "JOURNAL"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// differing is the size of the blocks that are not the same.
func differing(before, after []byte) (bytes int64) {
	const block = 512
	for at := 0; at+block <= len(after); at += block {
		if string(before[at:at+block]) != string(after[at:at+block]) {
			bytes += block
		}
	}
	return bytes
}

// onDisk is what the files of a folder take.
func onDisk(t *testing.T, dir string) int64 {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "du", "-s", "-B1", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	if _, err := fmt.Sscan(string(out), &size); err != nil {
		t.Fatal(err)
	}
	return size
}
