package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// process is a running child in a process group of its own.
type process struct {
	mark string // identifies the child and all it started, see markName
	pid  int
	done chan struct{} // closed when the child was reaped
	err  error         // how it ended; read after done
}

// markName is an environment variable that every child inherits. Erlang puts its
// helper programs into process groups of their own; by this they are still found.
const markName = "RELEVE_LAB"

// sweepPatience is how long helper programs get to notice that their server died.
const sweepPatience = 2 * time.Second

// launch starts a command, marked with a string that is unique on the machine,
// and returns when it runs. The kernel kills the child when this process dies.
func launch(cmd *exec.Cmd, mark string) (*process, error) {
	cmd.Env = append(cmd.Env, markName+"="+mark)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	p := &process{mark: mark, done: make(chan struct{})}
	started := make(chan error)
	go p.keep(cmd, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	return p, nil
}

// keep starts the command and waits for it on one locked thread. "Parent death"
// means the death of the thread that forked, and Go ends threads when it likes.
func (p *process) keep(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	started <- nil
	p.err = cmd.Wait()
	close(p.done)
}

// running reports whether the child has not ended yet.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// signal sends to the whole process group. A child that has ended is no error.
func (p *process) signal(sig syscall.Signal) error {
	if !p.running() {
		return nil
	}
	err := syscall.Kill(-p.pid, sig)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %s to process %d: %w", sig, p.pid, err)
	}
	return nil
}

// end asks the child to stop and waits; when the context ends first it is killed.
func (p *process) end(ctx context.Context) error {
	if err := errors.Join(p.signal(syscall.SIGTERM), p.signal(syscall.SIGCONT)); err != nil {
		return err
	}
	select {
	case <-p.done:
		return p.sweep()
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stop process %d: %w", p.pid, ctx.Err()), p.kill())
	}
}

// kill ends the child at once and waits until nothing of it is left.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return p.sweep()
}

// sweep waits for helper programs of a dead child, then kills what remains.
func (p *process) sweep() error {
	left, err := p.awaitGone(time.Now().Add(sweepPatience))
	if err != nil || len(left) == 0 {
		return err
	}
	for _, pid := range left {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by now
	}
	if left, err = p.awaitGone(time.Now().Add(sweepPatience)); err == nil && len(left) > 0 {
		err = fmt.Errorf("end what process %d has started: %v is still there", p.pid, left)
	}
	return err
}

// awaitGone waits until nothing is left and returns what still is.
func (p *process) awaitGone(deadline time.Time) ([]int, error) {
	for {
		pids, err := marked(p.mark)
		if err == nil {
			pids = append(pids, grouped(p.pid)...)
		}
		if err != nil || len(pids) == 0 || time.Now().After(deadline) {
			return pids, err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// marked lists the living processes whose environment carries the mark.
func marked(mark string) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var pids []int
	want := []byte(markName + "=" + mark)
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err != nil {
			continue // ended meanwhile, or another user's
		}
		if !hasVariable(environ, want) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, fmt.Errorf("list processes: %w", err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// grouped lists the living processes of a group: those of Zabbix write over their environment, with the mark in it.
func grouped(group int) []int {
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	var pids []int
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // ended meanwhile
		}
		_, rest, _ := bytes.Cut(stat, []byte(") "))
		var state string
		var parent, of int
		if n, _ := fmt.Sscan(string(rest), &state, &parent, &of); n < 3 || of != group || state == "Z" || state == "X" {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file))) // so the pattern says
		pids = append(pids, pid)
	}
	return pids
}

func hasVariable(environ, want []byte) bool {
	for variable := range bytes.SplitSeq(environ, []byte{0}) {
		if bytes.Equal(variable, want) {
			return true
		}
	}
	return false
}
