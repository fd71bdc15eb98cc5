package ledger

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

const saltSize = 16

// line is an entry as it stands in the file, with the tree it makes.
//
//	Grammar: one JSON object and a line feed; members in this order, no spaces, binary values in base64
//	         n      number of the entry, from 0
//	         leaf   HMAC-SHA-256 of the bytes of entry under the key salt: what the tree holds
//	         root   hash of the tree of entries 0…n (RFC 6962 §2.1)
//	         sig    signature of the checkpoint of that tree (C2SP signed-note), without its name
//	         salt   16 random bytes; absent once erased
//	         entry  see Entry; absent once erased
//	Example: {"n":0,"leaf":"6u0…=","root":"Xk1…=","sig":"c2…=","salt":"q83…==","entry":{"at":"2026-11-01T00:00:00Z","kind":"beginning"}}
type line struct {
	N     int64           `json:"n"`
	Leaf  tlog.Hash       `json:"leaf"`
	Root  tlog.Hash       `json:"root"`
	Sig   string          `json:"sig"`
	Salt  []byte          `json:"salt,omitempty"`
	Entry json.RawMessage `json:"entry,omitempty"`
}

var (
	errNotLine    = errors.New("it is not a line of a ledger")
	errCommitment = errors.New("its text is not the one the tree commits to")
)

// commit makes the line of an entry, without its place in the tree.
func commit(n int64, e Entry) (line, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return line{}, err
	}
	if len(text) > maxEntry {
		return line{}, errTooLong
	}
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	return line{N: n, Leaf: commitment(salt, text), Salt: salt, Entry: text}, nil
}

func commitment(salt, text []byte) (h tlog.Hash) {
	mac := hmac.New(sha256.New, salt)
	mac.Write(text) // never fails
	mac.Sum(h[:0])
	return h
}

// bytes is the line with its line feed.
func (l line) bytes() ([]byte, error) {
	text, err := json.Marshal(l)
	return append(text, '\n'), err
}

// parseLine reads a line without its line feed. Only the very bytes that would be written are a line, so that no
// change of any byte goes unseen.
func parseLine(text []byte) (line, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return line{}, errNotLine
	}
	again, err := l.bytes()
	if err != nil || !bytes.Equal(again, append(bytes.Clone(text), '\n')) || !isBase64(l.Sig) {
		return line{}, errNotLine
	}
	return l, l.check()
}

// check compares what the line tells with what its leaf commits to.
func (l line) check() error {
	if !l.erased() && (len(l.Salt) != saltSize || commitment(l.Salt, l.Entry) != l.Leaf) {
		return errCommitment
	}
	return nil
}

func (l line) erased() bool { return len(l.Salt) == 0 && len(l.Entry) == 0 }

// isBase64 says whether a text is what encoding makes: another one could stand for the same bytes.
func isBase64(s string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil
}

// entry returns what the line tells; false once erased.
func (l line) entry() (Entry, bool, error) {
	var e Entry
	if l.erased() {
		return e, false, nil
	}
	if err := json.Unmarshal(l.Entry, &e); err != nil {
		return e, false, fmt.Errorf("read entry %d: %w", l.N, err)
	}
	return e, true, nil
}

// erase takes out what can be read. The tree stays what it was.
func (l line) erase() line {
	l.Salt, l.Entry = nil, nil
	return l
}
