// Package buffer keeps SenML packs in order on disk until every recipient has had them.
//
// Resolved packs come in (absolute times, full names), each gets a sequence number and is durable when Put
// returns. They go out in that order, once per recipient through its own Cursor, and again by series and time
// through History. The package knows nothing of meters, XMPP, consents or what a record means.
//
// # Promises
//
//   - Reading does not remove; only Cursor.Ack moves a cursor. A stuck recipient delays nobody.
//   - What Put returned survives a kill at any instruction and, as far as fsync tells the truth, a power cut.
//   - Acknowledgements are written with the next Put, at the latest after Options.AckDelay, and by Close. After
//     a crash a recipient may get packs again, with the same names and times.
//   - Size and age are bounded: the oldest packs go first, sent or not, and what a recipient missed is counted.
//   - Nothing is deleted to repair. A store that cannot be opened is renamed to DIR.damaged-DATE, reported in
//     Stats and the log, and an empty one takes its place. A log of keys that is damaged in the middle, which
//     Badger would cut there, is copied to such a folder first; a table which MANIFEST does not know, which Badger
//     would delete, is renamed, goes once the store proves to have all of it, and moves to such a folder when there are
//     many (see sortStrays); value logs are kept from being cut. A pack that fails its checksum is skipped and counted.
//   - What cannot be dated yet (PutUndated) is as durable as the rest; Date moves it to the end of the log exactly
//     once, in order. Records of before 2020 or of the future are refused, and nothing goes for its age while the time
//     of day is not known (Options.Clock).
//   - What Erase has taken away is in no file of the store any more, nor in folders that were set aside; what is left is
//     as if it had never been put. An erasure that was begun is finished at the next opening, or once there is room for
//     it, and before any other.
//   - A sequence number is never used for two packs, not after trimming everything nor after a store was set
//     aside: a new store starts above all numbers the old one had reserved, and above the clock (see SEQUENCE).
//     A folder that an older copy has replaced knows nothing of what came after: it goes on with the numbers and the
//     cursors of the copy.
//
// # Who owns what
//
// Whoever holds the turn (a channel with one token) may write to the journal and the database: Put, the creation and
// removal of a cursor, trimming. The mutex guards memory alone and is never held over disk input or output, so an
// acknowledgement does not wait for an fsync. One goroutine, the keeper, writes late acknowledgements, folds the journal
// and trims by age when nothing is put, rolls up what is over, and gives disk space back; it sleeps without a timer when
// there is nothing to do but the hourly look at what is due and, while an erasure waits for room, one for that each
// minute. Readers take Badger snapshots and lock nothing.
//
// # Where things are
//
//	what a program calls   buffer options stats · put undated date import · cursor read · history period · list verify
//	a pack on its way in   envelope columnar · note tail held unfinished replay torn (the journal) · index series idset (the history)
//	an hour that is over   column block (its readings) · cell kind tens day (its roll-ups) · rollup rollupload (making them)
//	a period that is asked snapshot shelf hours cellreader decoded almanac (what there is, stored or not) → assembler
//	erasing                erasure promise (to do it) eraser eraserhistory (what is left) successor (the store that has it)
//	keeping within bounds  keeper trim spent living room · load (what is kept in memory, read back)
//	numbers in bytes       keys numbers scanner change
//	Badger's own files     tuning log · folder manifest table stray wal (made fit for it) · damage lock sequence
//
// # Journal
//
// Put writes a pack to the journal, a file of fixed length, and is done; so do PutUndated, and Date, which enters the pack
// that comes with the numbers of those that go. Three times a day, or when the journal is full, the packs in it are
// folded into Badger, as also by Close and before packs are trimmed; until then recipients get them from memory, and so
// does who reads the history. Opened after a kill, a buffer folds the journal in first. A pack of more than 64 KiB, or
// with very many hours or new series, goes to Badger at once: first itself, then what tells of it, for Badger keeps the
// two in different files.
//
// What a day of one meter in standard mode costs, in MB that the device was told to write (TestWear of the agent, two days
// of the emulated meter with three recipients):
//
//	by cause                                a pack each minute   history read each 10 minutes
//	JOURNAL: packs and cursors, at once     0.95                 0.95
//	value log: packs and blocks, folded     0.90                 0.91
//	logs of memtables: index, cursors       0.44                 0.44
//	tables, made when it closes             0.37                 0.37
//	MANIFEST, SEQUENCE, LOCK                0.00                 0.00
//	ext4's journal                          0.40                 0.40
//	ext4's metadata in its place            0.10                 0.10
//	all                                     3.16                 3.18
//
// A pack each 10 seconds costs 10.1, one each second 50. A reader takes what is not folded from memory (see snapshot).
// As long as packs were kept in CBOR and not by columns (see columnar), a pack each minute cost 5.1.
//
// A store that is older than what it keeps costs 3.8 (days 33 to 54, one compaction among them): what goes is deleted in
// the logs of memtables, which are 0.56 then, the tables are 0.53 and ext4's metadata 0.48. A value log that is given
// back costs nothing. With packs in CBOR it was 6.3.
//
// A year of that meter took at most 132 MB on the disk within the default bounds while packs were in CBOR, and takes less
// since (TestYear of the agent, 366 days, looked at once a day; while tables are compacted it may be some MB more). A value
// log takes nothing any more once all in it has gone (see giveSpent); as long as only Badger gave it back, three weeks
// later, it was 179 MB.
//
// Without the journal, a pack each minute cost 23 and one each 10 seconds 105.
//
// # Keys
//
// One kind byte, then big-endian numbers, so that Badger's order is ours. Numbers within values are big-endian.
//
//	key                  value
//	m                    totals: version(1) next seq(8) packs(8) bytes(8) trimmed packs(8)
//	n                    number(8) of the next undated pack
//	b hour(4) id(4)      a part of the hour's block, from that series on (see block); in the value log if it is large
//	c name               cursor: acknowledged seq(8) expired packs(8)
//	d days/32(2) id(4) day(1)
//	                     a local day of a series, rolled up (see cell)
//	h hour(4)            ids of all series with a record in that hour
//	o hour(4)            nothing: there are packs of that hour which its block does not know
//	p seq(8)             the pack in its envelope (see there): CBOR, zstd, CRC; held in Badger's value log
//	r hours/256(3) id(4) hour(1) first(1)
//	                     ten-minute cells of a series in an hour, from the first on (see tens)
//	s name               id(4) of the series, its unit
//	t hour(4) seq(8)     first and last millisecond within the hour, ids of the series the pack has there
//	u number(8) place(8) records(4) boot
//	                     a pack that waits for its date, in its envelope (see undatedPack)
//	w day(4)             nothing: hours of that local day were rolled up, and the day was not since
//	x                    nothing; dropped to make Badger flush its memtable
//	z                    name of the zone in which d keys are days
//
// An hour is a record's Unix time divided by 3600, rounded down. Sets of ids are runs (see idSet).
//
// # History
//
// An hour is open while it has packs that are not rolled up; the transaction that brings them in marks it. Some hours
// after its end the keeper closes it, together with others: all its records, each once, become a block, with a column
// for each series, and cells of ten minutes, which say how much there was, the first, last, least and greatest value and
// the integral. A day over which all hours are closed becomes a cell of its own. Whatever is asked of open hours is
// made of their packs, so an answer never depends on what was rolled up when; what these say is kept decoded as it is put,
// up to 4 MiB, and after an opening it is decoded two seconds later, or when it is read before: a day at full rate, its
// last eight hours open, then takes 1.6 times as long as one that is rolled up, and 11 times when nothing is kept
// (BenchmarkSpeed, BenchmarkFirst). Of what was brought in and waits to be rolled up, each pack is decoded once for a question
// (see shelf), and days that are over are kept as cells (see almanac). A pack that comes late opens its hour
// again; a pack that must go while its hour is open has it closed first. A block goes with the last pack of its
// hour; cells stay as long as Options says, and days for ever. Where readings have gone, cells are final, and so are
// days where cells have.
//
// A pack of one minute with 30 series costs one t entry of about 35 bytes and, once an hour, one h entry. A block
// takes about an eighth of its packs. Cells are kept below the size at which Badger moves values to its value log:
// there they would keep whole files of packs from being freed. Their keys group the hours, so that compaction
// rewrites the latest days only, and a month of one series is read from four places.
//
// # Files besides Badger's
//
//	ERASE      the erasure that was begun, JSON; the next opening that has room finishes it, or the keeper
//	JOURNAL    what Badger has not yet, see package journal
//	NEXT*/     the store that is to take the place of this one, see successor
//	LOCK       process number of the owner; the lock itself is a flock on the folder
//	SEQUENCE   first sequence number this store may not use, decimal
//
// The version of this layout is the external magic number in Badger's MANIFEST.
package buffer
