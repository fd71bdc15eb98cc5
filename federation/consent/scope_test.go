package consent_test

import (
	"path/filepath"
	"testing"
	"time"

	"releve/federation/consent"
)

// The scope of a gate is another word after all that changes what its recipient sees, and the same after what concerns
// others.
func TestScope(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	rotations, err := consent.OpenRotations(filepath.Join(t.TempDir(), "rotations.json"))
	if err != nil {
		t.Fatal(err)
	}
	consents, err := consent.OpenConsents(filepath.Join(t.TempDir(), "consents.json"))
	if err != nil {
		t.Fatal(err)
	}
	consents.Record = func(consent.Consent) error { return nil }
	b := &consent.Book{
		Grants:   []consent.Grant{agreed(alice, now.Add(time.Hour), false, "current/1")},
		Consents: consents, Key: make([]byte, 32), PRM: func(string) string { return "" }, Now: func() time.Time { return now }, Rotations: rotations,
	}
	give := func(to string) {
		one, err := consents.Ask(agreed(to, time.Time{}, false, "*"), "page", now)
		if err == nil {
			_, err = consents.Accept(one.ID, "page", now)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	gate, circle := b.Gate(alice, "place", nil), b.Circle("tableau", []string{alice})
	for _, step := range []struct {
		name           string
		do             func()
		gate, inCircle bool // whether it changes their scopes
	}{
		{"nothing", func() {}, false, false},
		{"a grant to another", func() { give(bob) }, false, false},
		{"a grant to its domain", func() { give("breizh-sen2.example") }, true, true},
		{"a grant that lapses", func() { now = now.Add(2 * time.Hour) }, true, true},
		{"its withdrawal", func() {
			all := consents.All()
			if _, err := consents.Withdraw(all[1].ID, "page", now, nil); err != nil {
				t.Fatal(err)
			}
		}, true, true},
		{"rotated pseudonyms of another", func() { rotate(t, rotations, bob) }, false, false},
		{"rotated pseudonyms", func() { rotate(t, rotations, alice) }, true, false},
		{"rotated pseudonyms of the circle", func() { rotate(t, rotations, "tableau") }, false, true},
	} {
		before, beforeIn := gate.Scope(), circle.Scope()
		step.do()
		if changed, changedIn := gate.Scope() != before, circle.Scope() != beforeIn; changed != step.gate || changedIn != step.inCircle {
			t.Errorf("%s: changed %v, in the circle %v", step.name, changed, changedIn)
		}
	}
}

func rotate(t *testing.T, r *consent.Rotations, recipient string) {
	t.Helper()
	if err := r.Rotate(recipient); err != nil {
		t.Fatal(err)
	}
}
