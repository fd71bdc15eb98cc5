package buffer

import (
	"log/slog"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Sizes which decide memory, address space and the safety of 32-bit builds; see tuned.
const (
	memTableSize = 2 << 20
	tableSize    = 2 << 20
	blockSize    = 4 << 10
	logFileSize  = 8 << 20

	// inlineValue is the size from which values go to the value log. It is above every index entry of a
	// usual pack and below nearly every pack.
	inlineValue = 128

	// formatVersion is the layout of the store, written as the external magic number of MANIFEST. 1 had no journal and
	// no roll-ups, 2 no undated packs in the journal, 3 no packs by columns; opened, such a store becomes 4.
	formatVersion = 4
)

// tuned returns Badger's options for a small machine.
//
// On 32-bit machines the allocator of Badger's table builder hands out the same memory twice once it outgrows
// its first block of 2×tableSize. It cannot here: values from 128 bytes are in the value log and keys have at most
// 1 kB, so an entry fits a 4 KiB block, blocks never have to grow and are at worst 69 % full, and memTableSize
// plus one transaction (15 %) of them fills at most 3.4 of 4 MiB. Compression none, one table size on all levels,
// and no compactor number 0, which would merge level 0 into one table of any size, keep it so. TestManyBytes
// proves it, TestGuardIsNeeded shows what happens otherwise.
//
// No background compactors: they poll, which costs 5 % of a Pi Zero for nothing (0.1 % without). The keeper
// compacts after trimming. Until then level 0 may hold any number of tables, so that a write is never stalled.
// Packs lie in the value log and are written once; the tables hold only pointers and the index, so compacting is
// cheap, and files of the value log are deleted whole because the oldest packs go first.
func tuned(dir string, log *slog.Logger) badger.Options {
	o := badger.DefaultOptions(dir)
	o.ExternalMagicVersion = formatVersion
	o.Logger = badgerLog{log}
	o.BypassLockGuard = true // we hold the same lock and name its owner, see dirLock
	o.SyncWrites = false     // Put calls Sync once for all it has written
	o.DetectConflicts = false
	o.MetricsEnabled = false
	o.VerifyValueChecksum = true // also keeps Badger from parsing a damaged entry
	o.ChecksumVerificationMode = options.OnBlockRead

	o.Compression = options.None
	o.BlockCacheSize = 0
	o.IndexCacheSize = 0
	o.BlockSize = blockSize
	o.MemTableSize = memTableSize
	o.BaseTableSize = tableSize
	o.TableSizeMultiplier = 1
	o.NumMemtables = 2
	o.NumGoroutines = 1
	o.NumCompactors = 0
	o.NumLevelZeroTables = 1 << 19
	o.NumLevelZeroTablesStall = 1 << 20
	o.ValueThreshold = inlineValue
	o.ValueLogFileSize = logFileSize
	return o
}
