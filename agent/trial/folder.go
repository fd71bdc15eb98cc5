package trial

import (
	"errors"
	"fmt"
	"io/fs"
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

// Reset sets aside all that was changed from afar in a state folder, and returns the files' new names. An agent that runs
// goes on as it is until it is started anew, and so does its change on trial until it comes to its end.
func Reset(dir string) (asides []string, err error) {
	for _, name := range []string{OverlayFile, recordFile} {
		aside, errAside := statefile.SetAside(folder(dir).file(name), "reset")
		switch {
		case errors.Is(errAside, fs.ErrNotExist):
		case errAside != nil:
			err = errors.Join(err, errAside)
		default:
			asides = append(asides, aside)
		}
	}
	return asides, err
}
