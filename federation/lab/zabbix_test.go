package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestZabbix looks at one Zabbix from the outside, from its start to the end of all its processes.
func TestZabbix(t *testing.T) {
	t.Parallel()
	z := NewZabbix(t)
	var version string
	if err := z.ask(t.Context(), "", "apiinfo.version", []string{}, &version); err != nil || !strings.Contains(version, ".") {
		t.Fatalf("version %q, %v", version, err)
	}
	var hosts []struct{ Host string }
	if err := z.Call(t.Context(), "host.get", map[string]any{"output": []string{"host"}, "templated_hosts": true}, &hosts); err != nil || len(hosts) != 0 {
		t.Errorf("a fresh Zabbix has the hosts %v, %v", hosts, err)
	}
	if token, err := z.Token(t.Context()); err != nil || len(token) != 64 {
		t.Errorf("token of %d characters, %v", len(token), err)
	}
	if err := z.Kill(); err != nil {
		t.Fatal(err)
	}
	if left := grouped(z.server.pid); len(left) > 0 {
		t.Errorf("of the server that was killed are left %v", left)
	}
	if err := z.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := z.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"database", "server", "frontend"} {
		if left, err := marked(z.dir + "/" + part); err != nil || len(left) > 0 {
			t.Errorf("of the %s are left %v, %v", part, left, err)
		}
	}
	if _, err := os.Stat(z.dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// TestScriptAgreesAboutZabbix keeps the two lists of what is looked for together.
func TestScriptAgreesAboutZabbix(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range zabbixPrograms {
		names = append(names, p.name)
	}
	output, _ := exec.Command("./packages.sh", append([]string{"--check"}, names...)...).CombinedOutput()
	_, listed, _ := strings.Cut(strings.TrimSpace(string(output)), "missing: ")
	if got := strings.Fields(listed); !slices.Equal(got, MissingZabbix()) && len(got)+len(MissingZabbix()) > 0 {
		t.Errorf("packages.sh finds %q missing, this package %q", got, MissingZabbix())
	}
}

func TestStatementsLeaveTemplatesOut(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data.sql.gz")
	const text = "START TRANSACTION;\nINSERT INTO users (a) values ('1');\nINSERT INTO items (a) values ('it''s;\n;INSERT INTO roles;\n');\nINSERT INTO role (a) values ('x;\ny');\nCOMMIT;\n"
	gzip := exec.Command("gzip", "-c")
	gzip.Stdin = strings.NewReader(text)
	packed, err := gzip.Output()
	if err == nil {
		err = os.WriteFile(file, packed, 0o600)
	}
	var out strings.Builder
	if err == nil {
		err = statements(&out, file)
	}
	const want = "START TRANSACTION;\nINSERT INTO users (a) values ('1');\nINSERT INTO role (a) values ('x;\ny');\nCOMMIT;\n"
	if err != nil || out.String() != want {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
