package main

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// initialApplication collected consents before there was an agent.
type initialApplication struct {
	key    string
	signer note.Signer
}

func newInitialApplication(t *testing.T) initialApplication {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "app.breizh-sen2.example")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return initialApplication{public, signer}
}

// collected is the receipt of a consent that the application collected some time ago, for an agent.
func (a initialApplication) collected(t *testing.T, g consent.Grant, of string) string {
	t.Helper()
	at := time.Now().Add(-24 * time.Hour)
	text, err := consent.NewReceipt(consent.Consent{ID: g.ID(), Grant: g, Since: at}, of, "application d'exemple").Text()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: text}, a.signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

func collectedGrant(to string) consent.Grant {
	last := time.Now().AddDate(1, 0, 0)
	return consent.Grant{
		To: to, Series: []string{"consumption/*"}, Resolution: consent.HalfHour, Purpose: "conseil en énergie",
		Until:   time.Date(last.Year(), last.Month(), last.Day(), 0, 0, 0, 0, time.UTC),
		Details: consent.Details{PurposeEN: "energy advice", Retention: "P1Y", Notice: "2026-11", Name: "Association d'exemple", Role: consent.Independent},
	}
}

// withoutDays has a word in place of each day.
func withoutDays(text string) string {
	return regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}`).ReplaceAllString(withoutIDs(text), "DAY")
}

// TestReceiptAtTheTerminal has a household take the word of an application for one recipient, answer itself for another, and
// take both back; every term is shown in both languages, and the ledger commits to the receipts.
func TestReceiptAtTheTerminal(t *testing.T) {
	t.Parallel()
	app := newInitialApplication(t)
	h := newHouse(t, func(c *config.Config) {
		c.Grants = nil
		c.Issuers = []consent.Issuer{{Name: "application d'exemple", Key: app.key, For: []string{"conseil@breizh-sen2.example"}}}
	})
	h.notary.look()
	file := openDesk(t, h)
	receipt := func(to string) string {
		return written(t, "receipt.txt", app.collected(t, collectedGrant(to), "maison@sen1.example"))
	}
	trusted, other := receipt("conseil@breizh-sen2.example"), receipt("mairie@breizh-sen2.example")

	code, out, said := consentVerb(t, file, "present", trusted)
	const terms = "Pour / To : %s\nNom légal / Legal name : Association d'exemple\nRôle (RGPD) / Role (GDPR) : independent\n" +
		"Séries / Series : consumption/*\nAu plus fin / The finest : PT30M\nUsage : conseil en énergie\nPurpose : energy advice\nVoit le PRM / Sees the PRM : non / no\n" +
		"Jusqu'au / Until : DAY\nConservation / Kept for : P1Y\nNotice : 2026-11\n\n"
	want := fmt.Sprintf(terms, "conseil@breizh-sen2.example") + `ID  in force   PT30M  conseil@breizh-sen2.example  "conseil en énergie"  until DAY` + "\n"
	if diff := cmp.Diff(want, withoutDays(out)); code != exitDone || diff != "" {
		t.Fatalf("code %d, %s (-want +got):\n%s", code, said, diff)
	}
	code, out, said = consentVerb(t, file, "present", other)
	want = fmt.Sprintf(terms, "mairie@breizh-sen2.example") + `ID  pending    PT30M  mairie@breizh-sen2.example  "conseil en énergie"  until DAY` + "\n"
	if diff := cmp.Diff(want, withoutDays(out)); code != exitDone || diff != "" {
		t.Fatalf("code %d, %s (-want +got):\n%s", code, said, diff)
	}
	if want := "it waits for your answer: releve consent accept ID, or refuse\n"; withoutIDs(said) != want {
		t.Errorf("said %q, want %q", said, want)
	}
	id := collectedGrant("conseil@breizh-sen2.example").ID()
	if !h.book.Knows("conseil@breizh-sen2.example") || h.book.Knows("mairie@breizh-sen2.example") {
		t.Error("what waits for an answer is in force, or the other way round")
	}
	if code, _, said := consentVerb(t, file, "withdraw", id); code != exitDone {
		t.Fatal(said)
	}
	if h.book.Knows("conseil@breizh-sen2.example") {
		t.Error("it is in force after it was taken back")
	}
	for _, row := range []struct{ name, file, want string }{
		{"replayed", trusted, "releve: the receipt is not taken: it was presented before; consent ID under it is withdrawn\n"},
		{"another device", written(t, "r", app.collected(t, collectedGrant("x@breizh-sen2.example"), "voisin@sen1.example")),
			`releve: the receipt is not taken: it is of another device, "voisin@sen1.example", and this is maison@sen1.example or releve-ID` + "\n"},
		{"a stranger's", written(t, "r", newInitialApplication(t).collected(t, collectedGrant("x@breizh-sen2.example"), "maison@sen1.example")),
			"releve: the receipt is not taken: nobody whose key is known here has signed it, but app.breizh-sen2.example\n"},
		{"altered", written(t, "r", strings.Replace(app.collected(t, collectedGrant("x@breizh-sen2.example"), "maison@sen1.example"), "PT30M", "live", 1)),
			"releve: the receipt is not taken: it was altered after app.breizh-sen2.example signed it\n"},
		{"nothing", written(t, "r", ""), "releve: the receipt is not taken: it is no signed receipt, or was cut off\n"},
	} {
		if code, out, said := consentVerb(t, file, "present", row.file); code != exitFailed || out != "" || withoutIDs(said) != row.want {
			t.Errorf("%s: code %d, %q, %q, want %q", row.name, code, out, said, row.want)
		}
	}
	checkReceiptsInLedger(t, h, id)
}

// checkReceiptsInLedger wants the grant that came of a receipt to bear its digest, by whom it came, and the withdrawal after.
func checkReceiptsInLedger(t *testing.T, h house, id string) {
	t.Helper()
	one, err := h.notary.consents.Find(id)
	if err != nil || one.Proof == nil {
		t.Fatal(one, err)
	}
	var got []string
	for _, e := range ledgered(t, h.notary.dir) {
		if e.Consent == id {
			got = append(got, fmt.Sprint(e.Kind, " by ", e.By, " ", e.Digest))
		}
	}
	want := []string{"grant by receipt of application d'exemple " + one.Proof.Digest(), "withdrawal by terminal "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in the ledger (-want +got):\n%s", diff)
	}
}

// TestReceiptOfHouse has one agent write the receipt of a consent given there, and another, which has only its public key,
// check it; an agent that trusts the first takes a receipt it wrote for it.
func TestReceiptOfHouse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.notary.look()
	file := openDesk(t, h)
	given := h.notary.consents.All()[0]
	code, receipt, said := consentVerb(t, file, "receipt", given.ID[:6])
	if code != exitDone || said != "" {
		t.Fatalf("code %d, %s", code, said)
	}
	public, err := ledger.PublicKey(filepath.Join(h.cfg.Agent.State, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := written(t, "other.toml", "[agent]\nstate = \""+t.TempDir()+"\"\n")
	signed := written(t, "receipt.txt", receipt)
	code, out, said := consentVerb(t, elsewhere, "check", "--key", public, signed)
	name := ledger.Name(public)
	want := "Pour / To : client@sen2.example\nSéries / Series : *\nAu plus fin / The finest : live\nUsage : test\nPurpose : test\nVoit le PRM / Sees the PRM : non / no\n" +
		"signed by " + name + ": record ID.N, given on TIME by " + name + ", collected by " + name + "\n"
	out = regexp.MustCompile(`[0-9a-f]{16}\.[0-9]+`).ReplaceAllString(out, "ID.N")
	out = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}`).ReplaceAllString(out, "TIME")
	if diff := cmp.Diff(want, out); code != exitDone || diff != "" {
		t.Errorf("code %d, %s (-want +got):\n%s", code, said, diff)
	}
	altered := written(t, "altered.txt", strings.Replace(receipt, `"live"`, `"P1D"`, 1))
	if code, _, said := consentVerb(t, elsewhere, "check", "--key", public, altered); code != exitFailed || said != "releve: check a receipt: it was altered after "+name+" signed it\n" {
		t.Errorf("code %d, %q", code, said)
	}
	if _, err := h.notary.Withdraw(given.ID, byTerminal); err != nil {
		t.Fatal(err)
	}
	if code, _, said := consentVerb(t, file, "receipt", given.ID); code != exitFailed || withoutIDs(said) != "releve: consent ID is withdrawn; there are receipts of those in force\n" {
		t.Errorf("code %d, %q", code, said)
	}
}

// TestReceiptFromForm wants a receipt that came by a form, which trims its lines and drops the empty one, to be the one that
// was signed.
func TestReceiptFromForm(t *testing.T) {
	t.Parallel()
	signed := newInitialApplication(t).collected(t, collectedGrant("conseil@breizh-sen2.example"), "maison@sen1.example")
	var lines []string
	for line := range strings.SplitSeq(signed, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if diff := cmp.Diff(signed, receiptFromForm(lines)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
