package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"releve/agent/strict"
)

// Names on a boot partition, in any case, which FAT does not tell apart.
const (
	hiddenEnding = ".txt"     // which Windows adds to what Notepad saves, and does not show
	litterPrefix = "._releve" // of what macOS puts beside each file (AppleDouble)
	oursPrefix   = "releve"   // of a name that is meant for us
	oursMark     = ".toml"    // with this in it
)

// arrived is what a boot partition has for us: the names there, by the name that each stands for.
type arrived struct {
	names  map[string][]string
	litter []string // what nobody wrote
	strays []string // what stands for nothing
}

// arrivals lists what has arrived on a boot partition.
func arrivals(boot *os.Root) (a arrived, err error) {
	entries, err := fs.ReadDir(boot.FS(), ".")
	if err != nil {
		return a, err
	}
	a.names = map[string][]string{}
	for _, e := range entries {
		lower := strings.ToLower(e.Name())
		meant := strings.TrimSuffix(lower, hiddenEnding)
		switch {
		case lower == bootSecrets, meant == bootConfig, meant == bootWifi:
			a.names[meant] = append(a.names[meant], e.Name())
		case strings.HasPrefix(lower, litterPrefix):
			a.litter = append(a.litter, e.Name())
		case strings.HasPrefix(lower, oursPrefix) && strings.Contains(lower, oursMark):
			a.strays = append(a.strays, e.Name())
		}
	}
	return a, nil
}

// named is the name under which something is there.
func (a arrived) named(meant string) (string, error) {
	switch names := a.names[meant]; len(names) {
	case 0:
		return "", fs.ErrNotExist
	case 1:
		return names[0], nil
	default:
		return "", fmt.Errorf("%s stand for the same: leave one of them", strings.Join(names, " and "))
	}
}

// clear takes away what nobody wrote, and says which names it does not know.
func (a arrived) clear(boot *os.Root) error {
	var wrong []error
	for _, name := range a.litter {
		wrong = append(wrong, wipe(boot, name))
	}
	for _, name := range a.strays {
		wrong = append(wrong, fmt.Errorf("%s: nothing has this name; call it %s or %s, or take it away", name, bootConfig, bootWifi))
	}
	return errors.Join(wrong...)
}

// arrivedSecrets is what a folder of secrets holds: texts by the name that the configuration has for each, and the files to wipe.
type arrivedSecrets struct {
	texts map[string][]byte
	files []string
}

// readSecrets reads the folder of secrets of a configuration.
func readSecrets(boot *os.Root, a arrived, config []byte) (arrivedSecrets, error) {
	s := arrivedSecrets{texts: map[string][]byte{}}
	folder, err := a.named(bootSecrets)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	entries, err := fs.ReadDir(boot.FS(), folder)
	if err != nil {
		return s, err
	}
	for _, e := range entries {
		if err := s.read(boot, folder, e, config); err != nil {
			return s, err
		}
	}
	return s, nil
}

// read takes one file. What begins with a dot macOS has put there by itself (._NAME, .DS_Store).
func (s *arrivedSecrets) read(boot *os.Root, folder string, e fs.DirEntry, config []byte) error {
	file := filepath.Join(folder, e.Name())
	if strings.HasPrefix(e.Name(), ".") {
		if e.Type().IsRegular() {
			s.files = append(s.files, file)
		}
		return nil
	}
	if !secretName.MatchString(e.Name()) {
		return fmt.Errorf("%s: a name has letters without accents, digits, dots and hyphens: %q", folder, e.Name())
	}
	name := titleOf(config, e.Name())
	if len(s.texts) == maxSecrets {
		return fmt.Errorf("%s holds more than %d files", folder, maxSecrets)
	}
	if _, twice := s.texts[name]; twice {
		return fmt.Errorf("%s: two files stand for %s: leave one of them", folder, name)
	}
	text, err := readSecret(boot, file)
	s.texts[name], s.files = text, append(s.files, file)
	return err
}

// titleOf is the name that a configuration has for a file: without the ending that Windows adds, unless that is in it.
func titleOf(config []byte, name string) string {
	if bare := len(name) - len(hiddenEnding); bare > 0 && strings.EqualFold(name[bare:], hiddenEnding) && !bytes.Contains(config, []byte("/"+name)) {
		return name[:bare]
	}
	return name
}

// keyringEnding is how the name of what gpg --export writes ends, which is no text.
const keyringEnding = ".gpg"

// readSecret reads a secret as an editor leaves it: spaces and ends of lines behind it, which nobody sees, are not part of it.
func readSecret(boot *os.Root, name string) ([]byte, error) {
	raw, err := readBoot(boot, name)
	if err != nil || strings.EqualFold(filepath.Ext(name), keyringEnding) {
		return raw, err
	}
	text, err := strict.Text(name, raw)
	return bytes.TrimRight(text, " \t\r\n"), err
}
