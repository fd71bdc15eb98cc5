package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The copy on the boot partition follows the agent's file, and nothing else that the agent's folder may hold is copied.
func TestCopyCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		had        string // on the boot partition before
		plant      func(file, secret string) error
		done, kept string // what is on the partition afterwards; "" for no file
		err        string
	}{
		{"a new code", "", func(file, _ string) error { return os.WriteFile(file, []byte("Code: B"), 0o600) }, "written", "Code: B", ""},
		{"another code", "Code: AAAAAAAA", func(file, _ string) error { return os.WriteFile(file, []byte("Code: B"), 0o600) }, "written", "Code: B", ""},
		{"the same code", "Code: B", func(file, _ string) error { return os.WriteFile(file, []byte("Code: B"), 0o600) }, "unchanged", "Code: B", ""},
		{"claimed", "Code: A", func(string, string) error { return nil }, "removed", "", ""},
		{"never a code", "", func(string, string) error { return nil }, "unchanged", "", ""},
		{"a link out", "Code: A", func(file, secret string) error { return os.Symlink(secret, file) }, "", "Code: A", "openat code.txt: path escapes from parent"},
		{"a relative link out", "", func(file, secret string) error { return os.Symlink("../"+filepath.Base(secret), file) }, "", "", "openat code.txt: path escapes from parent"},
		{"a second name of another's file", "", func(file, secret string) error { return os.Link(secret, file) }, "", "", "code.txt has another name too"},
		{"a pipe", "", func(file, _ string) error { return syscall.Mkfifo(file, 0o600) }, "", "", "code.txt is not a plain file"},
		{"a folder", "", func(file, _ string) error { return os.Mkdir(file, 0o700) }, "", "", "code.txt is not a plain file"},
		{"too long", "", func(file, _ string) error {
			return os.WriteFile(file, []byte(strings.Repeat("x", maxCodeBytes+1)), 0o600)
		}, "", "", "code.txt is longer than a code"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			state, boot := filepath.Join(dir, "state"), filepath.Join(dir, "boot")
			must(t, errors.Join(os.Mkdir(state, 0o700), os.Mkdir(boot, 0o700)))
			writeAll(t, dir, map[string]string{"secret": "root's"})
			if tt.had != "" {
				writeAll(t, boot, map[string]string{bootFile: tt.had})
			}
			must(t, tt.plant(filepath.Join(state, codeFile), filepath.Join(dir, "secret")))
			done, err := copyCode(state, boot)
			said := ""
			if err != nil {
				said = err.Error()
			}
			kept, errKept := os.ReadFile(filepath.Join(boot, bootFile))
			if done != tt.done || said != tt.err || string(kept) != tt.kept || (errKept == nil) != (tt.kept != "") || errKept != nil && !errors.Is(errKept, fs.ErrNotExist) {
				t.Errorf("it did %q, %q; the partition has %q, %v", done, said, kept, errKept)
			}
		})
	}
}

// Only what is a partition of its own is written to.
func TestBootCodeVerb(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if isMounted(dir) || isMounted(filepath.Join(dir, "none")) || !isMounted("/proc") {
		t.Error("what is mounted is not told from what is not")
	}
	writeAll(t, dir, map[string]string{"releve.toml": "[agent]\nstate = \"" + dir + "\"\n[[meter]]\nport = \"tcp://127.0.0.1:1\"\n", codeFile: "Code: B"})
	verb := []string{"config", "boot-code", "--config", filepath.Join(dir, "releve.toml"), "--boot", dir}
	if got := typed(t, "", verb...); got.code != exitDone || got.out != "no boot partition is mounted\n" {
		t.Errorf("without a partition: %+v", got)
	}
	partition := t.TempDir()
	run(t, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", partition)
	t.Cleanup(func() { must(t, syscall.Unmount(partition, syscall.MNT_DETACH)) })
	copied := filepath.Join(partition, bootFile)
	if got := typed(t, "", append(verb, "--boot", partition)...); got.code != exitDone || got.out != "written "+copied+"\n" {
		t.Errorf("with one: %+v", got)
	}
	if text, err := os.ReadFile(copied); string(text) != "Code: B" || err != nil {
		t.Errorf("it has %q, %v", text, err)
	}
}
