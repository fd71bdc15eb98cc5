package bmhs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"releve/senml"
)

// TestKilledBeforeAnswer kills the relay before it heard what became of a message. What was said meanwhile and is not said
// again does not make it another message: the very same goes, so that the energy of each period is there once.
func TestKilledBeforeAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send(full(s.now, 1000, 700))
	s.send(frame(s.now.Add(4*time.Minute), 1040, 700)) // has come, and no message went since
	p := senml.Pack{number(s.now.Add(5*time.Minute), pathPower, 810)}
	s.server.Swallow()
	if err := s.r.Send(t.Context(), p); err == nil {
		t.Fatal("no error")
	}
	s.now = s.now.Add(time.Hour) // late by now, which a message says
	s.open()
	s.send(p)
	s.send(frame(at("2026-11-23T12:10:00+01:00"), 1100, 800))
	s.want(
		"23T12:00:00 "+meter+" iinst=003 base=1000 +0 adps=0",
		"23T12:05:00 "+meter+" iinst=003 base=1040 +40 adps=0",
		"23T12:05:00 "+meter+" iinst=003 base=1040 +40 adps=0",
		"23T12:10:00 "+meter+" iinst=003 base=1100 +60 adps=0 offline",
	)
	if m := s.server.Messages(); string(m[1].Raw) != string(m[2].Raw) {
		t.Errorf("first\n%s\nthen\n%s", m[1].Raw, m[2].Raw)
	}
}

// TestWithdrawnIsNotSaid holds that what was said under a consent that has ended leaves with no later message, neither from
// memory nor from the disk, nor in a message that is sent again.
func TestWithdrawnIsNotSaid(t *testing.T) {
	t.Parallel()
	scope := "all"
	s := newStage(t, func(o *Options) { o.Scope = func() string { return scope } })
	s.send(full(s.now, 1000, 700))
	p := frame(s.now.Add(5*time.Minute), 1040, 4711)
	s.server.Swallow()
	if err := s.r.Send(t.Context(), p); err == nil {
		t.Fatal("no error")
	}
	scope = "without power"
	s.open()
	for minute := 5; minute <= 15; minute += 5 { // what was not there before the new scope is said again
		s.send(slices.DeleteFunc(full(s.now.Add(time.Duration(minute)*time.Minute), 1040, 4711), func(r senml.Record) bool {
			return strings.HasSuffix(r.Name, pathPower) || strings.HasSuffix(r.Name, pathCurrentMost)
		}))
	}
	messages := s.server.Messages()
	if len(messages) < 4 {
		t.Fatalf("messages:\n%s", s.lines())
	}
	for _, m := range messages[2:] {
		_, power := m.Metavalues["papp"]
		_, most := m.Metavalues["imax"]
		if power || most {
			t.Errorf("a message under the new scope says\n%s", m.Raw)
		}
	}
}
