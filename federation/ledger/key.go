package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/mod/sumdb/note"
)

// key signs the checkpoints of one ledger. Its name is the ledger's, drawn at random: it tells nothing of the house.
type key struct {
	signer note.Signer
	public string // verifier key (C2SP signed-note): "<name>+<hash>+<base64>"
}

// loadKey reads the key from a file, or makes a new one there.
func loadKey(file string) (key, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(file)
	}
	if err != nil {
		return key{}, fmt.Errorf("read the ledger's key: %w", err)
	}
	k, err := parseKey(string(text))
	if err != nil {
		return key{}, fmt.Errorf("read the ledger's key: %s holds none; restore it, or remove it together with the ledger: %w", file, err)
	}
	return k, nil
}

func newKey(file string) (key, error) {
	name := make([]byte, 8)
	rand.Read(name) // never fails
	private, public, err := note.GenerateKey(rand.Reader, "releve-"+hex.EncodeToString(name))
	if err != nil {
		return key{}, fmt.Errorf("make the ledger's key: %w", err)
	}
	text := private + "\n" + public + "\n"
	if err := renameio.WriteFile(file, []byte(text), 0o600); err != nil {
		return key{}, fmt.Errorf("write the ledger's key: %w", err)
	}
	return parseKey(text)
}

// parseKey reads the private key and the public one, each on its line.
func parseKey(text string) (key, error) {
	private, public, _ := strings.Cut(strings.TrimSpace(text), "\n")
	signer, err := note.NewSigner(private)
	if err != nil {
		return key{}, err
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return key{}, err
	}
	if signer.Name() != verifier.Name() || signer.KeyHash() != verifier.KeyHash() {
		return key{}, errors.New("the public key is not that of the private one")
	}
	return key{signer: signer, public: public}, nil
}

// keyName is the file of the key of a ledger's folder.
func keyName(dir string) string { return filepath.Join(dir, keyFile) }

// originOf returns the name in a public key, which is the name of its ledger.
func originOf(public string) string {
	name, _, _ := strings.Cut(public, "+")
	return name
}
