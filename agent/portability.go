package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"releve/agent/config"
	"releve/buffer"
	"releve/federation/consent"
	"releve/federation/ledger"
)

//go:embed bundle
var bundleReadmes embed.FS

// portability is everything that is held of a household, for it to take away or to another agent (RGPD art. 20, Data Act
// art. 4): readings, roll-ups, consents, the ledger with its proofs. Keys and passwords are not data, and stay.
type portability struct {
	buffer *buffer.Buffer
	cfg    config.Config
	now    time.Time
}

var errExporting = errors.New("everything is being exported already; wait until that has ended")

// exportAll writes a ZIP with everything the agent holds, of the household's own names and numbers: whoever asks has to
// be of the household. It is written as it is read, in memory that does not grow with it. One is written at a time.
func (a *agent) exportAll(ctx context.Context, out io.Writer) error {
	if !a.exporting.TryLock() {
		return errExporting
	}
	defer a.exporting.Unlock()
	return portability{buffer: a.buffer, cfg: a.cfg, now: a.now()}.write(ctx, out)
}

// write writes the ZIP. One that could not be written whole has no manifest, and is refused by an import.
func (p portability) write(ctx context.Context, out io.Writer) error {
	b := newBundle(out, p.now, p.cfg.Agent.Location)
	for _, part := range []func(context.Context, *bundle) error{
		p.readmes, p.readings, p.undated, p.rollUps, p.consents, p.ledger, p.stateFiles,
	} {
		if err := part(ctx, b); err != nil {
			return fmt.Errorf("export everything: %w", err)
		}
	}
	if err := b.close(); err != nil {
		return fmt.Errorf("export everything: %w", err)
	}
	return nil
}

// readmes explain each file to who has no other tool than a spreadsheet.
func (p portability) readmes(_ context.Context, b *bundle) error {
	templates, err := template.ParseFS(bundleReadmes, "bundle/*.txt")
	if err != nil {
		return err
	}
	for _, name := range []string{"LISEZMOI.txt", "README.txt"} {
		err := b.file(name, "text/plain", 0, func(w io.Writer) error {
			return templates.ExecuteTemplate(w, name, p.now.In(p.cfg.Agent.Location).Format(time.DateOnly))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// undated is what no clock has dated yet, or ever will.
func (p portability) undated(ctx context.Context, b *bundle) error {
	records := 0
	for _, u := range p.buffer.Undated() {
		records += int(u.Records)
	}
	if records == 0 {
		return nil
	}
	e := &export{ctx: ctx, buffer: p.buffer, chosen: pattern([]string{"*"}), location: p.cfg.Agent.Location}
	return b.file(undatedName, "text/csv", records, e.undated)
}

func (p portability) consents(_ context.Context, b *bundle) error {
	list, err := consent.List(filepath.Join(p.cfg.Agent.State, consentsFile))
	if err != nil || len(list) == 0 {
		return err
	}
	for i := range list {
		list[i] = list[i].At(p.now)
	}
	if err := b.file("consents.json", "application/json", 0, indented(list)); err != nil {
		return err
	}
	var texts []string
	for _, one := range list {
		texts = append(texts, consentText(one, p.cfg.Agent.Location))
	}
	if err := b.file("consents.txt", "text/plain", 0, verbatim(strings.Join(texts, "\n"))); err != nil {
		return err
	}
	return p.receipts(b, list)
}

// receipts are those of the consents in force.
func (p portability) receipts(b *bundle, list []consent.Consent) error {
	for _, one := range list {
		if one.State != consent.InForce {
			continue
		}
		signed, err := receiptOf(p.cfg, one)
		if err == nil {
			err = b.file("receipts/"+one.ID+".txt", "text/plain", 0, verbatim(string(signed)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func indented(v any) func(io.Writer) error {
	return func(w io.Writer) error {
		lines := json.NewEncoder(w)
		lines.SetIndent("", "  ")
		lines.SetEscapeHTML(false)
		return lines.Encode(v)
	}
}

// ledger has every entry as it stands in its file, whose leaves make the tree of the signed checkpoint, and the proof of
// each alone, to be shown without the others.
func (p portability) ledger(ctx context.Context, b *bundle) error {
	s, err := ledger.Take(filepath.Join(p.cfg.Agent.State, "ledger"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := b.file("ledger/entries.jsonl", "application/jsonl", 0, s.Write); err != nil {
		return err
	}
	if err := b.file("ledger/checkpoint.txt", "text/plain", 0, verbatim(string(s.Checkpoint()))); err != nil {
		return err
	}
	if err := b.file("ledger/public-key.txt", "text/plain", 0, verbatim(s.PublicKey()+"\n")); err != nil {
		return err
	}
	for n := range s.Size() {
		proof, err := s.Prove(n)
		if err == nil {
			err = b.file(fmt.Sprintf("ledger/proofs/%06d.txt", n), "text/plain", 0, verbatim(string(proof)))
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

func verbatim(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// stateFiles are what else is held of people: delivery points, who subscribes to what, who has cosigned the ledger.
func (p portability) stateFiles(_ context.Context, b *bundle) error {
	for _, name := range []string{"identities.json", "subscriptions.json", cosignaturesFile} {
		text, err := os.ReadFile(filepath.Join(p.cfg.Agent.State, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = b.file("state/"+name, "application/json", 0, verbatim(string(text)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
