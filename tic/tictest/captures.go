// Package tictest finds the recordings of real meters for the tests that read them. It knows where they are, not what is
// in them.
package tictest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Captures is the folder of the recordings, which are kept outside the repository because they come from homes. Without
// them the test is skipped.
func Captures(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("RELEVE_CAPTURES"); dir != "" {
		return dir
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", "tic", "captures")
		if _, err := os.Stat(filepath.Join(found, "expected.jsonl")); err == nil {
			return found
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no recordings of real meters: set RELEVE_CAPTURES to the folder that holds expected.jsonl")
		}
	}
}
