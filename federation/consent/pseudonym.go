package consent

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"
)

// enterpriseNumber is the IANA private enterprise number under which the federation names its devices.
const enterpriseNumber = "60060"

const keySize = 32

// pseudonym names a meter to one recipient. It is stable until it is rotated, tells nothing of the meter, and differs between
// recipients, so that two of them cannot join what they have.
func (b *Book) pseudonym(recipient, meter string) string {
	mac := hmac.New(sha256.New, b.Key)
	mac.Write([]byte(recipient + "\x00" + meter)) // never fails
	if turn := b.Rotations.of(recipient); turn != "" {
		mac.Write([]byte("\x00" + turn))
	}
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// LoadKey reads the key of the pseudonyms from a file, or makes a new one there.
func LoadKey(file string) ([]byte, error) {
	key, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return newKey(file)
	case err != nil:
		return nil, fmt.Errorf("read pseudonym key: %w", err)
	case len(key) != keySize:
		// A new key would give every recipient a second identity for the same meter: a person decides.
		return nil, fmt.Errorf("read pseudonym key: %s has %d bytes instead of %d; restore it, or remove it to give all recipients new pseudonyms",
			file, len(key), keySize)
	}
	return key, nil
}

func newKey(file string) ([]byte, error) {
	key := make([]byte, keySize)
	rand.Read(key) // never fails
	if err := renameio.WriteFile(file, key, 0o600); err != nil {
		return nil, fmt.Errorf("write pseudonym key: %w", err)
	}
	return key, nil
}
