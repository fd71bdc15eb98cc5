package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"releve/buffer"
	"releve/senml"
)

type bufferImportVerb struct {
	configFile
	Format string `help:"${enum}; auto goes by the name of the file: .json or .senml, .cbor or .senmlc, .csv." enum:"auto,senml-json,senml-cbor,csv" default:"auto"`
	File   string `arg:"" help:"What releve buffer export has written, or any resolved or compact SenML; - for standard input."`
}

// importAtOnce is how many records are compared with the store together.
const importAtOnce = 50_000

// packReader reads packs until io.EOF.
type packReader interface {
	Next() (senml.Pack, error)
}

// Run puts what the store of a stopped agent does not have.
func (v bufferImportVerb) Run(ctx context.Context, t terminal) error {
	packs, closing, err := v.open(t)
	if err != nil {
		return err
	}
	defer closing()
	if err := v.prepare(); err != nil {
		return err
	}
	return v.put(ctx, t, packs, func(*buffer.Buffer) (int, error) { return 0, nil })
}

// put puts readings that the store does not have, and then others that have no date.
func (v bufferImportVerb) put(ctx context.Context, t terminal, packs packReader, undated func(*buffer.Buffer) (int, error)) error {
	return storeFlags{configFile: v.configFile}.with(t, func(b *buffer.Buffer) error {
		read, stored, err := v.copy(ctx, t, packs, b)
		if err == nil {
			err = b.Settle()
		}
		if err == nil {
			err = b.Compact() // each hour that was rolled up has left a mark that every question reads past
		}
		waiting := 0
		if err == nil {
			waiting, err = undated(b)
		}
		if err != nil {
			return fmt.Errorf("import %s: after %d readings, %d of them new: %w; mend it and import again, nothing comes twice", v.File, read, stored, err)
		}
		said := fmt.Sprintf("%d readings, %d of them new", read, stored)
		if waiting > 0 {
			said += fmt.Sprintf("; %d without a date", waiting)
		}
		_, err = fmt.Fprintln(t.err, said)
		return err
	})
}

// prepare makes the folder of the store: it may be on a card that has none yet.
func (v bufferImportVerb) prepare() error {
	c, err := v.load()
	if err != nil {
		return err
	}
	return os.MkdirAll(storeOptions(c, nil).Dir, 0o700)
}

// open opens the file in the format it has.
func (v bufferImportVerb) open(t terminal) (packReader, func() error, error) {
	format, err := v.format()
	if err != nil {
		return nil, nil, misuse{err}
	}
	in, closing := t.in, func() error { return nil }
	if v.File != "-" {
		file, err := os.Open(v.File)
		if err != nil {
			return nil, nil, err
		}
		in, closing = file, file.Close
	}
	var packs packReader
	switch format {
	case "csv":
		packs, err = newLineReader(in)
	case "senml-cbor":
		packs, err = senml.NewSequence(senml.CBOR, in)
	default:
		packs, err = senml.NewSequence(senml.JSON, in)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("import %s: %w", v.File, err), closing())
	}
	return packs, closing, nil
}

func (v bufferImportVerb) format() (string, error) {
	if v.Format != "auto" {
		return v.Format, nil
	}
	switch filepath.Ext(v.File) {
	case ".csv":
		return "csv", nil
	case ".cbor", ".senmlc":
		return "senml-cbor", nil
	case ".json", ".jsonl", ".senml":
		return "senml-json", nil
	}
	return "", fmt.Errorf("buffer import: the name of %s does not say what it is; add --format senml-json, senml-cbor or csv", v.File)
}

// copy brings packs into the store, many readings at a time.
func (v bufferImportVerb) copy(ctx context.Context, t terminal, packs packReader, b *buffer.Buffer) (read, stored int, err error) {
	var waiting senml.Pack
	for end := false; !end; {
		p, err := packs.Next()
		if end = errors.Is(err, io.EOF); !end {
			if err == nil {
				p, err = p.Resolve(time.Now())
			}
			if err != nil {
				return read, stored, err
			}
			waiting = append(waiting, p...)
		}
		if len(waiting) < importAtOnce && !end {
			continue
		}
		n, err := b.Import(ctx, waiting)
		stored += n
		if err != nil {
			return read, stored, err
		}
		read += len(waiting)
		waiting = waiting[:0]
		if isTerminal(t.err) {
			fmt.Fprintf(t.err, "%d readings\r", read)
		}
	}
	return read, stored, nil
}

// isTerminal tells whether somebody watches.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}
