package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
)

// A migration prints our configuration, with its consents still to be given, puts secrets into files that it never writes
// over, and says what it leaves.
func TestMigration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	migrated := func(password string) (out, said string, err error) {
		m := migrationFlags{Secrets: filepath.Join(dir, "secrets")}.begin()
		m.linef("[federation]\njid = \"maison@breizh-sen1.example\"\npassword_file = %s", tomlText(m.secret("xmpp", password)))
		m.agreed("conseil@breizh-sen2.example", "what it was for", []string{"*"}, nil)
		m.leave("the remote shell: nobody needs one")
		var o, e strings.Builder
		err = m.write(terminal{out: &o, err: &e})
		return o.String(), e.String(), err
	}
	file := filepath.Join(dir, "secrets", "xmpp")
	for range 2 { // doing it again is no harm
		out, said, err := migrated("p")
		want := "[federation]\njid = \"maison@breizh-sen1.example\"\npassword_file = \"" + file + "\"\n" +
			"# Nothing goes to conseil@breizh-sen2.example before somebody who may has agreed, and has taken away these marks:\n" +
			"#[[grant]]\n#to = \"conseil@breizh-sen2.example\"\n#series = [\"*\"]\n#purpose = \"what it was for\"\n\n"
		if diff := cmp.Diff(want, out); diff != "" || err != nil {
			t.Errorf("out (-want +got), %v:\n%s", err, diff)
		}
		if want := "secret: " + file + "\nleft: the remote shell: nobody needs one\n"; said != want {
			t.Errorf("said %q", said)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if out, _, err := migrated("q"); err == nil || err.Error() != file+" holds something else already; move it away, or name another folder with --secrets" || out != "" {
		t.Errorf("printed %q, %v", out, err)
	}
	m := &migration{}
	m.linef("[[meter]]\nprot = 1")
	if err := m.write(terminal{}); err == nil || err.Error() != "what came out is no configuration of this version:\nreleve.toml:2: unknown key meter.prot; did you mean meter.port?" {
		t.Errorf("error is %v", err)
	}
}

// FuzzTomlText: whatever another program's file holds is a text in ours.
func FuzzTomlText(f *testing.F) {
	f.Add("a\"b\\c\x7f\n\x00é</script>")
	f.Fuzz(func(t *testing.T, s string) {
		var got struct{ A string }
		if err := toml.Unmarshal([]byte("a = "+tomlText(s)), &got); err != nil || got.A != strings.ToValidUTF8(s, "\ufffd") && strings.ToValidUTF8(s, "") == s {
			t.Errorf("%q is %s: %q, %v", s, tomlText(s), got.A, err)
		}
	})
}
