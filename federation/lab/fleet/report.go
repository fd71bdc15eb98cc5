package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// report is what was measured of one fleet.
type report struct {
	agents           int
	up, back         time.Duration // until all are logged in: at first, and after the server was back
	peakUp, peakBack int           // most logins in one second
	moved            int           // agents that went over to another node of a cluster
	failed           int           // attempts to log in between the server's return and the last agent's
	memory           memory        // a session
	rate             rate
	made, arrived    int // records
	twice            int
}

// String is the table.
func (r report) String() string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) { fmt.Fprintf(w, what+"\t"+format+"\n", args...) }
	row("agents", "%d", r.agents)
	row("all logged in after", "%s, at most %d in one second", r.up.Round(100*time.Millisecond), r.peakUp)
	server := fmt.Sprintf("%d KiB in the server", r.memory.servers>>10)
	if r.memory.servers <= 0 {
		server = "too little in the server to be told from its own ups and downs"
	}
	row("memory a session", "%d KiB here, %s", r.memory.ours>>10, server)
	row("messages", "%.0f a second, each acknowledged; %.0f records a second", r.rate.messages, r.rate.records)
	event := "server restarted, all back after"
	if r.moved > 0 {
		event = fmt.Sprintf("a node killed, its %d agents back after", r.moved)
	}
	row(event, "%s, at most %d logins in one second, %d attempts in vain", r.back.Round(100*time.Millisecond), r.peakBack, r.failed)
	row("records", "%d made, %d arrived, %d came twice", r.made, r.arrived, r.twice)
	_ = w.Flush() // never fails
	return out.String()
}

// rate is a volume a second.
type rate struct{ messages, records float64 }

func (v volume) per(d time.Duration) rate {
	return rate{float64(v.messages) / d.Seconds(), float64(v.records) / d.Seconds()}
}

// memory is in bytes: of this process by Go's own account, and of the server as the kernel sees it.
type memory struct{ ours, servers int }

func (m memory) less(n memory) memory { return memory{m.ours - n.ours, m.servers - n.servers} }
func (m memory) over(n int) memory    { return memory{m.ours / n, m.servers / n} }

func (f *fleet) memory() memory {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m := memory{ours: int(stats.HeapAlloc + stats.StackInuse)}
	for _, node := range f.lab.Nodes(houses) {
		m.servers += resident(node.PID())
	}
	return m
}

// resident is the memory of a process (VmRSS), 0 when it cannot be read.
func resident(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmRSS:" {
			kilobytes, _ := strconv.Atoi(fields[1])
			return kilobytes << 10
		}
	}
	return 0
}

// logins is when agents logged in, and how often they could not.
type logins struct {
	mu     sync.Mutex // guards everything below
	at     []time.Time
	failed int
}

func (l *logins) add(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = append(l.at, at)
}

func (l *logins) fail(error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed++
}

func (l *logins) failures() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

func (l *logins) since(began time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, at := range l.at {
		if !at.Before(began) {
			n++
		}
	}
	return n
}

// peak is the most logins in any second counted from began.
func (l *logins) peak(began time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	seconds, most := map[int]int{}, 0
	for _, at := range l.at {
		if at.Before(began) {
			continue
		}
		second := int(at.Sub(began).Seconds())
		seconds[second]++
		most = max(most, seconds[second])
	}
	return most
}
