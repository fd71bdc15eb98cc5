package ledger

import (
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
)

// Vouch signs a text with the key of the ledger in a folder (C2SP signed-note). The text ends with a line feed, and its first
// line says what it is: that of a checkpoint is the ledger's name, so that no other text is one.
func Vouch(dir, text string) ([]byte, error) {
	held, err := os.ReadFile(keyName(dir))
	if err != nil {
		return nil, fmt.Errorf("sign with the ledger's key: %w", err)
	}
	k, err := parseKey(string(held))
	if err != nil {
		return nil, fmt.Errorf("sign with the ledger's key: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return nil, fmt.Errorf("sign with the ledger's key: %w", err)
	}
	return signed, nil
}

// Name returns the name of the ledger with a public key.
func Name(public string) string { return originOf(public) }
