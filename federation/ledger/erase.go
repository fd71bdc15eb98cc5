package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// Erase takes out what the entries tell that match says, and records that it did: by whom and how many. Both are in the file at
// once, whenever the power goes. Their places in the tree stay, so that every proof and checkpoint stays true. What was erased
// cannot be found again from the tree: each had a salt of its own.
func (l *Ledger) Erase(now time.Time, by string, match func(Entry) bool) (erased int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	erased, err = l.rewrite(match, Entry{At: now, Kind: Erasure, By: by, Text: "entries of this ledger"}.rounded())
	if err != nil {
		return 0, fmt.Errorf("erase from the ledger: %w", err)
	}
	return erased, nil
}

// rewrite puts a file without the matching texts, and with the fact behind them, in place of the one there is.
func (l *Ledger) rewrite(match func(Entry) bool, fact Entry) (erased int, err error) {
	name := filepath.Join(l.dir, entriesFile)
	pending, err := renameio.NewPendingFile(name, renameio.WithPermissions(0o600))
	if err != nil {
		return 0, err
	}
	defer pending.Cleanup() // does nothing once it has replaced the file
	erased, length, err := l.copy(pending, match)
	if err != nil || erased == 0 {
		return 0, err
	}
	fact.Count = erased
	one, grown, err := l.next(fact)
	if err != nil {
		return 0, err
	}
	text, err := one.bytes()
	if err == nil {
		_, err = pending.Write(text)
	}
	if err == nil {
		err = pending.CloseAtomicallyReplace()
	}
	if err != nil {
		return 0, err
	}
	file, err := os.OpenFile(name, os.O_RDWR, 0o600)
	if err != nil {
		return 0, err
	}
	old := l.file
	l.file, l.length, l.tree, l.sig = file, length+int64(len(text)), grown, one.Sig
	return erased, errors.Join(old.Close(), os.RemoveAll(filepath.Join(l.dir, tornFile)), syncFolder(l.dir))
}

// syncFolder makes durable which file is there: what is appended from now on is in the new one.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close() // nothing was written
	return folder.Sync()
}

func (l *Ledger) copy(to io.Writer, match func(Entry) bool) (erased int, length int64, err error) {
	_, _, err = walk(io.NewSectionReader(l.file, 0, l.length), func(one line, _ int64) error {
		e, told, err := one.entry()
		if err != nil {
			return err
		}
		if told && match(e) {
			one = one.erase()
			erased++
		}
		text, err := one.bytes()
		if err != nil {
			return err
		}
		n, err := to.Write(text)
		length += int64(n)
		return err
	})
	return erased, length, err
}
