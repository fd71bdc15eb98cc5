package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"releve/buffer/statefile"
)

// addresses tell a meter that was replaced, usually while the power was off and Relève with it. They hold no address,
// only its HMAC under a key of this file.
type addresses struct {
	file string
	log  *slog.Logger

	mu    sync.Mutex // guards everything below
	known fingerprints
}

// fingerprints is the file.
type fingerprints struct {
	Key    []byte            `json:"key"`
	Meters map[string][]byte `json:"meters"` // by name
}

var errNoKey = errors.New("it has no key")

func (f fingerprints) check() error {
	if len(f.Key) != sha256.Size || f.Meters == nil {
		return errNoKey
	}
	return nil
}

// openAddresses reads what was kept. What cannot be understood is set aside and begun anew: the worst is that a meter replaced just
// then is not called so, and that its lower indexes wait for a few frames.
func openAddresses(file string, log *slog.Logger) (*addresses, error) {
	a := &addresses{file: file, log: log}
	var err error
	a.known, err = statefile.Read(file, fingerprints.check)
	var damaged *statefile.Damaged
	switch {
	case errors.As(err, &damaged):
		log.Warn("addresses of meters not understood; they are kept anew", "error", err)
	case err != nil:
		return nil, fmt.Errorf("read addresses of meters: %w", err)
	}
	if a.known.Key == nil {
		a.known = fingerprints{Key: make([]byte, sha256.Size), Meters: map[string][]byte{}}
		rand.Read(a.known.Key) // never fails
	}
	return a, nil
}

// another tells whether the meter of that name had another address before. A sure one is kept.
func (a *addresses) another(meter string, address []byte, sure bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	mac := hmac.New(sha256.New, a.known.Key)
	mac.Write(address) // never fails
	print, known := mac.Sum(nil), a.known.Meters[meter]
	same := hmac.Equal(known, print)
	if sure && !same {
		a.known.Meters[meter] = print
		if err := statefile.Write(a.file, a.known); err != nil {
			a.log.Warn("address of a meter not kept", "meter", meter, "error", err)
		}
	}
	return known != nil && !same
}
