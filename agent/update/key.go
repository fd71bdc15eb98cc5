package update

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// Key is who may sign a release: one public key of OpenPGP, or several when a new one is being introduced.
type Key struct {
	file  string
	owner int // of the file, a user's number
	ring  openpgp.EntityList
}

// ReadKey reads public keys as gpg --export writes them, with --armor or without.
func ReadKey(file string) (Key, error) {
	k := Key{file: file}
	text, err := k.read()
	if err != nil {
		return Key{}, fmt.Errorf("read the key of releases: %w", err)
	}
	read := openpgp.ReadKeyRing
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN ")) {
		read = openpgp.ReadArmoredKeyRing
	}
	k.ring, err = read(bytes.NewReader(text))
	if err == nil && len(k.ring) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return Key{}, fmt.Errorf("read the key of releases: %s holds no public key as gpg --export writes it: %w", file, err)
	}
	return k, nil
}

// check says why a text is not one that the key has signed.
func (k Key) check(text, signature []byte) error {
	if _, err := openpgp.CheckArmoredDetachedSignature(k.ring, bytes.NewReader(text), bytes.NewReader(signature), nil); err != nil {
		return fmt.Errorf("%s is not signed by the key in %s: %w", sumsFile, k.file, err)
	}
	return nil
}

// read reads the file, and whose it is.
func (k *Key) read() ([]byte, error) {
	f, err := os.Open(k.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return nil, err
	}
	k.owner = owner(about)
	return readText(f)
}

func owner(about os.FileInfo) int { return int(about.Sys().(*syscall.Stat_t).Uid) }
