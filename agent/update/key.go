package update

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// Key is who may sign a release: one public key of OpenPGP, or several when a new one is being introduced.
type Key struct {
	file string
	ring openpgp.EntityList
}

// ReadKey reads public keys as gpg --export writes them, with --armor or without.
func ReadKey(file string) (Key, error) {
	text, err := readFile(file)
	if err != nil {
		return Key{}, fmt.Errorf("read the key of releases: %w", err)
	}
	read := openpgp.ReadKeyRing
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN ")) {
		read = openpgp.ReadArmoredKeyRing
	}
	ring, err := read(bytes.NewReader(text))
	if err == nil && len(ring) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return Key{}, fmt.Errorf("read the key of releases: %s holds no public key as gpg --export writes it: %w", file, err)
	}
	return Key{file: file, ring: ring}, nil
}

// check says why a text is not one that the key has signed.
func (k Key) check(text, signature []byte) error {
	if _, err := openpgp.CheckArmoredDetachedSignature(k.ring, bytes.NewReader(text), bytes.NewReader(signature), nil); err != nil {
		return fmt.Errorf("%s is not signed by the key in %s: %w", sumsFile, k.file, err)
	}
	return nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readText(f)
}
