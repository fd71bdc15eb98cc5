package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"releve/federation/ledger"
)

// book is a ledger of some entries, one of them erased, and its public key.
func book(t *testing.T, entries int) (*ledger.Snapshot, string) {
	t.Helper()
	dir := t.TempDir()
	l, err := ledger.Open(dir, time.Unix(1793491200, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i := l.Size(); i < int64(entries); i++ {
		e := ledger.Entry{At: time.Unix(1793491200+i, 0), Kind: ledger.Grant, Recipient: "client@breizh-sen2.example", Text: fmt.Sprintf("conseil <%d> & suivi", i)}
		if _, err := l.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if entries > 3 {
		if _, err := l.Erase(time.Unix(1793495000, 0), "page", func(e ledger.Entry) bool { return e.Text == "conseil <2> & suivi" }); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := ledger.Take(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, s.PublicKey()
}

// TestGenuine wants every proof of ledgers of many sizes to be taken, and the same to be told as the ledger tells.
func TestGenuine(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 4, 7, 8, 9, 33} {
		s, key := book(t, size)
		for n := range s.Size() {
			proof, err := s.Prove(n)
			if err != nil {
				t.Fatal(err)
			}
			said, err := check(string(proof), key)
			if err != nil {
				t.Fatalf("entry %d of %d: %v", n, size, err)
			}
			e, c, err := ledger.CheckProof(proof, key)
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("entry %d of %d in the ledger %s", e.N, c.Size, c.Origin)
			if !strings.HasPrefix(said, want) || e.Erased != strings.HasSuffix(said, ":\nerased since") || !e.Erased && !strings.Contains(said, string(e.Entry.Kind)) {
				t.Errorf("it says %q, want %s…", said, want)
			}
		}
	}
}

// TestFlipped wants a proof of which any bit of any byte was flipped to be refused.
func TestFlipped(t *testing.T) {
	t.Parallel()
	s, key := book(t, 9)
	for _, n := range []int64{0, 2, 8} {
		proof, err := s.Prove(n)
		if err != nil {
			t.Fatal(err)
		}
		for at := range proof {
			for bit := range 8 {
				bad := []byte(string(proof))
				bad[at] ^= 1 << bit
				if said, err := check(string(bad), key); err == nil {
					t.Fatalf("entry %d, byte %d, bit %d: %s", n, at, bit, said)
				}
			}
			if said, err := check(string(proof[:at]), key); err == nil {
				t.Fatalf("entry %d cut at %d: %s", n, at, said)
			}
		}
	}
}

// TestForeign wants the proof of another ledger, another entry or a history written anew to be refused in these words.
func TestForeign(t *testing.T) {
	t.Parallel()
	s, key := book(t, 9)
	other, otherKey := book(t, 9)
	mine, err := s.Prove(5)
	theirs, err2 := other.Prove(5)
	next, err3 := s.Prove(6)
	if err != nil || err2 != nil || err3 != nil {
		t.Fatal(err, err2, err3)
	}
	head, note, _ := strings.Cut(string(mine), "\n\n")
	theirHead, theirNote, _ := strings.Cut(string(theirs), "\n\n")
	nextHead, _, _ := strings.Cut(string(next), "\n\n")
	for _, row := range []struct{ name, proof, key, want string }{
		{"another key", string(mine), otherKey, "the checkpoint has no signature of this key"},
		{"another ledger", string(theirs), key, "the checkpoint has no signature of this key"},
		{"their entry under our checkpoint", theirHead + "\n\n" + note, key, "the entry is not in the tree that the checkpoint signs"},
		{"our entry under their checkpoint", head + "\n\n" + theirNote, otherKey, "the entry is not in the tree that the checkpoint signs"},
		{"another place", strings.Replace(nextHead, "index 6", "index 5", 1) + "\n\n" + note, key, "the entry is not in the tree that the checkpoint signs"},
		{"beyond the end", strings.Replace(head, "index 5", "index 500", 1) + "\n\n" + note, key, "the entry is not in the tree that the checkpoint signs"},
		{"longer path", head + "\n" + strings.Split(head, "\n")[3] + "\n\n" + note, key, "the entry is not in the tree that the checkpoint signs"},
		{"no proof", "hello", key, "it does not begin as a proof does"},
		{"another text", "hello\n\n" + note, key, "it does not begin as a proof does"},
		{"no key", string(mine), "hello", "the key is not of the form NAME+ID+BASE64 with an Ed25519 key"},
		{"key under another name", string(mine), "x" + key, "the key is damaged: its identifier is that of another"},
	} {
		if said, err := check(row.proof, row.key); err == nil || err.Error() != row.want {
			t.Errorf("%s: %q, %v, want %s", row.name, said, err, row.want)
		}
	}
}

// TestAlone wants the checker to use the standard library only: what it shared with the ledger, it could not check.
func TestAlone(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") || first == "releve" {
			t.Errorf("it imports %s", path)
		}
	}
}

// FuzzCheck: whatever a proof and a key hold, checking ends, and only what the ledger takes is taken.
func FuzzCheck(f *testing.F) {
	f.Add("c2sp.org/tlog-proof@v1\nextra e30=\nindex 0\n\nx\n0\n\n\n— x AAAA\n", "x+00000000+AQ==")
	f.Fuzz(func(t *testing.T, proof, key string) {
		if _, err := check(proof, key); err == nil {
			if _, _, err := ledger.CheckProof([]byte(proof), key); err != nil {
				t.Errorf("it takes what the ledger refuses: %v", err)
			}
		}
	})
}
