package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
)

// Delivery points that cannot be: no region is 99.
const (
	pointA = "99111111111111"
	pointB = "99222222222222"
)

// opened opens the identities of a state folder and returns what was logged.
func opened(t *testing.T, file string, meters ...config.Meter) (*identities, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	ids, err := openIdentities(file, meters, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return ids, &said
}

func TestIdentityIsLearnedOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "identities.json")
	ids, _ := opened(t, file)
	for _, step := range []struct{ says, known string }{
		{"", ""}, {pointA[1:], ""}, {pointA + "0", ""}, {"9911111111111A", ""},
		{pointA, ""}, // once may be a damaged line with a good checksum
		{pointB, ""},
		{pointA, ""},
		{pointA, pointA},
		{pointB, pointA}, // another meter: a person must say so
		{pointB, pointA},
	} {
		ids.learn("linky", step.says)
		if got := ids.prm("linky"); got != step.known {
			t.Errorf("after the meter said %q: known is %q, want %q", step.says, got, step.known)
		}
	}
	if got := ids.prm("other"); got != "" {
		t.Errorf("another meter is %q", got)
	}
	again, said := opened(t, file)
	if got := again.prm("linky"); got != pointA || said.Len() > 0 {
		t.Errorf("after a restart: %q, log %q; want %q", got, said, pointA)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file is %v, %v; want 0600", info.Mode(), err)
	}
}

// A meter of another home is noticed once, without its number, and forgotten when it is the known one again.
func TestIdentityIsMoved(t *testing.T) {
	t.Parallel()
	ids, said := opened(t, filepath.Join(t.TempDir(), "identities.json"), config.Meter{Name: "linky", PRM: pointA})
	for i, step := range []struct {
		says  string
		moved bool
	}{{pointA, false}, {pointA, false}, {pointB, false}, {pointB, true}, {pointB, true}, {pointA, true}, {pointA, false}} {
		ids.learn("linky", step.says)
		if got := ids.isMoved("linky"); got != step.moved {
			t.Errorf("step %d: moved is %t", i+1, got)
		}
	}
	if got := said.String(); strings.Count(got, "another delivery point") != 1 || strings.Contains(got, pointA) || strings.Contains(got, pointB) {
		t.Errorf("log is %q", got)
	}
}

func TestIdentityOfTheConfiguration(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "identities.json")
	ids, _ := opened(t, file)
	for range 2 {
		ids.learn("linky", pointA)
	}
	moved, _ := opened(t, file, config.Meter{Name: "linky", PRM: pointB}, config.Meter{Name: "shed"})
	for range 3 {
		moved.learn("linky", pointA)
	}
	if got := moved.prm("linky"); got != pointB {
		t.Errorf("linky is %q, want what the configuration says, %q", got, pointB)
	}
	if got := moved.prm("shed"); got != "" {
		t.Errorf("shed is %q, want nothing", got)
	}
}

func TestIdentitiesDamaged(t *testing.T) {
	t.Parallel()
	for i, raw := range []string{"", "{", "[]", `{"linky":3}`, `{"linky":"` + pointA + `"`} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "identities.json")
			if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
				t.Fatal(err)
			}
			ids, said := opened(t, file)
			if got := ids.prm("linky"); got != "" {
				t.Errorf("of a damaged file %q is known", got)
			}
			if !strings.Contains(said.String(), "identities not understood") || strings.Contains(said.String(), pointA) {
				t.Errorf("log is %q", said)
			}
			for range 2 {
				ids.learn("linky", pointB)
			}
			again, _ := opened(t, file)
			if got := again.prm("linky"); got != pointB {
				t.Errorf("learned again: %q, want %q", got, pointB)
			}
			checkAside(t, file, raw)
		})
	}
}

// checkAside finds the damaged file as it was, under its other name.
func checkAside(t *testing.T, file, raw string) {
	t.Helper()
	aside, err := filepath.Glob(file + ".damaged-*")
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside: %v, %v; want one file", aside, err)
	}
	if text, err := os.ReadFile(aside[0]); err != nil || string(text) != raw {
		t.Errorf("set aside is %q, %v; want %q", text, err, raw)
	}
}

func TestIdentitiesUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := openIdentities(dir, nil, quiet)
	if want := "read identities: read " + dir + ": is a directory"; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// When the folder cannot be written the agent goes on, and says so without saying the number.
func TestIdentityNotKept(t *testing.T) {
	t.Parallel()
	ids, said := opened(t, filepath.Join(t.TempDir(), "gone", "identities.json"))
	for range 2 {
		ids.learn("linky", pointA)
	}
	if got := ids.prm("linky"); got != pointA {
		t.Errorf("known is %q, want %q", got, pointA)
	}
	if got := said.String(); !strings.Contains(got, "identity of a meter not kept") || strings.Contains(got, pointA) {
		t.Errorf("log is %q", got)
	}
}

func TestIdentitiesFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "identities.json")
	ids, _ := opened(t, file)
	for range 2 {
		ids.learn("linky", pointA)
		ids.learn("shed", pointB)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"linky": pointA, "shed": pointB}, got); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}
