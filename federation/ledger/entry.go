package ledger

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what happened.
type Kind string

// What the ledger records.
const (
	Beginning       Kind = "beginning"       // of this ledger; Text says what became of the one before
	Request         Kind = "request"         // somebody asked for a consent
	Grant           Kind = "grant"           // a person agreed
	Refusal         Kind = "refusal"         // a person said no
	Withdrawal      Kind = "withdrawal"      // a person took a consent back
	Lapse           Kind = "lapse"           // a consent came to its agreed end
	Untold          Kind = "untold"          // of a withdrawal a recipient has to be told by a person; Text says why
	Transfer        Kind = "transfer"        // records were sent
	Acknowledgement Kind = "acknowledgement" // a recipient said it has them
	Erasure         Kind = "erasure"         // of readings or of entries: only the fact
	Change          Kind = "change"          // of the configuration
	Software        Kind = "software"        // another version runs
)

var kinds = map[Kind]bool{
	Beginning: true, Request: true, Grant: true, Refusal: true, Withdrawal: true, Lapse: true, Untold: true, Transfer: true,
	Acknowledgement: true, Erasure: true, Change: true, Software: true,
}

// Entry is one thing that happened. What does not apply to its kind is left empty. It may hold personal data: the
// tree commits to it without showing it, so that it can be erased.
type Entry struct {
	At        time.Time `json:"at,omitzero"` // to the second, UTC; zero when the time was not known
	Kind      Kind      `json:"kind"`
	By        string    `json:"by,omitempty"`        // who did it: an address, or "file", "page", "terminal"
	Recipient string    `json:"recipient,omitempty"` // whom it concerns
	Consent   string    `json:"consent,omitempty"`   // its identifier
	Series    []string  `json:"series,omitempty"`    // globs or paths
	Finest    string    `json:"finest,omitempty"`    // resolution agreed to, such as live or PT30M
	Identity  bool      `json:"identity,omitempty"`  // may see the delivery point number
	From      time.Time `json:"from,omitzero"`       // of the records or the consent, inclusive
	To        time.Time `json:"to,omitzero"`         // of the records, inclusive; of the consent, exclusive
	Count     int       `json:"count,omitempty"`     // of records or entries
	Uncertain int       `json:"uncertain,omitempty"` // of Count: not acknowledged; they may not have left, or be counted twice
	Digest    string    `json:"digest,omitempty"`    // SHA-256 of what was sent, or of the receipt that proves a consent, hexadecimal
	Before    string    `json:"before,omitempty"`    // a change
	After     string    `json:"after,omitempty"`
	Text      string    `json:"text,omitempty"` // in words: the purpose, the version, the trouble
}

// maxEntry bounds an entry, in bytes of JSON: who fills one from outside cannot fill the disk with it.
const maxEntry = 8 << 10

var errTooLong = fmt.Errorf("an entry has at most %d bytes", maxEntry)

func (e Entry) check() error {
	if !kinds[e.Kind] {
		return fmt.Errorf("an entry of the unknown kind %q", e.Kind)
	}
	if !e.From.IsZero() && !e.To.IsZero() && e.To.Before(e.From) {
		return errors.New("an entry ends before it begins")
	}
	return nil
}

// rounded leaves out fractions of seconds and time zones: the same moment is always the same text.
func (e Entry) rounded() Entry {
	for _, t := range []*time.Time{&e.At, &e.From, &e.To} {
		*t = t.UTC().Truncate(time.Second)
	}
	return e
}
