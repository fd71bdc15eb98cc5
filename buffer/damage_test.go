package buffer_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// TestSetAside damages a store so that it cannot be opened, and wants it kept, reported and replaced.
func TestSetAside(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  string // # stands for the folder
	}{
		{"table cut short", func(t *testing.T, dir string) { truncate(t, newest(t, dir, ".sst"), 40) },
			"#: table 000001.sst: index: checksum does not match; kept as #.damaged-20260301T120000Z"},
		{"table empty", func(t *testing.T, dir string) { truncate(t, newest(t, dir, ".sst"), 0) },
			"#: table 000001.sst: index: checksum does not match; kept as #.damaged-20260301T120000Z"},
		{"bit flipped in a block", func(t *testing.T, dir string) { flip(t, newest(t, dir, ".sst"), 30) },
			"#: table 000001.sst: block 0: checksum does not match; kept as #.damaged-20260301T120000Z"},
		{"table lost", func(t *testing.T, dir string) { remove(t, newest(t, dir, ".sst")) },
			"#: file does not exist for table 1; kept as #.damaged-20260301T120000Z"},
		{"manifest lost", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "MANIFEST")) },
			"#: MANIFEST is missing; kept as #.damaged-20260301T120000Z"},
		{"manifest empty", func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, "MANIFEST"), 0) },
			"#: MANIFEST begins with ; kept as #.damaged-20260301T120000Z"},
		{"manifest of zeros", func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "MANIFEST"), make([]byte, 64)) },
			"#: MANIFEST begins with 0000000000000000; kept as #.damaged-20260301T120000Z"},
		{"bit flipped in the manifest", func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "MANIFEST"), 20) },
			"#: manifest has checksum mismatch; kept as #.damaged-20260301T120000Z"},
		{"manifest forgets the table", func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, "MANIFEST"), 16) },
			"#: MANIFEST knows none of the tables; kept as #.damaged-20260301T120000Z"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "buffer")
			o := buffer.Options{Dir: dir}.WithClock(func() time.Time { return noon })
			last := fill(t, o, 3)
			row.spoil(t, dir)
			b := open(t, o)
			want := []string{strings.ReplaceAll(row.want, "#", dir)}
			if diff := cmp.Diff(want, b.Stats().SetAside); diff != "" {
				t.Fatalf("reports (-want +got):\n%s", diff)
			}
			if got := files(t, dir+".damaged-20260301T120000Z", ".vlog"); len(got) == 0 {
				t.Error("what was set aside has no packs")
			}
			if seq := put(t, b, minute(noon, 1)); seq <= last {
				t.Errorf("number %d comes again after %d", seq, last)
			}
		})
	}
}

// TestSetAsideTwice wants a second name, and numbers that go on, within the same second of a clock.
func TestSetAsideTwice(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "buffer")
	o := buffer.Options{Dir: dir}.WithClock(func() time.Time { return noon })
	var last buffer.Seq
	for round := range 3 {
		seq := fill(t, o, 2)
		if seq <= last {
			t.Errorf("round %d: number %d comes after %d", round, seq, last)
		}
		last = seq
		truncate(t, filepath.Join(dir, "MANIFEST"), 3)
	}
	open(t, o)
	for _, name := range []string{"", "-2", "-3"} {
		if _, err := os.Stat(dir + ".damaged-20260301T120000Z" + name); err != nil {
			t.Error(err)
		}
	}
}

// TestDamagedPack flips bits in the value log: only the packs they are in are skipped, and counted.
func TestDamagedPack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := buffer.Options{Dir: dir}
	last := fill(t, o, 5)
	at := find(t, newest(t, dir, ".vlog"), "RP\x01", 2)
	flip(t, newest(t, dir, ".vlog"), at+50)
	b := open(t, o)
	c := cursor(t, b, "c", buffer.Beginning())
	want := []buffer.Seq{last - 4, last - 3, last - 1, last}
	for range 2 { // counted once
		if diff := cmp.Diff(want, seqs(next(t, c, 9))); diff != "" {
			t.Errorf("packs (-want +got):\n%s", diff)
		}
	}
	if got, more, err := b.History(t.Context(), record("power", noon, 0).Name, noon, noon.Add(time.Hour), 99); len(got) != 4 || more || err != nil {
		t.Errorf("history has %d records, more %v, %v, want 4", len(got), more, err)
	}
	if s := b.Stats(); s.Corrupt != 1 || len(s.SetAside) > 1 {
		t.Errorf("stats: %+v, want one corrupt pack", s)
	}
}

