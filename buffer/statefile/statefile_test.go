package statefile_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"releve/buffer/statefile"
)

type state struct {
	Name  string         `json:"name"`
	Marks map[string]int `json:"marks,omitempty"`
}

var errNoName = errors.New("it has no name")

func named(s state) error {
	if s.Name == "" {
		return errNoName
	}
	return nil
}

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWriteRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "state.json")
	if got, err := statefile.Read(file, named); err != nil || !cmp.Equal(got, state{}) {
		t.Fatalf("absent: %+v, %v", got, err)
	}
	for _, want := range []state{{Name: "a", Marks: map[string]int{"x": 1}}, {Name: "b"}} {
		if err := statefile.Write(file, want); err != nil {
			t.Fatal(err)
		}
		got, err := statefile.Read(file, named)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if diff := cmp.Diff([]string{"state.json"}, names(t, dir)); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
	for range 2 {
		if err := statefile.Remove(file); err != nil {
			t.Error(err)
		}
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// What is not understood is kept under another name, as it was, and none of its content gets into the error.
func TestDamaged(t *testing.T) {
	t.Parallel()
	const secret = "14123456789012"
	for _, test := range []struct{ name, text, reason string }{
		{"empty", "", "it is not the JSON that belongs there"},
		{"zeros, as after a power cut", strings.Repeat("\x00", 64), "it is not the JSON that belongs there"},
		{"torn", `{"name":"` + secret, "it is not the JSON that belongs there"},
		{"of another kind", `{"name":` + secret + `}`, "it is not the JSON that belongs there"},
		{"null", "null\n", "it has no name"},
		{"something behind", `{"name":"a"}{"name":"b"}`, "it is not the JSON that belongs there"},
		{"refused", `{"marks":{"` + secret + `":1}}`, "it has no name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "state.json")
			for range 2 { // a second one of the same second gets a name of its own
				if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
					t.Fatal(err)
				}
				got, err := statefile.Read(file, named)
				var damaged *statefile.Damaged
				if !errors.As(err, &damaged) || !cmp.Equal(got, state{}) {
					t.Fatalf("%+v, %v", got, err)
				}
				if want := test.reason + "; the file was set aside as " + damaged.Aside; err.Error() != want {
					t.Errorf("error %q, want %q", err, want)
				}
				kept, err := os.ReadFile(damaged.Aside)
				if string(kept) != test.text || err != nil || !strings.HasPrefix(damaged.Aside, file+".damaged-") {
					t.Errorf("%s holds %q, %v", damaged.Aside, kept, err)
				}
			}
			if left := names(t, dir); len(left) != 2 {
				t.Errorf("folder: %v", left)
			}
		})
	}
}

// A pipe in place of a file is none of ours, and nobody waits for what comes out of it.
func TestPipe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.json")
	if err := unix.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := statefile.Look(file, named); err == nil || err.Error() != "it is not the JSON that belongs there" {
		t.Errorf("error %v", err)
	}
}

// A write that a kill broke off has left its temporary file: the value is the one before, and the next write takes its place.
func TestKilledWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "state.json")
	if err := statefile.Write(file, state{Name: "before"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".state.json.new"), []byte(`{"name":"a long one that was never`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := statefile.Read(file, named); err != nil || got.Name != "before" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := statefile.Write(file, state{Name: "after"}); err != nil {
		t.Fatal(err)
	}
	if got, err := statefile.Read(file, named); err != nil || got.Name != "after" {
		t.Errorf("%+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"state.json"}, names(t, dir)); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
}

// On a full disk the value before stays, and nothing half-written.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk needs the right to mount one: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmount: %s", out)
		}
	})
	file := filepath.Join(dir, "state.json")
	if err := statefile.Write(file, state{Name: "before"}); err != nil {
		t.Fatal(err)
	}
	err := statefile.Write(file, state{Name: strings.Repeat("x", 100<<10)})
	if err == nil || !strings.HasSuffix(err.Error(), "no space left on device") {
		t.Errorf("error is %v", err)
	}
	if got, err := statefile.Read(file, named); err != nil || got.Name != "before" {
		t.Errorf("%+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"state.json"}, names(t, dir)); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
}

// Writers at once, whoever is last, leave a whole value of one of them.
func TestWritersAtOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.json")
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			name := strings.Repeat(fmt.Sprint(n), 1+n*500)
			for range 10 {
				if err := statefile.Write(file, state{Name: name}); err != nil {
					t.Error(err)
				}
				got, err := statefile.Read(file, named)
				if err != nil || strings.Trim(got.Name, got.Name[:1]) != "" {
					t.Errorf("%d characters of %.20q, %v", len(got.Name), got.Name, err)
				}
			}
		})
	}
	group.Wait()
}

// Trouble of the machine is no damage: nothing is set aside.
func TestTrouble(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := statefile.Read(dir, named)
	var damaged *statefile.Damaged
	if err == nil || errors.As(err, &damaged) {
		t.Errorf("a folder: %v", err)
	}
	if err := statefile.Write(filepath.Join(dir, "none", "state.json"), state{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if err := statefile.Write(filepath.Join(dir, "state.json"), func() {}); err == nil {
		t.Error("a function was written")
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// FuzzRead: whatever a file holds, it is a value that check takes, or it is kept aside as it was.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{"name":"a","marks":{"x":1}}`, "null", "{", `{"name":1}`, "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "state.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := statefile.Read(file, named)
		var damaged *statefile.Damaged
		switch {
		case err == nil && got.Name == "":
			t.Errorf("took %q", text)
		case err == nil:
		case !errors.As(err, &damaged):
			t.Error(err)
		default:
			if kept, err := os.ReadFile(damaged.Aside); err != nil || string(kept) != string(text) {
				t.Errorf("kept %q, %v", kept, err)
			}
		}
	})
}
