package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"github.com/google/renameio/v2"
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

// openAddresses reads what was kept. What cannot be understood is begun anew: the worst is that a meter replaced just
// then is not called so, and that its lower indexes wait for a few frames.
func openAddresses(file string, log *slog.Logger) (*addresses, error) {
	a := &addresses{file: file, log: log}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read addresses of meters: %w", err)
	}
	damaged := json.Unmarshal(text, &a.known) != nil || len(a.known.Key) != sha256.Size || a.known.Meters == nil
	if err == nil && damaged {
		log.Warn("addresses of meters not understood; they are kept anew", "file", file)
	}
	if damaged {
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
		if err := a.keep(); err != nil {
			a.log.Warn("address of a meter not kept", "meter", meter, "error", err)
		}
	}
	return known != nil && !same
}

func (a *addresses) keep() error {
	text, err := json.Marshal(a.known)
	if err != nil {
		return err
	}
	return renameio.WriteFile(a.file, text, 0o600)
}
