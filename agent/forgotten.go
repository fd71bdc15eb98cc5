package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"releve/buffer"
	"releve/buffer/statefile"
)

// forgottenFile holds what is not to come back from sources, in the state folder.
const forgottenFile = "forgotten.json"

// forgotten is what was erased of what sources had sent: they keep it, and are asked again for all that they keep. No series is
// named, only known again by who has the key.
type forgotten struct {
	file string
	key  []byte

	mu   sync.Mutex // guards everything below
	list []forgetting
}

// forgetting is one erasure.
type forgetting struct {
	At     time.Time `json:"at"`            // what was measured later comes in
	From   time.Time `json:"from,omitzero"` // zero for no bound
	To     time.Time `json:"to,omitzero"`
	Series []string  `json:"series,omitempty"` // HMACs of their names; none for all
}

// mostForgotten bounds the list; the oldest go.
const mostForgotten = 200

// openForgotten reads the list. One that cannot be read was set aside: what it had may come back, which is told.
func openForgotten(file string, key []byte, log *slog.Logger) (*forgotten, error) {
	list, err := statefile.Read[[]forgetting](file, nil)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read what was erased: %w", err)
	}
	if err != nil {
		log.Warn("what was erased may come back from sources", "error", err)
	}
	return &forgotten{file: file, key: key, list: list}, nil
}

// add keeps an erasure. One of everything takes the place of all before it.
func (f *forgotten) add(what buffer.Erasure, at time.Time) error {
	one := forgetting{At: at.UTC(), From: what.From.UTC().Truncate(time.Hour), To: what.To.UTC()}
	if full := one.To.Truncate(time.Hour); full.Before(one.To) { // hours go whole
		one.To = full.Add(time.Hour)
	}
	for _, name := range what.Series {
		if _, received := sourceOf(name); received {
			one.Series = append(one.Series, f.mac(name))
		}
	}
	if what.Series != nil && one.Series == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	list := append(slices.Clone(f.list), one)
	if what.All() {
		list = []forgetting{one}
	}
	list = list[max(0, len(list)-mostForgotten):]
	if err := statefile.Write(f.file, list); err != nil {
		return fmt.Errorf("keep what was erased: %w", err)
	}
	f.list = list
	return nil
}

// has tells whether a reading, at a time in Unix seconds, was erased.
func (f *forgotten) has(name string, seconds float64) bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	at := time.UnixMilli(int64(seconds * 1000))
	return slices.ContainsFunc(f.list, func(one forgetting) bool {
		within := at.Before(one.At) && !at.Before(one.From) && (one.To.IsZero() || at.Before(one.To))
		return within && (one.Series == nil || slices.Contains(one.Series, f.mac(name)))
	})
}

func (f *forgotten) mac(name string) string {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte("erased\x00" + name)) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:12])
}
