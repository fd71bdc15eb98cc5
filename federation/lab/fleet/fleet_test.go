package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"releve/federation/lab"
)

// A small fleet: all log in, all that is made arrives although the server restarts, and all come back.
func TestIntegrationFleet(t *testing.T) { sail(t, 1) }

// The same on a cluster of two nodes, of which one is killed: its agents find the other by themselves.
func TestIntegrationCluster(t *testing.T) { sail(t, 2) }

func sail(t *testing.T, nodes int) {
	t.Parallel()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	if missing := lab.Missing(lab.Ejabberd); len(missing) > 0 {
		if os.Getenv("CI") != "" {
			t.Fatalf("real servers need Debian packages: %s", strings.Join(missing, " "))
		}
		t.Skipf("real servers need Debian packages: %s", strings.Join(missing, " "))
	}
	const agents = 20 // that none of them chooses the second node happens once in a million runs
	r, err := run(t.Context(), options{Agents: agents, Every: 8 * time.Second, For: 8 * time.Second, Start: 1000, Nodes: nodes})
	t.Logf("\n%s", r)
	if err != nil {
		t.Fatal(err)
	}
	if r.agents != agents || r.made == 0 || r.made != r.arrived || r.rate.messages == 0 {
		t.Errorf("made is not what arrived: %+v", r)
	}
	if r.memory.ours > 1<<20 { // it may be less than what the process gave back meanwhile
		t.Errorf("a session takes %d bytes", r.memory.ours)
	}
}

// A source that is asked twice says the same, and stops where it is told to.
func TestSource(t *testing.T) {
	t.Parallel()
	s := newSource(time.Millisecond, 5)
	s.begin()
	first, err := s.Next(t.Context(), 1)
	if err != nil || len(first) != 1 || len(first[0].Pack) != seriesPerPack*recordsPerPack {
		t.Fatalf("got %d packs, %v", len(first), err)
	}
	again, err := s.Next(t.Context(), 2)
	if err != nil || again[0].Seq != first[0].Seq || again[0].Pack[7] != first[0].Pack[7] {
		t.Errorf("asked again it says %v, %v; want %v", again[0].Seq, err, first[0].Seq)
	}
	made := s.stop()
	taken := 0
	for taken < made {
		items, err := s.Next(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			taken += len(item.Pack)
		}
		if err := s.Ack(items[len(items)-1].Seq); err != nil {
			t.Fatal(err)
		}
	}
	if taken != made {
		t.Errorf("%d records taken, %d made", taken, made)
	}
}

func TestLogins(t *testing.T) {
	t.Parallel()
	began := time.Now()
	l := &logins{}
	for _, after := range []time.Duration{-time.Second, 0, 100 * time.Millisecond, 900 * time.Millisecond, 1100 * time.Millisecond} {
		l.add(began.Add(after))
	}
	if got := l.peak(began); got != 3 {
		t.Errorf("the most logins in a second are %d, want 3", got)
	}
}
