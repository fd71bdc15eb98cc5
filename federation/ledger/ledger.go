// Package ledger keeps the tamper-evident record of what was agreed and what left the house: an append-only Merkle
// log (RFC 6962) whose every entry comes with a signed checkpoint (C2SP tlog-checkpoint).
//
// In: entries. Out: checkpoints, and proofs that anybody can check with the public key alone. The tree holds salted
// commitments, so that what an entry tells can be erased while every proof stays true. It knows nothing of how
// anything is sent, and decides nothing.
//
// # Files
//
// One folder: key (the private key and, on its second line, the public one) and entries, a line an entry (see line).
// A line is durable before Append returns; a power cut can tear only the one being written, which is cut off at the
// next opening and kept beside.
//
// # How it grows
//
// By what happens, and never by more than 8 kB of text an entry. What was sent is one entry a day for each recipient and
// consent, of some 570 bytes: with three recipients that is 0.65 MB a year. Strangers can add a few hundred requests, ever.
//
// # What is detected, and by whom
//
// Verify names any entry that was changed, dropped or moved. The house has the key, and could write another history
// from any point on: a [Witness] elsewhere that cosigned a checkpoint makes that visible, as does any checkpoint that
// somebody kept.
package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Names in the folder.
const (
	keyFile     = "key"
	entriesFile = "entries"
	tornFile    = "entries.torn"
)

// Ledger is open for writing. One process has it at a time: the agent's state folder is locked by the buffer.
type Ledger struct {
	dir string // set once
	key key

	mu     sync.Mutex // guards everything below
	file   *os.File
	length int64 // of the whole lines in file, in bytes
	tree   *tree
	sig    string // of the checkpoint of tree
}

// Open opens the ledger in a folder, or begins one there. A ledger that is damaged is set aside under a dated name and
// another begun, whose first entry says so: its trouble comes beside a usable ledger.
func Open(dir string, now time.Time) (*Ledger, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	k, err := loadKey(keyName(dir))
	if err != nil {
		return nil, err
	}
	l := &Ledger{dir: dir, key: k}
	trouble := l.open()
	var damage *Damage
	switch {
	case trouble == nil && l.tree.size == 0:
		return l.begin(now, "", nil)
	case errors.As(trouble, &damage):
		aside, err := l.setAside(now)
		if err != nil {
			return nil, errors.Join(trouble, err)
		}
		trouble = fmt.Errorf("%w; it was set aside as %s", trouble, aside)
		return l.begin(now, "the ledger before this one was damaged: "+damage.Error(), trouble)
	case trouble != nil:
		return nil, trouble
	}
	return l, nil
}

// begin writes the first entry. A ledger without it is not usable: the next opening tries again.
func (l *Ledger) begin(now time.Time, text string, trouble error) (*Ledger, error) {
	if _, err := l.Append(Entry{At: now, Kind: Beginning, Text: text}); err != nil {
		return nil, errors.Join(trouble, err, l.file.Close())
	}
	return l, trouble
}

