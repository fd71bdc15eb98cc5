package update

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// unit is the service that a new version runs as.
const unit = "releve.service"

// restless is how often a version may end by itself before it is not waited for any more.
const restless = 5

// condition is what systemd says of the unit (systemctl show).
type condition struct {
	state    string // ActiveState; "" where systemd does not run
	restarts string // NRestarts
}

func (i Installer) condition(ctx context.Context) condition {
	if i.Systemctl == "" {
		return condition{}
	}
	said, err := exec.CommandContext(ctx, i.Systemctl, "show", "--property=ActiveState", "--property=NRestarts", unit).Output()
	if err != nil {
		return condition{}
	}
	var c condition
	for line := range strings.Lines(string(said)) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "ActiveState":
			c.state = value
		case "NRestarts":
			c.restarts = value
		}
	}
	return c
}

// runs says whether the service is on its way or there.
func (c condition) runs() bool { return c.state != "" && c.state != "inactive" && c.state != "failed" }

// restart starts the service, also one that has failed. It does not wait: ready is who hears a meter.
func (i Installer) restart(ctx context.Context) error {
	_ = exec.CommandContext(ctx, i.Systemctl, "reset-failed", unit).Run() // fails when there is nothing to forget
	if said, err := exec.CommandContext(ctx, i.Systemctl, "--no-block", "restart", unit).CombinedOutput(); err != nil {
		return fmt.Errorf("start %s: %w: %s", unit, err, plain(string(said)))
	}
	return nil
}

// await waits until the version on trial has proved itself. It returns why it has not, "" when it has; an error is that
// ctx has ended.
func (i Installer) await(ctx context.Context, p progress) (why string, err error) {
	deadline := time.NewTimer(i.Prove)
	defer deadline.Stop()
	tick := time.NewTicker(i.Look)
	defer tick.Stop()
	down, ends, restarts := 0, 0, ""
	for {
		works, missing := i.proof(p.To)
		if works {
			return "", nil
		}
		now := i.condition(ctx)
		if ctx.Err() != nil { // systemctl was ended with us, and its silence says nothing of the service
			return "", ctx.Err()
		}
		if down++; now.runs() {
			down = 0
		}
		if restarts != "" && restarts != now.restarts {
			ends++
		}
		restarts = now.restarts
		switch {
		case down >= 2: // once is between the stop and the start of a restart
			return "it stopped for good", nil
		case ends >= restless:
			return "it ended again and again", nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-deadline.C:
			return notProved(i.Prove, missing), nil
		case <-tick.C:
		}
	}
}

func notProved(within time.Duration, missing string) string {
	if missing == "" {
		missing = "all of it"
	}
	return fmt.Sprintf("it did not prove itself within %v; missing: %s", within, missing)
}
