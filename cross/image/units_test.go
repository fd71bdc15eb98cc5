package image_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		"releve-screen.service", "wpa_supplicant@wlan0.service", "systemd-machine-id-commit.service", "emergency.service")
	if err != nil || said != "" {
		t.Errorf("%v\n%s", err, said)
	}
}

// What makes the system writable makes it read only again, at once and whatever became of its work, and says so if it cannot.
func TestSystemIsReadOnlyAgain(t *testing.T) {
	t.Parallel()
	changes, err := filepath.Glob(units + "/*.d/*.conf")
	must(t, err)
	var makers []string
	for _, name := range changes {
		text, err := os.ReadFile(name)
		must(t, err)
		if !strings.Contains(string(text), "remount,rw /") {
			continue
		}
		makers = append(makers, filepath.Base(filepath.Dir(name)))
		if !again.Match(text) {
			t.Errorf("%s leaves the system writable", name)
		}
	}
	want := []string{"releve-update.service.d", "systemd-machine-id-commit.service.d"}
	if diff := cmp.Diff(want, makers); diff != "" {
		t.Errorf("who makes the system writable (-want +got):\n%s", diff)
	}
	if commit, err := os.ReadFile(units + "/" + want[1] + "/image.conf"); err != nil || !strings.Contains(string(commit), "\nRemainAfterExit=no\n") {
		t.Errorf("Debian's unit remains, and with it a system that is writable, %v", err)
	}
}

// again is after a unit, and its failure counts (no "-").
var again = regexp.MustCompile(`(?m)^ExecStopPost=\+?/[^\n]*mount -o remount,ro /`)

// What a shell is given to do, with a kernel that refuses some mounts first.
func TestUnitsDo(t *testing.T) {
	t.Parallel()
	remount := []string{"mount -o remount,ro /"}
	restless := slices.Repeat(append(remount, "sleep 5"), 14)
	for _, tt := range []struct {
		unit, key string
		refused   int
		want      []string // that it runs; the last words are what it says
		err       bool
	}{
		{"releve-update", "ExecStopPost", 0, append(remount, ""), false},
		{"releve-update", "ExecStopPost", 14, append(restless, remount[0], ""), false},
		{"releve-update", "ExecStopPost", 15, append(restless, remount[0], ""), true},
		{"emergency", "ExecStart", 0, []string{"sleep 300", "systemctl --force reboot",
			"\nRelève ne démarre pas, peut-être à cause de la carte : nouvel essai dans 5 minutes.\nRelève does not start, perhaps because of the card: another try in 5 minutes.\n"}, false},
	} {
		got, err := does(t, tt.unit, tt.key, tt.refused)
		if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.err {
			t.Errorf("%s, %d refused: %v (-want +got):\n%s", tt.unit, tt.refused, err, diff)
		}
	}
}

// does runs what a change to a unit gives to a shell, where every program is written down and does nothing, and returns those, and
// what was said.
func does(t *testing.T, unit, key string, refused int) ([]string, error) {
	t.Helper()
	text, err := os.ReadFile(units + "/" + unit + ".service.d/image.conf")
	must(t, err)
	command := regexp.MustCompile(`(?m)^` + key + `=\+?(?:/usr/bin/nsenter --mount --target 1 )?/bin/sh -c '(.*)'$`).FindSubmatch(text)
	if command == nil {
		t.Fatalf("%s: no shell for %s", unit, key)
	}
	folder := t.TempDir()
	for _, name := range []string{"mount", "sleep", "systemctl"} {
		fake := fmt.Sprintf("#!/bin/sh\necho \"%[1]s $*\" >>%[2]s/ran\n[ %[1]s != mount ] || [ $(/usr/bin/grep -c ^mount %[2]s/ran) -gt %[3]d ]\n", name, folder, refused)
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(fake), 0o700))
	}
	run := exec.CommandContext(t.Context(), "/bin/sh", "-c", strings.ReplaceAll(string(command[1]), "$$", "$"))
	run.Env = []string{"PATH=" + folder}
	said, err := run.CombinedOutput()
	ran, readErr := os.ReadFile(filepath.Join(folder, "ran"))
	must(t, readErr)
	return append(strings.Split(strings.TrimSpace(string(ran)), "\n"), string(said)), err
}
