package browser

import (
	"embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// npm says what judges pages and descriptions, and what its content is. The files go with it into an empty folder.
//
//go:embed npm/package.json npm/package-lock.json
var npm embed.FS

// Install obtains by npm, at the versions and with the content of the lockfile, what judges pages and descriptions, and
// returns the folder it is in.
func Install(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := npm.ReadFile("npm/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("obtain by npm what judges pages: %v: %s", err, out)
	}
	return dir
}

// Describes tells what is wrong with a description of an API by the schema of the OpenAPI Initiative; "" when nothing is.
func Describes(t testing.TB, dir string, description []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "openapi.json")
	if err := os.WriteFile(file, description, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "node_modules", ".bin", "validate-api"), file).Output()
	var verdict struct {
		Valid  bool            `json:"valid"`
		Errors json.RawMessage `json:"errors"`
	}
	if len(out) == 0 || json.Unmarshal(out, &verdict) != nil {
		t.Fatalf("judge a description: %v: %s", err, out)
	}
	if verdict.Valid {
		return ""
	}
	return string(verdict.Errors)
}
