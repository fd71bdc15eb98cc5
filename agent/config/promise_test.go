package config

import (
	"strings"
	"testing"
	"time"
)

// A retention that a recipient has no way to be told is warned of, and refused where that is wanted; one of the federation
// finds it in the data or the catalogue.
func TestUnpromised(t *testing.T) {
	t.Parallel()
	const recipients = `
[federation]
jid = "maison@breizh-sen1.example/releve"
password_file = "/etc/releve/password"
[[recipient]]
name = "poste"
kind = "pride"
url = "https://warp.example/api"
token_file = "/etc/releve/token"
[[recipient]]
name = "poc"
kind = "sen1"
to = "proxy@breizh-sen2.example"
username = "u"
[[recipient]]
name = "serveur"
kind = "releve"
to = "serveur@breizh-sen2.example/releve"
[[meter]]
port = "/dev/ttyUSB0"
`
	const refused = "cannot promise to keep what"
	for _, test := range []struct {
		to, retention string
		blind         bool
	}{
		{"poste", "P1Y", true}, {"poste", "", false}, {"poc", "P30D", true}, {"serveur", "P1Y", false}, {"conseil@breizh-sen2.example", "P1Y", false},
	} {
		text := recipients + "[[grant]]\nto = \"" + test.to + "\"\nseries = [\"*\"]\npurpose = \"test\"\n"
		if test.retention != "" {
			text += "retention = \"" + test.retention + "\"\n"
		}
		var d document
		if err := d.parse("releve.toml", []byte(text)); err != nil {
			t.Fatal(err)
		}
		c, err := check(d)
		if err != nil {
			t.Fatal(err)
		}
		warned := strings.Contains(strings.Join(c.Warnings(time.Now()), "\n"), "cannot promise to keep it for "+test.retention+" only")
		err = CheckText(text + "[consent]\nstrict = true\n")
		if warned != test.blind || (err != nil) != test.blind || err != nil && !strings.Contains(err.Error(), refused) {
			t.Errorf("%s, %q: warned %v, under strict: %v", test.to, test.retention, warned, err)
		}
	}
}
