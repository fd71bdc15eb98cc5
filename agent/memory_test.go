package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"releve/buffer"
	"releve/federation/lab"
)

// mostMemory is what an agent may hold of anonymous memory, in bytes: a Pi Zero has 512 MB for everything.
const mostMemory = 24_000_000

// TestIntegrationMemory wants an agent whose subscriber has been away for MEMORY_DAYS, and which has a session, to hold no
// more than 24 MB of anonymous memory: while nobody answers, and while what has waited goes. That may take days of real
// time under a shaper, so it is looked at for MEMORY_TIME, 2 minutes if that is not set. MEMORY_AGENT is the command of
// another agent, as qemu-arm-static -B 0x10000000000 releve: of an emulated one only what is in its own 4 GB counts.
func TestIntegrationMemory(t *testing.T) {
	days, lasts := 0, 2*time.Minute
	if _, _ = fmt.Sscan(os.Getenv("MEMORY_DAYS"), &days); days == 0 {
		t.Skip("a month takes minutes; make soak lets it pass")
	}
	if d, err := time.ParseDuration(os.Getenv("MEMORY_TIME")); err == nil {
		lasts = d
	}
	for name, shaper := range map[string]lab.Shaper{"at any speed": lab.ShaperOff, "at a stock server's": lab.ShaperStock} {
		t.Run(name, func(t *testing.T) {
			h := settle(t, newServers(t, lab.Ejabberd, lab.Options{Shaper: shaper}), "")
			h.arrives(1)
			h.consumer.end(syscall.SIGKILL)
			h.stopAgent()
			h.miss(days)
			h.commandAgent(strings.Fields(os.Getenv("MEMORY_AGENT")))
			h.until("a session", patience, func() bool { _, known := h.waiting(); return known })
			h.weigh("away", lasts)
			had := h.received.count()
			h.startConsumer()
			h.arrives(1)
			h.weigh("there", lasts)
			t.Logf("%d records have come", h.received.count()-had)
		})
	}
}

// miss gives a household, whose agent does not run, the store of a meter that has talked for days, and to its consumer the
// place before them.
func (h *household) miss(days int) {
	h.t.Helper()
	must(h.t, os.RemoveAll(h.path("state/buffer")))
	m := newTalk(h.t, h.path("state"), time.Now().AddDate(0, 0, -days))
	for _, prefix := range []string{cursorPrefix, slowPrefix} {
		_, err := m.b.Cursor(prefix+addressOf(h.consumes, consumerDomain), buffer.Beginning())
		must(h.t, err)
	}
	m.until(time.Now(), time.Minute, func() {})
	m.close()
	config, err := os.ReadFile(h.path("agent.toml"))
	must(h.t, err)
	h.write("agent.toml", strings.NewReplacer(`"1s"`, `"1m"`).Replace(string(config)))
}

// commandAgent starts the agent by another command, if there is one.
func (h *household) commandAgent(command []string) {
	h.t.Helper()
	if len(command) == 0 {
		h.startAgent()
		return
	}
	h.agent = h.launch(exec.Command(command[0], append(command[1:], "run", "--config", h.path("agent.toml"))...), nil, nil)
}

// weigh looks for a while at what the agent holds.
func (h *household) weigh(when string, lasts time.Duration) {
	h.t.Helper()
	most, sum, n := 0, 0.0, 0.0
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		now := h.agent.ownAnonymous()
		most, sum, n = max(most, now), sum+float64(now), n+1
	}
	h.t.Logf("%s: %.1f MB of anonymous memory, at most %.1f", when, sum/n/1e6, float64(most)/1e6)
	if most == 0 || most > mostMemory {
		h.t.Errorf("%s: the agent held %d bytes, %d allowed", when, most, mostMemory)
	}
}

// ownAnonymous is the anonymous memory of a process, of an emulated one that of the guest.
func (p *process) ownAnonymous() (size int) {
	base := uint64(0)
	if i := slices.Index(p.cmd.Args, "-B"); i < 0 || i+1 == len(p.cmd.Args) {
		return p.anonymous()
	} else if _, err := fmt.Sscan(p.cmd.Args[i+1], &base); err != nil {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var from, to, kilobytes uint64
	for line := range strings.Lines(string(text)) {
		var begin, end uint64
		if n, _ := fmt.Sscanf(line, "%x-%x ", &begin, &end); n == 2 {
			from, to = begin, end
			continue
		}
		if n, _ := fmt.Sscanf(line, "Anonymous: %d kB", &kilobytes); n == 1 && from >= base && to <= base+1<<32 {
			size += int(kilobytes) << 10
		}
	}
	return size
}
