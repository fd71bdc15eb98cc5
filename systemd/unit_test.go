// Package systemd_test judges the unit as systemd does, without one running. The folder has no code of its own.
package systemd_test

import (
	"encoding/xml"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// analyze runs systemd-analyze. Where CI is set, a machine without it fails.
func analyze(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("systemd is missing")
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	return string(out), err
}

// exposed is how exposed each service may be, of 100 (systemd-analyze(1), security).
var exposed = map[string]string{
	"releve.service":             "15",
	"releve-code.service":        "15",
	"releve-import.service":      "15",
	"releve-kiosk-plain.service": "15",
	"releve-update.service":      "20", // dpkg has to write to the system
	"releve-kiosk.service":       "75", // Chromium makes a sandbox of its own, of what the others are forbidden
}

// Every service is as closed as its work allows, also the agent with what chrony needs.
func TestUnitIsHardened(t *testing.T) {
	t.Parallel()
	services, err := filepath.Glob("*.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		if service == "avahi.service" {
			continue // Avahi's, not systemd's
		}
		if said, err := analyze(t, "security", "--offline=yes", "--no-pager", "--threshold="+exposed[service], service); err != nil {
			t.Errorf("%s is too open: %v\n%s", service, err, said)
		}
	}
	unit := withDropIn(t, "allow-adjtimex.conf")
	if said, err := analyze(t, "security", "--offline=yes", "--no-pager", "--threshold=20", unit); err != nil {
		t.Errorf("the unit with adjtimex is too open: %v\n%s", err, said)
	}
}

// systemd understands every line, and finds nothing to say about any.
func TestUnitIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, dropIn := range []string{"", "allow-adjtimex.conf"} {
		if said, err := analyze(t, "verify", "--man=no", withDropIn(t, dropIn)); err != nil || said != "" {
			t.Errorf("with %q: %v\n%s", dropIn, err, said)
		}
	}
	for service, program := range map[string]string{"releve-kiosk.service": "/usr/bin/cage", "releve-kiosk-plain.service": "/usr/bin/releve", "releve-import.service": "/usr/bin/releve"} {
		unit := filepath.Join(t.TempDir(), service)
		write(t, unit, strings.Replace(read(t, service), "ExecStart="+program+" ", "ExecStart=/bin/true ", 1))
		if said, err := analyze(t, "verify", "--man=no", unit); err != nil || said != "" {
			t.Errorf("%s: %v\n%s", service, err, said)
		}
	}
	for _, pair := range []string{"releve-update", "releve-code"} {
		folder := t.TempDir()
		path, service := filepath.Join(folder, pair+".path"), filepath.Join(folder, pair+".service")
		write(t, path, read(t, pair+".path"))
		write(t, service, runnable(read(t, pair+".service")))
		if said, err := analyze(t, "verify", "--man=no", path, service); err != nil || said != "" {
			t.Errorf("%s: %v\n%s", pair, err, said)
		}
	}
}

// What a household may have called its file starts the unit that takes it, also from where older systems have their boot partition.
func TestImportStarts(t *testing.T) {
	t.Parallel()
	for name, starts := range map[string]bool{
		"firmware/releve.toml": true, "releve.toml": true, "firmware/Releve.toml.txt": true, "firmware/RELEVE~1.TOML": true, "firmware/releve-wifi.toml": true,
		"firmware/releve.toml.rtf": true, "firmware/releve-error.txt": true,
		"firmware/config.txt": false, "firmware/releve-code.txt": false, "firmware/._releve.toml": false,
	} {
		boot := t.TempDir()
		if err := os.Mkdir(filepath.Join(boot, "firmware"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(boot, name), "x")
		conditions := []string{"condition"}
		for line := range strings.Lines(read(t, "releve-import.service")) {
			if strings.HasPrefix(line, "Condition") {
				conditions = append(conditions, strings.Replace(strings.TrimSpace(line), "/boot", boot, 1))
			}
		}
		if said, err := analyze(t, conditions...); (err == nil) != starts {
			t.Errorf("%s starts it: %v, want %v\n%s", name, err == nil, starts, said)
		}
	}
}

// What only newer versions of systemd know is in a file of its own, of which older ones leave out just that.
func TestBackOffIsUnderstood(t *testing.T) {
	t.Parallel()
	said, err := analyze(t, "verify", "--man=no", withDropIn(t, "releve-backoff.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(said) {
		if !strings.Contains(line, "Unknown key 'RestartSteps'") && !strings.Contains(line, "Unknown key 'RestartMaxDelaySec'") {
			t.Errorf("systemd says %q", line)
		}
	}
}

// What announces the page is XML, and says what the reference of the configuration says.
func TestAvahi(t *testing.T) {
	t.Parallel()
	var group struct {
		Service []struct {
			Type string `xml:"type"`
			Port string `xml:"port"`
		} `xml:"service"`
	}
	if err := xml.Unmarshal([]byte(read(t, "avahi.service")), &group); err != nil {
		t.Fatal(err)
	}
	if len(group.Service) != 1 || group.Service[0].Type != "_http._tcp" || !strings.Contains(read(t, "../agent/config/reference.toml"), ":"+group.Service[0].Port+`"`) {
		t.Errorf("announced: %+v", group)
	}
}

// The program is told how long it may be silent, and has time to open its store before that counts.
func TestUnitIsWatched(t *testing.T) {
	t.Parallel()
	unit := read(t, "releve.service")
	for _, line := range []string{"Type=notify", "WatchdogSec=3min", "TimeoutStartSec=15min", "RestartPreventExitStatus=78", "LoadCredential=secrets:/etc/releve/secrets"} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("releve.service has no line %q", line)
		}
	}
}

