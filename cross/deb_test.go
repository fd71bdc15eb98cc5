package cross_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

// An upgrade changes to the new program wherever the one before runs, and waits for none: what goes on running would keep the
// system of the image writable. A first installation starts the agent.
func TestPostinstRestartsWhatRuns(t *testing.T) {
	t.Parallel()
	services, err := filepath.Glob("../systemd/*.service")
	if err != nil {
		t.Fatal(err)
	}
	upgrade := []string{"--system daemon-reload"}
	for _, service := range services {
		text, err := os.ReadFile(service)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("\nExecStart=/usr/bin/releve ")) && !bytes.Contains(text, []byte("\nType=oneshot\n")) {
			upgrade = append(upgrade, "--no-block try-restart "+filepath.Base(service))
		}
	}
	for before, want := range map[string][]string{
		"":      {"--system daemon-reload", "--no-block start releve.service", "--no-block try-restart releve-kiosk-plain.service"},
		"1.0.0": upgrade,
	} {
		inAnyOrder := cmpopts.SortSlices(func(a, b string) bool { return a < b })
		if diff := cmp.Diff(want, postinst(t, before), inAnyOrder); diff != "" {
			t.Errorf("after version %q (-want +got):\n%s", before, diff)
		}
	}
}

// postinst configures the package after a version, "" for none, on a machine that is a folder and knows no users, and returns what it asks of
// systemctl.
func postinst(t *testing.T, before string) []string {
	t.Helper()
	machine := t.TempDir()
	script, err := os.ReadFile("deb/postinst")
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"/etc/releve", "/run/systemd/system", "/usr/sbin"} {
		if err := os.MkdirAll(machine+place, 0o700); err != nil {
			t.Fatal(err)
		}
		script = bytes.ReplaceAll(script, []byte(place), []byte(machine+place))
	}
	for _, program := range []string{"releve", "systemd-sysusers", "chown", "chmod", "install", "mv", "deb-systemd-helper", "deb-systemd-invoke", "udevadm", "systemctl"} {
		if err := os.WriteFile(filepath.Join(machine, program), []byte("#!/bin/sh\necho \"$@\" >>\"$0.asked\"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command("/bin/sh", "-c", string(script), "postinst", "configure", before)
	run.Env = []string{"PATH=" + machine + ":/usr/bin:/bin"}
	if said, err := run.CombinedOutput(); err != nil || len(said) > 0 {
		t.Fatalf("%v: %s", err, said)
	}
	asked, err := os.ReadFile(filepath.Join(machine, "systemctl.asked"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(asked)), "\n")
}
