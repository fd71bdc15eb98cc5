package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"releve/federation/consent"
	"releve/federation/ledger"
)

type consentPresentVerb struct {
	consentFlags
	File string `arg:"" help:"The signed receipt; - for standard input."`
}

// Run shows every term in both languages, and what became of it.
func (v consentPresentVerb) Run(t terminal) error {
	signed, err := readFile(t, v.File)
	if err != nil {
		return fmt.Errorf("present a receipt: %w", err)
	}
	c, err := v.load()
	if err != nil {
		return err
	}
	one, err := askAgent(c, request{Do: "present", Receipt: string(signed)})
	if err != nil {
		return err
	}
	if !v.JSON {
		if _, err := io.WriteString(t.out, termsText(one.Grant, c.Agent.Location)+"\n"); err != nil {
			return err
		}
	}
	if one.State == consent.Pending {
		fmt.Fprintf(t.err, "it waits for your answer: releve consent accept %s, or refuse\n", one.ID)
	}
	return v.print(t, c.Agent.Location, false, one)
}

type consentReceiptVerb struct {
	consentFlags
	ID string `arg:"" help:"Identifier, or how it begins."`
}

// Run writes the receipt of a consent in force.
func (v consentReceiptVerb) Run(t terminal) error {
	c, one, err := v.find(v.ID)
	if err != nil {
		return err
	}
	if one = one.At(time.Now()); one.State != consent.InForce {
		return fmt.Errorf("consent %s is %s; there are receipts of those in force", one.ID, one.State)
	}
	signed, err := receiptOf(c, one)
	if err != nil {
		return err
	}
	_, err = t.out.Write(signed)
	return err
}

type consentCheckVerb struct {
	configFile
	Key  string `help:"The public key of who issued it, as releve ledger key prints it." placeholder:"KEY" required:""`
	File string `arg:"" help:"The signed receipt; - for standard input."`
}

// Run checks the receipt of any agent or application, and prints what it says.
func (v consentCheckVerb) Run(t terminal) error {
	signed, err := readFile(t, v.File)
	if err != nil {
		return fmt.Errorf("check a receipt: %w", err)
	}
	r, issuer, err := consent.OpenReceipt(signed, []consent.Issuer{{Name: ledger.Name(v.Key), Key: v.Key}})
	if err != nil {
		return fmt.Errorf("check a receipt: %w", err)
	}
	location := time.UTC
	if c, err := v.load(); err == nil { // whose days are shown; a receipt is checked anywhere
		location = c.Agent.Location
	}
	_, err = fmt.Fprintf(t.out, "%ssigned by %s: record %s, given on %s by %s, collected by %s\n", termsText(r.Grant(), location),
		issuer.Name, r.Record, r.Event.Time.In(location).Format(time.DateTime), r.Principal, r.Event.Entity)
	return err
}

// readFile reads a file, or standard input.
func readFile(t terminal, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(t.in, maxRequest))
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // nothing was written
	return io.ReadAll(io.LimitReader(file, maxRequest))
}

// termsText is every term of a grant, in French and in English.
func termsText(g consent.Grant, location *time.Location) string {
	var b strings.Builder
	purposeEN := g.PurposeEN
	if purposeEN == "" {
		purposeEN = g.Purpose
	}
	for _, row := range []struct{ fr, en, value string }{
		{"Pour", "To", g.To}, {"Nom légal", "Legal name", g.Name}, {"Contact", "Contact", g.Contact},
		{"Rôle (RGPD)", "Role (GDPR)", string(g.Role)}, {"Séries", "Series", strings.Join(g.Covered(), " ")},
		{"Au plus fin", "The finest", string(g.Resolution)}, {"Usage", "", g.Purpose}, {"", "Purpose", purposeEN}, {"Code", "Code", g.Code},
		{"Voit le PRM", "Sees the PRM", map[bool]string{true: "oui / yes", false: "non / no"}[g.Identity]},
		{"Depuis", "From", shownDay(g.From, location)}, {"Jusqu'au", "Until", shownLast(g.Until, location)},
		{"Conservation", "Kept for", g.Retention}, {"Notice", "Notice", g.Notice},
	} {
		if row.value != "" {
			label := strings.Trim(row.fr+" / "+row.en, " /")
			if row.fr == row.en {
				label = row.fr
			}
			fmt.Fprintf(&b, "%s : %s\n", label, row.value) // a builder takes everything
		}
	}
	return b.String()
}

func shownDay(t time.Time, location *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(location).Format(time.DateOnly)
}

// shownLast is the last day of what ends at an instant.
func shownLast(until time.Time, location *time.Location) string {
	if until.IsZero() {
		return ""
	}
	return shownDay(until.Add(-time.Second), location)
}
