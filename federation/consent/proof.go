package consent

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Proof is what shows that a consent was given elsewhere, kept with it.
type Proof struct {
	Issuer  string    `json:"issuer"` // by its name in the configuration
	Record  string    `json:"record"` // of the issuer
	Given   time.Time `json:"given"`
	Receipt string    `json:"receipt"` // as it was signed
}

// Digest is the SHA-256 of the receipt, hexadecimal: the ledger commits to it.
func (p *Proof) Digest() string {
	sum := sha256.Sum256([]byte(p.Receipt))
	return hex.EncodeToString(sum[:])
}

// ByReceipt is who brought a consent in force when a receipt of an issuer did.
func ByReceipt(issuer string) string { return "receipt of " + issuer }

// Presented is a receipt that was verified, and how it came.
type Presented struct {
	Grant Grant
	Proof Proof
	Holds bool     // the household takes the issuer's word: it is in force at once; else a person answers
	Asker string   // bare address of who presented it from outside
	Tell  []string // addresses to be told of it
}

// Present puts on the list what a receipt proves. What a person has refused or taken back since it was given stays so, and a
// receipt is presented once. It is revocable like each consent.
func (c *Consents) Present(p Presented, now time.Time) (Consent, error) {
	if err := p.Grant.Check(); err != nil {
		return Consent{}, err
	}
	one := Consent{ID: p.Grant.ID(), Grant: p.Grant, State: Pending, Since: now, By: ByReceipt(p.Proof.Issuer), Asker: p.Asker, Proof: &p.Proof}
	if p.Holds {
		one.State = InForce
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.replayed(p.Proof, now); err != nil {
		return Consent{}, err
	}
	at, err := place(c.list, one.ID)
	switch {
	case err == nil:
		err = stands(c.list[at].At(now), p.Proof)
		one.Asker = cmp.Or(one.Asker, c.list[at].Asker)
	case p.Asker != "" && !p.Holds:
		at, err = len(c.list), c.outsideRoom(p.Asker)
	default:
		at, err = len(c.list), c.room()
	}
	if err != nil {
		return Consent{}, err
	}
	tell := slices.Clone(p.Tell)
	if one.Asker != "" && p.Holds {
		tell = append(tell, one.Asker)
	}
	for _, address := range tell {
		one.Notices = append(one.Notices, Notice{To: address})
	}
	return one, c.commit(at, one)
}

// stands says why a consent is not to be changed by a receipt.
func stands(had Consent, p Proof) error {
	switch {
	case had.State == InForce:
		return fmt.Errorf("consent %s is in force already", had.ID)
	case had.State == Refused || had.State == Withdrawn:
		if !p.Given.After(had.Since) {
			return fmt.Errorf("consent %s was %s on %s, after this receipt was given", had.ID, had.State, had.Since.Format(time.DateOnly))
		}
	}
	return nil
}

// replayed says that a receipt was presented before.
func (c *Consents) replayed(p Proof, now time.Time) error {
	for _, one := range c.list {
		if one.Proof != nil && one.Proof.Issuer == p.Issuer && one.Proof.Record == p.Record {
			return fmt.Errorf("it was presented before; consent %s under it is %s", one.ID, one.At(now).State)
		}
	}
	return nil
}
