package buffer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// commit is what Badger writes to a log for one transaction of one key.
func commit(number uint64, key, val string) []byte {
	stamped := binary.BigEndian.AppendUint64([]byte(key), ^number)
	out := []byte{0x40, 0}
	out = binary.AppendUvarint(out, uint64(len(stamped)))
	out = binary.AppendUvarint(out, uint64(len(val)))
	out = binary.AppendUvarint(out, 0)
	out = append(append(out, stamped...), val...)
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli)))
}

// commitOf is that of a pack, without all but the totals.
func commitOf(pack int) []byte {
	return commit(uint64(pack), string(totalsKey()), string(totals{next: Seq(pack + 1)}.encode()))
}

// logOf is a log of n commits, of packs 1 to n, allocated ahead.
func logOf(n int) []byte {
	out := make([]byte, logHeader)
	for i := range n {
		out = append(out, commitOf(i+1)...)
	}
	return append(out, make([]byte, 1000)...)
}

func TestLostCommits(t *testing.T) {
	t.Parallel()
	size := len(commitOf(1))
	none := reach{math.MaxUint64, math.MaxUint64}
	undated := func(number uint64) []byte {
		return commit(number, string(numberKey()), string(binary.BigEndian.AppendUint64(nil, number)))
	}
	at := func(n int) int { return logHeader + n*size }
	change := func(data []byte, where ...int) []byte {
		for _, i := range where {
			data[i] ^= 0xFF
		}
		return data
	}
	for _, row := range []struct {
		name     string
		data     []byte
		journal  reach
		at, lost int
	}{
		{"nothing", nil, none, logHeader, 0},
		{"header only", make([]byte, logHeader), none, logHeader, 0},
		{"no entry", logOf(0), none, logHeader, 0},
		{"whole", logOf(9), none, at(9), 0},
		{"torn in the last", logOf(9)[:at(9)-3], none, at(8), 0},
		{"the last is damaged", change(logOf(9), at(8)+5), none, at(8), 0},
		{"three behind the damage", change(logOf(9), at(5)+5), none, at(5), 3},
		{"more than a power cut explains", change(logOf(9), at(2)+5), none, at(2), tornCommits + 1},
		{"damaged length", change(logOf(9), at(0)+2), none, at(0), tornCommits + 1},
		{"twice", change(logOf(9), at(1)+9, at(7)+9), none, at(1), tornCommits + 1},
		{"the journal has what is behind", change(logOf(9), at(2)+5), reach{4, math.MaxUint64}, at(2), 0},
		{"the journal has the last", change(logOf(9), at(2)+5), reach{6, math.MaxUint64}, at(2), 2},
		{"roll-ups behind", append(change(logOf(1)[:at(1)], at(0)+5), bytes.Repeat(commit(9, "r0000", "cells"), 9)...), none, at(0), 0},
		{"undated packs behind", slices.Concat(change(logOf(1)[:at(1)], at(0)+5), undated(2), undated(3)), none, at(0), 2},
		{"undated packs of the journal behind", slices.Concat(change(logOf(1)[:at(1)], at(0)+5), undated(2), undated(3)), reach{math.MaxUint64, 2}, at(0), 1},
	} {
		if at, lost := lostCommits(row.data, row.journal); at != row.at || lost != row.lost {
			t.Errorf("%s: damaged at %d, %d commits lost, want %d and %d", row.name, at, lost, row.at, row.lost)
		}
	}
}

