package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// bundleFormat is the version of what stands where in the ZIP of an export. Another one is not read.
const bundleFormat = "releve-export/1"

const manifestName = "manifest.json"

// manifest is the last file of a bundle: which files there are besides it, in the order in which they were written. It is a
// contract with other programs, as JSON.
type manifest struct {
	Format string    `json:"format"`
	Made   time.Time `json:"made"`
	Agent  string    `json:"agent"` // version of the program that made it
	Files  []bundled `json:"files"`
}

// bundled is one file of a bundle.
type bundled struct {
	Name    string `json:"name"`
	Type    string `json:"media_type"`
	Records int    `json:"records,omitempty"` // readings, or periods
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"` // of these bytes, hexadecimal
}

// bundle writes a ZIP, file after file, and at the end which there were.
type bundle struct {
	zip      *zip.Writer
	location *time.Location // of the times in what is for people
	manifest manifest
}

func newBundle(out io.Writer, now time.Time, location *time.Location) *bundle {
	return &bundle{zip: zip.NewWriter(out), location: location, manifest: manifest{Format: bundleFormat, Made: now.UTC().Truncate(time.Second), Agent: versionText()}}
}

// file adds one. Who unpacks it has files that only they can read.
func (b *bundle) file(name, media string, records int, write func(io.Writer) error) error {
	in, err := b.add(name)
	if err != nil {
		return err
	}
	sum := sha256.New()
	size := &counting{}
	if err := write(io.MultiWriter(in, sum, size)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	b.manifest.Files = append(b.manifest.Files, bundled{name, media, records, size.bytes, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (b *bundle) add(name string) (io.Writer, error) {
	head := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.manifest.Made}
	head.SetMode(0o600)
	return b.zip.CreateHeader(head)
}

// close writes the manifest: without it nobody takes the ZIP for a whole one.
func (b *bundle) close() error {
	in, err := b.add(manifestName)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := indented(b.manifest)(&text); err != nil {
		return err
	}
	if _, err := text.WriteTo(in); err != nil {
		return err
	}
	return b.zip.Close()
}

// counting counts what is written to it.
type counting struct{ bytes int64 }

func (c *counting) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}
