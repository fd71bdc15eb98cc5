package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"releve/agent/update"
)

// bootFile is the copy of the code on the boot partition, and maxCodeBytes more than its sentences take.
const (
	bootFile     = "releve-code.txt"
	maxCodeBytes = 4 << 10
)

type configBootCodeVerb struct {
	configFile
	Boot []string `help:"Where a Raspberry Pi has its boot partition: the first of these that is mounted." default:"/boot/firmware,/boot" type:"path"`
}

// Run does root's part of showing the code. Where no folder is a partition of its own, there is nothing to do.
func (v configBootCodeVerb) Run(t terminal) error {
	base, err := v.read()
	if err != nil {
		return err
	}
	for _, folder := range v.Boot {
		if !isMounted(folder) {
			continue
		}
		done, err := copyCode(base.State(), folder)
		if err != nil {
			return fmt.Errorf("show the code in %s: %w", folder, err)
		}
		_, err = fmt.Fprintln(t.out, done, filepath.Join(folder, bootFile))
		return err
	}
	_, err = fmt.Fprintln(t.out, "no boot partition is mounted")
	return err
}

// isMounted says whether a folder begins another file system than the folder above it.
func isMounted(folder string) bool {
	var own, above syscall.Stat_t
	return syscall.Stat(folder, &own) == nil && syscall.Stat(filepath.Dir(folder), &above) == nil && own.Dev != above.Dev
}

// copyCode makes the copy in a folder what the state folder has, and says in a word what it did: written, unchanged or
// removed. Nothing is written that is there already: a power cut during a write may harm the partition.
func copyCode(state, folder string) (done string, err error) {
	text, err := readCode(state)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return "", err
	}
	boot, err := os.OpenRoot(folder)
	if err != nil {
		return "", err
	}
	defer boot.Close()
	has, err := boot.ReadFile(bootFile)
	switch {
	case missing && errors.Is(err, fs.ErrNotExist), !missing && err == nil && bytes.Equal(has, text):
		return "unchanged", nil
	case missing:
		return "removed", boot.Remove(bootFile)
	}
	f, err := boot.OpenFile(bootFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	return "written", errors.Join(err, f.Sync(), f.Close())
}

// readCode reads the agent's file. The agent may have been taken over: neither a link nor a second name of somebody else's
// file is read for it.
func readCode(state string) ([]byte, error) {
	root, err := os.OpenRoot(state)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := update.OpenPlain(root, codeFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	about, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if raw, ok := about.Sys().(*syscall.Stat_t); !ok || raw.Nlink != 1 {
		return nil, fmt.Errorf("%s has another name too", codeFile)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCodeBytes+1))
	if err == nil && len(text) > maxCodeBytes {
		err = fmt.Errorf("%s is longer than a code", codeFile)
	}
	return text, err
}
