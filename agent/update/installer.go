package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Installer is root's part. The state folder is the agent's, who may have been taken over: nothing there is followed out of
// it, waited for, or believed.
type Installer struct {
	State  string // the agent's state folder
	Own    string // a folder that only root can write
	Status string // dpkg's list
	Key    Key
	Dpkg   string    // the program
	Out    io.Writer // what dpkg says
}

// Install takes what was placed, whatever becomes of it, and installs it if the key has signed it and it is newer. dpkg
// keeps the owner's configuration, and the package's postinst the program that runs where the new one does not take that.
func (i Installer) Install(ctx context.Context) (Release, error) {
	has, err := ReadInstalled(i.Status)
	if err != nil {
		return Release{}, err
	}
	r, file, err := i.take(has)
	if file != "" {
		defer os.Remove(file)
	}
	if err != nil {
		return r, fmt.Errorf("take the update: %w", err)
	}
	dpkg := exec.CommandContext(context.WithoutCancel(ctx), i.Dpkg, "--force-confold", "--install", file)
	dpkg.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"}
	dpkg.Stdout, dpkg.Stderr = i.Out, i.Out
	if err := dpkg.Run(); err != nil {
		return r, fmt.Errorf("install %s: dpkg: %w; what ran before goes on until it ends", r.File, err)
	}
	return r, nil
}

// take copies the package out of the agent's reach and verifies the copy. The signature goes first, so that nothing is
// taken twice.
func (i Installer) take(has Installed) (r Release, file string, err error) {
	state, err := os.OpenRoot(i.State)
	if err != nil {
		return r, "", err
	}
	defer state.Close()
	placed, err := state.OpenRoot(Folder) // not by a link that leads out
	if err != nil {
		return r, "", err
	}
	defer placed.Close()
	signature, errSignature := text(placed, signatureFile)
	if err := placed.Remove(signatureFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, "", err
	}
	sums, err := text(placed, sumsFile)
	if err = errors.Join(errSignature, err); err != nil {
		return r, "", err
	}
	if err := i.Key.check(sums, signature); err != nil {
		return r, "", err
	}
	if r, err = newest(sums, has); err != nil {
		return r, "", err
	}
	file = filepath.Join(i.Own, r.File)
	return r, file, copyOut(r, placed, file)
}

func copyOut(r Release, placed *os.Root, file string) error {
	from, err := OpenPlain(placed, packageFile)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(r.copy(to, from), to.Close())
}

func text(placed *os.Root, name string) ([]byte, error) {
	f, err := OpenPlain(placed, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readText(f)
}

// OpenPlain opens a plain file of a folder that others may write: no link leads out of it, and a pipe would never end.
func OpenPlain(placed *os.Root, name string) (*os.File, error) {
	f, err := placed.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	about, err := f.Stat()
	if err == nil && !about.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a plain file", name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
