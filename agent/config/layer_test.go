package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/xmpp"
)

// layered writes a main file and one of conf.d, and returns what layers they make.
func layered(t *testing.T, main, more string) config.Layers {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"releve.toml": main, "conf.d/10.toml": more} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config.Layers{File: filepath.Join(dir, "releve.toml")}
}

const house = `
[agent]
state = "/s"
[[meter]]
port = "/dev/ttyUSB0"
prm = "99123456789012"
[buffer]
period = "30s"
[federation]
jid = "maison@breizh-sen1.example"
password_file = "/p"
push_every = "20s"
`

// shown lists what counts and where it comes from, without what is by default.
func shown(l config.Loaded, dir string) []string {
	var all []string
	for _, s := range l.Settings() {
		if s.Place.Layer == config.Default {
			continue
		}
		value := strings.Join(s.Values, " ")
		if s.Key.Secret {
			value = fmt.Sprint("set: ", s.Set)
		}
		all = append(all, strings.ReplaceAll(fmt.Sprintf("%s = %s (%s)", s.Path, value, s.Place), dir, "DIR"))
	}
	return all
}

// The strongest layer that gives a value counts: flag, environment, overlay, conf.d, main file, pairing, default.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	more := "[buffer]\nperiod = \"40s\"\nfull_set = \"20m\"\n[[recipient]]\nname = \"a\"\nkind = \"releve\"\nto = \"a@b\"\n"
	l := layered(t, house, more)
	l.Environ = []string{"HOME=/", "RELEVE_CONFIG=x", "RELEVE_BUFFER_FULL_SET=30m", "RELEVE_FEDERATION_READERS=r@b  @c", "RELEVE_LED_PIN=GPIO4"}
	l.Set = []string{"buffer.max_age=10d", "led.pin=GPIO5", "meter[linky].mode=historic"}
	base, err := l.Read()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := base.With(config.Remote{Owner: "alice@b", Changes: config.Changes{
		"buffer.period": {"50s"}, "buffer.full_set": {"50m"}, "led.pin": {"GPIO6"}, "meter[linky].title": {"Compteur"},
		"recipient[a].paused": {"true"}, "recipient[b].to": {"b@b/x"}, "recipient[b].kind": {"releve"},
		"recipient[gone].paused": {"true"}, "meter[gone].mode": {"historic"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"agent.state = /s (main file DIR/releve.toml:3)",
		"meter[linky].title = Compteur (overlay)",
		"meter[linky].port = /dev/ttyUSB0 (main file DIR/releve.toml:5)",
		"meter[linky].mode = historic (flag)",
		"meter[linky].prm = set: true (main file DIR/releve.toml:6)",
		"buffer.period = 50s (overlay)",
		"buffer.full_set = 30m (environment RELEVE_BUFFER_FULL_SET)",
		"buffer.max_age = 10d (flag)",
		"federation.jid = maison@breizh-sen1.example (main file DIR/releve.toml:10)",
		"federation.password_file = /p (main file DIR/releve.toml:11)",
		"federation.owners = alice@b (pairing)",
		"federation.readers = r@b @c (environment RELEVE_FEDERATION_READERS)",
		"federation.push_every = 20s (main file DIR/releve.toml:12)",
		"recipient[a].name = a (conf.d DIR/conf.d/10.toml:5)",
		"recipient[b].name = b (overlay)",
		"recipient[a].kind = releve (conf.d DIR/conf.d/10.toml:6)",
		"recipient[b].kind = releve (overlay)",
		"recipient[a].paused = true (overlay)",
		"recipient[a].to = a@b (conf.d DIR/conf.d/10.toml:7)",
		"recipient[b].to = b@b/x (overlay)",
		"led.pin = GPIO5 (flag)",
	}
	if diff := cmp.Diff(want, shown(loaded, filepath.Dir(l.File))); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if c := loaded.Config; c.Buffer.Period.String() != "50s" || c.LED.Pin != "GPIO5" || len(c.Recipients) != 2 || !c.Recipients[0].Paused {
		t.Errorf("in force: %+v", c)
	}
	plain, err := base.With(config.Remote{})
	if err != nil || plain.Buffer.Period.String() != "40s" || len(plain.Recipients) != 1 || plain.Meters[0].Title != "" || plain.Recipients[0].Paused {
		t.Errorf("the overlay has changed what it lies on: %+v, %v", plain.Config, err)
	}
}

func TestRemoved(t *testing.T) {
	t.Parallel()
	base, err := layered(t, house, "[[recipient]]\nname = \"a\"\nkind = \"releve\"\nto = \"a@b\"\nevery = \"1m\"\n").Read()
	if err != nil {
		t.Fatal(err)
	}
	overlay := config.Changes{"recipient[a].paused": {"true"}}.With(config.Changes{"recipient[a]": {config.Removed}})
	loaded, err := base.With(config.Remote{Changes: overlay})
	if err != nil || len(loaded.Recipients) != 0 || !cmp.Equal(loaded.Removed(), []string{"recipient[a]"}) {
		t.Errorf("%+v, %v, %v", loaded.Recipients, loaded.Removed(), err)
	}
	// Another one of that name is a new one: nothing of the old is left.
	overlay = overlay.With(config.Changes{"recipient[a].kind": {"releve"}, "recipient[a].to": {"x@b"}})
	loaded, err = base.With(config.Remote{Changes: overlay})
	if s, _ := loaded.Setting("recipient[a].every"); err != nil || s.Set || len(loaded.Recipients) != 1 {
		t.Errorf("%+v, %v", loaded.Recipients, err)
	}
	// Taken back, the file counts again.
	if got := overlay.With(config.Changes{"recipient[a]": nil}); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func TestChangesWith(t *testing.T) {
	t.Parallel()
	before := config.Changes{"buffer.period": {"10s"}, "federation.owners": {"a@b"}}
	after := before.With(config.Changes{"buffer.period": nil, "federation.owners": {}, "led.pin": {"GPIO4"}})
	if diff := cmp.Diff(config.Changes{"federation.owners": {}, "led.pin": {"GPIO4"}}, after); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(before) != 2 || before["buffer.period"] == nil {
		t.Errorf("what they were made on has changed: %v", before)
	}
}

// What is given in the environment or by a flag is as strict as a file, and says its name.
func TestLayersRefuse(t *testing.T) {
	t.Parallel()
	l := layered(t, house, "")
	l.Environ = []string{"RELEVE_BUFER_PERIOD=1s", "RELEVE_BUFFER_PERRIOD=1s", "RELEVE_FEDERATION_PAIRING=maybe", "RELEVE_METER_PORT=x"}
	l.Set = []string{"buffer.perod=1s", "period", "meter.port=x", "grant[2].to=a", "a b=c"}
	_, err := l.Read()
	want := []string{
		"RELEVE_BUFFER_PERRIOD: no key has this name; did you mean RELEVE_BUFFER_PERIOD?",
		`federation.pairing: "maybe" is neither true nor false`,
		"buffer.perod: there is no such key; did you mean buffer.period?",
		"--set period: want KEY=VALUE",
		"meter.port: there is no such key; did you mean meter.port?",
		"grant[2].to: there is no such key",
		`"a b" is not a key such as buffer.period or meter[linky].mode`,
	}
	if diff := cmp.Diff(want, strings.Split(fmt.Sprint(err), "\n")); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// A wrong value from afar is told with the path that it stands under.
func TestFaults(t *testing.T) {
	t.Parallel()
	base, err := layered(t, house, "[[grant]]\nto = \"x@b\"\nseries = [\"*\"]\npurpose = \"p\"\n").Read()
	if err != nil {
		t.Fatal(err)
	}
	_, err = base.With(config.Remote{Changes: config.Changes{
		"buffer.period": {"1h"}, "meter[linky].mode": {"fast"}, "recipient[a].kind": {"releve"}, "recipient[a].to": {"?"}, "recipient[a].every": {"no"},
		"federation.owners": {"a"}, "federation.push_every": {"1s", "2s"}, "federation.jid": {""}, "meter[linky].derived": {"maybe"}, "grant[1].purpose": {""},
	}})
	var got []string
	for _, f := range config.Faults(err) {
		got = append(got, f.Path)
	}
	want := []string{
		"federation.push_every", "grant[1].purpose", "meter[linky].derived", "meter[linky].mode", "buffer.period", "federation.jid",
		"recipient[a].every", "recipient[a].kind", "recipient[a].to",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of (-want +got):\n%s\n%v", diff, err)
	}
	if config.Faults(nil) != nil {
		t.Error("no error has faults")
	}
}

// What may not be changed from afar is refused whatever its value, and no value names a file of the device.
func TestCheckChanges(t *testing.T) {
	t.Parallel()
	l := layered(t, house, "[[recipient]]\nname = \"old\"\nkind = \"releve\"\nto = \"a@b\"\n[[grant]]\nto = \"granted\"\nseries = [\"*\"]\npurpose = \"p\"\n")
	l.Environ = []string{"RELEVE_BUFFER_FULL_SET=30m"}
	base, err := l.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path, value, err string
	}{
		{"buffer.period", "10s", ""},
		{"meter[linky].title", "Compteur de l'été", ""},
		{"meter[linky].port", "/dev/serial/by-id/usb-1", ""},
		{"meter[linky].port", "/dev/tic-TINFO-1036", ""},
		{"meter[linky].port", "tcp://box:2000", ""},
		{"meter[linky].port", "/etc/passwd", "from afar a port is auto, /dev/tty…, /dev/serial/…, /dev/tic…, tcp://host:port or rfc2217://host:port"},
		{"meter[linky].port", "/dev/serial/../../etc/passwd", "from afar a port is auto, /dev/tty…, /dev/serial/…, /dev/tic…, tcp://host:port or rfc2217://host:port"},
		{"meter[linky].port", "-", "from afar a port is auto, /dev/tty…, /dev/serial/…, /dev/tic…, tcp://host:port or rfc2217://host:port"},
		{"meter[linky].share", "127.0.0.1:1", "this can be changed on the device only"},
		{"meter[linky].prm", "99123456789012", "this can be changed on the device only"},
		{"meter[shed].mode", "auto", "there is no meter of that name"},
		{"federation.password_file", "/s/secrets/xmpp", ""},
		{"federation.password_file", "/s/secrets/../identities.json", "from afar only files in /s/secrets can be named"},
		{"federation.password_file", "/s/secrets/sub/x", "from afar only files in /s/secrets can be named"},
		{"federation.password_file", "xmpp", "from afar only files in /s/secrets can be named"},
		{"federation.ca_file", "/etc/shadow", "from afar only files in /s/secrets can be named"},
		{"federation.pace", "2500 B/s\x00", "a value has no control characters"},
		{"federation.pace", strings.Repeat("9", 5000), "a value has at most 4096 bytes"},
		{"agent.state", "/x", "this can be changed on the device only"},
		{"buffer.max_age", "1h", "this can be changed on the device only"},
		{"buffer.full_set", "1h", "this is given by environment RELEVE_BUFFER_FULL_SET on the device, which counts before any change from afar"},
		{"grant[1].to", "x@b", "this can be changed on the device only"},
		{"trial.confirm", "1d", "this can be changed on the device only"},
		{"status.listen", ":80", "this can be changed on the device only"},
		{"recipient[a].kind", "releve", ""},
		{"recipient[a]", config.Removed, ""},
		{"recipient[old].paused", "true", ""},
		{"recipient[old].to", "thief@b", "this recipient is in the device's files: from afar only every and paused can be changed, or add another"},
		{"recipient[granted].to", "thief@b", "a consent in the device's files names granted: choose another name"},
		{"recipient[a]", "x", "there is no such key"},
		{"meter[linky]", config.Removed, "there is no such key"},
		{"meter.mode", "auto", "there is no such key"},
		{"buffer[a].period", "1s", "there is no such key"},
		{"buffer", "1s", `"buffer" is not a key such as buffer.period or meter[linky].mode`},
		{"", "1s", `"" is not a key such as buffer.period or meter[linky].mode`},
	} {
		got := ""
		for _, f := range base.Check(config.Changes{test.path: {test.value}}) {
			got += f.Text
		}
		if got != test.err {
			t.Errorf("%s = %.40s: %q, want %q", test.path, test.value, got, test.err)
		}
	}
}

func TestNeeded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		changes config.Changes
		want    config.Role
	}{
		{config.Changes{"buffer.period": {"1s"}}, config.Operator},
		{config.Changes{"buffer.period": {"1s"}, "federation.owners": nil}, config.Owner},
		{config.Changes{"recipient[a].paused": {"true"}}, config.Operator},
		{config.Changes{"recipient[a]": {config.Removed}}, config.Owner},
		{config.Changes{"nonsense": nil}, config.Owner},
	} {
		if got := test.changes.Needed(); got != test.want {
			t.Errorf("%v needs %q, want %q", test.changes, got, test.want)
		}
	}
}

// Nobody has a role by default, and a domain gives one only where it is written with @.
func TestRoles(t *testing.T) {
	t.Parallel()
	c, refused := load(t, map[string]string{"releve.toml": session +
		"owners = [\"Alice@B.example\"]\noperators = [\"@conseil.example\", \"bob@b.example\"]\nreaders = [\"alice@b.example\", \"eve@b.example\"]\n"})
	if refused != "" {
		t.Fatal(refused)
	}
	for who, want := range map[string]config.Role{
		"alice@b.example/desk": config.Owner, "alice@b.example": config.Owner, "bob@b.example": config.Operator, "eve@b.example/x": config.Reader,
		"anna@conseil.example": config.Operator, "conseil.example": config.Nobody, "x@sub.conseil.example": config.Nobody, "mallory@b.example": config.Nobody,
		"a@b": config.Nobody,
	} {
		address, err := xmpp.ParseJID(who)
		if got := c.Federation.Roles.Of(address); err != nil || got != want {
			t.Errorf("%s is %q, want %q, %v", who, got, want, err)
		}
	}
	if !config.Owner.May(config.Operator) || config.Reader.May(config.Operator) || !config.Nobody.May(config.Nobody) || config.Nobody.May(config.Reader) {
		t.Error("roles do not include those below them")
	}
}

// FuzzChanges: whatever is asked from afar, it is refused or it is a configuration, and the base stays what it was.
func FuzzChanges(f *testing.F) {
	for _, seed := range []struct{ path, value string }{
		{"buffer.period", "10s"}, {"meter[linky].mode", "historic"}, {"recipient[a].kind", "releve"}, {"recipient[a]", config.Removed}, {"grant[1].until", "2027-12-31"},
		{"meter[].port", "x"}, {"a[b[c]].d", ""}, {"federation.owners", "@"},
	} {
		f.Add(seed.path, seed.value)
	}
	file := filepath.Join(f.TempDir(), "releve.toml")
	if err := os.WriteFile(file, []byte(house), 0o600); err != nil {
		f.Fatal(err)
	}
	base, err := config.Layers{File: file}.Read()
	if err != nil {
		f.Fatal(err)
	}
	before, err := base.With(config.Remote{})
	if err != nil {
		f.Fatal(err)
	}
	want := shown(before, "")
	f.Fuzz(func(t *testing.T, path, value string) {
		changes := config.Changes{path: {value}}
		if len(base.Check(changes)) == 0 {
			if l, err := base.With(config.Remote{Changes: changes}); err == nil && l.Agent.State != "/s" {
				t.Errorf("%s = %q changed the state folder", path, value)
			}
		}
		again, err := base.With(config.Remote{})
		if diff := cmp.Diff(want, shown(again, "")); diff != "" || err != nil {
			t.Errorf("%s = %q changed the base: %v\n%s", path, value, err, diff)
		}
	})
}
