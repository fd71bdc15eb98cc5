package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/tlog"
)

// told is the extra data of a proof: what the leaf commits to.
//
//	Grammar: one JSON object, its members as in a line: leaf, salt, entry
type told struct {
	Leaf  tlog.Hash       `json:"leaf"`
	Salt  []byte          `json:"salt,omitempty"`
	Entry json.RawMessage `json:"entry,omitempty"`
}

// Prove returns the proof that entry n is in the ledger (C2SP tlog-proof), with what it tells as extra data. Anybody
// can check it with the public key, see CheckProof.
func (s *Snapshot) Prove(n int64) ([]byte, error) {
	if n < 0 || n >= s.tree.size {
		return nil, fmt.Errorf("prove entry %d: the ledger has %d", n, s.tree.size)
	}
	one := s.lines[n]
	extra, err := json.Marshal(told{one.Leaf, one.Salt, one.Entry})
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", n, err)
	}
	hashes, err := tlog.ProveRecord(s.tree.size, n, s.tree)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", n, err)
	}
	p := proof.TLogProof{Index: uint64(n), Checkpoint: s.Checkpoint(), ExtraData: extra}
	for _, h := range hashes {
		p.Hashes = append(p.Hashes, h)
	}
	return p.Marshal(), nil
}

// CheckProof checks a proof made by Prove with the public key of its ledger, and returns the entry it proves and the
// checkpoint that holds it. What was erased since is proven to have been there, no more.
func CheckProof(text []byte, public string) (Numbered, Checkpoint, error) {
	e, c, err := checkProof(text, public)
	if err != nil {
		return e, c, fmt.Errorf("check a proof: %w", err)
	}
	return e, c, nil
}

func checkProof(text []byte, public string) (Numbered, Checkpoint, error) {
	var p proof.TLogProof
	if err := p.Unmarshal(text); err != nil {
		return Numbered{}, Checkpoint{}, err
	}
	if !bytes.Equal(p.Marshal(), text) || p.Index > maxSize {
		return Numbered{}, Checkpoint{}, errors.New("it has not the form of a proof")
	}
	c, err := ParseCheckpoint(p.Checkpoint, public)
	if err != nil {
		return Numbered{}, Checkpoint{}, err
	}
	one, err := parseTold(p.ExtraData)
	if err != nil {
		return Numbered{}, c, fmt.Errorf("what it tells: %w", err)
	}
	one.N = int64(p.Index)
	e, told, err := one.entry()
	if err != nil {
		return Numbered{}, c, err
	}
	return Numbered{N: one.N, Erased: !told, Entry: e}, c, tlog.CheckRecord(path(p.Hashes), c.Size, c.Root, one.N, tlog.RecordHash(one.Leaf[:]))
}

func parseTold(text []byte) (line, error) {
	var t told
	if err := json.Unmarshal(text, &t); err != nil {
		return line{}, err
	}
	if again, err := json.Marshal(t); err != nil || !bytes.Equal(again, text) {
		return line{}, errNotLine
	}
	one := line{Leaf: t.Leaf, Salt: t.Salt, Entry: t.Entry}
	return one, one.check()
}

func path(hashes [][sha256.Size]byte) []tlog.Hash {
	var out []tlog.Hash
	for _, h := range hashes {
		out = append(out, h)
	}
	return out
}
