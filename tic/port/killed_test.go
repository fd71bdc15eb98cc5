package port_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"releve/tic"
	"releve/tic/port"
)

// The environment of a test binary that is to be a reader in a process of its own.
const (
	readerPort  = "RELEVE_TEST_READER_PORT"
	readerFiles = "RELEVE_TEST_READER_FILES" // how many files to open first
)

// TestReader is not a test: it is the other process of those below. It prints the states of the port it is told to read.
func TestReader(t *testing.T) {
	name := os.Getenv(readerPort)
	if name == "" {
		t.Skip("only for the tests that start it")
	}
	var files int
	if _, err := fmt.Sscan(os.Getenv(readerFiles), &files); err != nil {
		t.Fatal(err)
	}
	for range files {
		if _, err := unix.Open(os.DevNull, unix.O_RDONLY, 0); err != nil {
			t.Fatal(err)
		}
	}
	say := func(s port.State) { fmt.Printf("state open=%v error=%v\n", s.Open, s.Err) }
	decoder := tic.NewDecoder(tic.Auto, func(*tic.Frame) {})
	if err := port.Listen(context.Background(), port.Config{Name: name, State: say}, decoder); err != nil {
		t.Fatal(err)
	}
}

// reader starts the other process and returns it with its first state. It is killed at the end of the test at the
// latest.
func reader(t *testing.T, name string, files int) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "-test.run=^TestReader$")
	c.Env = append(os.Environ(), readerPort+"="+name, fmt.Sprintf("%s=%d", readerFiles, files))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(c) })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if state, found := strings.CutPrefix(lines.Text(), "state "); found {
			return c, state
		}
	}
	t.Fatalf("the reader said nothing: %v", lines.Err())
	return nil, ""
}

// ownCommand is the name of this program and of the readers it starts, as the kernel keeps it.
func ownCommand(t *testing.T) string {
	t.Helper()
	name, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(name))
}

// kill ends a process as a power cut would. Its error is that it was killed, or that it was before.
func kill(c *exec.Cmd) {
	_ = c.Process.Kill()
	_ = c.Wait()
}

// A reader that was killed could clean up nothing, and the next one must get the port all the same.
func TestListenAfterAReaderWasKilled(t *testing.T) {
	t.Parallel()
	meter, name := terminal(t)
	first, state := reader(t, name, 0)
	if want := "open=true error=<nil>"; state != want {
		t.Fatalf("state of the first reader is %q, want %q", state, want)
	}
	l := listen(t, port.Config{Name: name}, nil)
	want := fmt.Sprintf("port %s is in use by %s (process %d): end it first", name, ownCommand(t), first.Process.Pid)
	if got := l.closed().Error(); got != want {
		t.Errorf("error beside the first reader is %q, want %q", got, want)
	}
	kill(first)
	l.opened()
	send(t, meter, standard)
	next(t, "frame", l.frames)
	l.end()
}

// The serial package waits with select, which panics on a descriptor above 1023.
func TestListenWithTooManyFiles(t *testing.T) {
	t.Parallel()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Max < 2048 {
		t.Skipf("this machine allows only %d files", limit.Max)
	}
	_, name := terminal(t)
	_, state := reader(t, name, 1100)
	want := "open=false error=open port " + name + ": the program has too many files open ("
	if !strings.HasPrefix(state, want) {
		t.Errorf("state is %q, want %q", state, want)
	}
}
