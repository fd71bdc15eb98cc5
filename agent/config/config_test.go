package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/xmpp"
	"releve/tic"
)

// load writes files into a folder and reads them as releve does. DIR in a message is the folder.
func load(t *testing.T, files map[string]string) (config.Config, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(filepath.Join(dir, "releve.toml"))
	if err != nil {
		return c, strings.ReplaceAll(err.Error(), dir, "DIR")
	}
	return c, ""
}

const (
	meter = "[[meter]]\nport = \"/dev/ttyUSB0\"\n"
	// A session to which a test adds a key, and a pin of nothing.
	session = "[federation]\njid = \"a@b\"\npassword_file = \"p\"\n"
	pin     = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	// A delivery point that cannot be: no region is 99.
	point = "99123456789012"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, refused := load(t, map[string]string{"releve.toml": meter})
	if refused != "" {
		t.Fatal(refused)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		Agent:  config.Agent{State: "/var/lib/releve", Location: paris},
		Meters: []config.Meter{{Name: "linky", Port: "/dev/ttyUSB0", Mode: tic.Auto, Derived: true}},
		Buffer: config.Buffer{
			Period: time.Minute, FullSet: 10 * time.Minute, MaxBytes: 256 << 20, MaxAge: 31 * 24 * time.Hour, Curve: 366 * 24 * time.Hour,
		},
		Status: config.Status{Listen: "127.0.0.1:8080"},
		Kiosk:  config.Kiosk{Every: 20 * time.Second, Dusk: 21, Dawn: 7},
		Trial:  config.Trial{Prove: 5 * time.Minute, Confirm: 15 * time.Minute},
	}
	sameZone := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, c, sameZone); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

const (
	joined = "[federation]\njid = \"a@b\"\npassword_file = \"p\"\n"
	releve = "[[recipient]]\nname = \"s\"\nkind = \"releve\"\nto = \"s@b\"\n"
)

// A grant to the name of a system outside the federation is one to it alone, not to a domain that is called so.
func TestGrantToSystem(t *testing.T) {
	t.Parallel()
	c, refused := load(t, map[string]string{"releve.toml": "[[recipient]]\nname = \"lorient\"\nkind = \"pride\"\nurl = \"https://warp.example/api\"\ntoken_file = \"t\"\n" +
		"[[grant]]\nto = \"lorient\"\nseries = [\"*\"]\npurpose = \"p\"\n"})
	if refused != "" || len(c.Grants) != 1 || c.Grants[0].To != "recipient lorient" || c.Recipients[0].Grantee() != "recipient lorient" {
		t.Fatalf("%s, %+v", refused, c.Grants)
	}
	book := consent.Book{Grants: c.Grants}
	for grantee, want := range map[string]bool{"recipient lorient": true, "a@lorient": false, "lorient": false, "recipient": false} {
		if got := book.Knows(grantee); got != want {
			t.Errorf("%q is granted: %t", grantee, got)
		}
	}
}

