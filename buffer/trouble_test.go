package buffer_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"releve/buffer"
)

// mounted makes a file system of its own and returns its folder; where one may not, the test is skipped, or fails in CI.
func mounted(t *testing.T, options ...string) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "mount", append(options, dir)...).CombinedOutput()
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatalf("no file system to try it on: %v: %s", err, out)
	case err != nil:
		t.Skipf("no file system to try it on: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// TestFullDisk fills a real file system: Put says so, nothing is lost, and it goes on when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := mounted(t, "-t", "tmpfs", "-o", "size=64m", "releve")
	o := buffer.Options{Dir: filepath.Join(disk, "buffer")}
	b := open(t, o)
	first := put(t, b, minute(noon, 1))
	filler := filepath.Join(disk, "photos")
	overwrite(t, filler, make([]byte, 50<<20))
	_, err := b.Put(minute(noon, 1))
	if !errors.Is(err, buffer.ErrFull) || !strings.HasSuffix(errorText(err), "MiB free and the buffer needs 16; make room") {
		t.Fatalf("error is %v, want %v", err, buffer.ErrFull)
	}
	if err := b.Close(); err != nil && !errors.Is(err, buffer.ErrFull) { // there may be room enough for that
		t.Error(err)
	}
	remove(t, filler)
	b = open(t, o)
	second := put(t, b, minute(noon, 1))
	if got := seqs(next(t, cursor(t, b, "c", buffer.Beginning()), 9)); len(got) != 2 || got[0] != first || got[1] != second {
		t.Errorf("packs %v, want %d and %d", got, first, second)
	}
}

// TestReadOnlyDisk opens a store on a file system that has become read-only, as a card does that is worn out.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	disk := mounted(t, "-t", "tmpfs", "-o", "size=64m", "releve")
	dir := filepath.Join(disk, "buffer")
	last := fill(t, buffer.Options{Dir: dir}, 3)
	remount := func(mode string) {
		if out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,"+mode, disk).CombinedOutput(); err != nil {
			t.Fatalf("remount: %v: %s", err, out)
		}
	}
	remount("ro")
	_, err := buffer.Open(buffer.Options{Dir: dir})
	if want := "write to buffer " + dir + ": open " + dir + "/LOCK: read-only file system"; errorText(err) != want {
		t.Errorf("error is %q, want %q", errorText(err), want)
	}
	remount("rw")
	if s := open(t, buffer.Options{Dir: dir}).Stats(); s.Packs != 3 || s.Last != last || len(s.SetAside) > 0 {
		t.Errorf("stats: %+v, want three packs and nothing set aside", s)
	}
}

// strangerDir makes the test binary open the store in the folder it names and print the error.
const strangerDir = "BUFFER_STRANGER_DIR"

func stranger(dir string) {
	_, err := buffer.Open(buffer.Options{Dir: dir})
	fmt.Print(errorText(err))
}

// TestForbiddenDisk opens a store that another user owns: nothing of it is changed. Root may do everything, so a process
// of nobody's does it then.
func TestForbiddenDisk(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "buffer")
	last := fill(t, buffer.Options{Dir: dir}, 1)
	for path, mode := range map[string]os.FileMode{filepath.Dir(parent): 0o755, parent: 0o755, dir: 0} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o750) })
	child := exec.CommandContext(t.Context(), "/proc/self/exe") // the path of the binary may be closed to nobody
	child.Env = append(os.Environ(), strangerDir+"="+dir)
	child.Dir = "/"
	if os.Getuid() == 0 {
		const nobody = 65534
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	got, err := child.CombinedOutput()
	if want := "open buffer folder: open " + dir + ": permission denied"; err != nil || string(got) != want {
		t.Errorf("error is %q, %v, want %q", got, err, want)
	}
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if s := open(t, buffer.Options{Dir: dir}).Stats(); s.Packs != 1 || s.Last != last || len(s.SetAside) > 0 {
		t.Errorf("stats: %+v, want one pack and nothing set aside", s)
	}
}
