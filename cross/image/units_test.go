package image_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// units is where the image has its own units, and what it changes in those of others.
const units = "files/etc/systemd/system"

// analyze is systemd-analyze, which looks for units in a folder before others. Where CI is set, a machine without it fails.
func analyze(t *testing.T, folder string, args ...string) (said string, err error) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil && os.Getenv("CI") == "" {
		t.Skip("systemd is missing")
	}
	run := exec.CommandContext(t.Context(), "systemd-analyze", args...)
	run.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+folder+":")
	out, err := run.CombinedOutput()
	return string(out), err
}

// How exposed each service of the image may be, of 100 (systemd-analyze(1), security).
func TestUnitsAreHardened(t *testing.T) {
	t.Parallel()
	exposed := map[string]string{
		"releve-screen.service": "15",
		"releve-grow.service":   "20", // the kernel is told of a partition by its administrator alone
	}
	services, err := filepath.Glob(units + "/*.service")
	must(t, err)
	if len(services) != len(exposed) {
		t.Errorf("services: %q, known here: %v", services, exposed)
	}
	for _, service := range services {
		if said, err := analyze(t, units, "security", "--offline=yes", "--no-pager", "--threshold="+exposed[filepath.Base(service)], service); err != nil {
			t.Errorf("%s is too open: %v\n%s", service, err, said)
		}
	}
}

// program is what a unit starts and this machine may not have.
var program = regexp.MustCompile(`(?m)^(Exec\w+=[-+!@:]*)/[^ \n]+`)

// systemd understands every line of the image's units, of its changes to the units of others, and of ours with them.
func TestUnitsAreUnderstood(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	must(t, os.CopyFS(folder, os.DirFS(units)))
	for _, pattern := range []string{"releve*.service", "releve*.path"} {
		ours, err := filepath.Glob("../../systemd/" + pattern)
		must(t, err)
		for _, unit := range ours {
			text, err := os.ReadFile(unit)
			must(t, err)
			must(t, os.WriteFile(filepath.Join(folder, filepath.Base(unit)), text, 0o600))
		}
	}
	must(t, os.WriteFile(filepath.Join(folder, "wpa_supplicant@.service"), []byte("[Service]\nExecStart=/usr/sbin/wpa_supplicant\n"), 0o600)) // Debian's, here for its name
	must(t, filepath.WalkDir(folder, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(name, program.ReplaceAll(text, []byte("${1}/bin/true")), 0o600)
	}))
	said, err := analyze(t, folder, "verify", "--man=no", "releve.service", "releve-import.service", "releve-update.path", "releve-grow.service",
		"releve-screen.path", "wpa_supplicant@wlan0.service", "systemd-machine-id-commit.service", "emergency.service")
	if err != nil || said != "" {
		t.Errorf("%v\n%s", err, said)
	}
}
