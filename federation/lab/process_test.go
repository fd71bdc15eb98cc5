package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shell launches a script. It is ready when it has printed a line.
func shell(t *testing.T, script string) *process {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Env = []string{"PATH=" + searchPath}
	ready, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = write
	p, err := launch(cmd, t.Name()+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.kill() })
	_ = write.Close()
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProcessEndsPolitely(t *testing.T) {
	t.Parallel()
	p := shell(t, "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done")
	if !p.running() {
		t.Fatal("it does not run")
	}
	if err := p.end(t.Context()); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("it ended with %v, want its own exit status 7", p.err)
	}
}

func TestProcessThatWillNotEndIsKilled(t *testing.T) {
	t.Parallel()
	p := shell(t, "trap '' TERM; echo ready; while :; do sleep 0.01; done")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.end(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that the time ran out", err)
	}
	if p.running() {
		t.Error("it still runs")
	}
}

// TestProcessGroupIsNotEverything: a helper that left the group is found and ended.
func TestProcessGroupIsNotEverything(t *testing.T) {
	t.Parallel()
	p := shell(t, "setsid sh -c 'echo ready; exec sleep 60' & wait")
	pids, err := marked(p.mark)
	if err != nil || len(pids) != 2 {
		t.Fatalf("found %v (%v), want the shell and its helper", pids, err)
	}
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		for began := time.Now(); alive(pid); time.Sleep(time.Millisecond) {
			if time.Since(began) > 5*time.Second {
				t.Fatalf("process %d is still there", pid)
			}
		}
	}
}

// TestProcessWithoutMarkIsFound: what has no environment any more, and does not end when asked, is found in the group.
func TestProcessWithoutMarkIsFound(t *testing.T) {
	t.Parallel()
	p := shell(t, `env -i /bin/sh -c "trap '' TERM; echo ready; exec /bin/sleep 60" & wait`)
	if pids := grouped(p.pid); len(pids) != 2 {
		t.Fatalf("found %v, want the shell and its helper", pids)
	}
	if err := p.end(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := grouped(p.pid); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// alive reads the letter after the name in /proc/PID/stat. Where nobody adopts
// orphans, a killed helper stays as a zombie, Z.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z")
}

func TestSignalsAfterTheEndAreNoErrors(t *testing.T) {
	t.Parallel()
	p := shell(t, "echo ready")
	<-p.done
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT, syscall.SIGTERM} {
		if err := p.signal(sig); err != nil {
			t.Errorf("%s: %v", sig, err)
		}
	}
	if err := errors.Join(p.end(t.Context()), p.kill()); err != nil {
		t.Error(err)
	}
}

func TestLaunchErrors(t *testing.T) {
	t.Parallel()
	_, err := launch(exec.Command("/no/such/program"), "mark")
	if err == nil || !strings.HasPrefix(err.Error(), "start program: ") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the program is not there", err)
	}
}