// open reads what is there. A *Damage is under its error when the lines are not a ledger.
func (l *Ledger) open() error {
	file, err := os.OpenFile(filepath.Join(l.dir, entriesFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	if err := l.load(file); err != nil {
		return errors.Join(err, file.Close())
	}
	l.file = file
	return nil
}

func (l *Ledger) load(file *os.File) error {
	l.tree, l.length, l.sig = &tree{}, 0, ""
	last, torn, err := walk(file, func(one line, size int64) error {
		l.length += size
		l.sig = one.Sig
		return l.tree.add(one.Leaf)
	})
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	if l.tree.size > 0 { // the roots in between are for Verify: an opening must not take long
		if err := checkHead(last, l.tree, l.key.public); err != nil {
			return fmt.Errorf("open the ledger: %w", err)
		}
	}
	return l.cut(file, torn)
}

// cut takes off a line that a power cut tore, and keeps what there is of it.
func (l *Ledger) cut(file *os.File, torn []byte) error {
	if len(torn) == 0 {
		return nil
	}
	if err := os.WriteFile(filepath.Join(l.dir, tornFile), torn, 0o600); err != nil {
		return fmt.Errorf("keep a torn entry of the ledger: %w", err)
	}
	if err := file.Truncate(l.length); err != nil {
		return fmt.Errorf("cut a torn entry off the ledger: %w", err)
	}
	return nil
}

// walk gives every line and its size in bytes to visit, in order. It returns the last line, and what a power cut left
// after it: that was never reported durable.
func walk(r io.Reader, visit func(one line, size int64) error) (last line, torn []byte, err error) {
	in := bufio.NewReaderSize(r, 2*maxEntry)
	for n := int64(0); ; n++ {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return last, text, nil
		}
		if err != nil {
			return last, nil, fmt.Errorf("read entry %d: %w", n, err)
		}
		one, err := parseLine(bytes.TrimSuffix(text, []byte("\n")))
		if err == nil {
			err = inOrder(n, one.N)
		}
		if err != nil && isTorn(text, in) {
			return last, text, nil
		}
		if err != nil {
			return last, nil, &Damage{Entry: n, Reason: err}
		}
		if err := visit(one, int64(len(text))); err != nil {
			return last, nil, err
		}
		last = one
	}
}

// isTorn says whether a line that cannot be read is the last one, of which a power cut left out blocks: those read as
// zeros, which no line has.
func isTorn(text []byte, after *bufio.Reader) bool {
	_, err := after.Peek(1)
	return errors.Is(err, io.EOF) && bytes.IndexByte(text, 0) >= 0
}

// Append records an entry and returns its number. It is durable then.
func (l *Ledger) Append(e Entry) (int64, error) {
	e = e.rounded()
	if err := e.check(); err != nil {
		return 0, fmt.Errorf("append to the ledger: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one, grown, err := l.next(e)
	if err == nil {
		err = l.write(one)
	}
	if err != nil {
		return 0, fmt.Errorf("append to the ledger: %w", err)
	}
	l.tree, l.sig = grown, one.Sig
	return one.N, nil
}

// next makes the line of an entry and the tree with it.
func (l *Ledger) next(e Entry) (line, *tree, error) {
	one, err := commit(l.tree.size, e)
	if err != nil {
		return line{}, nil, err
	}
	grown := l.tree.clone()
	if err := grown.add(one.Leaf); err != nil {
		return line{}, nil, err
	}
	if one.Root, err = grown.root(); err != nil {
		return line{}, nil, err
	}
	one.Sig, err = l.key.sign(Checkpoint{Origin: l.key.signer.Name(), Size: grown.size, Root: one.Root})
	return one, grown, err
}

// write puts a line at the end, durably. What a failed write left there is overwritten by the next.
func (l *Ledger) write(one line) error {
	text, err := one.bytes()
	if err != nil {
		return err
	}
	if _, err := l.file.WriteAt(text, l.length); err != nil {
		return errors.Join(err, l.file.Truncate(l.length))
	}
	if err := l.file.Sync(); err != nil {
		return errors.Join(err, l.file.Truncate(l.length))
	}
	l.length += int64(len(text))
	return nil
}

// Size returns how many entries there are.
func (l *Ledger) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tree.size
}

// PublicKey returns the key that checkpoints are checked with (C2SP signed-note).
func (l *Ledger) PublicKey() string { return l.key.public }

// Close closes the file.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// setAside renames a damaged ledger and opens an empty one under the same key.
func (l *Ledger) setAside(now time.Time) (name string, err error) {
	from := filepath.Join(l.dir, entriesFile)
	name = from + ".damaged-" + now.UTC().Format("20060102T150405Z")
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("set the ledger aside: %s is there already", name)
	}
	if err := os.Rename(from, name); err != nil {
		return "", fmt.Errorf("set the ledger aside: %w", err)
	}
	return name, l.open()
}
