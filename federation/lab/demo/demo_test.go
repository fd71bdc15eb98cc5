package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// processes lists the children of a demo whose temporary files lie under dir. argument is one of their command line,
// or "" for any.
func processes(t *testing.T, dir, argument string) []int {
	t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil || pid == os.Getpid() {
			continue
		}
		words, _ := os.ReadFile(filepath.Join(folder, "cmdline")) // it may have ended meanwhile
		setting, _ := os.ReadFile(filepath.Join(folder, "environ"))
		ours := bytes.Contains(words, []byte(dir)) || bytes.Contains(setting, []byte(dir))
		if ours && (argument == "" || slices.Contains(bytesToWords(words), argument)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func bytesToWords(cmdline []byte) []string {
	var words []string
	for word := range bytes.SplitSeq(cmdline, []byte{0}) {
		words = append(words, string(word))
	}
	return words
}

// builds makes the binary to show.
func builds(t *testing.T) string {
	t.Helper()
	releve := filepath.Join(t.TempDir(), "releve")
	build := exec.Command("go", "build", "-o", releve, "releve/agent")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return releve
}

// page reads from the agent's configuration where its page is, once it is written.
func page(t *testing.T, dir string) string {
	t.Helper()
	listen := regexp.MustCompile(`(?m)^listen = "(.+)"$`)
	address := ""
	await(t, "the configuration", func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, "releve-demo-*", "agent.toml"))
		if len(files) != 1 {
			return false
		}
		text, _ := os.ReadFile(files[0])
		if found := listen.FindSubmatch(text); found != nil {
			address = string(found[1])
		}
		return address != ""
	})
	return address
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	if err := until(t.Context(), is); err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}

// The demo shows its page, starts an agent that was killed again, and leaves nothing.
func TestShowOffline(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo is left out with -short: it builds and runs the agent")
	}
	releve, dir := builds(t), t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(context.Background())
	shown := make(chan error, 1)
	var ended sync.WaitGroup
	ended.Go(func() { shown <- show(ctx, options{releve: releve, offline: true}) })
	t.Cleanup(func() {
		cancel()
		ended.Wait()
	})

	s := &stage{page: page(t, dir)}
	await(t, "the page", s.ready)
	if line, err := s.now(ctx); err != nil || line == "" {
		t.Errorf("the page says %q, %v", line, err)
	}
	before := processes(t, dir, "run")
	meter := processes(t, dir, "simulate")
	if len(before) != 1 || len(meter) != 1 {
		t.Fatalf("agents %v, meters %v: the test sees too much or too little", before, meter)
	}
	if err := syscall.Kill(before[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "another agent", func() bool {
		now := processes(t, dir, "run")
		return len(now) == 1 && now[0] != before[0] && s.ready()
	})
	if now := processes(t, dir, "simulate"); !slices.Equal(now, meter) {
		t.Errorf("the meter did not go on: %v, then %v", meter, now)
	}

	cancel()
	if err := <-shown; err != nil {
		t.Errorf("got %v", err)
	}
	if left := processes(t, dir, ""); len(left) != 0 {
		t.Errorf("processes %v are left", left)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// A binary that is not there is found out before anything is set up.
func TestShowWithoutBinary(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	err := show(context.Background(), options{releve: filepath.Join(t.TempDir(), "nothing"), offline: true})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}
