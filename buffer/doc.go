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
//     would delete, is renamed; value logs are kept from being cut. A pack that fails its checksum is skipped and
//     counted.
//   - What cannot be dated yet (PutUndated) is as durable as the rest; Date moves it to the end of the log exactly
//     once, in order. Records of before 2020 or of the future are refused, and nothing goes for its age while the time
//     of day is not known (Options.Clock).
//   - A sequence number is never used for two packs, not after trimming everything nor after a store was set
//     aside: a new store starts above all numbers the old one had reserved, and above the clock (see SEQUENCE).
//
// # Who owns what
//
// Whoever holds the turn (a channel with one token) may write to the journal and the database: Put, the creation and removal of
// a cursor, trimming. The mutex guards memory alone and is never held over disk input or output, so an
// acknowledgement does not wait for an fsync. One goroutine, the keeper, writes late acknowledgements, trims by
// age when nothing is put, and gives disk space back; it sleeps without a timer when there is nothing to do
// but the hourly look at the age. Readers take Badger snapshots and lock nothing.
//
// # Journal
//
// Put writes a pack to the journal, a file of fixed length, and is done. Once an hour, or when the journal is full,
// the packs in it are folded into Badger, as also by Close, before packs are trimmed and before the history is read;
// until then recipients get them from memory. Opened after a kill, a buffer folds the journal in first. A pack of more
// than 64 KiB, or with very many hours or new series, goes to Badger at once.
//
// # Keys
//
// One kind byte, then big-endian numbers, so that Badger's order is ours. Numbers within values are big-endian.
//
//	key                  value
//	m                    totals: version(1) next seq(8) packs(8) bytes(8) trimmed packs(8)
//	c name               cursor: acknowledged seq(8) expired packs(8)
//	h hour(4)            ids of all series with a record in that hour
//	p seq(8)             the pack in its envelope (see there): CBOR, zstd, CRC; held in Badger's value log
//	s name               id(4) of the series
//	t hour(4) seq(8)     first and last millisecond within the hour, ids of the series the pack has there
//	u number(8) place(8) records(4) boot
//	                     a pack that waits for its date, in its envelope (see undatedPack)
//	x                    nothing; dropped to make Badger flush its memtable
//
// An hour is a record's Unix time divided by 3600, rounded down. Sets of ids are runs (see idSet).
//
// # Price of the history index
//
// A pack of one minute with 30 series costs one t entry of about 35 bytes and, once an hour, one h entry; one
// key per series and pack would cost 30 times as much, which is as much as the compressed pack. A query walks
// the h entries of its range, then the t entries of the hours which hold the series, then decodes only packs
// which hold it within the range.
//
// # Files besides Badger's
//
//	JOURNAL    what Badger has not yet, see type journal
//	LOCK       process number of the owner; the lock itself is a flock on the folder
//	SEQUENCE   first sequence number this store may not use, decimal
//
// The version of this layout is the external magic number in Badger's MANIFEST.
package buffer
