package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func witness(t *testing.T, dir string) *Witness {
	t.Helper()
	must(t, filled(t, dir, 1).Close())
	w, err := OpenWitness(dir, filepath.Join(dir, "witnessed.json"))
	must(t, err)
	return w
}

// cosign asks for a cosignature of l's checkpoint and checks it.
func cosign(t *testing.T, w *Witness, l *Ledger, old int64) error {
	t.Helper()
	s := snapshot(t, l.dir)
	request, err := s.Ask(old)
	if err != nil {
		return err
	}
	signature, err := w.Cosign(request, l.PublicKey())
	if err != nil {
		return err
	}
	both, err := Cosigned(s.Checkpoint(), signature, l.PublicKey(), w.PublicKey())
	must(t, err)
	if strings.Count(string(both), "\n— ") != 2 {
		t.Errorf("the cosigned checkpoint is %q", both)
	}
	return nil
}

func TestWitnessFollows(t *testing.T) {
	t.Parallel()
	house, elsewhere := t.TempDir(), t.TempDir()
	w := witness(t, elsewhere)
	last := int64(0)
	for _, size := range []int{1, 2, 3, 7, 8, 8, 20} {
		l := filled(t, house, size)
		must(t, cosign(t, w, l, last))
		last = l.Size()
		must(t, l.Close())
		w = witness(t, elsewhere) // it remembers over restarts
	}
}

func TestWitnessRefusesAnotherHistory(t *testing.T) {
	t.Parallel()
	house := t.TempDir()
	w := witness(t, t.TempDir())
	l := filled(t, house, 3)
	file := readFile(t, house)
	_, err := l.Append(sent(3))
	must(t, err)
	must(t, cosign(t, w, l, 0))
	must(t, l.Close())

	must(t, os.WriteFile(filepath.Join(house, entriesFile), file, 0o600))
	short := filled(t, house, 3)
	var fork *Fork
	if err := cosign(t, w, short, 3); !errors.As(err, &fork) {
		t.Errorf("entries dropped: %v", err)
	}
	for range 3 {
		_, err := short.Append(Entry{At: noon, Kind: Software, Text: "another history"})
		must(t, err)
	}
	if err := cosign(t, w, short, 4); text(err) !=
		"cosign: the ledger vouched for another history of its first 4 entries: it was written anew" {
		t.Errorf("history written anew: %v", err)
	}
	var stale *Stale
	if err := cosign(t, w, short, 2); !errors.As(err, &stale) || stale.Size != 4 || !errors.Is(err, ErrStale) {
		t.Errorf("asked from elsewhere: %v", err)
	}
}

func TestWitnessRefusesWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	w := witness(t, t.TempDir())
	l := filled(t, t.TempDir(), 2)
	request, err := snapshot(t, l.dir).Ask(0)
	must(t, err)
	other := filled(t, t.TempDir(), 2)
	tests := []struct {
		name, request, public, err string
	}{
		{"empty", "", l.PublicKey(), `cosign: a request begins with "old", a size, and ends with a checkpoint`},
		{"a size of its own", strings.Replace(string(request), "old 0", "old 00", 1), l.PublicKey(), `cosign: a request begins with "old", a size, and ends with a checkpoint`},
		{"a hash that is none", strings.Replace(string(request), "old 0", "old 0\nxyz", 1), l.PublicKey(), "cosign: hash 0 of the proof is not one"},
		{"many hashes", strings.Replace(string(request), "old 0", "old 0"+strings.Repeat("\nx", 64), 1), l.PublicKey(), "cosign: a proof has at most 63 hashes"},
		{"not a key", string(request), "key", `cosign: read a checkpoint: "key" is not a public key: malformed verifier id`},
		{"the key of another", string(request), other.PublicKey(), "cosign: read a checkpoint: note has no verifiable signatures"},
	}
	for _, test := range tests {
		if _, err := w.Cosign([]byte(test.request), test.public); text(err) != test.err {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// A witness that forgot would let another history pass.
func TestWitnessDoesNotForget(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	witness(t, dir)
	file := filepath.Join(dir, "witnessed.json")
	must(t, os.WriteFile(file, []byte("{"), 0o600))
	want := "open the witness: " + file + " is not understood; restore it, or remove it to trust every ledger anew: unexpected end of JSON input"
	if _, err := OpenWitness(dir, file); text(err) != want {
		t.Errorf("a damaged file gives %v", err)
	}
}

func FuzzRequest(f *testing.F) {
	dir := f.TempDir()
	l, err := Open(dir, noon)
	if err != nil {
		f.Fatal(err)
	}
	defer l.Close()
	s, err := Take(dir)
	if err != nil {
		f.Fatal(err)
	}
	request, err := s.Ask(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request)
	f.Add([]byte("old 1\nAAAA\n\nx"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseRequest(text)
		if err == nil && (r.old < 0 || len(r.proof) > maxProof) {
			t.Errorf("%q is read as %+v", text, r)
		}
	})
}
