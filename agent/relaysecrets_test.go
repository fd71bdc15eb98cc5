package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file of a relay that is missing, empty or no certificate is said when the configuration is checked, one sentence each;
// what is in the files never is.
func TestConfigCheckReadsFilesOfRelays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, empty := written(t, "good", "a secret\n"), written(t, "empty", "\n")
	missing := filepath.Join(dir, "missing")
	text := fmt.Sprintf(`
[agent]
state = %q
[[recipient]]
name = "warp"
kind = "pride"
url = "https://warp.example/api"
token_file = %q
[[recipient]]
name = "zabbix"
kind = "lognact"
url = "https://zabbix.example/api_jsonrpc.php"
server = "zabbix.example:10051"
token_file = %[4]q
ca_file = %[2]q
certificate_file = %[2]q
key_file = %[3]q
[[source]]
name = "enedis"
kind = "pride"
url = "https://warp.example/api"
token_file = %[4]q
selectors = ["~.*{}"]
`, dir, good, missing, empty)
	check := func(text string) string {
		var out strings.Builder
		err := configCheckVerb{configFile{Config: written(t, "agent.toml", text)}}.Run(terminal{out: &out, err: &out})
		return fmt.Sprint(err)
	}
	want := fmt.Sprintf("recipient zabbix: token_file: the first line of %s is empty\n"+
		"recipient zabbix: ca_file: there is no PEM certificate in %s\n"+
		"recipient zabbix: certificate_file and key_file: open %s: no such file or directory\n"+
		"source enedis: token_file: the first line of %s is empty", empty, good, missing, empty)
	if diff := cmp.Diff(want, check(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, one, _ := strings.Cut(text, "[[recipient]]")
	one, _, _ = strings.Cut(one, "[[recipient]]")
	if got := check("[[recipient]]" + one); got != "<nil>" {
		t.Errorf("with a token that is there: %s", got)
	}
}
