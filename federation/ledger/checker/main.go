// Command checker says whether an entry is in the ledger of a Relève, from what releve ledger prove prints and the public
// key. It was written from PROOF.md alone and uses the standard library only: who distrusts the ledger can read this.
//
//	go run ./federation/ledger/checker KEY < proof.txt
//
// It prints the entry, or says what is wrong and exits with 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: checker KEY < proof")
		os.Exit(2)
	}
	text, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
	said, wrong := check(string(text), os.Args[1])
	if err := errors.Join(err, wrong); err != nil {
		fmt.Fprintln(os.Stderr, "not proven:", err)
		os.Exit(1)
	}
	fmt.Println(said)
}

// check goes through a proof as PROOF.md does, and says in words what it proves.
func check(text, key string) (string, error) {
	head, note, _ := strings.Cut(text, "\n\n")
	index, commitment, entry, path, err := readProof(strings.Split(head, "\n"))
	if err != nil {
		return "", err
	}
	origin, size, root, err := readCheckpoint(note, key)
	if err != nil {
		return "", err
	}
	if index >= size || climb(index, size, sha256.Sum256(append([]byte{0}, commitment...)), path) != root {
		return "", errors.New("the entry is not in the tree that the checkpoint signs")
	}
	if entry == nil {
		entry = []byte("erased since")
	}
	return fmt.Sprintf("entry %d of %d in the ledger %s:\n%s", index, size, origin, entry), nil
}

// readProof reads what stands before the checkpoint (C2SP tlog-proof): header, extra data, index, hashes.
func readProof(lines []string) (index uint64, commitment, entry []byte, path []hash, err error) {
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, nil, nil, nil, errors.New("it does not begin as a proof does")
	}
	extra, isExtra := strings.CutPrefix(lines[1], "extra ")
	number, isIndex := strings.CutPrefix(lines[2], "index ")
	index, err = strconv.ParseUint(number, 10, 40)
	if !isExtra || !isIndex || err != nil || strconv.FormatUint(index, 10) != number {
		return 0, nil, nil, nil, errors.New("it lacks the line extra, or the line index")
	}
	told, err := unbase(extra)
	if err == nil {
		commitment, entry, err = readTold(told)
	}
	if err != nil {
		return 0, nil, nil, nil, fmt.Errorf("what it tells of the entry: %w", err)
	}
	for _, line := range lines[3:] {
		h, err := unbase(line)
		if err != nil || len(h) != sha256.Size || len(path) > 63 {
			return 0, nil, nil, nil, fmt.Errorf("%q is not a hash of its path", line)
		}
		path = append(path, hash(h))
	}
	return index, commitment, entry, path, nil
}

// readTold reads the extra data: the commitment, and unless it was erased, the salt and the entry that it commits to.
func readTold(text []byte) (commitment, entry []byte, err error) {
	var told struct {
		Leaf  []byte          `json:"leaf"`
		Salt  []byte          `json:"salt,omitempty"`
		Entry json.RawMessage `json:"entry,omitempty"`
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, nil, err
	}
	if again, err := json.Marshal(told); err != nil || !bytes.Equal(again, text) {
		return nil, nil, errors.New("it has not the form that it should have")
	}
	if told.Salt == nil && told.Entry == nil { // erased
		return told.Leaf, nil, nil
	}
	mac := hmac.New(sha256.New, told.Salt)
	mac.Write(told.Entry) // never fails
	if len(told.Salt) != 16 || !hmac.Equal(mac.Sum(nil), told.Leaf) {
		return nil, nil, errors.New("the entry is not the one that the tree commits to")
	}
	return told.Leaf, told.Entry, nil
}

// readCheckpoint reads a checkpoint (C2SP tlog-checkpoint) that the key has signed (C2SP signed-note).
func readCheckpoint(note, key string) (origin string, size uint64, root hash, err error) {
	at := strings.LastIndex(note, "\n\n")
	if at < 0 {
		return "", 0, root, errors.New("the checkpoint is not signed")
	}
	text, signatures := note[:at+1], note[at+2:]
	name, err := verify(text, signatures, key)
	if err != nil {
		return "", 0, root, err
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != name {
		return "", 0, root, errors.New("the checkpoint is of another ledger")
	}
	size, err = strconv.ParseUint(lines[1], 10, 40)
	sum, wrong := unbase(lines[2])
	if err != nil || wrong != nil || len(sum) != sha256.Size {
		return "", 0, root, errors.New("the checkpoint tells no size and root")
	}
	return name, size, hash(sum), nil
}

// verify checks that a key of the form NAME+ID+BASE64 has signed a text, and returns its name. Signatures of others, such as
// witnesses', are passed over.
func verify(text, signatures, key string) (name string, err error) {
	name, rest, _ := strings.Cut(key, "+")
	id, shown, _ := strings.Cut(rest, "+")
	public, err := unbase(shown)
	if err != nil || len(public) != 1+ed25519.PublicKeySize || public[0] != 1 {
		return "", errors.New("the key is not of the form NAME+ID+BASE64 with an Ed25519 key")
	}
	if sum := sha256.Sum256(append([]byte(name+"\n"), public...)); id != hex.EncodeToString(sum[:4]) {
		return "", errors.New("the key is damaged: its identifier is that of another")
	}
	if !strings.HasSuffix(signatures, "\n") {
		return "", errors.New("the last signature is cut off")
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(signatures, "\n"), "\n") {
		encoded, isOurs := strings.CutPrefix(line, "— "+name+" ")
		raw, err := unbase(encoded)
		if isOurs && err == nil && len(raw) == 4+ed25519.SignatureSize && hex.EncodeToString(raw[:4]) == id {
			if ed25519.Verify(public[1:], []byte(text), raw[4:]) {
				return name, nil
			}
			return "", errors.New("the signature is not of this text")
		}
	}
	return "", errors.New("the checkpoint has no signature of this key")
}

// climb computes the root of a tree from a leaf and its path (RFC 9162 §2.1.3.2). A path of another length gives none.
func climb(index, size uint64, h hash, path []hash) hash {
	last := size - 1
	for _, sibling := range path {
		switch {
		case last == 0:
			return hash{}
		case index&1 == 1 || index == last:
			h = node(sibling, h)
			for index&1 == 0 && index != 0 {
				index, last = index>>1, last>>1
			}
		default:
			h = node(h, sibling)
		}
		index, last = index>>1, last>>1
	}
	if last != 0 {
		return hash{}
	}
	return h
}

type hash = [sha256.Size]byte

func node(left, right hash) hash {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// unbase decodes base64 of one form only: another one could stand for the same bytes.
func unbase(s string) ([]byte, error) {
	if strings.Contains(s, "\r") { // which the decoder passes over
		return nil, base64.CorruptInputError(0)
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}