// A device may be opened that is plugged in after the start: what systemd looks up then is there before, as part of the kernel
// or as a module that is loaded first (systemd.resource-control(5), DeviceAllow).
func TestUnitKnowsDevicesBeforeTheyAreThere(t *testing.T) {
	t.Parallel()
	modules := map[string]string{"char-ttyUSB": "usbserial", "char-ttyACM": "cdc_acm", "char-ttyAMA": "", "char-ttyS": "", "char-gpiochip": ""} // "": built in
	var allowed, wants []string
	for line := range strings.Lines(read(t, "releve.service")) {
		device, isDevice := strings.CutPrefix(line, "DeviceAllow=")
		if device, ok := strings.CutSuffix(device, " rw\n"); isDevice && ok {
			allowed = append(allowed, device)
			if modules[device] != "" {
				wants = append(wants, "modprobe@"+modules[device]+".service")
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(modules)), slices.Sorted(slices.Values(allowed))); diff != "" {
		t.Errorf("devices (-known here +allowed):\n%s", diff)
	}
	for _, key := range []string{"Wants", "After"} {
		if line := "\n" + key + "=" + strings.Join(wants, " ") + "\n"; !strings.Contains(read(t, "releve.service"), line) {
			t.Errorf("releve.service has no line %q", line)
		}
	}
}

// A card that does not answer may hold a thread for every connection of the page, and for as many others: the runtime ends a
// program that gets no further one ("failed to create new OS thread").
func TestUnitHasThreads(t *testing.T) {
	t.Parallel()
	number := func(file, before string) int {
		found := regexp.MustCompile(`\n\s*` + before + `(\d+)\b`).FindStringSubmatch(read(t, file))
		if found == nil {
			t.Fatalf("%s has no %q", file, before)
		}
		n, err := strconv.Atoi(found[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	tasks, connections := number("releve.service", `TasksMax=`), number("../agent/status/porch.go", `connections\s*= `)
	if tasks < 2*connections {
		t.Errorf("%d tasks for %d connections", tasks, connections)
	}
}

// The page says that no meter is heard, so what shows it does not wait for one; and a screen may be switched on later.
func TestWallsDoNotWait(t *testing.T) {
	t.Parallel()
	waits := regexp.MustCompile(`(?m)^(After|Wants|Requires|BindsTo)=.*\breleve\.service|^(Condition\w+|DeviceAllow)=/dev/.*`)
	for _, unit := range []string{"releve-kiosk.service", "releve-kiosk-plain.service"} {
		if found := waits.FindAllString(read(t, unit), -1); found != nil {
			t.Errorf("%s waits, or looks once: %q", unit, found)
		}
	}
}

// Who starts the unit is a user of sysusers.conf, and it belongs to the groups of the devices it may open.
func TestUnitHasItsUser(t *testing.T) {
	t.Parallel()
	users := read(t, "sysusers.conf")
	for _, line := range []string{"u releve ", "m releve dialout\n", "m releve gpio\n"} {
		if !strings.Contains(users, line) {
			t.Errorf("sysusers.conf has no line %q", line)
		}
	}
	if unit := read(t, "releve.service"); !strings.Contains(unit, "\nUser=releve\n") {
		t.Error("the unit runs as somebody else")
	}
}

// withDropIn returns the unit, with another file's lines at its end and a program that exists, in a folder of its own.
func withDropIn(t *testing.T, name string) string {
	t.Helper()
	text := runnable(read(t, "releve.service"))
	if name != "" {
		text += read(t, name)
	}
	unit := filepath.Join(t.TempDir(), "releve.service")
	write(t, unit, text)
	return unit
}

// runnable is a unit with a program that exists.
func runnable(unit string) string {
	return strings.Replace(unit, "ExecStart=/usr/bin/releve ", "ExecStart=/bin/true ", 1) // a shell is there
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