// TestOnlyDamagedPacks wants Next to wait and not to spin or fail when nothing that waits can be read.
func TestOnlyDamagedPacks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := buffer.Options{Dir: dir}
	last := fill(t, o, 1)
	flip(t, newest(t, dir, ".vlog"), find(t, newest(t, dir, ".vlog"), "RP\x01", 0)+50)
	b := open(t, o)
	c := cursor(t, b, "c", buffer.Beginning())
	got := make(chan []buffer.Item)
	go func() {
		items, err := c.Next(t.Context(), 9)
		if err != nil {
			t.Error(err)
		}
		got <- items
	}()
	put(t, b, minute(noon, 1))
	if diff := cmp.Diff([]buffer.Seq{last + 1}, seqs(<-got)); diff != "" {
		t.Errorf("packs (-want +got):\n%s", diff)
	}
}

// TestDamagedLog damages the log of a killed process in the middle: what Badger cuts off is copied first, and
// its numbers are not used again.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "buffer")
	m := &machine{t: t, clock: noon, dir: dir}
	m.open()
	var last buffer.Seq
	for range 10 {
		last = put(t, m.b, minute(noon, 1))
		if err := m.b.Mark(); err != nil {
			t.Fatal(err)
		}
	}
	dir = filepath.Join(t.TempDir(), "buffer")
	if err := os.Rename(snapshot(t, m.dir), dir); err != nil {
		t.Fatal(err)
	}
	log := newest(t, dir, ".mem")
	flip(t, log, find(t, log, "p\x00", 4))
	o := buffer.Options{Dir: dir}.WithClock(func() time.Time { return noon })
	b := open(t, o)
	reports := b.Stats().SetAside
	if len(reports) != 1 || !strings.HasPrefix(reports[0], "log "+log+" is damaged at byte ") {
		t.Fatalf("reports: %q, want one of %s", reports, log)
	}
	if got := files(t, dir+".damaged-20260301T120000Z", ".mem"); len(got) != 1 {
		t.Errorf("copied aside: %q, want the log", got)
	}
	c := cursor(t, b, "c", buffer.Beginning())
	if got := seqs(next(t, c, 1000)); len(got) == 0 || got[len(got)-1] >= last {
		t.Errorf("packs before the damage: %d", len(got))
	}
	if seq := put(t, b, minute(noon, 1)); seq <= last {
		t.Errorf("number %d comes again after %d", seq, last)
	}
}

// TestNumberLeftOut lets a cursor pass a number whose pack never reached the disk: that must be no damage later.
func TestNumberLeftOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, buffer.Options{Dir: dir})
	c := cursor(t, b, "c", buffer.Now())
	first := put(t, b, minute(noon, 1))
	b.SkipNumber()
	ack(t, c, first+1)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, buffer.Options{Dir: dir})
	if s := b.Stats(); len(s.SetAside) > 0 || s.Last != first+1 {
		t.Errorf("stats: %+v, want number %d passed", s, first+1)
	}
	if diff := cmp.Diff([]buffer.CursorStats{{Name: "c", Acked: first + 1}}, b.Cursors()); diff != "" {
		t.Errorf("cursors (-want +got):\n%s", diff)
	}
	if seq := put(t, b, minute(noon, 1)); seq != first+2 {
		t.Errorf("the next number is %d, want %d", seq, first+2)
	}
}

// TestUnknownTable lays a table which MANIFEST does not know, and which says more than the store has, beside it: it is
// kept, and the store goes on.
func TestUnknownTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	last := fill(t, buffer.Options{Dir: dir}, 2)
	before := takeImage(t, dir)
	further := fill(t, buffer.Options{Dir: dir}, 2)
	dir = before.with("000077.sst", lastTable(takeImage(t, dir))).lay(t)
	path := filepath.Join(dir, "000077.sst")
	b := open(t, buffer.Options{Dir: dir})
	want := []string{"table " + path + " is not in MANIFEST; kept as " + path + ".unknown"}
	if diff := cmp.Diff(want, b.Stats().SetAside); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	if got := seqs(next(t, cursor(t, b, "c", buffer.Beginning()), 9)); len(got) != 2 || got[1] != last {
		t.Errorf("packs %v, want two to %d", got, last)
	}
	if seq := put(t, b, minute(noon, 1)); seq <= further {
		t.Errorf("number %d is in the unknown table", seq)
	}
}

