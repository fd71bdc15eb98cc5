package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"releve/federation/ledger"
)

type ledgerVerbs struct {
	Show       ledgerShowVerb       `cmd:"" help:"List what was agreed, taken back and changed."`
	Verify     ledgerVerifyVerb     `cmd:"" help:"Check that no entry was changed, dropped or moved."`
	Prove      ledgerProveVerb      `cmd:"" help:"Write the proof that an entry is in the ledger, for somebody who has its public key."`
	Check      ledgerCheckVerb      `cmd:"" help:"Check a proof, and print what it proves."`
	Checkpoint ledgerCheckpointVerb `cmd:"" help:"Print the signed state of the ledger: whoever keeps it can tell later whether history was written anew."`
	Witnesses  ledgerWitnessesVerb  `cmd:"" help:"List which members have cosigned how much of the ledger, and their keys."`
	Key        ledgerKeyVerb        `cmd:"" help:"Print the public key of the ledger."`
}

// ledgerFlags are what the verbs of the ledger share. The agent may run meanwhile.
type ledgerFlags struct{ configFile }

func (v ledgerFlags) dir() (string, error) {
	c, err := v.load()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(c.Agent.State, "ledger")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("open ledger %s: there is none; agent.state in %s says where it is", dir, v.Config)
	}
	return dir, nil
}

// cosigned is what witnesses have vouched for.
func (v ledgerFlags) cosigned() (map[string]cosigned, error) {
	c, err := v.load()
	if err != nil {
		return nil, err
	}
	return readCosignatures(filepath.Join(c.Agent.State, cosignaturesFile))
}

func (v ledgerFlags) snapshot() (*ledger.Snapshot, error) {
	dir, err := v.dir()
	if err != nil {
		return nil, err
	}
	return ledger.Take(dir)
}

type ledgerShowVerb struct {
	ledgerFlags
	JSON bool `name:"json" help:"Print JSON, one entry a line."`
}

// Run lists the entries.
func (v ledgerShowVerb) Run(t terminal) error {
	s, err := v.snapshot()
	if err != nil {
		return err
	}
	entries, err := s.Entries()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(t.out)
	lines := json.NewEncoder(out)
	for _, e := range entries {
		if v.JSON {
			err = errors.Join(err, lines.Encode(e))
		} else {
			fmt.Fprintln(out, entryLine(e)) // flush reports the error
		}
	}
	return errors.Join(err, out.Flush())
}

// entryLine is an entry for people: number, time, kind, and what else there is.
func entryLine(n ledger.Numbered) string {
	if n.Erased {
		return fmt.Sprintf("%d  erased", n.N)
	}
	e := n.Entry
	at := "time not known"
	if !e.At.IsZero() {
		at = e.At.UTC().Format(time.RFC3339)
	}
	words := []string{fmt.Sprintf("%d  %s  %s", n.N, at, e.Kind)}
	for _, part := range []struct{ name, value string }{
		{"to", e.Recipient}, {"consent", e.Consent}, {"series", strings.Join(e.Series, " ")}, {"finest", e.Finest},
		{"identity", yes(e.Identity)}, {"from", day(e.From)}, {"until", day(e.To)}, {"count", count(e.Count)}, {"uncertain", count(e.Uncertain)}, {"digest", e.Digest},
		{"by", e.By}, {"before", e.Before}, {"after", e.After}, {"text", e.Text},
	} {
		if part.value != "" {
			words = append(words, fmt.Sprintf("%s=%q", part.name, part.value))
		}
	}
	return strings.Join(words, "  ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

type ledgerVerifyVerb struct {
	ledgerFlags
	Checkpoint []string `help:"A signed checkpoint kept elsewhere, which the ledger must go on from." type:"existingfile" placeholder:"FILE"`
	Key        string   `help:"The public key; the ledger's own when it is not given." placeholder:"KEY"`
}

// Run checks every entry, and fails when one is not what it was.
func (v ledgerVerifyVerb) Run(t terminal) error {
	dir, err := v.dir()
	if err != nil {
		return err
	}
	if v.Key == "" {
		if v.Key, err = ledger.PublicKey(dir); err != nil {
			return err
		}
	}
	var known [][]byte
	for _, file := range v.Checkpoint {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("verify the ledger: %w", err)
		}
		known = append(known, text)
	}
	had, err := v.cosigned()
	if err != nil {
		return err
	}
	for _, one := range had {
		known = append(known, []byte(one.Note))
	}
	r, err := ledger.Verify(dir, v.Key, known...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%d entries are what they were, %d of them erased; root %s\n", r.Size, r.Erased, r.Root)
	return err
}

type ledgerProveVerb struct {
	ledgerFlags
	Entry int64 `arg:"" help:"Number of the entry, as show lists it."`
}

// Run writes the proof of an entry.
func (v ledgerProveVerb) Run(t terminal) error {
	s, err := v.snapshot()
	if err != nil {
		return err
	}
	proof, err := s.Prove(v.Entry)
	if err != nil {
		return err
	}
	_, err = t.out.Write(proof)
	return err
}

type ledgerCheckVerb struct {
	Key   string `help:"The public key of the ledger, as releve ledger key prints it." placeholder:"KEY" required:""`
	Proof string `arg:"" help:"The proof; - for standard input."`
}

// Run checks a proof, of any ledger, and prints its entry and the size of the ledger it is in.
func (v ledgerCheckVerb) Run(t terminal) error {
	text, err := v.read(t.in)
	if err != nil {
		return fmt.Errorf("check a proof: %w", err)
	}
	e, c, err := ledger.CheckProof(text, v.Key)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%s\nin the ledger %s, which had %d entries\n", entryLine(e), c.Origin, c.Size)
	return err
}

func (v ledgerCheckVerb) read(in io.Reader) ([]byte, error) {
	if v.Proof == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(v.Proof)
}

type ledgerCheckpointVerb struct{ ledgerFlags }

// Run prints the signed checkpoint.
func (v ledgerCheckpointVerb) Run(t terminal) error {
	s, err := v.snapshot()
	if err != nil {
		return err
	}
	_, err = t.out.Write(s.Checkpoint())
	return err
}

type ledgerKeyVerb struct{ ledgerFlags }

// Run prints the public key.
func (v ledgerKeyVerb) Run(t terminal) error {
	dir, err := v.dir()
	if err != nil {
		return err
	}
	public, err := ledger.PublicKey(dir)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.out, public)
	return err
}
