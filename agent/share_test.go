package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/tic/linky"
	"releve/tic/port"
)

// TestRunShares runs an agent on an emulated meter, and a second program that reads the same meter through it.
func TestRunShares(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "meter")
	pty, err := linky.OpenPTY(link)
	if err != nil {
		t.Fatal(err)
	}
	defer pty.Close()
	meter, err := linky.New(linky.Scenario{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	played := make(chan error, 1)
	go func() { played <- meter.Run(ctx, pty, linky.Pace{Parity: true}) }()
	file := written(t, "releve.toml", fmt.Sprintf(
		"[agent]\nstate = %q\n[[meter]]\nport = %q\nshare = \"127.0.0.1:0\"\n[status]\nlisten = \"\"\n", t.TempDir(), link))
	talk, talks := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- execute(ctx, []string{"run", "--config", file}, terminal{out: io.Discard, err: talks})
		talks.Close()
	}()
	address := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(talk); lines.Scan(); {
			if _, a, found := strings.Cut(lines.Text(), `msg="line shared" address=`); found {
				address <- a
			}
		}
	}()
	out, outs := io.Pipe()
	decoded := make(chan int, 1)
	go func() {
		decoded <- execute(ctx, []string{"decode", "tcp://" + <-address}, terminal{out: outs, err: io.Discard})
		outs.Close()
	}()
	complete := false // the first may not be: under load the terminal throws away what is read too late
	for lines := bufio.NewScanner(out); !complete && lines.Scan(); {
		complete = strings.HasPrefix(lines.Text(), `{"mode":"standard","complete":true,`)
	}
	if !complete {
		t.Error("the second program printed no whole frame")
	}
	cancel()
	go func() { _, _ = io.Copy(io.Discard, out) }() // it may be printing a frame while it is stopped
	if got := [2]int{<-code, <-decoded}; got != [2]int{exitDone, exitDone} {
		t.Errorf("the codes are %v", got)
	}
	<-played // its error is that its context ended
}

func TestShareFinding(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	h := newHouse(t, func(c *config.Config) {
		c.Federation, c.Meters[0].Share = nil, address
	})
	h.meters[0].setState(port.State{Open: true, Speed: 9600})
	h.meters[0].view.lastFrame = clock.Stamp(h.clock.Instant())
	if tree, want := h.tree(t), "ok           share: 0 other program(s) read this meter.\n"; !strings.Contains(tree, want) {
		t.Errorf("tree is\n%swant in it\n%s", tree, want)
	}
	if err := h.meters[0].share.Run(t.Context()); err == nil {
		t.Fatal("two programs listen at one address")
	}
	want := "warning      share: Other programs cannot read the meter here (share the line: listen tcp " + address +
		": bind: address already in use). Give share a free address of this device; " + address + " is not one.\n"
	if tree := h.tree(t); !strings.Contains(tree, want) {
		t.Errorf("tree is\n%swant in it\n%s", tree, want)
	}
}

// The share of a meter is a task of its own: when its address is taken, measuring goes on.
func TestShareIsATask(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Meters[0].Share = "127.0.0.1:0" })
	named := map[string]bool{}
	for _, one := range h.tasks() {
		named[one.String()] = true
	}
	if !named["share linky"] {
		t.Errorf("tasks are %v, want share linky among them", named)
	}
}
