package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// Damage names the first entry that is not what it was.
type Damage struct {
	Entry  int64
	Reason error
}

// Error says which entry and why.
func (d *Damage) Error() string {
	return fmt.Sprintf("entry %d is not what it was: %v", d.Entry, d.Reason)
}

// Unwrap returns the reason.
func (d *Damage) Unwrap() error { return d.Reason }

// inOrder compares the number a line has with its place.
func inOrder(place, n int64) error {
	switch {
	case n > place:
		return fmt.Errorf("entry %d stands in its place: entries were dropped or moved", n)
	case n < place:
		return fmt.Errorf("entry %d stands in its place: entries were repeated or moved", n)
	}
	return nil
}

// checkHead compares a line with the tree of all lines up to it.
func checkHead(one line, t *tree, public string) error {
	root, err := t.root()
	if err != nil {
		return err
	}
	if root != one.Root {
		return &Damage{Entry: one.N, Reason: errors.New("its tree is not that of the entries before it")}
	}
	c := Checkpoint{Origin: originOf(public), Size: t.size, Root: root}
	if _, err := ParseCheckpoint(c.signedNote(one.Sig), public); err != nil {
		return &Damage{Entry: one.N, Reason: fmt.Errorf("its signature is not of this key: %w", err)}
	}
	return nil
}

// Report is what Verify found whole.
type Report struct {
	Size   int64     // entries
	Erased int64     // whose text was erased
	Root   tlog.Hash // of the tree of them all
	Torn   int       // bytes of a line at the end that a power cut tore
}

// Verify reads every entry of the ledger in a folder and checks it, its tree, its signature, and that the tree goes on
// from each checkpoint known from elsewhere, by signed note. It needs no private key and changes nothing. An entry
// that is not what it was is a *Damage under its error; a checkpoint the ledger does not go on from, a *Fork.
func Verify(dir, public string, known ...[]byte) (Report, error) {
	checkpoints, err := parseAll(known, public)
	if err != nil {
		return Report{}, fmt.Errorf("verify the ledger: %w", err)
	}
	file, err := os.Open(filepath.Join(dir, entriesFile))
	if err != nil {
		return Report{}, fmt.Errorf("verify the ledger: %w", err)
	}
	defer file.Close() // nothing was written
	report, err := verify(file, public, checkpoints)
	if err != nil {
		return report, fmt.Errorf("verify the ledger: %w", err)
	}
	return report, nil
}

func verify(r io.Reader, public string, known []Checkpoint) (Report, error) {
	var report Report
	t := &tree{}
	_, torn, err := walk(r, func(one line, _ int64) error {
		if err := t.add(one.Leaf); err != nil {
			return err
		}
		if err := checkHead(one, t, public); err != nil {
			return err
		}
		if one.erased() {
			report.Erased++
		}
		report.Size, report.Root = t.size, one.Root
		return sameAs(known, t.size, one.Root)
	})
	report.Torn = len(torn)
	if err != nil {
		return report, err
	}
	return report, reaches(known, t.size)
}

// Fork means that somebody was shown another history than the one in the folder.
type Fork struct {
	Checkpoint Checkpoint
	Size       int64 // of the ledger
}

// Error says where the two part.
func (f *Fork) Error() string {
	if f.Size < f.Checkpoint.Size {
		return fmt.Sprintf("the ledger has %d entries, but vouched for %d: the last ones were dropped", f.Size, f.Checkpoint.Size)
	}
	return fmt.Sprintf("the ledger vouched for another history of its first %d entries: it was written anew", f.Checkpoint.Size)
}

func sameAs(known []Checkpoint, size int64, root tlog.Hash) error {
	for _, c := range known {
		if c.Size == size && c.Root != root {
			return &Fork{Checkpoint: c, Size: size}
		}
	}
	return nil
}

func reaches(known []Checkpoint, size int64) error {
	for _, c := range known {
		if c.Size > size {
			return &Fork{Checkpoint: c, Size: size}
		}
	}
	return nil
}

func parseAll(known [][]byte, public string) ([]Checkpoint, error) {
	var all []Checkpoint
	for _, signed := range known {
		c, err := ParseCheckpoint(signed, public)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}
