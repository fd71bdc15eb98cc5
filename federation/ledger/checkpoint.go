package ledger

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the state of a ledger that somebody vouched for (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string // name of the ledger
	Size   int64  // entries
	Root   tlog.Hash
}

// text is what is signed.
func (c Checkpoint) text() string {
	return string(log.Checkpoint{Origin: c.Origin, Size: uint64(c.Size), Hash: c.Root[:]}.Marshal())
}

// sign returns the signature of a checkpoint as it stands in a signed note: base64 of the key's hash and the signature.
func (k key) sign(c Checkpoint) (string, error) {
	signature, err := k.signer.Sign([]byte(c.text()))
	if err != nil {
		return "", fmt.Errorf("sign a checkpoint: %w", err)
	}
	whole := binary.BigEndian.AppendUint32(nil, k.signer.KeyHash())
	return base64.StdEncoding.EncodeToString(append(whole, signature...)), nil
}

// signedNote is a checkpoint with the signature of its ledger.
func (c Checkpoint) signedNote(signature string) []byte {
	return []byte(c.text() + "\n— " + c.Origin + " " + signature + "\n")
}

// ParseCheckpoint reads a signed checkpoint and checks that the owner of a public key signed it for its own ledger.
func ParseCheckpoint(signed []byte, public string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint: %q is not a public key: %w", public, err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint: %w", err)
	}
	if !isBase64(n.Sigs[0].Base64) {
		return Checkpoint{}, errors.New("read a checkpoint: its signature is not base64")
	}
	c, err := parseText(n.Text)
	if err == nil && c.Origin != verifier.Name() {
		err = fmt.Errorf("it is of the ledger %s, the key of %s", c.Origin, verifier.Name())
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read a checkpoint: %w", err)
	}
	return c, nil
}

// maxSize is far beyond what a house fills in a life, and far from overflow.
const maxSize = 1 << 40

func parseText(text string) (Checkpoint, error) {
	var c log.Checkpoint
	rest, err := c.Unmarshal([]byte(text))
	switch {
	case err != nil:
		return Checkpoint{}, err
	case len(rest) > 0, string(c.Marshal()) != text, c.Size > maxSize, len(c.Hash) != tlog.HashSize:
		return Checkpoint{}, errors.New("it has not the form of a checkpoint")
	}
	return Checkpoint{Origin: c.Origin, Size: int64(c.Size), Root: tlog.Hash(c.Hash)}, nil
}
