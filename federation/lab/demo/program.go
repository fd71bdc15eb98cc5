package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// program is one releve process of the demo.
type program struct {
	name string
	path string
	args []string
	out  io.Writer // for its data, without a prefix; nil when it has none
}

// restartAfter is how long a program that died stays away.
const restartAfter = 2 * time.Second

// keep runs the program until ctx ends and starts it again when it dies, as systemd would.
func (p program) keep(ctx context.Context) {
	for ctx.Err() == nil {
		err := p.run(ctx)
		if ctx.Err() != nil {
			return
		}
		how := "exit status 0"
		if err != nil {
			how = err.Error()
		}
		say("the %s ended (%s); it is started again in %s", p.name, how, restartAfter)
		select {
		case <-ctx.Done():
		case <-time.After(restartAfter):
		}
	}
}

// run runs it once. It is told to stop when ctx ends, and killed when it does not.
func (p program) run(ctx context.Context) error {
	runtime.LockOSThread() // "parent death" below means the death of the thread that started it
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, p.path, p.args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	// A group of its own: the terminal's Ctrl-C reaches the demo alone, which ends the rest in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Stdout = p.out
	talk, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	say("%s: process %d: releve %s", p.name, cmd.Process.Pid, strings.Join(p.args, " "))
	p.prefix(talk)
	return cmd.Wait()
}

// prefix copies what the program says, with its name before each line.
func (p program) prefix(talk io.Reader) {
	lines := bufio.NewScanner(talk)
	for lines.Scan() {
		_, err := io.WriteString(os.Stderr, pad(p.name)+"| "+lines.Text()+"\n")
		if errors.Is(err, syscall.EPIPE) {
			return
		}
	}
}

func pad(name string) string { return name + strings.Repeat(" ", max(0, 10-len(name))) }
