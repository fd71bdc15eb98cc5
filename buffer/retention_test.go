package buffer_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// noise is a pack of about n bytes that do not compress.
func noise(random *rand.ChaCha8, at time.Time, n int) senml.Pack {
	data := make([]byte, n)
	_, _ = random.Read(data)
	return senml.Pack{{
		Name: "urn:dev:org:60060-demo_noise", Value: senml.DataValue(data), Time: float64(at.Unix()),
	}}
}

// TestDiskStaysBounded fills a buffer over its limit several times and watches what the folder takes.
func TestDiskStaysBounded(t *testing.T) {
	t.Parallel()
	const maxBytes, size, fills = 32 << 20, 200 << 10, 5
	b := open(t, buffer.Options{Dir: t.TempDir(), MaxBytes: maxBytes})
	c := cursor(t, b, "stuck", buffer.Beginning())
	random := rand.NewChaCha8([32]byte{})
	var most int64
	for i := range fills * maxBytes / size {
		put(t, b, noise(random, noon.Add(time.Duration(i)*time.Minute), size))
		s := b.Stats()
		if s.Bytes > maxBytes {
			t.Fatalf("%d bytes are stored, %d allowed", s.Bytes, maxBytes)
		}
		most = max(most, s.DiskBytes)
	}
	if err := b.Reclaim(); err != nil {
		t.Error(err)
	}
	s := b.Stats()
	const bound, rest = maxBytes*9/8 + 64<<20, maxBytes + 2*16<<20
	if most > bound || s.DiskBytes > rest {
		t.Errorf("the folder took %d MiB, at the end %d, want at most %d and %d", most>>20, s.DiskBytes>>20, bound>>20, rest>>20)
	}
	t.Logf("put %d MiB, at most %d MiB on disk, %d at the end", fills*maxBytes>>20, most>>20, s.DiskBytes>>20)
	if got := next(t, c, 1)[0].Seq; got != s.First {
		t.Errorf("the stuck cursor is at %d, want the oldest pack %d", got, s.First)
	}
	want := []buffer.CursorStats{{Name: "stuck", Acked: s.First - 1, Pending: s.Packs, Expired: s.Trimmed}}
	if diff := cmp.Diff(want, b.Cursors()); diff != "" {
		t.Errorf("cursors (-want +got):\n%s", diff)
	}
}

// TestSpentLogs wants value logs in which nothing is left to take no space, long before Badger is asked to free them, and the store to
// go on, also when it is opened again.
func TestSpentLogs(t *testing.T) {
	t.Parallel()
	const size, packs, kept = 200 << 10, 200, 50
	clock := noon
	o := buffer.Options{Dir: t.TempDir(), MaxBytes: 4 << 30, MaxAge: kept * time.Minute}.WithClock(func() time.Time { return clock })
	b := open(t, o)
	random := rand.NewChaCha8([32]byte{})
	more := func() {
		clock = clock.Add(time.Minute)
		put(t, b, noise(random, clock, size))
	}
	for range packs {
		more()
	}
	const bound = kept*size + 3*8<<20 // what is kept, and files that it begins and ends in
	for deadline := time.Now().Add(5 * time.Minute); b.Stats().DiskBytes > bound; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the folder takes %d MiB, at most %d are wanted", b.Stats().DiskBytes>>20, bound>>20)
		}
		more() // the keeper may be late
	}
	for _, when := range []string{"used", "opened again", "compacted"} {
		if when == "compacted" {
			if err := b.Compact(); err != nil {
				t.Fatal(err)
			}
		}
		sum, err := b.Verify(t.Context(), func(problem string) { t.Errorf("%s: %s", when, problem) })
		if s := b.Stats(); err != nil || sum.Packs != int(s.Packs) || s.Packs > kept+1 || s.Packs < kept-1 || s.Corrupt != 0 {
			t.Errorf("%s: verified %+v, %v; stats %+v", when, sum, err, s)
		}
		if when == "used" {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			b = open(t, o)
		}
	}
}

// TestExpired counts per cursor what was trimmed unsent, also after reopening.
func TestExpired(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := buffer.Options{Dir: dir, MaxBytes: 10_500}
	b := open(t, o)
	cursors := []*buffer.Cursor{cursor(t, b, "quick", buffer.Now()), cursor(t, b, "slow", buffer.Now())}
	random := rand.NewChaCha8([32]byte{})
	var first, last buffer.Seq
	for i := range 25 { // ten of them fit
		last = put(t, b, noise(random, noon, 960))
		if i == 0 {
			first = last
		}
		ack(t, cursors[0], last)
		if i == 4 {
			ack(t, cursors[1], last)
		}
	}
	want := []buffer.CursorStats{
		{Name: "quick", Acked: last},
		{Name: "slow", Acked: last - 10, Pending: 10, Expired: 10},
	}
	for range 2 {
		if diff := cmp.Diff(want, b.Cursors()); diff != "" {
			t.Errorf("cursors (-want +got):\n%s", diff)
		}
		s := b.Stats()
		if s.Packs != 10 || s.Trimmed != 15 || s.First != first+15 || s.Last != last {
			t.Errorf("stats: %+v, want packs 15 to 24 of 0 to 24", s)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, o)
	}
}

