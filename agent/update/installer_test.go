package update

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stage is a machine on which a package was placed, and whose dpkg only says what it is given.
type stage struct {
	Installer
	out *bytes.Buffer
}

func newStage(t *testing.T, k Key, files map[string]string) stage {
	t.Helper()
	dir := t.TempDir()
	s := stage{out: &bytes.Buffer{}}
	s.Installer = Installer{State: filepath.Join(dir, "state"), Own: filepath.Join(dir, "own"), Status: filepath.Join(dir, "status"), Key: k, Dpkg: filepath.Join(dir, "dpkg"), Out: s.out}
	must(t, os.MkdirAll(filepath.Join(s.State, Folder), 0o700))
	must(t, os.MkdirAll(s.Own, 0o700))
	for name, content := range files {
		must(t, os.WriteFile(s.placed(name), []byte(content), 0o600))
	}
	must(t, os.WriteFile(s.Status, []byte("Package: releve\nVersion: 1.1.0\nArchitecture: arm64\n"), 0o600))
	must(t, os.WriteFile(s.Dpkg, []byte("#!/bin/sh\necho \"$1 $2 ${3##*/}: $(cat \"$3\")\"\n! grep -q broken \"$3\"\n"), 0o700))
	return s
}

func (s stage) placed(name string) string { return filepath.Join(s.State, Folder, name) }

// Root installs what is signed, whole and newer, once, whatever the agent's folder has become.
func TestInstall(t *testing.T) {
	t.Parallel()
	us, them := signer(t), signer(t)
	key := publicKey(t, us)
	const installed = "--force-confold --install " + file
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, s stage)
		want  string // of the error
		said  string
	}{
		{"as it was placed", nil, "<nil>", installed + ": the package\n"},
		{"signed by somebody else", func(t *testing.T, s stage) { lay(t, s, release(t, them, map[string]string{file: "the package"})) },
			"take the update: SHA256SUMS is not signed by the key in KEY: openpgp: signature made by unknown entity", ""},
		{"exchanged after it was verified", func(t *testing.T, s stage) { must(t, os.WriteFile(s.placed(packageFile), []byte("another"), 0o600)) },
			"take the update: " + file + " is not what SHA256SUMS says: its checksum differs", ""},
		{"an old release again", func(t *testing.T, s stage) {
			lay(t, s, release(t, us, map[string]string{"releve_1.0.0_arm64.deb": "the package"}))
		}, "take the update: version 1.0.0 is not newer than 1.1.0, which is installed", ""},
		{"nothing", func(t *testing.T, s stage) { must(t, os.RemoveAll(s.placed(""))) }, "take the update: openat update: no such file or directory", ""},
		{"a link that leads out", func(t *testing.T, s stage) {
			must(t, os.Rename(s.placed(""), s.Own+"/elsewhere"))
			must(t, os.Symlink(s.Own+"/elsewhere", s.placed("")))
		}, "take the update: openat update: path escapes from parent", ""},
		{"a package that is a link to root's files", func(t *testing.T, s stage) {
			must(t, os.Remove(s.placed(packageFile)))
			must(t, os.Symlink(s.Status, s.placed(packageFile)))
		}, "take the update: openat package.deb: path escapes from parent", ""},
		{"a pipe that never ends", func(t *testing.T, s stage) {
			must(t, os.Remove(s.placed(packageFile)))
			must(t, syscall.Mkfifo(s.placed(packageFile), 0o600))
		}, "take the update: package.deb is not a plain file", ""},
		{"a package that dpkg refuses", func(t *testing.T, s stage) { lay(t, s, release(t, us, map[string]string{file: "broken"})) },
			"install " + file + ": dpkg: exit status 1; what ran before goes on until it ends", installed + ": broken\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, key, nil)
			lay(t, s, release(t, us, map[string]string{file: "the package"}))
			if tt.spoil != nil {
				tt.spoil(t, s)
			}
			_, err := s.Install(context.Background())
			got := strings.ReplaceAll(fmt.Sprint(err), key.file, "KEY")
			if diff := cmp.Diff([]string{tt.want, tt.said}, []string{got, s.out.String()}); diff != "" {
				t.Errorf("error and dpkg (-want +got):\n%s", diff)
			}
			if left, _ := filepath.Glob(filepath.Join(s.Own, "*.deb")); left != nil {
				t.Errorf("%v is left", left)
			}
			if fi, err := os.Lstat(s.placed("")); err == nil && fi.IsDir() && Waits(s.placed("")) {
				t.Error("it would be taken again for ever")
			}
		})
	}
}

// lay places a release as the agent does.
func lay(t *testing.T, s stage, files released) {
	t.Helper()
	files = maps.Clone(files)
	for name, content := range files {
		if strings.HasSuffix(name, ".deb") {
			name = packageFile
		}
		must(t, os.WriteFile(s.placed(name), []byte(content), 0o600))
	}
}
