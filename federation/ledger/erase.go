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
// cannot be found again from the tree: each had a salt of its own. With an error beside a count that many are erased, but the
// old file may still be on the disk.
func (l *Ledger) Erase(now time.Time, by string, match func(Entry) bool) (erased int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	erased, err = l.rewrite(match, Entry{At: now, Kind: Erasure, By: by, Text: "entries of this ledger"}.rounded())
	if err != nil {
		return erased, fmt.Errorf("erase from the ledger: %w", err)
	}
	return erased, nil
}

// rewrite puts a file without the matching texts, and with the fact behind them, in place of the one there is. It is open for
// what is appended before it takes that place: whatever fails, no entry goes into a file that is not there any more.
func (l *Ledger) rewrite(match func(Entry) bool, fact Entry) (erased int, err error) {
	pending, err := renameio.NewPendingFile(filepath.Join(l.dir, entriesFile), renameio.WithPermissions(0o600))
	if err != nil {
		return 0, err
	}
	defer pending.Cleanup() // does nothing once it has replaced the file
	file, err := os.OpenFile(pending.Name(), os.O_RDWR, 0o600)
	if err != nil {
		return 0, err
	}
	after := &Ledger{file: file}
	erased, err = l.fill(after, match, fact)
	if err == nil && erased > 0 {
		err = pending.CloseAtomicallyReplace()
	}
	if err != nil || erased == 0 {
		return 0, errors.Join(err, file.Close())
	}
	old := l.file
	l.file, l.length, l.tree, l.sig = file, after.length, after.tree, after.sig
	return erased, errors.Join(old.Close(), os.RemoveAll(filepath.Join(l.dir, tornFile)), syncFolder(l.dir))
}

// fill makes another ledger the one without the matching texts, and with the fact and their count behind them.
func (l *Ledger) fill(after *Ledger, match func(Entry) bool, fact Entry) (erased int, err error) {
	erased, after.length, err = l.copy(after.file, match)
	if err != nil || erased == 0 {
		return 0, err
	}
	fact.Count = erased
	one, grown, err := l.next(fact)
	if err != nil {
		return 0, err
	}
	after.tree, after.sig = grown, one.Sig
	return erased, after.write(one)
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
