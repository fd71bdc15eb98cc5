package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every entry of trees of many shapes is proven, also to a checker that shares no code with the ledger.
func TestProofs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for size := 1; size <= 20; size++ {
		l := filled(t, dir, size)
		for n := range size {
			proof, err := snapshot(t, dir).Prove(int64(n))
			must(t, err)
			got, c, err := CheckProof(proof, l.PublicKey())
			must(t, err)
			want := Numbered{N: int64(n), Entry: sent(n)}
			if n == 0 {
				want.Entry = Entry{At: noon, Kind: Beginning}
			}
			if diff := cmp.Diff(want, got); diff != "" || c.Size != int64(size) {
				t.Errorf("entry %d of %d, checkpoint %+v: %s", n, size, c, diff)
			}
			if err := checkByHand(string(proof), l.PublicKey()); err != nil {
				t.Errorf("entry %d of %d, by hand: %v", n, size, err)
			}
		}
		must(t, l.Close())
	}
}

func TestProveRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	filled(t, dir, 3)
	s := snapshot(t, dir)
	for _, n := range []int64{-1, 3} {
		if _, err := s.Prove(n); text(err) != fmt.Sprintf("prove entry %d: the ledger has 3", n) {
			t.Errorf("entry %d: %v", n, err)
		}
	}
}

func TestCheckProofRefusesEveryFlippedByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filled(t, dir, 5)
	proof, err := snapshot(t, dir).Prove(3)
	must(t, err)
	for i := range proof {
		changed := bytes.Clone(proof)
		changed[i] ^= 1
		if _, _, err := CheckProof(changed, l.PublicKey()); err == nil {
			t.Errorf("byte %d flipped: the proof still holds", i)
		}
	}
	if _, _, err := CheckProof(proof, filled(t, t.TempDir(), 1).PublicKey()); err == nil {
		t.Error("the proof holds for the key of another ledger")
	}
}

// checkByHand follows C2SP tlog-proof, signed-note and RFC 6962 §2.1.1 with the standard library alone.
func checkByHand(proof, public string) error {
	head, checkpoint, _ := strings.Cut(proof, "\n\n")
	lines := strings.Split(head, "\n")
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(lines[2], "index "))
	if err != nil {
		return err
	}
	var entry struct {
		Salt  []byte
		Entry json.RawMessage
	}
	if err := json.Unmarshal(extra, &entry); err != nil {
		return err
	}
	mac := hmac.New(sha256.New, entry.Salt)
	mac.Write(entry.Entry)
	hash := sha256.Sum256(append([]byte{0}, mac.Sum(nil)...))
	signed, signature, _ := strings.Cut(checkpoint, "\n\n")
	tree := strings.Split(signed, "\n")
	size, err := strconv.Atoi(tree[1])
	if err != nil {
		return err
	}
	root := climb(hash, n, size, lines[3:])
	if base64.StdEncoding.EncodeToString(root[:]) != tree[2] {
		return errors.New("the path does not lead to the root")
	}
	return checkSignature(signed+"\n", signature, public)
}

// climb is RFC 9162 §2.1.3.2.
func climb(hash [32]byte, n, size int, path []string) [32]byte {
	fn, sn := n, size-1
	for _, text := range path {
		side, _ := base64.StdEncoding.DecodeString(text) // a wrong one leads to a wrong root
		left := fn%2 == 1 || fn == sn
		if left {
			hash = sha256.Sum256(append(append([]byte{1}, side...), hash[:]...))
			for fn%2 == 0 && fn != 0 {
				fn, sn = fn/2, sn/2
			}
		} else {
			hash = sha256.Sum256(append(append([]byte{1}, hash[:]...), side...))
		}
		fn, sn = fn/2, sn/2
	}
	return hash
}

func checkSignature(signed, line, public string) error {
	_, last, _ := strings.Cut(public, "+")
	_, encoded, _ := strings.Cut(last, "+")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return err
	}
	words := strings.Fields(line)
	signature, err := base64.StdEncoding.DecodeString(words[len(words)-1])
	if err != nil {
		return err
	}
	if !ed25519.Verify(key[1:], []byte(signed), signature[4:]) {
		return errors.New("the signature is wrong")
	}
	return nil
}

func FuzzProof(f *testing.F) {
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
	proof, err := s.Prove(0)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(proof)
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, _, err := CheckProof(text, l.PublicKey()); err == nil && !bytes.Equal(text, proof) {
			again, c, _ := CheckProof(text, l.PublicKey())
			if c.Size != 1 || again.Entry.Kind != Beginning {
				t.Errorf("a proof nobody made holds: %q", text)
			}
		}
	})
}

func FuzzLine(f *testing.F) {
	one, err := commit(7, sent(7))
	if err != nil {
		f.Fatal(err)
	}
	for _, l := range []line{one, one.erase()} {
		text, err := l.bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(text, []byte("\n")))
	}
	f.Add([]byte(`{"n":0}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseLine(text)
		if err != nil {
			return
		}
		again, err := l.bytes()
		if err != nil || !bytes.Equal(again, append(text, '\n')) {
			t.Errorf("%q is read, and written as %q, %v", text, again, err)
		}
	})
}
