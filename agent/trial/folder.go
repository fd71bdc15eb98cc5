package trial

import (
	"errors"
	"fmt"
	"path/filepath"

	"releve/buffer/statefile"
)

// folder is the files in a state folder.
type folder string

func (f folder) file(name string) string { return filepath.Join(string(f), name) }

// ReadOverlay reads overlay.json.
func (f folder) ReadOverlay() (Overlay, error) {
	o, err := statefile.Read(f.file(OverlayFile), Overlay.check)
	if err != nil {
		return o, fmt.Errorf("read what was changed from afar: %w", err)
	}
	return o, nil
}

// ReadRecord reads trial.json.
func (f folder) ReadRecord() (Record, error) {
	r, err := statefile.Read(f.file(recordFile), Record.check)
	if err != nil {
		return r, fmt.Errorf("read which change is on trial: %w", err)
	}
	return r, nil
}

// Write writes one of the files.
func (f folder) Write(name string, value any) error { return statefile.Write(f.file(name), value) }

var errNoID = errors.New("it names no change")

func (o Overlay) check() error {
	if o.ID == "" {
		return errNoID
	}
	return nil
}

func (r Record) check() error {
	if r.Current != nil && r.Current.ID == "" {
		return errNoID
	}
	return nil
}
