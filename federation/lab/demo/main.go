// Command demo shows the whole path on one machine: an emulated meter, the agent, a throw-away federation of two
// domains, and a consumer on the other domain that prints each record as it arrives. Everything listens on loopback
// and lies in one temporary folder; the end of the demo, by Ctrl-C or any other way, is the end of all of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	releve  string
	offline bool
	outage  time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.releve, "releve", "bin/releve", "the binary to show")
	flag.BoolVar(&o.offline, "offline", false, "without servers: the meter, the agent and its page")
	flag.DurationVar(&o.outage, "outage", time.Minute, "how long SIGUSR1 takes the agent's server away")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := show(ctx, o)
	interrupted := ctx.Err() != nil
	stop()
	if err != nil && !interrupted {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// say prints what the demo does, apart from what its programs say.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "demo      | "+format+"\n", args...)
}

// show sets the stage, plays until ctx ends, and clears the stage.
func show(ctx context.Context, o options) (err error) {
	releve, err := filepath.Abs(o.releve)
	if err != nil {
		return err
	}
	if _, err := os.Stat(releve); err != nil {
		return fmt.Errorf("find the binary to show (make build makes it): %w", err)
	}
	dir, err := os.MkdirTemp("", "releve-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &stage{options: o, releve: releve, dir: dir, log: slog.New(slog.DiscardHandler)}
	defer s.clear()
	if err := s.set(ctx); err != nil {
		return err
	}
	say("Ctrl-C ends everything")
	<-ctx.Done()
	say("ending: programs, servers, temporary files")
	return nil
}
