package consent

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Issuer is an application whose receipts the household knows.
type Issuer struct {
	Name string   // what people call it
	Key  string   // its public key (C2SP signed-note, Ed25519): <name>+<hash>+<base64>
	For  []string // recipients, addresses or domains, for which its receipt is enough; for others a person answers
}

// Check says what is wrong with an issuer, in a sentence for who wrote it.
func (i Issuer) Check() error {
	if i.Name == "" {
		return errors.New("name is missing: what people call the application")
	}
	if _, err := note.NewVerifier(i.Key); err != nil {
		return fmt.Errorf("key: %q is not a public key such as an application, or releve ledger key, tells: name+hash+base64", i.Key)
	}
	return nil
}

// Suffices says whether the household takes the issuer's word for a grant without being asked: to a recipient it was named
// for, and of nothing but the household's own readings, without its delivery point number.
func (i Issuer) Suffices(g Grant) bool {
	if g.Identity || len(g.Sources) > 0 {
		return false
	}
	return slices.ContainsFunc(i.For, func(to string) bool {
		_, domain, isAddress := strings.Cut(g.To, "@")
		return strings.EqualFold(to, g.To) || isAddress && strings.EqualFold(to, domain)
	})
}

// OpenReceipt reads a signed receipt (C2SP signed-note) and checks that one of these issuers signed these very bytes.
func OpenReceipt(signed []byte, issuers []Issuer) (Receipt, Issuer, error) {
	if len(signed) > maxReceipt {
		return Receipt{}, Issuer{}, fmt.Errorf("it has more than %d bytes, as no receipt does", maxReceipt)
	}
	var verifiers []note.Verifier
	for _, one := range issuers {
		v, err := note.NewVerifier(one.Key)
		if err != nil {
			return Receipt{}, Issuer{}, fmt.Errorf("%s: %w", one.Name, err)
		}
		verifiers = append(verifiers, v)
	}
	n, err := note.Open(signed, note.VerifierList(verifiers...))
	var altered *note.InvalidSignatureError
	var strange *note.UnverifiedNoteError
	switch {
	case errors.As(err, &altered):
		return Receipt{}, Issuer{}, fmt.Errorf("it was altered after %.64s signed it", altered.Name)
	case errors.As(err, &strange):
		return Receipt{}, Issuer{}, fmt.Errorf("nobody whose key is known here has signed it, but %.64s", signers(strange.Note))
	case err != nil:
		return Receipt{}, Issuer{}, errors.New("it is no signed receipt, or was cut off")
	}
	r, err := parseReceipt(n.Text)
	if err != nil {
		return Receipt{}, Issuer{}, err
	}
	at := slices.IndexFunc(verifiers, func(v note.Verifier) bool { return v.Name() == n.Sigs[0].Name && v.KeyHash() == n.Sigs[0].Hash })
	return r, issuers[at], nil // one of them has verified it
}

func signers(n *note.Note) string {
	var names []string
	for _, s := range n.UnverifiedSigs {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}