// A grant to the name of a recipient is one to each address behind it.
func TestGrantToName(t *testing.T) {
	t.Parallel()
	agreed := func(to string) string { return "[[grant]]\nto = \"" + to + "\"\nseries = [\"*\"]\npurpose = \"p\"\n" }
	c, refused := load(t, map[string]string{"releve.toml": joined + releve +
		"[[recipient]]\nname = \"t\"\nkind = \"pubsub\"\nreaders = [\"x@b\", \"y@b\"]\n" + agreed("s") + agreed("t") + agreed("u")})
	var got []string
	for _, g := range c.Grants {
		got = append(got, g.To)
	}
	if diff := cmp.Diff([]string{"s@b", "x@b", "y@b", "u"}, got); diff != "" || refused != "" {
		t.Errorf("%s\ngrants are to (-want +got):\n%s", refused, diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, raw, err string
	}{
		// What the reader refuses.
		{"unknown key", "[agent]\nstat = \"/s\"\n", "DIR/releve.toml:2: unknown key agent.stat; did you mean agent.state?"},
		{"unknown key in a list", meter + "prt = 1\n", "DIR/releve.toml:3: unknown key meter.prt; did you mean meter.port?"},
		{"unknown section", "[metter]\n", "DIR/releve.toml:1: unknown key metter; did you mean meter?"},
		{"unknown key like no other", "[agent]\nx_and_y_and_z_of_things = 1\n", "DIR/releve.toml:2: unknown key agent.x_and_y_and_z_of_things"},
		{
			"several unknown keys", "[buffer]\nperriod = \"1s\"\n\n[status]\nlissten = \"\"\n",
			"DIR/releve.toml:2: unknown key buffer.perriod; did you mean buffer.period?\n" +
				"DIR/releve.toml:5: unknown key status.lissten; did you mean status.listen?",
		},
		{
			"number for a text", "[agent]\nstate = 3\n",
			"DIR/releve.toml:2: agent.state: there is an integer where something else belongs; texts and times go in quotes, lists in brackets, and a day is 2027-12-31",
		},
		{
			"text for a list", "[[grant]]\nseries = \"*\"\n",
			"DIR/releve.toml:2: grant.series: there is a string where something else belongs; texts and times go in quotes, lists in brackets, and a day is 2027-12-31",
		},
		{"no TOML", "[agent\n", "DIR/releve.toml:1: toml: expected ']' to close table name"},
		{"twice", "[agent]\nstate = \"a\"\nstate = \"b\"\n", "DIR/releve.toml:3: toml: key state is already defined"},
		{"no such day", "[[grant]]\nuntil = 2027-02-30\n", "DIR/releve.toml:2: toml: impossible date"},

		// What the checks refuse.
		{"clock", "[agent]\nclock = \"gps\"\n", `agent.clock: "gps" is not one of auto, system`},
		{"zone", "[agent]\ntimezone = \"Europe/Rennes\"\n", `agent.timezone: "Europe/Rennes" is not a zone such as Europe/Paris`},
		{"port that cannot be one", "[[meter]]\nport = \"telnet://box:23\"\n", `meter 1 (linky): port: open port telnet://box:23: scheme "telnet" is not supported: use tcp://host:port or rfc2217://host:port`},
		{"port without a number", "[[meter]]\nport = \"rfc2217://box\"\n", "meter 1 (linky): port: open port rfc2217://box: address box: missing port in address: write it as rfc2217://host:port"},
		{"two on a port", meter + meter + "name = \"shed\"\n", "meter 2 (shed): two meters cannot read the same port"},
		{"name with an accent", meter + "name = \"été\"\n", "meter 1 (été): name must be 1 to 32 ASCII letters, digits or hyphens"},
		{"name with a slash", meter + "name = \"a/b\"\n", "meter 1 (a/b): name must be 1 to 32 ASCII letters, digits or hyphens"},
		{"two of a name", meter + "[[meter]]\n", "meter 2 (linky): two meters cannot have the same name"},
		{"mode", meter + "mode = \"Standard\"\n", `meter 1 (linky): mode "Standard" is not one of auto, historic, standard`},
		{"short prm", meter + "prm = \"" + point[1:] + "\"\n", "meter 1 (linky): prm must be the 14 digits on the electricity bill"},
		{"prm with spaces", meter + "prm = \"" + point[:7] + " " + point[7:] + "\"\n", "meter 1 (linky): prm must be the 14 digits on the electricity bill"},
		{"share without a port", meter + "share = \"127.0.0.1\"\n", `meter 1 (linky): share: "127.0.0.1" is not host:port, such as 127.0.0.1:7970`},
		{
			"share with everybody", meter + "share = \":7970\"\n",
			"meter 1 (linky): share: :7970 is neither this machine (127.0.0.1) nor one address of a private network; the bytes hold the meter's address, which is personal data",
		},
		{
			"share on all networks", meter + "share = \"[::]:7970\"\n",
			"meter 1 (linky): share: [::]:7970 is neither this machine (127.0.0.1) nor one address of a private network; the bytes hold the meter's address, which is personal data",
		},
		{
			"share by name", meter + "share = \"maison.example:7970\"\n",
			"meter 1 (linky): share: maison.example:7970 is neither this machine (127.0.0.1) nor one address of a private network; the bytes hold the meter's address, which is personal data",
		},
		{"period too short", "[buffer]\nperiod = \"10ms\"\n", `buffer.period: "10ms" is not a time from 1s to 1m, written like 10s, 5m, 12h or 31d`},
		{"period too long", "[buffer]\nperiod = \"61s\"\n", `buffer.period: "61s" is not a time from 1s to 1m, written like 10s, 5m, 12h or 31d`},
		{"period without unit", "[buffer]\nperiod = \"10\"\n", `buffer.period: "10" is not a time from 1s to 1m, written like 10s, 5m, 12h or 31d`},
		{"full set", "[buffer]\nfull_set = \"2d\"\n", `buffer.full_set: "2d" is not a time from 1m to 1d, written like 10s, 5m, 12h or 31d`},
		{"age", "[buffer]\nmax_age = \"367d\"\n", `buffer.max_age: "367d" is not a time from 1h to 366d, written like 10s, 5m, 12h or 31d`},
		{"age beyond all numbers", "[buffer]\nmax_age = \"99999999999999999999d\"\n", `buffer.max_age: "99999999999999999999d" is not a time from 1h to 366d, written like 10s, 5m, 12h or 31d`},
		{"curve for ever", "[buffer]\nkeep_curve = \"1099d\"\n", `buffer.keep_curve: "1099d" is not a time from 1d to 1098d, written like 10s, 5m, 12h or 31d`},
		{"negative age", "[buffer]\nmax_age = \"-5d\"\n", `buffer.max_age: "-5d" is not a time from 1h to 366d, written like 10s, 5m, 12h or 31d`},
		{"bytes too few", "[buffer]\nmax_bytes = \"7MiB\"\n", `buffer.max_bytes: "7MiB" is not a size of at least 8MiB, written like 256MiB`},
		{"bytes in another unit", "[buffer]\nmax_bytes = \"1GiB\"\n", `buffer.max_bytes: "1GiB" is not a size of at least 8MiB, written like 256MiB`},
		{"bytes negative", "[buffer]\nmax_bytes = \"-256MiB\"\n", `buffer.max_bytes: "-256MiB" is not a size of at least 8MiB, written like 256MiB`},
		{"no jid", "[federation]\npassword_file = \"p\"\n", "federation.jid is missing: the agent's address, such as maison@breizh-sen1.example/releve"},
		{"no jid beside push_every", "[federation]\npush_every = \"1m\"\n", "federation.jid is missing: the agent's address, such as maison@breizh-sen1.example/releve"},
		{"jid without a user", "[federation]\njid = \"sen1.example\"\npassword_file = \"p\"\n", `federation.jid: "sen1.example" is not an address such as maison@breizh-sen1.example/releve`},
		{
			"all of the federation", "[federation]\njid = \"@\"\naddress = \"host\"\npush_every = \"2h\"\npush_slow_every = \"2d\"\nowners = [\"a@b/c\", \"@b\", \"a@b\"]\n",
			`federation.jid: "@" is not an address such as maison@breizh-sen1.example/releve` + "\n" +
				"federation.password_file is missing: the file whose first line is the password\n" +
				`federation.address: "host" is not host:port or xmpps://host:port` + "\n" +
				`federation.owners: "a@b/c" is not an address without resource, such as alice@breizh-sen1.example, nor @ and a domain for everybody there` + "\n" +
				`federation.push_every: "2h" is not a time from 1s to 1h, written like 10s, 5m, 12h or 31d` + "\n" +
				`federation.push_slow_every: "2d" is not a time from 1s to 1d, written like 10s, 5m, 12h or 31d`,
		},
		{"address without a host", "[federation]\njid = \"a@b\"\npassword_file = \"p\"\naddress = \":5222\"\n", `federation.address: ":5222" is not host:port or xmpps://host:port`},
		{"address with a word for a port", "[federation]\njid = \"a@b\"\npassword_file = \"p\"\naddress = \"host:xmpp\"\n", `federation.address: "host:xmpp" is not host:port or xmpps://host:port`},
		{"no jid beside a proxy", "[federation]\nproxy = \"http://box:3128\"\n", "federation.jid is missing: the agent's address, such as maison@breizh-sen1.example/releve"},
		{"pin", session + "pin = \"sha256/AAAA\"\n", `federation.pin: "sha256/AAAA" is not a pin: sha256/ and the 44 characters of a SHA-256 in base64`},
		{"pin and authority", session + "pin = \"" + pin + "\"\nca_file = \"ca.pem\"\n", "federation.pin: with a pinned key no authority is asked, and federation.ca_file would never be used; remove one of them"},
		{"proxy", session + "proxy = \"box\"\n", `federation.proxy: "box" is not an address such as http://host:3128 or socks5://host:1080`},
		{"proxy with a password", session + "proxy = \"http://ana:sesame@box:3128\"\n", "federation.proxy: a password does not belong into an address: it goes into a file of its own"},
		{"proxy without its password", session + "proxy = \"http://ana@box:3128\"\n", "federation.proxy_password_file is missing: the file whose first line is the password of ana at the proxy"},
		{"password of no proxy", session + "proxy_password_file = \"p\"\n", "federation.proxy_password_file: federation.proxy names no user, as in http://user@host:3128"},
		{"pace", session + "pace = \"fast\"\n", `federation.pace: "fast": want "auto", "off" or bytes a second such as "2500 B/s", at least 800`},
		{"websocket in the clear", session + "websocket = \"ws://box/\"\n", `federation.websocket: "ws://box/" is not an address such as wss://host/xmpp-websocket, nor auto`},
		{"websocket and address", session + "websocket = \"wss://box/\"\naddress = \"box:5222\"\n", "federation.websocket: the session goes there, and federation.address would never be used; remove one of them"},
		{"listen", "[status]\nlisten = \"8080\"\n", `status.listen: "8080" is not host:port`},
		{"who may look", "[status]\nview = \"closed\"\n", `status.view: "closed" is not one of open, password`},
		{"a name with more than it", "[status]\nhosts = [\"a.example\", \"http://b.example\", \"c.example:80\"]\n",
			`status.hosts: "http://b.example" is not a name such as energy.example, without http:// and port` + "\n" +
				`status.hosts: "c.example:80" is not a name such as energy.example, without http:// and port`,
		},
		{"listen beyond all ports", "[status]\nlisten = \":65536\"\n", `status.listen: ":65536" is not host:port`},
		{
			"kiosk", "[kiosk]\nevery = \"1s\"\nplace = \"Lorient\"\nnight = \"21-24\"\n",
			"kiosk.every: \"1s\" is not a time from 5s to 1h, written like 10s, 5m, 12h or 31d\n" + `kiosk.place: "Lorient" is not degrees north and east, such as "47.75, -3.37"` + "\n" +
				`kiosk.night: "21-24" is not two hours of the day, such as "21-7"`,
		},
		{"kiosk, far away", "[kiosk]\nplace = \"NaN, 181\"\n", `kiosk.place: "NaN, 181" is not degrees north and east, such as "47.75, -3.37"`},
		{"light", "[led]\npin = \"17\"\n", `led.pin: "17" is not a pin such as GPIO17`},
		{"button", "[button]\npin = \"pin 13\"\n", `button.pin: "pin 13" is not a pin such as GPIO27`},
		{"button and light", "[led]\npin = \"GPIO17\"\n[button]\npin = \"GPIO17\"\n", "button.pin: GPIO17 is the pin of the light already"},
		{"grant to nobody", "[[grant]]\n", "grant 1: a grant needs to: an address, a domain or the name of a recipient"},
		{
			"grant of another resolution", "[[grant]]\nto = \"a@b\"\nseries = [\"*\"]\npurpose = \"p\"\nresolution = \"PT15M\"\n",
			`grant 1: the grant to a@b has resolution "PT15M"; it may be one of live, PT10S, PT10M, PT30M, PT1H, P1D`,
		},
		{"recipient of no kind", joined + "[[recipient]]\nname = \"lorient\"\nkind = \"mqtt\"\n", `recipient 1 (lorient): kind "mqtt" is not one of bmhs, lognact, pride, pubsub, releve, sen1`},
		{"recipient without a federation", releve, "recipient 1 (s): kind releve needs a [federation] to reach it through"},
		{"recipient without an address", joined + "[[recipient]]\nname = \"a\"\nkind = \"releve\"\n", `recipient 1 (a): to: "" is not an address such as serveur@breizh-sen2.example/releve`},
		{"recipient that is a domain", joined + "[[recipient]]\nname = \"a\"\nkind = \"releve\"\nto = \"b.example\"\n", `recipient 1 (a): to: "b.example" is not an address such as serveur@breizh-sen2.example/releve`},
		{
			"an address that SEN1 names cannot hold", "[federation]\njid = \"-a@b\"\npassword_file = \"p\"\n" + releve + "naming = \"sen1\"\n",
			"recipient 1 (s): naming sen1 puts federation.jid into names, and it does not fit: the application must begin with a letter or a digit",
		},
		{"two recipients of a name", joined + releve + releve, "recipient 2 (s): two recipients cannot have the same name"},
		{
			"recipient with keys of the other kind", joined + releve + "naming = \"x\"\nreaders = [\"a@b\"]\n",
			"recipient 1 (s): readers is no key of kind releve\n" + `recipient 1 (s): naming "x" is not one of quoalise, sen1`,
		},
		{
			"nodes without readers", joined + "[[recipient]]\nname = \"été\"\nkind = \"pubsub\"\nto = \"a@b\"\nservice = \"@\"\n",
			"recipient 1 (été): name must be 1 to 32 ASCII letters, digits or hyphens\n" +
				"recipient 1 (été): to is no key of kind pubsub\n" +
				"recipient 1 (été): readers is missing: the addresses that may read, such as [\"tableau@breizh-sen2.example\"]\n" +
				`recipient 1 (été): service: "@" is not an address such as pubsub.breizh-sen1.example`,
		},
		{
			"nodes for a client, and for a domain", joined + "[[recipient]]\nname = \"a\"\nkind = \"pubsub\"\nreaders = [\"a@b/c\", \"b\"]\n",
			`recipient 1 (a): readers: "a@b/c" is not an address without resource, such as tableau@breizh-sen2.example` + "\n" +
				`recipient 1 (a): readers: "b" is not an address without resource, such as tableau@breizh-sen2.example`,
		},
		{
			"source without anything", "[federation]\njid = \"a@b\"\npassword_file = \"p\"\n[[source]]\n",
			`source 1 (): name must be 1 to 32 ASCII letters, digits or hyphens` + "\n" + `source 1 (): kind "" is not one of bmhs, federation, lognact, pride, releve, sen1`,
		},
		{
			"senders", joined + "[[source]]\nname = \"a\"\nkind = \"releve\"\nfrom = \"a@b/c\"\nsince = \"1d\"\n" +
				"[[source]]\nname = \"b\"\nkind = \"releve\"\nfrom = \"x@b\"\n[[source]]\nname = \"c\"\nkind = \"releve\"\nfrom = \"X@b\"\n" +
				"[[source]]\nname = \"d\"\nkind = \"federation\"\nprovider = \"x@b/c\"\nfrom = \"x@b\"\n",
			`source 1 (a): since is no key of kind releve` + "\n" +
				`source 1 (a): from: "a@b/c" is not an address without resource, such as maison@breizh-sen1.example` + "\n" +
				`source 4 (d): from is no key of kind federation` + "\n" + `source 3 (c): x@b is a sender already`,
		},
		{
			"many senders", joined + "[[source]]\nname = \"a\"\nkind = \"releve\"\nfrom = \"a@b\"\nsenders = [\"a@b/c\", \"b\"]\n" +
				"[[source]]\nname = \"b\"\nkind = \"releve\"\nsenders = [\"@b\", \"x@b\"]\n[[source]]\nname = \"c\"\nkind = \"releve\"\nsenders = [\"@B\", \"y@b\", \"y@b\"]\n" +
				"[[grant]]\nto = \"x@b\"\nseries = [\"*\"]\nsources = [\"b\"]\npurpose = \"p\"\n",
			`source 1 (a): from and senders cannot both be given` + "\n" +
				`source 1 (a): senders: "a@b/c" is not an address without resource, such as alice@breizh-sen1.example, nor @ and a domain for everybody there` + "\n" +
				`source 1 (a): senders: "b" is not an address without resource, such as alice@breizh-sen1.example, nor @ and a domain for everybody there` + "\n" +
				`source 3 (c): @b is a sender already` + "\n" + `source 3 (c): y@b is a sender already` + "\n" +
				`grant 1: x@b would get back what comes from it`,
		},
		{
			"sources", "[[source]]\nname = \"a\"\nkind = \"federation\"\nprovider = \"a@b\"\nsince = \"4y\"\nrepair = \"1m\"\n" +
				"[[source]]\nname = \"a\"\nkind = \"federation\"\nprovider = \"a@b/c\"\nidentifiers = [\"urn:dev:prm:1_x\", \"01234567890123\", \"urn:dev:x_\"]\n" +
				"[[grant]]\nto = \"a@b\"\nseries = [\"*\"]\nsources = [\"a\", \"b\"]\npurpose = \"p\"\n",
			`source 1 (a): kind federation needs a [federation] to reach it through` + "\n" +
				`source 1 (a): provider: "a@b" is not a full address such as maison@breizh-sen1.example/releve` + "\n" +
				`source 1 (a): since: "4y" is not a time from 1m to 1098d, written like 10s, 5m, 12h or 31d` + "\n" +
				`source 1 (a): repair: "1m" is not a time from 10m to 31d, written like 10s, 5m, 12h or 31d` + "\n" +
				`source 2 (a): two sources cannot have the same name` + "\n" +
				`source 2 (a): kind federation needs a [federation] to reach it through` + "\n" +
				`source 2 (a): identifier 2 is not one such as urn:dev:prm:01234567890123_consumption/power/active/raw` + "\n" +
				`source 2 (a): identifier 3 is not one such as urn:dev:prm:01234567890123_consumption/power/active/raw` + "\n" +
				`grant 1: a@b would get back what comes from it` + "\n" + `grant 1: there is no source "b"`,
		},
		{
			"platforms", "[[recipient]]\nname = \"a\"\nkind = \"pride\"\nurl = \"http://warp.example/api?x=1\"\nlabels = [\"unit=W\", \"x\", \"a=b=c\"]\nto = \"a@b\"\n" +
				"[[source]]\nname = \"b\"\nkind = \"pride\"\nurl = \"http://warp.example/api\"\ntoken_file = \"t\"\nselectors = [\"x{PRM=01234567890123\"]\nprovider = \"a@b/c\"\n" +
				"[[rename]]\nsource = \"b\"\n[[rename]]\nsource = \"b\"\nitem = \"a\"\npath = \"a_b\"\n[[rename]]\nsource = \"b\"\nitem = \"a\"\npath = \"a/b\"\nunit = \"watts\"\n[[rename]]\nsource = \"a\"\n",
			`recipient 1 (a): to is no key of kind pride` + "\n" + `recipient 1 (a): token_file is missing: the file whose first line is the token` + "\n" +
				`recipient 1 (a): url: "http://warp.example/api?x=1" is not an address such as https://warp.example/api` + "\n" +
				`recipient 1 (a): labels: "unit=W" is not name=value, with another name than unit and device` + "\n" +
				`recipient 1 (a): labels: "x" is not name=value, with another name than unit and device` + "\n" +
				`source 1 (b): provider is no key of kind pride` + "\n" +
				`source 1 (b): url: "http://warp.example/api" has no encryption; that is for this machine alone (127.0.0.1)` + "\n" +
				`source 1 (b): selector 1 is not one of Warp 10, such as =pride.enedis.cdc{PRM=01234567890123}` + "\n" +
				`rename 1 (b): item is missing: what the source calls it` + "\n" +
				`rename 2 (b): path: "a_b" is not one such as consumption/power/active/mean` + "\n" +
				`rename 3 (b): unit: "watts" is none of SenML, such as W, VA, Wh or kWh` + "\n" + `rename 4 (a): there is no source "a"`,
		},
		{
			"proxies of the proof of concept", joined + "[[recipient]]\nname = \"a\"\nkind = \"sen1\"\nto = \"a@b/c\"\n[[source]]\nname = \"b\"\nkind = \"sen1\"\nfrom = \"b\"\n" +
				"[[source]]\nname = \"c\"\nkind = \"sen1\"\nfrom = \"c@b\"\n[[source]]\nname = \"d\"\nkind = \"sen1\"\nfrom = \"c@b\"\n[[source]]\nname = \"e\"\nkind = \"releve\"\nfrom = \"c@b\"\n" +
				"[[rename]]\nsource = \"e\"\nitem = \"a\"\npath = \"b\"\n",
			`recipient 1 (a): to: "a@b/c" is not an address without resource, such as bmhs@breizh-sen2.example` + "\n" +
				`recipient 1 (a): username is missing: whose data it is that no route names` + "\n" +
				`source 1 (b): from: "b" is not an address without resource, such as bmhs@breizh-sen2.example` + "\n" +
				`source 3 (d): c@b is a sender already` + "\n" + `rename 1 (e): its series have the names of the federation already`,
		},
		{
			"routes", joined + releve + "[[recipient]]\nname = \"n\"\nkind = \"pubsub\"\nreaders = [\"a@b\"]\n" + meter +
				"[[route]]\n[[route]]\nto = [\"s\", \"n\", \"x\"]\nfrom = \"shed\"\nto_item = \"i\"\n[[route]]\nto = [\"s\"]\nfrom = \"linky\"\ndevice = \"01234567890123\"\nevery = \"32d\"\n" +
				"[[route]]\nto = [\"s\"]\nunit = \"watts\"\n",
			`route 1 (to ): to is missing: the names of recipients, such as ["lorient"]` + "\n" +
				`route 2 (to s, n, x): from: there is no meter and no source "shed"` + "\n" +
				`route 2 (to s, n, x): to_device and to_item are for systems that have names of their own, and s has none` + "\n" +
				`route 2 (to s, n, x): what is on nodes is the same for all readers; routes go to recipients of other kinds` + "\n" +
				`route 2 (to s, n, x): there is no recipient "x"` + "\n" +
				`route 3 (to s): every: "32d" is not a time from 1s to 31d, written like 10s, 5m, 12h or 31d` + "\n" +
				`route 3 (to s): device is one of a source, which from names` + "\n" +
				`route 4 (to s): unit: "watts" is none of SenML, such as W, VA, Wh or kWh`,
		},
		{
			"issuers", "[[consent_issuer]]\n[[consent_issuer]]\nname = \"a\"\nkey = \"app.example+00000000+AQ==\"\n[[consent_issuer]]\nname = \"a\"\nkey = \"app.breizh-sen2.example+a70365e2+AcNM1mCKCoZvPY99QhiRDRaEwOX3dNwxrN6HqyMzE0N2\"\n",
			"consent_issuer 1 (): name is missing: what people call the application\n" +
				`consent_issuer 2 (a): key: "app.example+00000000+AQ==" is not a public key such as an application, or releve ledger key, tells: name+hash+base64` + "\n" +
				"consent_issuer 3 (a): two cannot have the same name or key",
		},
		{
			"witnesses", "[federation]\njid = \"maison@a\"\npassword_file = \"p\"\n[ledger]\nwitnesses = [\"a\", \"maison@a/x\"]\nwitness_for = [\"b@c/d\"]\n",
			`ledger.witnesses: "a" is not an address such as temoin@breizh-sen2.example/releve` + "\n" +
				`ledger.witness_for: "b@c/d" is not an address without resource, such as maison@breizh-sen1.example` + "\n" +
				`ledger.witnesses: maison@a is this agent itself, which proves nothing`,
		},
		{
			"witnesses out of reach", "[ledger]\nwitness_for = [\"b@c\"]\n",
			"ledger: witnesses are reached through the federation, and there is no [federation]",
		},
		{
			"several at once", "[agent]\ntimezone = \"Mars\"\n[[meter]]\nport = \"x\"\nmode = \"no\"\n[buffer]\nmax_bytes = \"\\u0000\"\n[[grant]]\nto = \"a@b\"\n",
			`agent.timezone: "Mars" is not a zone such as Europe/Paris` + "\n" +
				`meter 1 (linky): mode "no" is not one of auto, historic, standard` + "\n" +
				`buffer.max_bytes: "\x00" is not a size of at least 8MiB, written like 256MiB` + "\n" +
				`grant 1: the grant to a@b needs series, for example ["*"]`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, refused := load(t, map[string]string{"releve.toml": test.raw})
			if diff := cmp.Diff(test.err, refused); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if c.Meters != nil || c.Grants != nil || c.Agent.State != "" {
				t.Errorf("a refused configuration holds %+v", c)
			}
		})
	}
}

