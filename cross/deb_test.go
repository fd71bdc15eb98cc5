package cross_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Where the processor cannot run the program, the package says so when it is installed, before anything else.
func TestPostinstAsksTheProcessor(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "releve"), []byte("#!/bin/sh\nkill -ILL $$\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	run := exec.Command("/bin/sh", "deb/postinst", "configure")
	run.Env, run.Stderr = []string{"PATH=" + folder}, &said
	want := "releve: this processor cannot run the program, which needs on 32-bit ARM an ARMv6 or newer with floating point (VFP)\n"
	if err := run.Run(); err == nil || said.String() != want {
		t.Errorf("error %v, said %q, want %q", err, &said, want)
	}
}