// TestDamageFoundByUpkeep damages a table of an open store: nothing is compacted, the page can tell, and the
// next opening sets the store aside.
func TestDamageFoundByUpkeep(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "buffer")
	fill(t, buffer.Options{Dir: dir}, 2)
	b := open(t, buffer.Options{Dir: dir})
	put(t, b, minute(noon, 1))
	flip(t, newest(t, dir, ".sst"), 30)
	err := b.Reclaim()
	const cause = "damaged store: table 000001.sst: block 0: checksum does not match"
	if errorText(err) != "space is not given back: "+cause || b.Stats().Damage != cause {
		t.Errorf("error is %v, damage %q, want %q", err, b.Stats().Damage, cause)
	}
	put(t, b, minute(noon, 1))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := open(t, buffer.Options{Dir: dir}).Stats().SetAside; len(got) != 1 {
		t.Errorf("reports %q, want one", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	overwrite(t, file, []byte("not a folder"))
	for _, row := range []struct {
		name string
		o    buffer.Options
		want string
	}{
		{"no folder", buffer.Options{}, "open buffer: no folder is given"},
		{"negative limit", buffer.Options{Dir: "x", MaxBytes: -1}, "open buffer: limits must not be negative"},
		{"a file", buffer.Options{Dir: file}, "create buffer folder: mkdir " + file + ": not a directory"},
		{"unknown room", buffer.Options{Dir: t.TempDir()}.WithFree(func(string) (uint64, error) { return 0, os.ErrInvalid }),
			"ask for free room in #: invalid argument"},
	} {
		_, err := buffer.Open(row.o)
		if want := strings.ReplaceAll(row.want, "#", row.o.Dir); errorText(err) != want {
			t.Errorf("%s: error is %q, want %q", row.name, errorText(err), want)
		}
	}
}

func TestEmptyLogIsNoDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := buffer.Options{Dir: dir}
	fill(t, o, 2)
	overwrite(t, filepath.Join(dir, "00099.mem"), nil)
	overwrite(t, filepath.Join(dir, "000099.vlog"), nil)
	if s := open(t, o).Stats(); s.Packs != 2 || len(s.SetAside) > 0 {
		t.Errorf("stats: %+v, want two packs and nothing set aside", s)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, buffer.Options{Dir: dir})
	put(t, b, minute(noon, 1))
	_, err := buffer.Open(buffer.Options{Dir: dir})
	want := "buffer " + dir + " is in use by another releve (process " + itoa(buffer.Seq(os.Getpid())) + "); stop that one first"
	if errorText(err) != want || !errors.Is(err, buffer.ErrInUse) {
		t.Errorf("error is %q, want %q", errorText(err), want)
	}
	put(t, b, minute(noon, 1))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if s := open(t, buffer.Options{Dir: dir}).Stats(); s.Packs != 2 {
		t.Errorf("%d packs after all, want 2", s.Packs)
	}
}

func TestNewerLayout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, buffer.Options{Dir: dir}, 1)
	manifest := filepath.Join(dir, "MANIFEST")
	data := read(t, manifest)
	data[5] = 5
	overwrite(t, manifest, data)
	before := files(t, dir, "")
	_, err := buffer.Open(buffer.Options{Dir: dir})
	want := "open buffer: layout 5 is written by a newer version of releve, which this one cannot read; install that version again"
	if errorText(err) != want || !errors.Is(err, buffer.ErrNewer) {
		t.Errorf("error is %q, want %q", errorText(err), want)
	}
	if diff := cmp.Diff(before, files(t, dir, "")); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	if !bytes.Equal(data, read(t, manifest)) {
		t.Error("the manifest was changed")
	}
}

// TestOlderLayout opens stores of layout 1, which had neither journal nor roll-ups, of 2, which did not count its undated packs,
// and of 3, and wants them upgraded.
func TestOlderLayout(t *testing.T) {
	t.Parallel()
	for _, layout := range []byte{1, 2, 3} {
		dir := t.TempDir()
		last := fill(t, buffer.Options{Dir: dir}, 3)
		b := open(t, buffer.Options{Dir: dir})
		putUndated(t, b, "boot", senml.Pack{since(1, 1)})
		if err := errors.Join(b.Fold(), b.DropKey([]byte("n")), b.Close()); err != nil {
			t.Fatal(err)
		}
		manifest := filepath.Join(dir, "MANIFEST")
		data := read(t, manifest)
		data[5] = layout
		overwrite(t, manifest, data)
		if layout == 1 {
			remove(t, filepath.Join(dir, "JOURNAL"))
		}
		b = open(t, buffer.Options{Dir: dir})
		if s := b.Stats(); s.Packs != 3 || s.Last != last || s.Undated != 1 || len(s.SetAside) > 0 {
			t.Errorf("stats: %+v, want three packs, one undated and nothing set aside", s)
		}
		putUndated(t, b, "boot", senml.Pack{since(2, 2)})
		if sum := date(t, b, "boot", from(noon)); sum != (buffer.Dated{Records: 2}) {
			t.Errorf("%+v", sum)
		}
		if seq := put(t, b, minute(noon, 1)); seq != last+2 {
			t.Errorf("the next number is %d, want %d", seq, last+2)
		}
		if got := read(t, manifest)[5]; got != 4 {
			t.Errorf("the layout is %d, want 4", got)
		}
	}
}