// A file that cannot be used must not give a message with what is personal or secret in it.
func TestMessagesKeepSecrets(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		point, `"` + point, `"` + point + `0"`, "'" + point[1:] + "'", "[" + point + "]", "{a = \"" + point + "\"}", "0" + point,
		point + point, `"` + point + `" "` + point + `"`, "2027-12-31T" + point,
	} {
		for _, key := range []string{"prm", "prmm", "mode.prm"} {
			c, refused := load(t, map[string]string{"releve.toml": meter + key + " = " + value + "\n"})
			if refused == "" {
				t.Errorf("%s = %s is accepted as %+v", key, value, c.Meters)
			}
			if strings.Contains(refused, point[1:]) {
				t.Errorf("%s = %s: message repeats the value: %s", key, value, refused)
			}
		}
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, zone, until, want string
	}{
		{"winter", "Europe/Paris", "2027-12-31", "2027-12-31T23:00:00Z"},
		{"summer", "Europe/Paris", "2027-07-14", "2027-07-14T22:00:00Z"},
		{"day the clocks go forward", "Europe/Paris", "2027-03-28", "2027-03-28T22:00:00Z"},
		{"day before the clocks go forward", "Europe/Paris", "2027-03-27", "2027-03-27T23:00:00Z"},
		{"day the clocks go back", "Europe/Paris", "2027-10-31", "2027-10-31T23:00:00Z"},
		{"leap day", "Europe/Paris", "2028-02-29", "2028-02-29T23:00:00Z"},
		{"another zone", "Indian/Reunion", "2027-12-31", "2027-12-31T20:00:00Z"},
		{"as a text", "UTC", `"2027-12-31"`, "2028-01-01T00:00:00Z"},
		{"never agreed", "Europe/Paris", "", "0001-01-01T00:00:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			raw := "[agent]\ntimezone = \"" + test.zone + "\"\n[[grant]]\nto = \"a@b\"\nseries = [\"*\"]\npurpose = \"p\"\n"
			if test.until != "" {
				raw += "until = " + test.until + "\n"
			}
			c, refused := load(t, map[string]string{"releve.toml": raw})
			if refused != "" {
				t.Fatal(refused)
			}
			if got := c.Grants[0].Until.UTC().Format(time.RFC3339); got != test.want {
				t.Errorf("grant ends at %s, want %s", got, test.want)
			}
		})
	}
}

