package bmhs

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/federation"
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

// TestScopeMovesWhilePending moves what is granted while a message has no answer: it does not go again, and its energy is not
// counted twice where the server may have it, nor lost where it cannot.
func TestScopeMovesWhilePending(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lose func(s *stage, p senml.Pack) error
		want []string
	}{
		"taken, the answer lost": {
			func(s *stage, p senml.Pack) error {
				s.server.Swallow()
				return s.r.Send(s.Context(), p)
			},
			[]string{"23T12:05:00 " + meter + " iinst=003 base=1040 +40 adps=0", "23T12:10:00 " + meter + " iinst=003 base=1100 +60 adps=0"},
		},
		"taken, and killed": {
			func(s *stage, p senml.Pack) error {
				s.server.Swallow()
				err := s.r.Send(s.Context(), p)
				s.open()
				return err
			},
			[]string{"23T12:05:00 " + meter + " iinst=003 base=1040 +40 adps=0", "23T12:10:00 " + meter + " iinst=003 base=1100 +60 adps=0"},
		},
		"no connection": {
			func(s *stage, p senml.Pack) error {
				s.r.Client = &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					return nil, errors.New("no route")
				}}}
				defer func() { s.r.Client = s.o.Client }()
				return s.r.Send(s.Context(), p)
			},
			[]string{"23T12:10:00 " + meter + " iinst=003 base=1100 +100 adps=0"},
		},
		"moved before it left": {
			func(s *stage, p senml.Pack) error {
				asked := 0
				return s.r.SendWhile(s.Context(), p, func() error {
					if asked++; asked > 1 {
						return federation.ErrWithdrawn
					}
					return nil
				})
			},
			[]string{"23T12:10:00 " + meter + " iinst=003 base=1100 +100 adps=0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scope := "all"
			s := newStage(t, func(o *Options) { o.Scope = func() string { return scope } })
			s.send(full(s.now, 1000, 700))
			if err := row.lose(s, frame(s.now.Add(5*time.Minute), 1040, 700)); err == nil {
				t.Fatal("no error")
			}
			scope = "more"
			s.send(full(s.now.Add(10*time.Minute), 1100, 700))
			s.want(append([]string{"23T12:00:00 " + meter + " iinst=003 base=1000 +0 adps=0"}, row.want...)...)
		})
	}
}
