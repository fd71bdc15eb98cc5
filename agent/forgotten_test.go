package main

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"releve/buffer"
	"releve/senml"
)

// TestForgotten wants what was erased, and only that, not to come back; also after the list is read again. It names nothing.
func TestForgotten(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	const a, b, own = "sge.5b1f0c93a2/voltage/1", "sge.5b1f0c93a2/current/1", "linky/voltage/1"
	at := func(h float64) float64 { return float64(noon.Unix()) + 3600*h }
	hours := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	type asked struct {
		name string
		at   float64
		want bool
	}
	for _, test := range []struct {
		name  string
		what  []buffer.Erasure
		asked []asked
		list  int
	}{
		{"all", []buffer.Erasure{{From: hours(1)}, {}}, []asked{{a, at(-9), true}, {b, at(4.9), true}, {a, at(5.1), false}}, 1},
		{"a period", []buffer.Erasure{{From: hours(1), To: hours(2)}}, []asked{{a, at(0.9), false}, {a, at(1), true}, {a, at(2), false}}, 1},
		{"a part of an hour", []buffer.Erasure{{From: hours(1).Add(time.Minute), To: hours(1).Add(time.Hour + time.Minute)}}, []asked{{a, at(1), true}, {a, at(2.9), true}, {a, at(3), false}}, 1},
		{"a series", []buffer.Erasure{{Series: []string{a, own}}}, []asked{{a, at(1), true}, {b, at(1), false}, {own, at(1), false}}, 1},
		{"one of our own", []buffer.Erasure{{Series: []string{own}}}, []asked{{own, at(1), false}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file, key := filepath.Join(t.TempDir(), forgottenFile), bytes.Repeat([]byte{1}, 32)
			f, err := openForgotten(file, key, quiet)
			for _, what := range test.what {
				if err == nil {
					err = f.add(what, hours(5))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for _, one := range test.asked {
					if got := f.has(one.name, one.at); got != one.want {
						t.Errorf("%s at %g: %t, want %t", one.name, one.at-at(0), got, one.want)
					}
				}
				if len(f.list) != test.list {
					t.Errorf("list %+v", f.list)
				}
				if f, err = openForgotten(file, key, quiet); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// What a source sends again after it was erased is not kept, and counts as known; what is newer is kept.
func TestErasedDoesNotComeBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	now := float64(h.now().Unix())
	from, p := giver{source: "sge"}, senml.Pack{{Name: "urn:dev:x:1_voltage", Unit: "V", Value: senml.NumberValue(230), Time: now - 100}}
	take := func(want taken) {
		t.Helper()
		if got, err := h.intake.take(t.Context(), from, p); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	take(taken{Stored: 1})
	take(taken{Known: 1})
	if _, err := h.erase(t.Context(), erasure{}, "page"); err != nil {
		t.Fatal(err)
	}
	take(taken{Known: 1})
	if known := h.buffer.Known(); len(known) != 0 {
		t.Errorf("it came back: %v", known)
	}
	p[0].Time = now + 30
	take(taken{Stored: 1})
}