func TestConfD(t *testing.T) {
	t.Parallel()
	grant := func(to string) string {
		return "[[grant]]\nto = \"" + to + "\"\nseries = [\"*\"]\npurpose = \"p\"\n"
	}
	c, refused := load(t, map[string]string{
		"releve.toml":        "[agent]\nstate = \"/main\"\ntimezone = \"UTC\"\n[status]\nlisten = \"127.0.0.1:1\"\n" + meter + grant("a@main"),
		"conf.d/20-b.toml":   "[agent]\nstate = \"/b\"\n[[meter]]\nname = \"shed\"\nport = \"tcp://shed:2000\"\n" + grant("b@b"),
		"conf.d/10-a.toml":   "[agent]\nstate = \"/a\"\n[led]\npin = \"GPIO17\"\n[status]\nlisten = \"\"\n" + grant("a@a"),
		"conf.d/30-c.toml~":  "not read",
		"conf.d/README":      "not read",
		"conf.d/sub/x.toml":  "not read",
		"other.toml":         "not read",
		"conf.d/99-end.toml": "",
	})
	if refused != "" {
		t.Fatal(refused)
	}
	var to []string
	for _, g := range c.Grants {
		to = append(to, g.To)
	}
	var meters []string
	for _, m := range c.Meters {
		meters = append(meters, m.Name)
	}
	got := []any{c.Agent.State, c.Agent.Location.String(), c.Status.Listen, c.LED.Pin, to, meters}
	want := []any{"/b", "UTC", "", "GPIO17", []string{"a@main", "a@a", "b@b"}, []string{"linky", "shed"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged configuration (-want +got):\n%s", diff)
	}
}

// What is wrong in all files comes at once, each with its own file.
func TestConfDRefusals(t *testing.T) {
	t.Parallel()
	_, refused := load(t, map[string]string{
		"releve.toml":    "[agent]\nstatus = \"\"\n",
		"conf.d/a.toml":  "[agent]\n\nstate = 1\n",
		"conf.d/b.toml":  meter,
		"conf.d/zz.toml": "=",
	})
	want := "DIR/releve.toml:2: unknown key agent.status; did you mean agent.state?\n" +
		"DIR/conf.d/a.toml:3: agent.state: there is an integer where something else belongs; texts and times go in quotes, lists in brackets, and a day is 2027-12-31\n" +
		"DIR/conf.d/zz.toml:1: toml: invalid character at start of key: U+003D '='"
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	_, refused := load(t, nil)
	if want := "read configuration: open DIR/releve.toml: no such file or directory"; refused != want {
		t.Errorf("error is %q, want %q", refused, want)
	}
	_, refused = load(t, map[string]string{"releve.toml": "", "conf.d": "a file, not a folder"})
	if want := "list configuration: open DIR/conf.d: not a directory"; refused != want {
		t.Errorf("error is %q, want %q", refused, want)
	}
}

func TestEveryValue(t *testing.T) {
	t.Parallel()
	c, refused := load(t, map[string]string{"releve.toml": `
[agent]
state = "state"
[[meter]]
name = "Shed-2"
port = "tcp://shed:2000"
mode = "historic"
derived = false
prm = "` + point + `"
[buffer]
period = "1m"
full_set = "1d"
max_bytes = "8MiB"
max_age = "366d"
keep_curve = "1d"
[federation]
jid = "Maison@SEN1.example"
password_file = "p"
address = "[::1]:5222"
ca_file = "ca.pem"
proxy = "socks5://ana@[::1]:1080"
proxy_password_file = "q"
websocket = "auto"
push_every = "1h"
push_slow_every = "12h"
pace = "30000 B/s"
[[grant]]
to = "sen2.example"
series = ["current/*"]
purpose = "p"
identity = true
[status]
listen = ":0"
view = "password"
hosts = ["energie.mairie.example"]
[led]
pin = "GPIO17"
`})
	if refused != "" {
		t.Fatal(refused)
	}
	if got, want := c.Federation.JID.String(), "maison@sen1.example/releve"; got != want {
		t.Errorf("jid is %s, want %s", got, want)
	}
	federation := *c.Federation
	federation.JID = (&config.Federation{}).JID
	got := []any{c.Agent.State, c.Meters, c.Buffer, federation, c.Grants, c.Status, c.LED}
	want := []any{
		"state",
		[]config.Meter{{Name: "Shed-2", Port: "tcp://shed:2000", Mode: tic.Historic, PRM: point}},
		config.Buffer{Period: time.Minute, FullSet: 24 * time.Hour, MaxBytes: 8 << 20, MaxAge: 366 * 24 * time.Hour, Curve: 24 * time.Hour},
		config.Federation{
			PasswordFile: "p", Address: "[::1]:5222", CAFile: "ca.pem", PushEvery: time.Hour, PushSlow: 12 * time.Hour, WebSocket: "auto", Pace: 30_000,
			Proxy: &xmpp.Proxy{Kind: "socks5", Address: "[::1]:1080", User: "ana"}, ProxyPasswordFile: "q", Pairing: true,
		},
		[]consent.Grant{{To: "sen2.example", Series: []string{"current/*"}, Resolution: "live", Purpose: "p", Identity: true}},
		config.Status{Listen: ":0", Closed: true, Hosts: []string{"energie.mairie.example"}}, config.LED{Pin: "GPIO17"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}