// TestRestored puts an older copy back in place of a folder. Everything is as it was then: a cursor gets again what came
// after its last acknowledgement of then, packs put since are gone, and new ones bear the numbers those had had, for
// what says which are used is in the folder. So a cursor is never ahead of the packs, and none passes over a new one.
func TestRestored(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "buffer")
	last := fill(t, buffer.Options{Dir: dir}, 3)
	acknowledged := func(dir string, seq buffer.Seq) {
		b := open(t, buffer.Options{Dir: dir})
		ack(t, cursor(t, b, "lorient", buffer.Beginning()), seq)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	acknowledged(dir, last-1)
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	acknowledged(dir, fill(t, buffer.Options{Dir: dir}, 2))

	b := open(t, buffer.Options{Dir: copied})
	if s := b.Stats(); s.Packs != 3 || len(s.SetAside) > 0 || s.Corrupt > 0 || s.Last != last {
		t.Errorf("stats: %+v, want three packs to %d", s, last)
	}
	known := cursor(t, b, "lorient", buffer.Now())
	if got := seqs(next(t, known, 9)); len(got) != 1 || got[0] != last {
		t.Errorf("packs %v, want %d again", got, last)
	}
	want := fmt.Sprintf("acknowledge %d for \"lorient\": the last pack is %d", last+2, last)
	if err := known.Ack(last + 2); errorText(err) != want {
		t.Errorf("error is %q, want %q", errorText(err), want)
	}
	if seq := put(t, b, minute(noon.Add(time.Hour), 1)); seq != last+1 {
		t.Errorf("the next number is %d, want %d", seq, last+1)
	}
	got := next(t, known, 9)
	if diff := cmp.Diff([]buffer.Seq{last, last + 1}, seqs(got)); diff != "" {
		t.Fatalf("packs (-want +got):\n%s", diff)
	}
	if at := time.Unix(int64(got[1].Pack[0].Time), 0); !at.Equal(noon.Add(time.Hour)) {
		t.Errorf("pack %d is of %v, want the new one", last+1, at)
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	var free uint64 = 1 << 30
	dir := t.TempDir()
	o := buffer.Options{Dir: dir}.WithFree(func(string) (uint64, error) { return free, nil })
	b := open(t, o)
	c := cursor(t, b, "c", buffer.Now())
	first := put(t, b, minute(noon, 1))
	free = 15 << 20
	_, err := b.Put(minute(noon, 1))
	want := "put pack: disk is too full: " + dir + " has 15 MiB free and the buffer needs 16; make room"
	if errorText(err) != want || !errors.Is(err, buffer.ErrFull) {
		t.Errorf("error is %q, want %q", errorText(err), want)
	}
	if diff := cmp.Diff([]buffer.Seq{first}, seqs(next(t, c, 9))); diff != "" {
		t.Errorf("packs while full (-want +got):\n%s", diff)
	}
	ack(t, c, first)
	free = 1 << 30
	if seq := put(t, b, minute(noon, 1)); seq != first+1 {
		t.Errorf("the next pack is %d, want %d", seq, first+1)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	free = 11 << 20
	_, err = buffer.Open(o)
	want = "disk is too full: " + dir + " has 11 MiB free and the buffer needs 12; make room"
	if errorText(err) != want {
		t.Errorf("error is %q, want %q", errorText(err), want)
	}
	free = 1 << 30
	b = open(t, o)
	if diff := cmp.Diff([]buffer.CursorStats{{Name: "c", Acked: first, Pending: 1}}, b.Cursors()); diff != "" {
		t.Errorf("cursors after all (-want +got):\n%s", diff)
	}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	good := record("power", noon, 1)
	with := func(change func(r *senml.Record)) senml.Pack {
		r := good
		change(&r)
		return senml.Pack{good, r}
	}
	var hours, many senml.Pack
	for i := range 1025 {
		hours = append(hours, record("power", noon.Add(time.Duration(i)*time.Hour), 1))
	}
	for i := range senml.MaxRecords + 1 {
		many = append(many, record("power", noon.Add(time.Duration(i)*time.Millisecond), 1))
	}
	for _, row := range []struct {
		name string
		pack senml.Pack
		want string
	}{
		{"empty", nil, "put pack: it has no records"},
		{"base name", with(func(r *senml.Record) { r.BaseName = "urn:" }), "put pack: record 2: it has base fields, resolve the pack first"},
		{"no name", with(func(r *senml.Record) { r.Name = "" }), "put pack: record 2: a name has 1 to 1000 bytes, this one has 0"},
		{"long name", with(func(r *senml.Record) { r.Name = strings.Repeat("n", 1001) }), "put pack: record 2: a name has 1 to 1000 bytes, this one has 1001"},
		{"long unit", with(func(r *senml.Record) { r.Unit = strings.Repeat("u", 101) }), "put pack: record 2: a unit has at most 100 bytes, this one has 101"},
		{"relative time", with(func(r *senml.Record) { r.Time = -60 }), "put pack: record 2: no reading can be of that time: -60.000 is not in Unix seconds since 2020"},
		{"time in milliseconds", with(func(r *senml.Record) { r.Time = 1.7e12 }), "put pack: record 2: no reading can be of that time: 1700000000000.000 is not in Unix seconds since 2020"},
		{"before 2020", with(func(r *senml.Record) { r.Time = 1577836799.999 }), "put pack: record 2: no reading can be of that time: 1577836799.999 is not in Unix seconds since 2020"},
		{"in the future", with(func(r *senml.Record) { r.Time = 4e9 }), "put pack: record 2: no reading can be of that time: 2096-10-02T07:06:40Z is of the future; check the clock of what sent it"},
		{"hours", hours, "put pack: pack is too large, split it: 1025 different hours, 1024 allowed"},
		{"records", many, "put pack: pack is too large, split it: 65537 records, 65536 allowed"},
		{"bytes", senml.Pack{{Name: "n", Time: good.Time, Value: senml.DataValue(make([]byte, 4<<20))}},
			"put pack: pack is too large, split it: 4194321 bytes of CBOR, 4194304 allowed"},
	} {
		if _, err := b.Put(row.pack); errorText(err) != row.want {
			t.Errorf("%s: error is %q, want %q", row.name, errorText(err), row.want)
		}
	}
	if s := b.Stats(); s.Packs != 0 {
		t.Errorf("%d packs are stored, want none", s.Packs)
	}
	put(t, b, hours[:1024])
	if got, _, err := b.History(t.Context(), good.Name, noon, noon.AddDate(1, 0, 0), 2000); len(got) != 1024 || err != nil {
		t.Errorf("the largest pack has %d records in the history, want 1024: %v", len(got), err)
	}
}

// fill puts n packs into a store of its own, closes it and returns the last number.
func fill(t *testing.T, o buffer.Options, n int) buffer.Seq {
	t.Helper()
	b := open(t, o)
	var last buffer.Seq
	for i := range n {
		last = put(t, b, minute(noon.Add(time.Duration(i)*time.Second), 1))
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return last
}

func files(t *testing.T, dir, suffix string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names
}

// newest is the last file with that suffix.
func newest(t *testing.T, dir, suffix string) string {
	t.Helper()
	names := files(t, dir, suffix)
	if len(names) == 0 {
		t.Fatalf("%s has no %s", dir, suffix)
	}
	return names[len(names)-1]
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func overwrite(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o640); err != nil {
		t.Fatal(err)
	}
}

func truncate(t testing.TB, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// flip inverts one byte in its place, as the file may be in use.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, int64(at)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{b[0] ^ 0xFF}, int64(at)); err != nil {
		t.Fatal(err)
	}
}

// find tells where the text occurs for the nth time, from 0.
func find(t *testing.T, path, text string, n int) int {
	t.Helper()
	data := read(t, path)
	at := -1
	for range n + 1 {
		i := bytes.Index(data[at+1:], []byte(text))
		if i < 0 {
			t.Fatalf("%s does not hold %q %d times", path, text, n+1)
		}
		at += 1 + i
	}
	return at
}
