package buffer

import (
	"cmp"
	"errors"
	"log/slog"
	"time"
)

// Options says where a buffer is and how much it may keep. Only Dir is required.
type Options struct {
	// Dir is the buffer's folder; it is made if need be. Nothing else may be kept in it.
	Dir string
	// Log receives what Badger and the buffer have to tell; nil discards it.
	Log *slog.Logger
	// KeepDamaged makes Open fail on a damaged store, instead of setting it aside: for whoever only wants to look.
	KeepDamaged bool
	// MaxBytes bounds the packs as they lie on disk; 0 means 256 MiB. Beyond it the oldest go, a 93rd at a time. Files
	// may for a time take up to MaxBytes×9/8 and 64 MiB (see reclaim), 32-bit address space as much.
	MaxBytes int64
	// MaxAge bounds the time since Put; 0 means 31 days. Older packs go, with those of the next 93rd of it (8 hours).
	MaxAge time.Duration
	// AckDelay is the longest time an acknowledgement waits to be written when nothing is put; 0 means 5 minutes.
	AckDelay time.Duration
	// Clock tells the time of day and whether it is known; nil: the system's, believed. While it is not known nothing
	// goes for its age, and a record of the future is not told from others.
	Clock func() (now time.Time, known bool)

	// Location is where days begin at midnight; nil means UTC.
	Location *time.Location
	// Class tells how the readings of a series in that unit are rolled up; nil means that all are quantities.
	Class func(name, unit string) Class
	// Hold is how long a value is in force when no other follows, at most; 0 means 25 minutes. It must be more
	// than the rhythm at which everything is recorded, changed or not.
	Hold time.Duration
	// KeepTens is how long values of ten minutes are kept; 0 means 3 years. KeepCurve is the same for series whose
	// Class says Curve; 0 means 366 days. Values of days are kept for ever.
	KeepTens, KeepCurve time.Duration

	free  func(dir string) (uint64, error) // bytes free for us; tests set it
	again time.Duration                    // how often the keeper looks for room for an erasure that waits; tests set it
	still bool                             // the keeper rolls nothing up: tests whose clock it must not look at set it
	packs func()                           // told when a pack is decoded for a question or a roll-up; tests set it
	watch func(point string)               // told when Badger has "written" and is "synced", and when the journal is "entered" or "emptied"; tests set it
}

const (
	defaultMaxBytes = 256 << 20
	defaultMaxAge   = 31 * 24 * time.Hour
	defaultAckDelay = 5 * time.Minute
	defaultHold     = 25 * time.Minute
	defaultTens     = 3 * 366 * 24 * time.Hour
	defaultCurve    = 366 * 24 * time.Hour
)

// withDefaults fills in what was left zero.
func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("open buffer: no folder is given")
	}
	if min(o.MaxAge, o.AckDelay, o.Hold, o.KeepTens, o.KeepCurve) < 0 || o.MaxBytes < 0 {
		return o, errors.New("open buffer: limits must not be negative")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.MaxBytes = cmp.Or(o.MaxBytes, defaultMaxBytes)
	o.MaxAge = cmp.Or(o.MaxAge, defaultMaxAge)
	o.AckDelay = cmp.Or(o.AckDelay, defaultAckDelay)
	o.Location = cmp.Or(o.Location, time.UTC)
	o.Hold = cmp.Or(o.Hold, defaultHold)
	o.KeepTens, o.KeepCurve = cmp.Or(o.KeepTens, defaultTens), cmp.Or(o.KeepCurve, defaultCurve)
	if o.Class == nil {
		o.Class = func(string, string) Class { return Class{} }
	}
	if o.Clock == nil {
		o.Clock = func() (time.Time, bool) { return time.Now(), true }
	}
	o.again = cmp.Or(o.again, time.Minute)
	if o.watch == nil {
		o.watch = func(string) {}
	}
	if o.packs == nil {
		o.packs = func() {}
	}
	if o.free == nil {
		o.free = freeBytes
	}
	return o, nil
}

// now is the time of day as far as anybody knows.
func (o Options) now() time.Time {
	now, _ := o.Clock()
	return now
}
