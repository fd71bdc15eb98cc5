package buffer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/google/renameio/v2"
)

// knownTables reads from MANIFEST which tables belong to the store.
func knownTables(o Options, f *files) (map[uint64]badger.TableManifest, error) {
	if err := upgrade(o); err != nil {
		return nil, err
	}
	manifest, err := os.Open(filepath.Join(o.Dir, badger.ManifestFilename))
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(f.tables)+len(f.logs)+len(f.values) == 0:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, &damage{errors.New("MANIFEST is missing")} // Badger would delete all tables
	case err != nil:
		return nil, fmt.Errorf("read MANIFEST: %w", err)
	}
	defer manifest.Close()
	if err := checkHead(manifest); err != nil {
		return nil, err
	}
	content, _, err := badger.ReplayManifestFile(manifest, formatVersion, tuned(o.Dir, o.Log))
	if err != nil && len(f.logs) > 0 { // it was in use
		content, err = cutManifest(o, manifest.Name())
	}
	if err != nil {
		return nil, &damage{err}
	}
	if len(content.Tables) == 0 && len(f.tables) > 0 && len(f.logs) == 0 {
		return nil, &damage{errors.New("MANIFEST knows none of the tables")}
	}
	return content.Tables, nil
}

// tornManifest is the most that a power cut can spoil of MANIFEST: what was appended last, a few bytes a table.
const tornManifest = 4 << 10

// cutManifest cuts the end of MANIFEST that a power cut has left without content, which Badger takes for damage; it
// cuts an end that is too short by itself. What is cut was not durable, so the files it is about are still there. The
// whole is kept as MANIFEST.torn.
func cutManifest(o Options, path string) (badger.Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return badger.Manifest{}, fmt.Errorf("read MANIFEST: %w", err)
	}
	good := goodManifest(data)
	if lost := len(data) - good; lost > tornManifest {
		return badger.Manifest{}, fmt.Errorf("MANIFEST is damaged at byte %d, %d bytes before its end", good, lost)
	}
	err = renameio.WriteFile(path+".torn", data, 0o640)
	if err == nil {
		err = renameio.WriteFile(path, data[:good], 0o640)
	}
	if err != nil {
		return badger.Manifest{}, fmt.Errorf("cut MANIFEST: %w", err)
	}
	cut, err := os.Open(path)
	if err != nil {
		return badger.Manifest{}, fmt.Errorf("read MANIFEST: %w", err)
	}
	defer cut.Close()
	content, _, err := badger.ReplayManifestFile(cut, formatVersion, tuned(o.Dir, o.Log))
	return content, err
}

// goodManifest is how much of MANIFEST has right checksums.
//
// Format: head(8), then change sets: length(4), CRC-32C(4), that many bytes; big-endian
func goodManifest(data []byte) int {
	good := min(8, len(data))
	for rest := data[good:]; len(rest) >= 8; rest = data[good:] {
		size := uint64(binary.BigEndian.Uint32(rest))
		if size > uint64(len(rest)-8) ||
			crc32.Checksum(rest[8:8+size], crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(rest[4:]) {
			break
		}
		good += 8 + int(size)
	}
	return good
}

// checkHead reads what MANIFEST begins with: "Bdgr", the external magic number (2) and Badger's own version (2).
func checkHead(manifest io.ReadSeeker) error {
	head := make([]byte, 8)
	n, err := io.ReadFull(manifest, head)
	if err != nil || string(head[:4]) != "Bdgr" {
		return &damage{fmt.Errorf("MANIFEST begins with %x", head[:n])}
	}
	version := binary.BigEndian.Uint16(head[4:])
	switch {
	case version > formatVersion && version < 256:
		return fmt.Errorf("open buffer: layout %d is %w, which this one cannot read; install that version again",
			version, ErrNewer)
	case version == 0 || version > formatVersion:
		return &damage{fmt.Errorf("MANIFEST names layout %d", version)}
	}
	_, err = manifest.Seek(0, io.SeekStart)
	return err
}

// upgrade names the layout of this version in the MANIFEST of an older store. The keys it had are as they were, and
// what it lacks is made when it is opened; an older program, which would not read all packs, then refuses the store.
func upgrade(o Options) error {
	path := filepath.Join(o.Dir, badger.ManifestFilename)
	data, err := os.ReadFile(path)
	if err != nil || len(data) < 8 || binary.BigEndian.Uint16(data[4:]) == formatVersion {
		return nil // what is wrong is told when it is read
	}
	if checkHead(bytes.NewReader(data)) != nil {
		return nil
	}
	binary.BigEndian.PutUint16(data[4:], formatVersion)
	if err := renameio.WriteFile(path, data, 0o640); err != nil {
		return fmt.Errorf("upgrade buffer %s: %w", o.Dir, err)
	}
	o.Log.Info("buffer has been brought to the layout of this version", "layout", formatVersion)
	return nil
}
