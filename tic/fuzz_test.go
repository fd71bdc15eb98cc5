package tic_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

// FuzzDecoder holds that the decoder makes the same of the same bytes however they are cut, that each group, written
// again, has the checksum of its mode, and that the counters tell what was emitted. The bytes come twice, because a
// decoder takes what repeats itself another way.
func FuzzDecoder(f *testing.F) {
	for _, raw := range []string{
		frame(historicRows...), frame(standardRows...), withParity(frame(standardRows[:5]...)), lines(historicRows...),
		strings.ReplaceAll(frame(historicRows...), "\n", "\x0f"), strings.ReplaceAll(frame(historicRows...), "\r", "\n"),
		"\x02\nPAPP 00440\r)\r\x04\x00\x02\nPTEC HP..  \x03", strings.Repeat("\x7f", 400) + frame("PAPP 00440"),
	} {
		f.Add([]byte(raw), uint8(7), uint8(tic.Auto))
	}
	f.Fuzz(func(t *testing.T, raw []byte, piece, mode uint8) {
		m := tic.Mode(mode % 3)
		raw = append(raw, raw...)
		once, counters := decode(m, string(raw), len(raw)+1)
		for _, size := range []int{1, int(piece) + 1} {
			pieces, again := decode(m, string(raw), size)
			if !reflect.DeepEqual(once, pieces) { // cmp.Diff would slow every run down
				t.Fatalf("pieces of %d change the frames:\n%s", size, cmp.Diff(once, pieces))
			}
			if counters != again {
				t.Fatalf("pieces of %d change the counters:\n%s", size, cmp.Diff(counters, again))
			}
		}
		checkTold(t, m, once, counters)
		if got, want := counters.Bytes, uint64(len(raw)); got != want {
			t.Fatalf("%d bytes counted, want %d", got, want)
		}
		checkWrittenAgain(t, once)
	})
}

// checkTold compares what was emitted with what was counted.
func checkTold(t *testing.T, mode tic.Mode, frames []shown, c tic.Counters) {
	t.Helper()
	var groups, complete, rejected uint64
	byMode := map[string]uint64{}
	for _, f := range frames {
		groups += uint64(len(f.Groups))
		byMode[f.Mode] += uint64(len(f.Groups))
		rejected += uint64(f.Rejected)
		if f.Complete {
			complete++
		}
		if len(f.Groups) == 0 || len(f.Groups) > 128 {
			t.Fatalf("a frame of %d groups was emitted", len(f.Groups))
		}
		if f.Mode == "auto" || mode != tic.Auto && f.Mode != mode.String() {
			t.Fatalf("a frame in %s mode was emitted, by a decoder for %s", f.Mode, mode)
		}
	}
	if c.Groups != groups || c.Frames != complete {
		t.Fatalf("%d groups in %d complete frames counted, %d in %d emitted", c.Groups, c.Frames, groups, complete)
	}
	for m, known := range c.Known {
		if here := byMode[tic.Mode(m).String()]; known+c.Unknown[m] != here {
			t.Fatalf("%d known groups and %d others in %s mode counted, %d groups emitted", known, c.Unknown[m], tic.Mode(m), here)
		}
	}
	if c.Known[tic.Historic]+c.Known[tic.Standard]+c.Strange() != c.Groups {
		t.Fatalf("known and unknown groups are not all: %+v", c)
	}
	if rejected > c.Refused() || c.Strange() > c.Groups || c.DamagedLF > c.Groups {
		t.Fatalf("counters contradict each other: %+v", c)
	}
}

// checkWrittenAgain decodes each group's own line alone.
func checkWrittenAgain(t *testing.T, frames []shown) {
	t.Helper()
	for _, f := range frames {
		for _, g := range f.Groups {
			row := strings.Replace(g, "|", " ", 1)
			if f.Mode == "standard" {
				row = rowOf(g)
			}
			got, counters := decode(tic.Auto, frame(row), 64)
			want := []shown{whole(f.Mode, 0, g)}
			if !reflect.DeepEqual(want, got) {
				t.Fatalf("%q, written again as %q, %v (-want +got):\n%s", g, row, refusals(counters), cmp.Diff(want, got))
			}
		}
	}
}

// FuzzLine holds that a line is judged alike in all three ways: as the table predicts it, repeated, and taken apart,
// which is what its damaged LF makes of it.
func FuzzLine(f *testing.F) {
	for _, row := range slices.Concat(historicRows, standardRows, []string{"EAP_s\t000000001", "NGTF\tBASE", "ADSC\t00000000000"}) {
		f.Add(row, uint8(0), false)
		f.Add(row, uint8(len(row)/2), true)
	}
	f.Fuzz(func(t *testing.T, row string, at uint8, parity bool) {
		foreign := func(c rune) bool { return c < ' ' && c != '\t' || c > 0x7F }
		if strings.ContainsFunc(row, foreign) || len(row) > 150 || row == "" || row[0] == '\t' {
			return // several lines, or none
		}
		line := group(row)
		if parity {
			line = withParity(line)
		}
		if at > 0 && int(at) < len(line)-1 {
			line = flip(line, int(at), 0x01)
		}
		var ways [3]shownLine
		ways[0] = judged("\x02" + line + "\x03")
		ways[1] = judged("\x02" + line + "\x03\x02" + line + "\x03")
		ways[2] = judged("\x02\x0f" + line[1:] + "\x03")
		if ways[0] != ways[1] || ways[0] != ways[2] {
			t.Fatalf("%q is judged %+v as predicted, %+v repeated, %+v taken apart", line, ways[0], ways[1], ways[2])
		}
	})
}

// shownLine is what became of the last line: its group, or the cause by which it was refused.
type shownLine struct{ group, cause string }

func judged(raw string) (last shownLine) {
	frames, counters := decode(tic.Auto, raw, len(raw))
	for _, f := range frames {
		last.group = f.Groups[len(f.Groups)-1]
	}
	for _, cause := range tic.Causes() {
		if counters.Rejected[cause] > 0 {
			last.cause += cause.String()
		}
	}
	return last
}

// rowOf turns "label|value" or "label|horodate|value" back into a row. A value may hold a bar of its own.
func rowOf(g string) string {
	label, rest, _ := strings.Cut(g, "|")
	if len(rest) > 13 && rest[13] == '|' {
		return label + "\t" + rest[:13] + "\t" + rest[14:]
	}
	return label + "\t" + rest
}
