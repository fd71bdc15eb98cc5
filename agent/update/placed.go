package update

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// errNothing is under the error of Install when no package waits: the signature, which is placed last, is not there.
var errNothing = errors.New("no package was placed")

// take copies the package out of the agent's reach and verifies the copy.
func (i Installer) take(ctx context.Context, has Installed) (r Release, err error) {
	placed, err := i.placed()
	if err != nil {
		return r, err
	}
	defer placed.Close()
	signature, errSignature := text(placed, signatureFile)
	if errors.Is(errSignature, fs.ErrNotExist) {
		return r, errNothing
	}
	sums, err := text(placed, sumsFile)
	if err = errors.Join(errSignature, err); err != nil {
		return r, err
	}
	if err := i.keyIsNotTheirs(); err != nil {
		return r, err
	}
	if err := i.Key.check(sums, signature); err != nil {
		return r, err
	}
	if r, err = newest(sums, has); err != nil {
		return r, err
	}
	if err = copyOut(r, placed, i.own(newFile)); err != nil {
		return r, err
	}
	return r, i.isCalled(ctx, r, has.Architecture)
}

// untake removes what was placed, whatever it has become, so that nothing is taken twice.
func (i Installer) untake() {
	state, err := os.OpenRoot(i.State)
	if err == nil {
		err = errors.Join(state.RemoveAll(Folder), state.Close())
	}
	if err != nil {
		fmt.Fprintf(i.Out, "what was placed is taken again: %v\n", err)
	}
}

// placed opens the folder that the agent places a package in, not by a link that leads out.
func (i Installer) placed() (*os.Root, error) {
	state, err := os.OpenRoot(i.State)
	if err != nil {
		return nil, err
	}
	defer state.Close()
	placed, err := state.OpenRoot(Folder)
	if errors.Is(err, fs.ErrNotExist) {
		err = errNothing
	}
	return placed, err
}

// keyIsNotTheirs refuses a key that the agent, whose the state folder is, could exchange.
func (i Installer) keyIsNotTheirs() error {
	about, err := os.Stat(i.State)
	if err != nil {
		return err
	}
	if agent := owner(about); i.Key.owner == agent && agent != os.Geteuid() {
		return fmt.Errorf("the key in %s belongs to the agent's user, who could exchange it: chown root %[1]s", i.Key.file)
	}
	return nil
}

// isCalled refuses a package that is another one than its name in the list says: that could not be taken back.
func (i Installer) isCalled(ctx context.Context, r Release, architecture string) error {
	look := exec.CommandContext(ctx, i.DpkgDeb, "--show", "--showformat=${Package} ${Version} ${Architecture}", i.own(newFile))
	look.Env, look.Stderr = environment, i.Out
	holds, err := look.Output()
	if err != nil {
		return fmt.Errorf("look into %s: dpkg-deb: %w", r.File, err)
	}
	if want := "releve " + r.Version + " " + architecture; string(holds) != want {
		return fmt.Errorf("%s is not what it is called: it holds %s", r.File, plain(string(holds)))
	}
	return nil
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
	err = r.copy(to, from)
	if err == nil {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
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
