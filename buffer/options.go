package buffer

import (
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
	// MaxBytes bounds the packs as they lie on disk; 0 means 256 MiB. Beyond it the oldest go. Files may for a
	// time take up to MaxBytes×9/8 and 64 MiB (see reclaim), 32-bit address space as much.
	MaxBytes int64
	// MaxAge bounds the time since Put; 0 means 31 days. Older packs go.
	MaxAge time.Duration
	// AckDelay is the longest time an acknowledgement waits to be written when nothing is put; 0 means 5 minutes.
	AckDelay time.Duration
	// Clock tells the time of day and whether it is known; nil: the system's, believed. While it is not known nothing
	// goes for its age, and a record of the future is not told from others.
	Clock func() (now time.Time, known bool)

	free func(dir string) (uint64, error) // bytes free for us; tests set it
}

const (
	defaultMaxBytes = 256 << 20
	defaultMaxAge   = 31 * 24 * time.Hour
	defaultAckDelay = 5 * time.Minute
)

// withDefaults fills in what was left zero.
func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("open buffer: no folder is given")
	}
	if o.MaxBytes < 0 || o.MaxAge < 0 || o.AckDelay < 0 {
		return o, errors.New("open buffer: limits must not be negative")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.MaxAge == 0 {
		o.MaxAge = defaultMaxAge
	}
	if o.AckDelay == 0 {
		o.AckDelay = defaultAckDelay
	}
	if o.Clock == nil {
		o.Clock = func() (time.Time, bool) { return time.Now(), true }
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
