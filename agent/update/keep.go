package update

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// keep makes a package of what is installed, from dpkg's own lists, and copies the program that runs: what can return
// without a network. The configuration is left out, so that it stays as its owner has made it: dpkg keeps what it knows of a
// file that the next package has again.
func (i Installer) keep(ctx context.Context) error {
	folder := i.own("old")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := i.unpack(folder); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, i.DpkgDeb, "--root-owner-group", "-Zgzip", "-z1", "--build", folder, i.own(oldFile))
	build.Env, build.Stderr = environment, i.Out
	if err := build.Run(); err != nil {
		return fmt.Errorf("dpkg-deb: %w", err)
	}
	return errors.Join(durable(i.own(oldFile)), i.keepProgram())
}

// unpack lays out what is installed as dpkg-deb(1) wants it.
func (i Installer) unpack(folder string) error {
	control := filepath.Join(folder, "DEBIAN")
	if err := os.MkdirAll(control, 0o755); err != nil {
		return err
	}
	about, configuration, err := paragraph(i.Status)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(control, "control"), []byte(about), 0o644); err != nil {
		return err
	}
	info := filepath.Join(filepath.Dir(i.Status), "info")
	for _, script := range []string{"preinst", "postinst", "prerm", "postrm", "triggers"} {
		err := clone(filepath.Join(info, "releve."+script), filepath.Join(control, script))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	list, err := os.ReadFile(filepath.Join(info, "releve.list"))
	if err != nil {
		return err
	}
	for file := range strings.Lines(string(list)) {
		file = strings.TrimSuffix(file, "\n")
		if configuration[file] || file == "/." {
			continue
		}
		if err := clone(i.Root+file, filepath.Join(folder, file)); err != nil && !errors.Is(err, fs.ErrNotExist) { // left out by dpkg.cfg
			return err
		}
	}
	return nil
}

// paragraph is what dpkg knows of our package, without what only a list of installed packages has, and the files of its
// configuration.
func paragraph(status string) (control string, configuration map[string]bool, err error) {
	text, err := os.ReadFile(status)
	if err != nil {
		return "", nil, err
	}
	configuration = map[string]bool{}
	for _, of := range strings.Split(string(text), "\n\n") {
		if !strings.HasPrefix(of, "Package: releve\n") {
			continue
		}
		field := ""
		var kept strings.Builder
		for line := range strings.Lines(of + "\n") {
			if !strings.HasPrefix(line, " ") {
				field, _, _ = strings.Cut(line, ":")
			} else if words := strings.Fields(line); field == "Conffiles" && len(words) > 0 {
				configuration[words[0]] = true
			}
			switch field {
			case "Status", "Conffiles", "Config-Version":
			default:
				kept.WriteString(line)
			}
		}
		return strings.TrimRight(kept.String(), "\n") + "\n", configuration, nil
	}
	return "", nil, errNoPackage
}

// clone copies a file with its mode, and makes a folder with its own.
func clone(from, to string) error {
	info, err := os.Lstat(from)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return errors.Join(os.MkdirAll(to, 0o755), os.Chmod(to, info.Mode().Perm()))
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		return errors.Join(err, os.Symlink(target, to))
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, bufio.NewReader(in))
	return errors.Join(err, out.Chmod(info.Mode().Perm()), out.Close())
}

// keepProgram copies the program that runs, which is the old one.
func (i Installer) keepProgram() error {
	if i.Self == "" || i.Self == i.own(programFile) {
		return nil
	}
	temporary := i.own("." + programFile)
	if err := clone(i.Self, temporary); err != nil {
		return err
	}
	return errors.Join(os.Chmod(temporary, 0o755), durable(temporary), os.Rename(temporary, i.own(programFile)))
}

// durable has a file on the disk before something relies on it.
func durable(name string) error {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
