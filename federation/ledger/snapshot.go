package ledger

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Snapshot is a ledger as it is in its folder at one moment. It may be taken while the agent writes, needs no private
// key, and holds every entry in memory: some hundred bytes each.
type Snapshot struct {
	public string
	lines  []line
	tree   *tree
}

// Take reads the ledger in a folder. It checks that the last entry's tree and signature are those of all entries;
// Verify checks each.
func Take(dir string) (*Snapshot, error) {
	public, err := PublicKey(dir)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{public: public, tree: &tree{whole: true}}
	err = read(dir, func(one line) error {
		s.lines = append(s.lines, one)
		return s.tree.add(one.Leaf)
	})
	if err == nil && len(s.lines) > 0 {
		err = checkHead(s.lines[len(s.lines)-1], s.tree, public)
	}
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return s, nil
}

// Entries returns all entries, oldest first.
func (s *Snapshot) Entries() ([]Numbered, error) {
	var all []Numbered
	for _, one := range s.lines {
		e, told, err := one.entry()
		if err != nil {
			return nil, err
		}
		all = append(all, Numbered{N: one.N, Erased: !told, Entry: e})
	}
	return all, nil
}

// Numbered is an entry and its number. Erased entries tell nothing else.
type Numbered struct {
	N      int64 `json:"n"`
	Erased bool  `json:"erased,omitempty"`
	Entry  Entry `json:"entry,omitzero"`
}

// Write writes every entry as it stands in the file of the ledger, a line each.
func (s *Snapshot) Write(w io.Writer) error {
	for _, one := range s.lines {
		text, err := one.bytes()
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			return fmt.Errorf("write entry %d: %w", one.N, err)
		}
	}
	return nil
}

// Checkpoint returns the signed checkpoint of all entries; nil of a ledger without any.
func (s *Snapshot) Checkpoint() []byte {
	if len(s.lines) == 0 {
		return nil
	}
	last := s.lines[len(s.lines)-1]
	return Checkpoint{Origin: originOf(s.public), Size: s.tree.size, Root: last.Root}.signedNote(last.Sig)
}

// Size returns how many entries there are.
func (s *Snapshot) Size() int64 { return s.tree.size }

// PublicKey returns the key that checkpoints are checked with (C2SP signed-note).
func (s *Snapshot) PublicKey() string { return s.public }

// PublicKey returns the public key of the ledger in a folder (C2SP signed-note).
func PublicKey(dir string) (string, error) {
	text, err := os.ReadFile(keyName(dir))
	if err != nil {
		return "", fmt.Errorf("read the ledger's key: %w", err)
	}
	k, err := parseKey(string(text))
	if err != nil {
		return "", fmt.Errorf("read the ledger's key: %w", err)
	}
	return k.public, nil
}

// read gives the lines of the ledger in a folder to visit.
func read(dir string, visit func(line) error) error {
	file, err := os.Open(filepath.Join(dir, entriesFile))
	if err != nil {
		return err
	}
	defer file.Close() // nothing was written
	_, _, err = walk(file, func(one line, _ int64) error { return visit(one) })
	return err
}
