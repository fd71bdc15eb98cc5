package ledger

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
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// sent is an entry of a transfer, another for each i.
func sent(i int) Entry {
	return Entry{
		At: noon.Add(time.Duration(i) * time.Hour), Kind: Transfer, Recipient: "conseil@breizh-sen2.example",
		Consent: "2091a27be9a8f5c5", Finest: "PT30M", Series: []string{"voltage/1"}, From: noon, To: noon.Add(time.Hour), Count: 100 + i, Digest: strings.Repeat("ab", 32),
	}
}

// filled opens a ledger with that many entries, the first of which is its beginning.
func filled(t *testing.T, dir string, entries int) *Ledger {
	t.Helper()
	l, err := Open(dir, noon)
	must(t, err)
	t.Cleanup(func() { l.Close() }) // a second time for tests that have closed it
	for i := int(l.Size()); i < entries; i++ {
		_, err := l.Append(sent(i))
		must(t, err)
	}
	return l
}

func snapshot(t *testing.T, dir string) *Snapshot {
	t.Helper()
	s, err := Take(dir)
	must(t, err)
	return s
}

func contents(t *testing.T, dir string) []Numbered {
	t.Helper()
	all, err := snapshot(t, dir).Entries()
	must(t, err)
	return all
}

func TestLedgerGoesOn(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	must(t, filled(t, dir, 3).Close())
	earlier := snapshot(t, dir).Checkpoint()
	second := filled(t, dir, 5)
	want := []Numbered{{N: 0, Entry: Entry{At: noon, Kind: Beginning}}}
	for i := 1; i < 5; i++ {
		want = append(want, Numbered{N: int64(i), Entry: sent(i)})
	}
	if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
	report, err := Verify(dir, second.PublicKey(), earlier, snapshot(t, dir).Checkpoint())
	must(t, err)
	head, err := ParseCheckpoint(snapshot(t, dir).Checkpoint(), second.PublicKey())
	must(t, err)
	if diff := cmp.Diff(Report{Size: 5, Root: head.Root}, report); diff != "" {
		t.Error(diff)
	}
	if public, err := PublicKey(dir); err != nil || public != second.PublicKey() {
		t.Errorf("the folder's public key is %q, %v", public, err)
	}
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	l := filled(t, t.TempDir(), 1)
	tests := []struct {
		name  string
		entry Entry
		err   string
	}{
		{"no kind", Entry{At: noon}, `append to the ledger: an entry of the unknown kind ""`},
		{"backwards", Entry{Kind: Transfer, From: noon, To: noon.Add(-time.Hour)}, "append to the ledger: an entry ends before it begins"},
		{"too long", Entry{Kind: Change, Text: strings.Repeat("x", maxEntry)}, "append to the ledger: an entry has at most 8192 bytes"},
	}
	for _, test := range tests {
		if _, err := l.Append(test.entry); text(err) != test.err {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if l.Size() != 1 {
		t.Errorf("refused entries made it %d", l.Size())
	}
}

// A disk that takes nothing leaves the ledger as it was; it goes on once there is room.
func TestAppendAfterFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filled(t, dir, 2)
	good := l.file
	var err error
	l.file, err = os.Open("/dev/full")
	must(t, err)
	defer l.file.Close()
	if _, err := l.Append(sent(2)); err == nil {
		t.Error("a write that failed was reported durable")
	}
	l.file = good
	if n, err := l.Append(sent(2)); n != 2 || err != nil {
		t.Errorf("entry %d, %v", n, err)
	}
	if report, err := Verify(dir, l.PublicKey()); err != nil || report.Size != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}

// A power cut may leave any part of the line being written, or zeros in place of any of its blocks.
func TestPowerCutAtEveryByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, filled(t, dir, 3).Close())
	before := readFile(t, dir)
	must(t, filled(t, dir, 4).Close())
	whole := readFile(t, dir)
	for end := len(before); end < len(whole); end++ {
		zeros := make([]byte, (len(whole)-end)*(end%2))
		afterPowerCut(t, dir, append(bytes.Clone(whole[:end]), zeros...), fmt.Sprintf("cut at byte %d, %d zeros", end, len(zeros)))
	}
	zeros := append(append(append([]byte{}, before...), make([]byte, 64)...), whole[len(before)+64:]...)
	afterPowerCut(t, dir, zeros, "the first block missing")
	if again := filled(t, dir, 6); again.Size() != 6 {
		t.Errorf("%d entries after it went on", again.Size())
	}
}

func afterPowerCut(t *testing.T, dir string, file []byte, what string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, entriesFile), file, 0o600))
	l, err := Open(dir, noon)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer l.Close()
	if report, err := Verify(dir, l.PublicKey()); err != nil || report.Size != 3 || report.Torn != 0 {
		t.Errorf("%s: %+v, %v", what, report, err)
	}
}

func readFile(t *testing.T, dir string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, entriesFile))
	must(t, err)
	return file
}

func TestOpenSetsAsideDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, filled(t, dir, 4).Close())
	file := readFile(t, dir)
	file[bytes.Index(file, []byte("voltage"))] ^= 1
	must(t, os.WriteFile(filepath.Join(dir, entriesFile), file, 0o600))
	l, err := Open(dir, noon.Add(time.Minute))
	if l == nil {
		t.Fatal(err)
	}
	defer l.Close()
	var damage *Damage
	if !errors.As(err, &damage) {
		t.Fatalf("the trouble is %v", err)
	}
	aside := filepath.Join(dir, "entries.damaged-20261101T120100Z")
	want := fmt.Sprintf("open the ledger: %v; it was set aside as %s", damage, aside)
	if text(err) != want {
		t.Errorf("the trouble is %q, want %q", err, want)
	}
	if kept, err := os.ReadFile(aside); err != nil || string(kept) != string(file) {
		t.Errorf("what was set aside is not what was there: %v", err)
	}
	begun := []Numbered{{Entry: Entry{
		At: noon.Add(time.Minute), Kind: Beginning, Text: "the ledger before this one was damaged: " + damage.Error(),
	}}}
	if diff := cmp.Diff(begun, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestOpenRefusesForeignKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, filled(t, dir, 2).Close())
	must(t, os.WriteFile(keyName(dir), []byte("nonsense"), 0o600))
	if _, err := Open(dir, noon); text(err) != fmt.Sprintf(
		"read the ledger's key: %s holds none; restore it, or remove it together with the ledger: malformed verifier id", keyName(dir)) {
		t.Errorf("a key that is none gives %v", err)
	}
}

func TestErase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filled(t, dir, 6)
	before := snapshot(t, dir).Checkpoint()
	proof, err := snapshot(t, dir).Prove(3)
	must(t, err)
	n, err := l.Erase(noon.Add(time.Hour), "page", func(e Entry) bool { return e.Count == 103 || e.Count == 104 })
	if n != 2 || err != nil {
		t.Fatalf("erased %d, %v", n, err)
	}
	want := []Numbered{
		{N: 0, Entry: Entry{At: noon, Kind: Beginning}}, {N: 1, Entry: sent(1)}, {N: 2, Entry: sent(2)},
		{N: 3, Erased: true}, {N: 4, Erased: true}, {N: 5, Entry: sent(5)},
		{N: 6, Entry: Entry{At: noon.Add(time.Hour), Kind: Erasure, By: "page", Count: 2, Text: "entries of this ledger"}},
	}
	if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
		t.Error(diff)
	}
	report, err := Verify(dir, l.PublicKey(), before)
	if err != nil || report.Size != 7 || report.Erased != 2 {
		t.Errorf("%+v, %v", report, err)
	}
	if e, _, err := CheckProof(proof, l.PublicKey()); err != nil || e.Entry.Count != 103 {
		t.Errorf("a proof from before says %+v, %v", e, err)
	}
	again, err := snapshot(t, dir).Prove(3)
	must(t, err)
	if e, _, err := CheckProof(again, l.PublicKey()); err != nil || !e.Erased {
		t.Errorf("a proof of what was erased says %+v, %v", e, err)
	}
	if n, err := l.Erase(noon, "page", func(Entry) bool { return false }); n != 0 || err != nil || l.Size() != 7 {
		t.Errorf("nothing to erase: %d, %v, %d entries", n, err, l.Size())
	}
	must(t, l.Close())
	if reopened := filled(t, dir, 8); reopened.Size() != 8 {
		t.Errorf("%d entries after it was opened again", reopened.Size())
	}
}

// TestGrowth wants a year with three recipients to take no more than 0.65 MB.
func TestGrowth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeMany(t, dir, 3*365)
	info, err := os.Stat(filepath.Join(dir, entriesFile))
	must(t, err)
	if info.Size() > 650_000 || snapshot(t, dir).Size() != 3*365 {
		t.Errorf("%d entries take %d bytes", snapshot(t, dir).Size(), info.Size())
	}
}

// BenchmarkAppend reports what an entry takes on disk.
func BenchmarkAppend(b *testing.B) {
	dir := b.TempDir()
	l, err := Open(dir, noon)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		if _, err := l.Append(sent(1)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(l.length)/float64(l.tree.size), "bytes/entry")
}

// BenchmarkOpen opens ten years of a house that sends to three recipients: three transfers a day each.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	writeMany(b, dir, 33_000)
	for b.Loop() {
		l, err := Open(dir, noon)
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}

// writeMany fills a ledger without making each entry durable.
func writeMany(b testing.TB, dir string, entries int) {
	b.Helper()
	l, err := Open(dir, noon)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var file []byte
	for i := 1; i < entries; i++ {
		one, grown, err := l.next(sent(i))
		if err != nil {
			b.Fatal(err)
		}
		text, err := one.bytes()
		if err != nil {
			b.Fatal(err)
		}
		file, l.tree = append(file, text...), grown
	}
	if _, err := l.file.WriteAt(file, l.length); err != nil {
		b.Fatal(err)
	}
}
