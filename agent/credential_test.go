package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A secret is read from its own file; systemd's copy counts only for what is in the folder that it copies, and not to be
// read there (cross/lifecycle.sh tries that as another user).
func TestCredential(t *testing.T) { // not parallel: the environment is the process's
	copies := t.TempDir()
	for _, name := range []string{"secrets_xmpp", "secrets_other"} {
		if err := os.WriteFile(filepath.Join(copies, name), []byte("copy\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	readable := written(t, "xmpp", "pw\n")
	for _, tt := range []struct{ folder, file string }{
		{"", secretsFolder + "/xmpp"},
		{copies, readable},
		{copies, secretsFolder + "/sub/xmpp"},
		{copies, secretsFolder + "/missing"},
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", tt.folder)
		if got := credential(tt.file); got != tt.file {
			t.Errorf("with %q, %s is read as %s", tt.folder, tt.file, got)
		}
	}
	if got := readableOr(filepath.Join(readable, "below a file"), filepath.Join(copies, "secrets_xmpp")); got != filepath.Join(readable, "below a file") {
		t.Errorf("what is wrong with a name is hidden by %s", got)
	}
}
