package main

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"releve/buffer"
	"releve/senml"
)

type importVerb struct {
	configFile
	File string `arg:"" help:"What releve export --all has written."`
}

// Run reads the ZIP whole before it puts anything: what is damaged or of somebody else changes nothing.
func (v importVerb) Run(ctx context.Context, t terminal) error {
	file, err := os.Open(v.File)
	if err != nil {
		return err
	}
	defer file.Close() // nothing was written
	opened, err := openBundle(file)
	if err == nil {
		err = opened.verify(ctx)
	}
	if err != nil {
		return fmt.Errorf("import %s: %w; nothing was imported", v.File, err)
	}
	readings := bufferImportVerb{configFile: v.configFile, File: v.File}
	if err := readings.prepare(); err != nil {
		return err
	}
	return readings.put(ctx, t, &bundledPacks{bundle: opened}, opened.putUndated)
}

// Bounds of what is taken for an export of everything: none of ours comes near, and what does is made to fill a disk or
// a memory.
const (
	maxManifest = 64 << 20  // bytes
	maxBundled  = 500_000   // files
	maxReadings = 256 << 20 // bytes of one file of readings, which is read whole
)

// openedBundle is a ZIP that says it is an export of everything.
type openedBundle struct {
	manifest manifest
	files    map[string]*zip.File
}

// openBundle reads which files there are. Nothing is ever unpacked under the names that stand in it.
func openBundle(file *os.File) (*openedBundle, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(file, info.Size())
	switch {
	case err != nil:
		return nil, fmt.Errorf("it is no ZIP, or its end is missing (%w)", err)
	case len(archive.File) > maxBundled:
		return nil, fmt.Errorf("it has more than %d files, as no export of Relève does", maxBundled)
	}
	b := &openedBundle{files: map[string]*zip.File{}}
	for _, f := range archive.File {
		switch {
		case !fs.ValidPath(f.Name) || strings.Contains(f.Name, `\`) || !f.Mode().IsRegular():
			return nil, errors.New("it has files that lead out of their folder, as no export of Relève does")
		case b.files[f.Name] != nil:
			return nil, fmt.Errorf("it has %.64q twice, as no export of Relève does", f.Name)
		}
		b.files[f.Name] = f
	}
	return b, b.readManifest()
}

func (b *openedBundle) readManifest() error {
	f := b.files[manifestName]
	if f == nil {
		return fmt.Errorf("it is no export of Relève, or was broken off: it has no %s", manifestName)
	}
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("read %s: %w", manifestName, err)
	}
	defer in.Close() // nothing was written
	text, err := io.ReadAll(io.LimitReader(in, maxManifest))
	if err == nil {
		err = json.Unmarshal(text, &b.manifest)
	}
	switch {
	case err != nil:
		return fmt.Errorf("its %s is damaged (%w)", manifestName, err)
	case b.manifest.Format != bundleFormat:
		return fmt.Errorf("it is of the form %.64q, and this program reads %s", b.manifest.Format, bundleFormat)
	case len(b.manifest.Files)+1 != len(b.files):
		return fmt.Errorf("it has %d files and lists %d: some were added or taken out", len(b.files)-1, len(b.manifest.Files))
	}
	return nil
}

// verify reads every file and compares it with what the manifest says of it.
func (b *openedBundle) verify(ctx context.Context) error {
	for _, one := range b.manifest.Files {
		f := b.files[one.Name]
		switch {
		case f == nil:
			return fmt.Errorf("its %.64q is missing", one.Name)
		case f.UncompressedSize64 != uint64(one.Bytes), isReadings(one) && one.Bytes > maxReadings:
			return fmt.Errorf("its %.64q has not the size that it should have", one.Name)
		}
		sum, err := sumOf(f, one.Bytes)
		if err := errors.Join(err, ctx.Err()); err != nil {
			return fmt.Errorf("its %.64q is damaged (%w)", one.Name, err)
		}
		if sum != one.SHA256 {
			return fmt.Errorf("its %.64q is not what was exported", one.Name)
		}
	}
	return nil
}

func sumOf(f *zip.File, size int64) (string, error) {
	in, err := f.Open()
	if err != nil {
		return "", err
	}
	defer in.Close() // nothing was written
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(in, size+1)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func isReadings(f bundled) bool {
	return strings.HasPrefix(f.Name, readingsFolder) && f.Type == senml.JSON.MediaType()
}

// bundledPacks reads the readings, a file a pack, in the order in which they were written.
type bundledPacks struct {
	bundle *openedBundle
	next   int
}

// Next returns the next pack, and io.EOF after the last.
func (p *bundledPacks) Next() (senml.Pack, error) {
	for ; p.next < len(p.bundle.manifest.Files); p.next++ {
		one := p.bundle.manifest.Files[p.next]
		if !isReadings(one) {
			continue
		}
		p.next++
		in, err := p.bundle.files[one.Name].Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.Name, err)
		}
		text, err := io.ReadAll(in)
		if err := errors.Join(err, in.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", one.Name, err)
		}
		pack, err := senml.Decode(senml.JSON, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.Name, err)
		}
		return pack, nil
	}
	return nil, io.EOF
}

// putUndated brings what no clock has dated, under the boots that heard it. Of boots that are there already nothing is taken.
func (b *openedBundle) putUndated(target *buffer.Buffer) (stored int, err error) {
	f := b.files[undatedName]
	if f == nil {
		return 0, nil
	}
	in, err := f.Open()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", undatedName, err)
	}
	defer in.Close() // nothing was written
	var had []string
	for _, u := range target.Undated() {
		had = append(had, u.Boot)
	}
	lines, err := newUndatedReader(in)
	for err == nil {
		var boot string
		var p senml.Pack
		if boot, p, err = lines.Next(); err == nil && !slices.Contains(had, boot) {
			err = target.PutUndated(boot, p)
			stored += len(p)
		}
	}
	if errors.Is(err, io.EOF) {
		return stored, nil
	}
	return stored, fmt.Errorf("%s: %w", undatedName, err)
}
