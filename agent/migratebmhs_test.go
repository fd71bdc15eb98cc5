package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const bmhsCredentials = `{ "username": "foyer@breizh-sen1.example", "applicationKey": "key-1", "applicationHost": "https://bmhs.example/smarthome/",
 "agentModel": "Raspberry Pi", "mac": "02:00:00:00:00:01",
 "consumers": [{"username": "b@breizh-sen2.example", "applicationKey": "key-2", "applicationHost": "https://autre.example/smarthome"}],
 "teleinfoPort": "/dev/ttyAMA0", "teleinfoPort2": "/dev/ttyUSB0", "zwavePort": "/dev/ttyUSB10", "gpioPorts": {"gpio17": {}}, "x\ny": 1,
 "frequences": {"smarthome.automation.deviceType.TeleInformation": 90, "smarthome.automation.deviceType.Temperature": 300}}`

// TestMigrateBMHS holds what the configuration of BMHS's own agent becomes here: something that this version can run with,
// whose secrets are in files, and of which nothing is sent before a person has agreed.
func TestMigrateBMHS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, secrets := filepath.Join(dir, "smarthome.credentials"), filepath.Join(dir, "secrets")
	must(t, os.WriteFile(file, []byte(bmhsCredentials), 0o600))
	var out, talk strings.Builder
	code := execute(t.Context(), []string{"migrate", "bmhs", "--secrets", secrets, file}, terminal{out: &out, err: &talk})
	recipient := func(name, host, user, presence string) string {
		return fmt.Sprintf(`
[[recipient]]
name = %[1]q
kind = "bmhs"
url = "https://%[2]s/smarthome"
username = %[3]q
application_key_file = "%[5]s/%[1]s"
mac = "02:00:00:00:00:01"
every = "90s"
%[4]s# The server knows the meter by its address: the 12 digits after ADCO or ADSC, which releve decode shows. To go on under
# that name, put it here, and identity = true into the grant.
#devices = ["linky=…"]

# Nothing goes to %[1]s before somebody who may has agreed, and has taken away these marks:
#[[grant]]
#to = %[1]q
#series = ["*"]
#purpose = "follow my consumption on BMHS"
`, name, host, user, presence, secrets)
	}
	want := `# From smarthome.credentials of BMHS's own agent. Stop that one first: two under one mac end each other's sessions.

[[meter]]
name = "linky"
port = "/dev/ttyAMA0"

[[meter]]
name = "linky-2"
port = "/dev/ttyUSB0"
` + recipient("bmhs", "bmhs.example", "foyer@breizh-sen1.example", "presence = true\n") + recipient("bmhs-2", "autre.example", "b@breizh-sen2.example", "") + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" || code != exitDone {
		t.Errorf("code %d, out (-want +got):\n%s", code, diff)
	}
	said := `secret: SECRETS/bmhs
secret: SECRETS/bmhs-2
left: the remote shell: it made whoever holds the server or the account root of this machine, and wrote down nothing
left: commands, settings and pairing from the server: Relève reads meters, and does none of what a server asks for but show them live
left: the update at each start, which ran as root what GitHub had then, unsigned: install packages of Relève instead
left: what the old agent had not sent yet (/var/tmp/smarthomedb.json): let it send before it is stopped
left: agentModel: the server is told that it is Relève
left: gpioPorts: Relève reads electricity meters only; whatever hangs there needs another program
left: a key that BMHS's own agent does not know either: "x\ny"
left: zwavePort: Relève reads electricity meters only; whatever hangs there needs another program
left: frequences of smarthome.automation.deviceType.Temperature: Relève reads electricity meters only; whatever hangs there needs another program
`
	if diff := cmp.Diff(strings.ReplaceAll(said, "SECRETS", secrets), talk.String()); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"bmhs": "key-1\n", "bmhs-2": "key-2\n"} {
		if got, err := os.ReadFile(filepath.Join(secrets, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
}

// TestMigrateBMHSRefused holds that what cannot be used is said, without what is secret in it, and nothing is printed.
func TestMigrateBMHSRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, err string }{
		{"{", "it is not the JSON of BMHS's own agent"},
		{`{"username": 3}`, "it is not the JSON of BMHS's own agent"},
		{`[]`, "it is not the JSON of BMHS's own agent"},
		{`{"username": "a"}`, "username, applicationKey, applicationHost and mac must be there: without mac the agent took that of eth0, which ip link shows"},
		{strings.Replace(bmhsCredentials, "key-1", "insert_here_application_id", 1), "there is an insert_here_ of the template in it: it was never filled in"},
	} {
		m := &migration{dir: t.TempDir()}
		if err := m.fromBMHS([]byte(tt.text)); err == nil || err.Error() != tt.err {
			t.Errorf("%.30s: %v, want %s", tt.text, err, tt.err)
		}
	}
	m := &migration{dir: t.TempDir()}
	must(t, m.fromBMHS([]byte(strings.Replace(bmhsCredentials, "https://bmhs", "http://bmhs", 1))))
	var out strings.Builder
	err := m.write(terminal{out: &out, err: &out})
	want := "what came out is no configuration of this version:\n" + `recipient 1 (bmhs): url: "http://bmhs.example/smarthome" has no encryption; that is for this machine alone (127.0.0.1)`
	if err == nil || err.Error() != want || out.Len() > 0 {
		t.Errorf("%v, printed %q", err, out.String())
	}
}

// TestRhythmOfBMHS holds how the seconds of a rhythm are written here.
func TestRhythmOfBMHS(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[float64]string{0: "5m", -1: "5m", 1e9: "5m", 10: "10s", 90: "90s", 300: "5m", 7200: "2h", 86400: "24h"} {
		if got := rhythmOfBMHS(map[string]float64{meterOfBMHS: seconds}); got != want {
			t.Errorf("%v is %s, want %s", seconds, got, want)
		}
	}
}

// FuzzMigrateBMHS holds that no file makes the verb panic, and that what it accepts becomes a configuration or a sentence.
func FuzzMigrateBMHS(f *testing.F) {
	f.Add(bmhsCredentials)
	f.Add(`{"username":"a","applicationKey":"b","applicationHost":"https://c/","mac":"d\n[x]","teleinfoPort3":"e"}`)
	f.Fuzz(func(t *testing.T, text string) {
		m := &migration{dir: t.TempDir()}
		if m.fromBMHS([]byte(text)) != nil {
			return
		}
		var out strings.Builder
		if err := m.write(terminal{out: &out, err: &strings.Builder{}}); err != nil && out.Len() > 0 {
			t.Errorf("printed %q beside %v", out.String(), err)
		}
	})
}
