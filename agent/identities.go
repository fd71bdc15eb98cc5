package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"releve/agent/config"
	"releve/buffer/statefile"
)

// identities are the delivery point numbers of the meters, those of sources included. They are personal data: kept in the house, in a file only
// Relève can read, and named outside only to who was granted the identity. They must be known before the first
// frame of a new start, or what waited would leave under a pseudonym.
type identities struct {
	file string
	log  *slog.Logger

	mu    sync.Mutex // guards everything below
	known map[string]string
	heard map[string]string // last, perhaps only once
	moved map[string]bool   // meters that say another than is known
}

var isPRM = regexp.MustCompile(`^[0-9]{14}$`)

// openIdentities reads what was learned before; what the configuration says holds over it. A file that cannot be
// understood is set aside.
func openIdentities(file string, meters []config.Meter, log *slog.Logger) (*identities, error) {
	ids := &identities{file: file, log: log, known: map[string]string{}, heard: map[string]string{}, moved: map[string]bool{}}
	kept, err := statefile.Read[map[string]string](file, nil)
	var damaged *statefile.Damaged
	switch {
	case errors.As(err, &damaged):
		log.Warn("identities not understood; they will be learned again", "error", err)
	case err != nil:
		return nil, fmt.Errorf("read identities: %w", err)
	}
	maps.Copy(ids.known, kept)
	for _, m := range meters {
		if m.PRM != "" {
			ids.known[m.Name] = m.PRM
		}
	}
	return ids, nil
}

// prm returns the delivery point number of a meter, or "".
func (ids *identities) prm(meter string) string {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	return ids.known[meter]
}

// isMoved tells whether a meter says that it is of another delivery point than is known.
func (ids *identities) isMoved(meter string) bool {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	return ids.moved[meter]
}

// learn keeps what a meter in standard mode says of itself, when nothing was known. A different number later is a
// meter that was moved or replaced: a person must say so, for what was granted was granted for this one.
//
// It must be heard twice in a row: one damaged line in 64 has a good checksum, and what is learned stays.
func (ids *identities) learn(meter, prm string) {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	if !isPRM.MatchString(prm) {
		return
	}
	if ids.heard[meter] != prm {
		ids.heard[meter] = prm
		return
	}
	if known := ids.known[meter]; known != "" {
		if known != prm && !ids.moved[meter] {
			ids.log.Warn("meter of another delivery point than is known; its readings go under the known one", "meter", meter)
		}
		ids.moved[meter] = known != prm
		return
	}
	ids.known[meter] = prm
	ids.save()
}

// told keeps which delivery points sources say to stand behind meters in the buffer. A meter is made of that number
// there, so that it never has another.
func (ids *identities) told(points map[string]string) {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	news := false
	for meter, prm := range points {
		news = news || ids.known[meter] != prm
		ids.known[meter] = prm
	}
	if news {
		ids.save()
	}
}

// free says whether no meter with a prefix, besides those named, is of a delivery point.
func (ids *identities) free(prm, prefix string, but ...string) bool {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	for meter, known := range ids.known {
		if known == prm && strings.HasPrefix(meter, prefix) && !slices.Contains(but, meter) {
			return false
		}
	}
	return true
}

// save writes what is known. The caller holds mu.
func (ids *identities) save() {
	if err := statefile.Write(ids.file, ids.known); err != nil {
		ids.log.Warn("identity of a meter not kept", "file", ids.file, "error", err)
	}
}
