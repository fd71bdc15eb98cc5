package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is a Merkle tree that grows (RFC 6962 §2.1), by the hashes that further growth needs: one a bit of its size.
type tree struct {
	size  int64
	edge  map[int64]tlog.Hash // by stored hash index
	whole bool                // keeps every hash, for proofs
}

// ReadHashes returns hashes by their stored index.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, len(indexes))
	for _, i := range indexes {
		h, known := t.edge[i]
		if !known {
			return nil, fmt.Errorf("hash %d of the tree is not kept", i)
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

// add puts a leaf at the end.
func (t *tree) add(leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashes(t.size, leaf[:], t)
	if err != nil {
		return err
	}
	if t.edge == nil {
		t.edge = map[int64]tlog.Hash{}
	}
	at := tlog.StoredHashIndex(0, t.size)
	for i, h := range hashes {
		t.edge[at+int64(i)] = h
	}
	t.size++
	if !t.whole {
		t.prune()
	}
	return nil
}

// prune keeps the roots of the full subtrees, from the largest to the smallest, that make up the tree.
func (t *tree) prune() {
	kept := map[int64]tlog.Hash{}
	begin := int64(0)
	for level := 62; level >= 0; level-- {
		if width := int64(1) << level; t.size&width != 0 {
			i := tlog.StoredHashIndex(level, begin>>level)
			kept[i] = t.edge[i]
			begin += width
		}
	}
	t.edge = kept
}

func (t *tree) root() (tlog.Hash, error) { return tlog.TreeHash(t.size, t) }

// clone is a copy that grows by itself.
func (t *tree) clone() *tree {
	c := &tree{size: t.size, edge: map[int64]tlog.Hash{}, whole: t.whole}
	for i, h := range t.edge {
		c.edge[i] = h
	}
	return c
}