// TestNumbersGoOn trims everything by age, reopens, and wants no number twice.
func TestNumbersGoOn(t *testing.T) {
	t.Parallel()
	clock := noon
	dir := t.TempDir()
	o := buffer.Options{Dir: dir, MaxAge: 24 * time.Hour}.WithClock(func() time.Time { return clock })
	b := open(t, o)
	cursor(t, b, "slow", buffer.Beginning())
	var last buffer.Seq
	for range 300 {
		last = put(t, b, minute(clock, 1))
		clock = clock.Add(time.Minute)
	}
	clock = clock.Add(20 * time.Hour)
	if err := b.Trim(); err != nil || b.Stats().Packs != 224 {
		t.Fatalf("%d packs are within a day less a 93rd, want 224: %v", b.Stats().Packs, err)
	}
	clock = clock.Add(24 * time.Hour)
	if err := b.Trim(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, o)
	c := cursor(t, b, "slow", buffer.Now())
	if s := b.Stats(); s.Packs != 0 || s.Bytes != 0 || s.First != last+1 || s.Last != last || s.Trimmed != 300 || len(b.Series()) != 0 {
		t.Errorf("stats: %+v, series: %v, want nothing stored", s, b.Series())
	}
	if got, _, err := b.History(t.Context(), record("power", noon, 0).Name, noon, clock, 9); len(got) != 0 || err != nil {
		t.Errorf("history has %d records, want none: %v", len(got), err)
	}
	if seq := put(t, b, minute(clock, 1)); seq != last+1 {
		t.Errorf("the next number is %d, want %d", seq, last+1)
	}
	if got := seqs(next(t, c, 9)); len(got) != 1 || got[0] != last+1 {
		t.Errorf("the cursor gets %v, want %d", got, last+1)
	}
	if got := b.Cursors()[0].Expired; got != 300 {
		t.Errorf("%d packs expired, want 300", got)
	}
}

// TestTrimmedHistory wants history to be exact about what is left, while old packs go: hours with a pack, whole.
func TestTrimmedHistory(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	clock := noon
	b := open(t, buffer.Options{Dir: t.TempDir(), MaxBytes: 6_000})
	var packs naive
	hours := byHour{}
	for range 200 {
		p := randomPack(random, &clock)
		put(t, b, p)
		packs = append(packs, p)
		hours.put(p)
		packs = packs[len(packs)-int(b.Stats().Packs):]
		hours.trim(packs)
		checkHistory(t, b, hours.all(), random)
	}
	if s := b.Stats(); s.Trimmed < 100 {
		t.Errorf("only %d packs were trimmed", s.Trimmed)
	}
}

// TestTrimDamaged trims packs that cannot be read: they go, their index with them, and the count stays right.
func TestTrimDamaged(t *testing.T) {
	t.Parallel()
	clock := noon
	dir := t.TempDir()
	o := buffer.Options{Dir: dir, MaxAge: time.Hour}.WithClock(func() time.Time { return clock })
	last := fill(t, o, 3)
	log := newest(t, dir, ".vlog")
	for n := range 2 {
		flip(t, log, find(t, log, "RP\x01", n)+50)
	}
	b := open(t, o)
	clock = clock.Add(2 * time.Hour)
	put(t, b, minute(clock, 1))
	if err := b.Trim(); err != nil {
		t.Fatal(err)
	}
	// What cannot be read counts as put now, hence the second time.
	clock = clock.Add(2 * time.Hour)
	put(t, b, minute(clock, 1))
	if s := b.Stats(); s.Packs != 1 || s.First != last+2 || s.Trimmed != 4 {
		t.Errorf("stats: %+v, want the last pack alone", s)
	}
}

// TestGoesOnAfterFailure closes the database underneath, as if the disk had gone: calls fail, none hangs.
func TestGoesOnAfterFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c := cursor(t, b, "c", buffer.Now())
	first := put(t, b, minute(noon, 1))
	if err := b.FailDisk(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(minute(noon, 1)); err == nil {
		t.Error("a pack was put without a database")
	}
	ack(t, c, first)
	if err := b.Close(); err == nil {
		t.Error("the acknowledgement was written without a database")
	}
	b = open(t, buffer.Options{Dir: dir})
	if diff := cmp.Diff([]buffer.Seq{first}, seqs(next(t, cursor(t, b, "c", buffer.Now()), 9))); diff != "" {
		t.Errorf("packs after all (-want +got):\n%s", diff)
	}
}

// TestTrimsSeldom fills a store up to its age and goes on: what goes, goes together, and the journal is not folded for
// each pack.
func TestTrimsSeldom(t *testing.T) {
	t.Parallel()
	clock, folds := noon, 0
	o := buffer.Options{Dir: t.TempDir()}.WithClock(func() time.Time { return clock }).WithWatch(func(point string) {
		if point == "emptied" {
			folds++
		}
	})
	b := open(t, o)
	const full, more = 31 * 12, 80 // a pack each two hours
	for n := range full + more {
		if n == full {
			folds = 0
		}
		put(t, b, senml.Pack{record("power", clock, float64(n))})
		clock = clock.Add(2 * time.Hour)
	}
	if s := b.Stats(); s.Packs < full-4 || s.Packs > full+1 || s.Trimmed < more-1 {
		t.Errorf("stats %+v", s)
	}
	if folds > more/3 {
		t.Errorf("the journal was folded %d times for %d packs", folds, more)
	}
}
