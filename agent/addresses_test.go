package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	addressA = "031761000001" // of no household: the form of a Linky's, with a number nobody has
	addressB = "031761000002"
)

func openedAddresses(t *testing.T, file string) (*addresses, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	a, err := openAddresses(file, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return a, &said
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "addresses.json")
	a, _ := openedAddresses(t, file)
	for i, step := range []struct {
		meter, address string
		sure, another  bool
	}{
		{"linky", addressA, false, false},
		{"linky", addressB, false, false}, // nothing was kept yet
		{"linky", addressA, true, false},
		{"linky", addressA, true, false},
		{"linky", addressB, false, true},
		{"linky", addressA, false, false}, // what was not sure was not kept
		{"shed", addressB, true, false},
		{"linky", addressB, true, true},
		{"linky", addressB, true, false},
	} {
		if got := a.another(step.meter, []byte(step.address), step.sure); got != step.another {
			t.Errorf("step %d: another is %t", i+1, got)
		}
	}
	again, said := openedAddresses(t, file)
	if again.another("linky", []byte(addressB), true) || !again.another("linky", []byte(addressA), false) || said.Len() > 0 {
		t.Errorf("after a restart the meter is another, or anything is it; log %q", said)
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), addressA) || strings.Contains(string(text), addressB) {
		t.Errorf("the file holds an address, or %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file is %v, %v; want 0600", info, err)
	}
}

// A file that cannot be understood costs nothing but one warning.
func TestAddressesDamaged(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"no JSON": "{", "no key": `{"meters":{"linky":"AAAA"}}`, "empty": ""} {
		file := written(t, "addresses.json", text)
		a, said := openedAddresses(t, file)
		if !strings.Contains(said.String(), "addresses of meters not understood") {
			t.Errorf("%s: log is %q", name, said)
		}
		if a.another("linky", []byte(addressA), true) {
			t.Errorf("%s: the first meter is another", name)
		}
		if again, said := openedAddresses(t, file); again.another("linky", []byte(addressA), false) || said.Len() > 0 {
			t.Errorf("%s: afterwards log is %q", name, said)
		}
	}
}

func TestAddressesUnreadable(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := openAddresses(folder, quiet); err == nil || err.Error() != "read addresses of meters: read "+folder+": is a directory" {
		t.Errorf("error is %v", err)
	}
	var said bytes.Buffer
	a := &addresses{file: filepath.Join(folder, "nowhere", "file"), log: slog.New(slog.NewTextHandler(&said, nil)), known: fingerprints{Meters: map[string][]byte{}}}
	if a.another("linky", []byte(addressA), true) || !strings.Contains(said.String(), "not kept") || strings.Contains(said.String(), addressA) {
		t.Errorf("log is %q", &said)
	}
}
