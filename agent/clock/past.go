package clock

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"releve/buffer/statefile"
)

// past is what is known from before, as it is on disk.
//
// Format:  JSON; instants and durations are nanoseconds, times RFC 3339
// Example: {"last":"2026-03-01T12:00:00Z","boots":[{"boot":"ebe6…","source":"kernel","mapping":[{"from":0,"began":"2026-03-01T11:00:00Z"}]}]}
type past struct {
	file  string
	Last  time.Time `json:"last,omitzero"`  // that was known
	Wrong time.Time `json:"wrong,omitzero"` // up to which a clock had gone that was believed: readings may be dated so
	Boots []boot    `json:"boots"`          // whose time became known, the latest last
}

// boot is one of them.
type boot struct {
	Boot    string  `json:"boot"`
	Source  Source  `json:"source"`
	Mapping Mapping `json:"mapping"`
}

// maxBoots bounds the past: what was undated of a boot is dated as soon as its time is known.
const maxBoots = 16

// openPast reads the file. One that cannot be understood is set aside.
func openPast(file string, log *slog.Logger) (*past, error) {
	if file == "" {
		return &past{}, nil
	}
	p, err := statefile.Read(file, past.check)
	p.file = file
	var damaged *statefile.Damaged
	switch {
	case errors.As(err, &damaged):
		log.Error("what time it was cannot be read, set aside", "error", err)
	case err != nil:
		return nil, fmt.Errorf("read what time it was: %w", err)
	}
	return &p, nil
}

// check refuses what could not be used.
func (p past) check() error {
	for _, b := range p.Boots {
		if b.Boot == "" || len(b.Mapping) == 0 {
			return fmt.Errorf("boot %q has no times", b.Boot)
		}
		for _, piece := range b.Mapping {
			if piece.Ahead < 0 || piece.Ahead > maxBack || piece.Began.Before(earliest.AddDate(-10, 0, 0)) || piece.Began.After(latest) {
				return fmt.Errorf("boot %q has times that cannot be", b.Boot)
			}
		}
	}
	return nil
}

func (p *past) find(name string) (boot, bool) {
	i := slices.IndexFunc(p.Boots, func(b boot) bool { return b.Boot == name })
	if i < 0 {
		return boot{}, false
	}
	return p.Boots[i], true
}

// set notes what is known of a boot, which becomes the latest.
func (p *past) set(b boot, now time.Time) {
	p.Last = now
	p.Boots = slices.DeleteFunc(p.Boots, func(old boot) bool { return old.Boot == b.Boot })
	p.Boots = append(p.Boots, b)
	p.Boots = p.Boots[max(0, len(p.Boots)-maxBoots):]
}

func (p *past) write() error {
	if p.file == "" {
		return nil
	}
	if err := statefile.Write(p.file, p); err != nil {
		return fmt.Errorf("write down what time it is: %w", err)
	}
	return nil
}