// testTable is a table as Badger writes it, with one block.
func testTable(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	b, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "000001.sst"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestCheckTable damages every byte of a table in turn: no damage goes unseen but to the unused ends of its index.
func TestCheckTable(t *testing.T) {
	t.Parallel()
	good := testTable(t)
	if err := checkTable(good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		data := bytes.Clone(good)
		data[i] ^= 0x55
		if checkTable(data) == nil {
			t.Errorf("damage of byte %d of %d is not seen", i, len(data))
		}
		if checkTable(good[:i]) == nil {
			t.Errorf("a table cut to %d of %d bytes is not seen", i, len(data))
		}
	}
}

// TestCheckTableUnfilled has tables whose checksums are right and which are none: Badger ends the process on an index that
// names no block.
func TestCheckTableUnfilled(t *testing.T) {
	t.Parallel()
	const none = "\x08\x00\x00\x00\x04\x00\x04\x00\x04\x00\x00\x00" // a flatbuffer without a field
	index := binary.BigEndian.AppendUint32([]byte(none), uint32(len(none)))
	sum := binary.AppendUvarint([]byte{2 << 3}, uint64(crc32.Checksum([]byte(none), crc32.MakeTable(crc32.Castagnoli))))
	good := testTable(t)
	for _, row := range []struct {
		name string
		data []byte
	}{
		{"made, not filled", make([]byte, len(good))},
		{"filled but for its end", append(bytes.Clone(good[:len(good)/2]), make([]byte, len(good)/2)...)},
		{"no block", slices.Concat(index, sum, binary.BigEndian.AppendUint32(nil, uint32(len(sum))))},
	} {
		if err := checkTable(row.data); !errors.Is(err, errUnfilled) {
			t.Errorf("%s: %v, want %v", row.name, err, errUnfilled)
		}
	}
}

func TestCutZeros(t *testing.T) {
	t.Parallel()
	const far = 200_000 // more than is read at once
	for _, row := range []struct {
		name       string
		used, size int
		want       int64
	}{
		{"nothing written", 0, 100, logHeader + 4},
		{"shorter than a header", 3, 3, 3},
		{"full", 100, 100, 100},
		{"a checksum may end in zeros", 100, 102, 102},
		{"allocated ahead", 100, far, 104},
		{"long", far, 3 * far, far + 4},
	} {
		path := filepath.Join(t.TempDir(), "000001.vlog")
		data := append(bytes.Repeat([]byte{1}, row.used), make([]byte, row.size-row.used)...)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := cutZeros(path); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != row.want {
			t.Errorf("%s: %d bytes are left, want %d: %v", row.name, info.Size(), row.want, err)
		}
	}
}

func TestReserveSeq(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	const byClock = Seq(1_800_000_000 * seqPerSecond)
	for _, row := range []struct {
		name, before string
		now          time.Time
		want         Seq
	}{
		{"new", "", now, byClock},
		{"lower than the clock", "17\n", now, byClock},
		{"higher than the clock", fmt.Sprint(uint64(byClock) + 5), now, byClock + 5},
		{"not a number", "seventeen", now, byClock},
		{"not exact in JSON", "9007199254740993", now, byClock},
		{"a clock before 1970", "", time.Unix(-5, 0), seqPerSecond},
		{"no clock, an old store", "12345678901\n", time.Unix(0, 0), 12345678901},
	} {
		dir := t.TempDir()
		if row.before != "" {
			if err := os.WriteFile(filepath.Join(dir, sequenceFile), []byte(row.before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := reserveSeq(dir, row.now)
		if got != row.want || err != nil {
			t.Errorf("%s: begins at %d, want %d: %v", row.name, got, row.want, err)
		}
		if next := reservedSeq(dir); next != row.want+seqReserve {
			t.Errorf("%s: reserved to %d, want %d", row.name, next, row.want+seqReserve)
		}
	}
}

func TestIsTrouble(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		err  error
		want bool
	}{
		{fmt.Errorf("open: %w", syscall.ENOSPC), true},
		{fmt.Errorf("open: %w", os.ErrPermission), true},
		{fmt.Errorf("open: %w", syscall.EROFS), true},
		{fmt.Errorf("Unable to open. Error=%s", syscall.EMFILE.Error()), true}, // as Badger does
		{fmt.Errorf("while mmapping x with size 9: %w", syscall.ENOMEM), true},
		{errors.New("manifest has bad magic"), false},
		{fmt.Errorf("read: %w", syscall.EIO), false},
	} {
		if got := isTrouble(row.err); got != row.want {
			t.Errorf("%v: trouble of the machine %v, want %v", row.err, got, row.want)
		}
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{"123\n", " (process 123)"}, {"123", " (process 123)"}, {"", ""}, {"somebody", ""},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, lockFile), []byte(row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := owner(dir); got != row.want {
			t.Errorf("LOCK %q: %q, want %q", row.text, got, row.want)
		}
	}
	if got := owner(t.TempDir()); got != "" {
		t.Errorf("without LOCK: %q, want nothing", got)
	}
}

func TestBadgerLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	log := badgerLog{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: noTime}))}
	log.Errorf("broke %d\n", 1)
	log.Warningf("odd")
	log.Infof("\nopened %q", "x")
	log.Debugf("written")
	want := []string{
		`level=WARN msg="badger: broke 1"`, `level=WARN msg="badger: odd"`, `level=DEBUG msg="badger: opened \"x\""`, "",
	}
	if got := strings.Split(out.String(), "\n"); !slices.Equal(got, want) {
		t.Errorf("logged %q, want %q", got, want)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	if seq, ok := packSeq(packKey(1 << 50)); !ok || seq != 1<<50 {
		t.Errorf("pack key gives %d, %v", seq, ok)
	}
	if h, ok := keyHour(hourKey(490896)); !ok || h != 490896 {
		t.Errorf("hour key gives %d, %v", h, ok)
	}
	if h, seq, ok := timeSeq(timeKey(490896, 7)); !ok || h != 490896 || seq != 7 {
		t.Errorf("time key gives %d, %d, %v", h, seq, ok)
	}
	for _, key := range [][]byte{nil, totalsKey(), cursorKey("p1234567"), seriesKey("x"), flushKey()} {
		_, pack := packSeq(key)
		_, atHour := keyHour(key)
		_, _, atTime := timeSeq(key)
		if pack || atHour || atTime {
			t.Errorf("key %x is taken for another kind", key)
		}
	}
	for _, row := range []struct {
		seconds float64
		hour    hour
		ms      int
	}{{1772366400, 492324, 0}, {1772366399.9994, 492323, 3_599_999}, {minTime, 438288, 0}} {
		if h := hourOf(row.seconds); h != row.hour || millis(h, row.seconds) != row.ms {
			t.Errorf("%f is %d ms of hour %d, want %d of %d", row.seconds, millis(h, row.seconds), h, row.ms, row.hour)
		}
	}
}
