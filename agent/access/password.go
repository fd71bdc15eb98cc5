package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The length of a password, in characters: long ones are better than odd ones (NIST SP 800-63B §5.1.1.2).
const (
	MinPassword = 10
	MaxPassword = 128
)

// What a password is refused for when it is chosen.
var (
	ErrShort = fmt.Errorf("a password has at least %d characters", MinPassword)
	ErrLong  = fmt.Errorf("a password has at most %d characters", MaxPassword)
	ErrPlain = errors.New("this password is one of the first that are tried")
)

// plainWords are what people type where a password is wanted, and what this device is called.
var plainWords = [...]string{"motdepasse", "password", "azerty", "qwerty", "123456", "linky", "releve", "compteur", "raspberry", "bonjour", "soleil"}

// Fit says why a password cannot be chosen.
func Fit(password string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < MinPassword:
		return ErrShort
	case n > MaxPassword:
		return ErrLong
	case plain(password):
		return ErrPlain
	}
	return nil
}

// plain tells a password of which little is left without the words everybody uses and characters that repeat.
func plain(password string) bool {
	rest := strings.ToLower(password)
	for _, word := range plainWords {
		rest = strings.ReplaceAll(rest, word, "")
	}
	different := map[rune]bool{}
	for _, r := range rest {
		different[r] = true
	}
	return len(different) < 4
}

// digest is what is kept of a password.
//
// Format (PHC string):  $argon2id$v=19$m=KiB,t=passes,p=lanes$salt$hash, both in base64 without padding
type digest struct {
	memory, time uint32
	lanes        uint8
	salt, hash   []byte
}

// The cost of a new digest.
const (
	costMemory = 7 << 10 // KiB
	costTime   = 5
	costLanes  = 1

	saltBytes, hashBytes = 16, 32
	maxMemory, maxTime   = 64 << 10, 16 // of a digest that is read
)

func makeDigest(password string) string {
	d := digest{memory: costMemory, time: costTime, lanes: costLanes, salt: make([]byte, saltBytes)}
	rand.Read(d.salt) // never fails
	d.hash = d.of(password)
	return d.String()
}

func (d digest) of(password string) []byte {
	return argon2.IDKey([]byte(password), d.salt, d.time, d.memory, d.lanes, hashBytes)
}

// String writes it in its format.
func (d digest) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, d.memory, d.time, d.lanes, b64.EncodeToString(d.salt), b64.EncodeToString(d.hash))
}

var errDigest = errors.New("a password is not kept as argon2id, or at another cost than can be paid")

func parseDigest(text string) (digest, error) {
	var d digest
	var version int
	fields := strings.Split(text, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" {
		return d, errDigest
	}
	_, errVersion := fmt.Sscanf(fields[2], "v=%d", &version)
	_, errCost := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &d.memory, &d.time, &d.lanes)
	var errSalt, errHash error
	d.salt, errSalt = base64.RawStdEncoding.DecodeString(fields[4])
	d.hash, errHash = base64.RawStdEncoding.DecodeString(fields[5])
	wrong := errors.Join(errVersion, errCost, errSalt, errHash) != nil || version != argon2.Version ||
		d.memory < 1 || d.memory > maxMemory || d.time < 1 || d.time > maxTime || d.lanes < 1 ||
		len(d.salt) < saltBytes || len(d.hash) != hashBytes
	if wrong {
		return digest{}, errDigest
	}
	return d, nil
}

// matches compares in a time that tells nothing of the password.
func matches(kept, password string) bool {
	d, err := parseDigest(kept)
	if err != nil || utf8.RuneCountInString(password) > MaxPassword {
		return false
	}
	return subtle.ConstantTimeCompare(d.hash, d.of(password)) == 1
}
