package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"
)

// What a boot partition may bring, which any computer can write: the configuration, and a folder of the secrets that it names
// as files in /etc/releve/secrets. The error says why nothing was taken.
const (
	bootConfig  = "releve.toml"
	bootSecrets = "releve-secrets"
	bootError   = "releve-error.txt"
	formerTail  = ".before-import" // of the configuration that was there
)

// Bounds of what is taken.
const (
	maxBootFile = 256 << 10 // bytes
	maxSecrets  = 64
)

var secretName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

type configBootImportVerb struct {
	configFile
	Boot  []string `help:"Where a Raspberry Pi has its boot partition: the first of these that is mounted." default:"/boot/firmware,/boot" type:"path"`
	Group string   `help:"Group that may read what was taken." default:"releve" hidden:""`
	Wifi  string   `help:"Take releve-wifi.toml too, and write it to this file for wpa_supplicant." placeholder:"FILE"`
}

// Run takes the configuration from the boot partition, as root, before the agent starts. What cannot be used stays there, with
// a file that says why; what was taken is wiped there.
func (v configBootImportVerb) Run(_ context.Context, t terminal) error {
	for _, folder := range v.Boot {
		if !isMounted(folder) {
			continue
		}
		done, err := v.take(folder)
		if err != nil {
			return fmt.Errorf("take what is on %s: %w", folder, err)
		}
		_, err = fmt.Fprintln(t.out, done)
		return err
	}
	_, err := fmt.Fprintln(t.out, "no boot partition is mounted")
	return err
}

// take moves what a folder has to where it belongs: the networks and the configuration, each whole or not at all.
func (v configBootImportVerb) take(folder string) (done string, err error) {
	boot, err := os.OpenRoot(folder)
	if err != nil {
		return "", err
	}
	defer boot.Close()
	has, err := arrivals(boot)
	if err != nil {
		return "", err
	}
	joins, wrong := v.takeWifi(boot, has)
	done, err = v.takeConfiguration(boot, has)
	done = strings.Join(slices.DeleteFunc([]string{joins, done}, func(s string) bool { return s == "" }), "; ")
	wrong = errors.Join(wrong, err, has.clear(boot))
	return done, errors.Join(wrong, tell(boot, wrong, done))
}

// tell leaves word on the boot partition of what was not taken, or takes it away. Nothing is written that is there already: a power
// cut during a write may harm the partition.
func tell(boot *os.Root, wrong error, done string) error {
	if wrong == nil {
		if err := boot.Remove(bootError); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	word := bootRefusal(wrong, done)
	if there, err := boot.ReadFile(bootError); err == nil && bytes.Equal(there, word) {
		return nil
	}
	return boot.WriteFile(bootError, word, 0o600)
}

// bootRefusal is what the boot partition says of what was not taken, and of what was all the same.
func bootRefusal(wrong error, done string) []byte {
	lines := []string{"Relève : ce qui suit n'est pas repris.", "Relève: this is not taken.", "", strings.ReplaceAll(wrong.Error(), "\n", "\r\n")}
	if done != "" {
		lines = append(lines, "", done)
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

// takeConfiguration moves the secrets, then the configuration: until that a power cut has changed nothing that counts, and after it
// the files of the folder are taken once more or only wiped.
func (v configBootImportVerb) takeConfiguration(boot *os.Root, has arrived) (done string, err error) {
	file, err := has.named(bootConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no configuration on the boot partition", nil
	}
	if err != nil {
		return "", err
	}
	text, err := readBoot(boot, file)
	var with arrivedSecrets
	if err == nil {
		with, err = readSecrets(boot, has, text)
	}
	if err == nil {
		err = v.place(text, with.texts)
	}
	if err != nil {
		return "", err
	}
	for _, name := range append([]string{file}, with.files...) {
		err = errors.Join(err, wipe(boot, name))
	}
	for _, folder := range has.names[bootSecrets] { // one that holds something else stays
		_ = boot.Remove(folder)
	}
	return "the configuration was taken from the boot partition", err
}

// place writes what was taken, if the configuration can be used.
func (v configBootImportVerb) place(text []byte, secrets map[string][]byte) error {
	group, err := user.LookupGroup(v.Group)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(group.Gid)
	if err != nil {
		return err
	}
	candidate := v.Config + ".candidate" // beside conf.d, which goes with it
	if err := writeFor(candidate, text, gid); err != nil {
		return err
	}
	defer os.Remove(candidate)
	if _, err := (configFile{Config: candidate}).load(); err != nil {
		return err
	}
	folder := filepath.Join(filepath.Dir(v.Config), "secrets")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for name, secret := range secrets {
		if err := writeFor(filepath.Join(folder, name), secret, gid); err != nil {
			return err
		}
	}
	if had, err := os.ReadFile(v.Config); err == nil && string(had) != string(text) {
		if err := writeFor(v.Config+formerTail, had, gid); err != nil {
			return err
		}
	}
	return writeFor(v.Config, text, gid)
}

// writeFor writes a file that root and a group can read, whatever the umask of who runs this takes away.
func writeFor(name string, text []byte, gid int) error {
	f, err := renameio.NewPendingFile(name, renameio.WithStaticPermissions(0o640))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	_, err = f.Write(text)
	if err == nil {
		err = f.Chown(-1, gid)
	}
	if err == nil {
		err = f.CloseAtomicallyReplace()
	}
	return err
}

func readBoot(boot *os.Root, name string) ([]byte, error) {
	f, err := boot.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if about, err := f.Stat(); err != nil || !about.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is not a plain file", name))
	}
	text, err := io.ReadAll(io.LimitReader(f, maxBootFile+1))
	if err == nil && len(text) > maxBootFile {
		err = fmt.Errorf("%s is longer than %d bytes", name, maxBootFile)
	}
	return text, err
}

// wipe writes zeros over a file and deletes it, which is what can be done on a card: what its controller keeps is its own.
func wipe(boot *os.Root, name string) error {
	f, err := boot.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	about, err := f.Stat()
	if err == nil {
		_, err = f.Write(make([]byte, about.Size()))
	}
	return errors.Join(err, f.Sync(), f.Close(), boot.Remove(name))
}
