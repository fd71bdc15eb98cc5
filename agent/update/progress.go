package update

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"releve/buffer/statefile"
)

// Files of root's folder, besides the outcome.
const (
	progressFile = "progress.json"
	newFile      = "new.deb"
	oldFile      = "old.deb"
	programFile  = "releve" // of the version before: it goes on after a power cut, whatever the new one is worth
)

// stage is how far an installation is. Each is written down before it begins, and can begin again after a power cut:
//
//	(take) ──▶ installing ──▶ proving ──▶ the outcome
//	               └──────────────┴──▶ returning ──▶ the outcome
type stage string

const (
	installing stage = "installing" // dpkg may have begun
	proving    stage = "proving"    // the new version runs, or should
	returning  stage = "returning"  // dpkg may have begun to install the old one again
)

// How often a stage is begun: a version under which the machine loses power or starts again and again does not prove itself
// either. The way back is tried longer.
const (
	mostTries   = 3
	mostReturns = 10
)

// progress is of the one installation that there can be.
type progress struct {
	From  string `json:"from"`
	To    string `json:"to"`
	File  string `json:"file"` // the name of the release, for people
	Ran   bool   `json:"ran"`  // the service ran before, so it can prove itself
	Stage stage  `json:"stage"`
	Why   string `json:"why,omitempty"`  // it returns
	Runs  string `json:"runs,omitempty"` // neither of the two stays
	Tries int    `json:"tries"`          // of this stage
}

func (i Installer) own(name string) string { return filepath.Join(i.Own, name) }

// begun reads an installation that something interrupted. One that cannot be read is set aside: what is installed stays.
func (i Installer) begun() (progress, error) {
	p, err := statefile.Read(i.own(progressFile), func(p progress) error {
		if p.Stage != "" && p.Stage != installing && p.Stage != proving && p.Stage != returning {
			return fmt.Errorf("there is no stage %q", p.Stage)
		}
		return nil
	})
	var damaged *statefile.Damaged
	if errors.As(err, &damaged) {
		fmt.Fprintf(i.Out, "an installation that was interrupted is forgotten: %v\n", err)
		return progress{}, nil
	}
	return p, err
}

// AtWork says whether root, whose folder it is, is at an installation or has to go on with one.
func AtWork(own string) bool {
	_, err := os.Stat(filepath.Join(own, progressFile))
	return err == nil
}

// enter writes a stage down.
func (i Installer) enter(p *progress, s stage) error {
	if p.Stage != s {
		p.Stage, p.Tries = s, 0
	}
	p.Tries++
	return statefile.Write(i.own(progressFile), *p)
}

// finish writes the outcome down and forgets the rest. It returns that there is nothing more to do.
func (i Installer) finish(p progress) (progress, error) {
	if err := i.say(Outcome{From: p.From, To: p.To, Why: p.Why, Runs: p.Runs, Refused: p.Runs != ""}); err != nil {
		return p, fmt.Errorf("write down what became of version %s: %w", p.To, err)
	}
	err := statefile.Remove(i.own(progressFile))
	for _, name := range []string{newFile, oldFile, programFile} {
		err = errors.Join(err, i.remove(name))
	}
	return progress{}, err
}

func (i Installer) remove(name string) error {
	if err := os.Remove(i.own(name)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
