package consent

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"sync"

	"releve/buffer/statefile"
)

// Rotations are what makes the pseudonyms of a recipient others than they were, kept in a file. Only the latest is kept:
// nothing that leads back to the ones before it is left but the key of the house.
type Rotations struct {
	file string // set once

	mu   sync.Mutex // guards what follows
	turn map[string]string
}

// OpenRotations reads them from their file, which need not exist yet. One that is not understood is an error: without it
// recipients would see names again that were given up.
func OpenRotations(file string) (*Rotations, error) {
	turn, err := statefile.Read[map[string]string](file, nil)
	if err != nil {
		var damaged *statefile.Damaged
		if errors.As(err, &damaged) {
			err = fmt.Errorf("%w; put a copy in its place, or start again to go back to the first pseudonyms of all", err)
		}
		return nil, fmt.Errorf("read rotations of pseudonyms: %w", err)
	}
	if turn == nil {
		turn = map[string]string{}
	}
	return &Rotations{file: file, turn: turn}, nil
}

// Rotate gives all meters other pseudonyms for a recipient. What it has under the old ones it cannot join with what comes.
func (r *Rotations) Rotate(recipient string) error {
	fresh := make([]byte, 16)
	rand.Read(fresh) // never fails
	r.mu.Lock()
	defer r.mu.Unlock()
	turn := maps.Clone(r.turn)
	turn[recipient] = hex.EncodeToString(fresh)
	if err := statefile.Write(r.file, turn); err != nil {
		return fmt.Errorf("rotate pseudonyms: %w", err)
	}
	r.turn = turn
	return nil
}

// of is what the pseudonyms of a recipient are made with besides the key; "" until they were rotated.
func (r *Rotations) of(recipient string) string {
	if r == nil {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turn[recipient]
}
