package tic_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

// counts are the counters a row expects, by the word of their cause; the rest must be 0.
type counts map[string]uint64

func refusals(c tic.Counters) counts {
	got := counts{}
	for _, cause := range tic.Causes() {
		got[cause.String()] = c.Rejected[cause]
	}
	got["damaged LF"], got["unknown"], got["off width"], got["standby"] = c.DamagedLF, c.Strange(), c.OffWidth, c.Standby
	maps.DeleteFunc(got, func(_ string, n uint64) bool { return n == 0 })
	return got
}

func whole(mode string, rejected int, groups ...string) shown {
	return shown{Mode: mode, Complete: true, Groups: groups, Rejected: rejected}
}

func part(mode string, rejected int, groups ...string) shown {
	return shown{Mode: mode, Groups: groups, Rejected: rejected}
}

// wire is a case of the decoder: raw bytes, the frames they make, and what is counted besides.
type wire struct {
	name  string
	mode  tic.Mode
	raw   string
	want  []shown
	count counts
}

// check decodes each row in one piece and byte by byte.
func check(t *testing.T, rows []wire) {
	t.Helper()
	for _, row := range rows {
		if row.count == nil {
			row.count = counts{}
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for _, piece := range []int{len(row.raw) + 1, 1} {
				got, counters := decode(row.mode, row.raw, piece)
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("frames in pieces of %d (-want +got):\n%s", piece, diff)
				}
				if diff := cmp.Diff(row.count, refusals(counters)); diff != "" {
					t.Errorf("counters in pieces of %d (-want +got):\n%s", piece, diff)
				}
			}
		})
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	check(t, []wire{
		{name: "historic", raw: "\x02\nADCO 000000000000 W\r\nPAPP 00440 )\r\x03",
			want: []shown{whole("historic", 0, "ADCO|000000000000", "PAPP|00440")}},
		{name: "standard", raw: "\x02\nVTIC\t02\tJ\r\nEAST\t026967224\t5\r\x03",
			want: []shown{whole("standard", 0, "VTIC|02", "EAST|026967224")}},
		{name: "checksum is a space", raw: "\x02\nPTEC HP..  \r\x03",
			want: []shown{whole("historic", 0, "PTEC|HP..")}},
		{name: "standard checksum is a space", raw: "\x02\nEAST\t000000089\t \r\x03",
			want: []shown{whole("standard", 0, "EAST|000000089")}},
		{name: "value ends with the separator", raw: frame("OPTARIF EJP "),
			want: []shown{whole("historic", 0, "OPTARIF|EJP ")}},
		{name: "padding is kept", raw: frame("NGTF\t     TEMPO      ", "MSG1\tPAS DE          MESSAGE         "),
			want: []shown{whole("standard", 0, "NGTF|     TEMPO      ", "MSG1|PAS DE          MESSAGE         ")}},
		{name: "DATE has no value", raw: frame("DATE\tE250621143015\t"),
			want: []shown{whole("standard", 0, "DATE|E250621143015|")}},
		{name: "season is a space", raw: frame("DPM1\t 250622060000\t00"),
			want: []shown{whole("standard", 0, "DPM1| 250622060000|00")}},
		{name: "clock is degraded", raw: frame("SMAXSN\te250621071533\t03120"),
			want: []shown{whole("standard", 0, "SMAXSN|e250621071533|03120")}},
		{name: "unknown label", raw: frame("EAP_s\t000000001"), count: counts{"unknown": 1},
			want: []shown{whole("standard", 0, "EAP_s|000000001")}},
		{name: "no separator", raw: "\x02\nPAPP00440\r\x03", count: counts{"framing": 1}},
		{name: "no checksum", raw: "\x02\nHHPHC A\r\x03", count: counts{"framing": 1}},
		{name: "no label", raw: "\x02\n 00440 )\r\x03", count: counts{"framing": 1}},
		{name: "no standard label", raw: "\x02\n\t00440\t)\r\x03", count: counts{"framing": 1}},
		{name: "no value", raw: frame("PAPP "), count: counts{"framing": 1}},
		{name: "no standard value", raw: frame("VTIC\t"), count: counts{"framing": 1}},
		{name: "too short", raw: "\x02\nA B\r\x03", count: counts{"framing": 1}},
		{name: "lost HT", raw: "\x02\nEAST 026967224\t5\r\x03", count: counts{"framing": 1}},
		{name: "lost HT of a date", raw: "\x02\nDATE\tE250621143015\tN\r\x03", count: counts{"checksum": 1}},
		{name: "one HT too many", raw: "\x02\nA\tB\tC\tD\tE\r\x03", count: counts{"framing": 1}},
		{name: "short horodate", raw: "\x02\nSMAXSN\tE25\t03120\t>\r\x03", count: counts{"framing": 1}},
		{name: "bad checksum", raw: "\x02\nPAPP 00440 *\r\x03", count: counts{"checksum": 1}},
		{name: "control character inside", raw: "\x02\nPA\x0bP 00440 )\r\x03", count: counts{"charset": 1}},
		{name: "DEL inside", raw: frame("PAPP 0\x7f440"), count: counts{"charset": 1}},
		{name: "no such label", raw: frame("}PR`PzSOUSC 20"), count: counts{"label": 1}},
	})
}

func TestFrame(t *testing.T) {
	t.Parallel()
	const a, b, c = "PTEC TH..", "IINST 002", "PAPP 00440"
	const ga, gb, gc = "PTEC|TH..", "IINST|002", "PAPP|00440"
	check(t, []wire{
		{name: "several", raw: frame(a) + frame(b, c),
			want: []shown{whole("historic", 0, ga), whole("historic", 0, gb, gc)}},
		{name: "a bad group costs itself", raw: "\x02" + lines(a) + "\nIINST 003 Y\r" + lines(c) + "\x03",
			count: counts{"checksum": 1}, want: []shown{whole("historic", 1, ga, gc)}},
		{name: "joined in the middle", raw: "ST 002 Y\r" + lines(c) + "\x03" + frame(a),
			count: counts{"checksum": 1}, want: []shown{part("historic", 1, gc), whole("historic", 0, ga)}},
		{name: "cut at the end", raw: frame(a) + "\x02" + lines(b) + "\nPAPP 00440 )",
			want: []shown{whole("historic", 0, ga), part("historic", 0, gb)}},
		{name: "neither STX nor ETX", raw: lines(a, b), want: []shown{part("historic", 0, ga, gb)}},
		{name: "ETX lost", raw: "\x02" + lines(a) + frame(b), want: []shown{part("historic", 0, ga), whole("historic", 0, gb)}},
		{name: "STX damaged", raw: frame(a) + "\x43" + lines(b, c) + "\x03", count: counts{"framing": 1},
			want: []shown{whole("historic", 0, ga), part("historic", 1, gb, gc)}},
		{name: "EOT", raw: "\x02" + lines(a, b) + "\x04" + frame(c),
			want: []shown{part("historic", 0, ga, gb), whole("historic", 0, gc)}},
		{name: "EOT outside a frame", raw: "\x04" + frame(a) + "\x04\x04", want: []shown{whole("historic", 0, ga)}},
		{name: "empty", raw: "\x02\x03" + frame(a) + "\x02\n\r\x03", want: []shown{whole("historic", 0, ga)}},
		{name: "nothing good in it", raw: "\x02\nPAPP 00440 *\r\x03" + frame(a), count: counts{"checksum": 1},
			want: []shown{whole("historic", 0, ga)}},
		{name: "ETX right after the group", raw: "\x02\nPTEC HP..  \x03" + frame(a),
			want: []shown{whole("historic", 0, "PTEC|HP.."), whole("historic", 0, ga)}},
	})
}

func TestDamagedControls(t *testing.T) {
	t.Parallel()
	const a, b = "IINST 002", "PAPP 00440"
	both := []shown{whole("historic", 0, "IINST|002", "PAPP|00440")}
	clean := frame(a, b)
	swap := func(from, to string) string { return strings.ReplaceAll(clean, from, to) }
	check(t, []wire{
		{name: "LF is 0F", raw: swap("\n", "\x0f"), want: both, count: counts{"damaged LF": 2}},
		{name: "LF is HT", raw: swap("\n", "\t"), want: both, count: counts{"damaged LF": 2}},
		{name: "LF lost", raw: swap("\n", ""), want: both, count: counts{"damaged LF": 2}},
		{name: "LF is a letter", raw: swap("\r\nP", "\rJP"), count: counts{"checksum": 1},
			want: []shown{whole("historic", 1, "IINST|002")}},
		{name: "CR is 0C", raw: swap("\r", "\x0c"), want: both},
		{name: "CR is LF, as on a terminal", raw: swap("\r", "\n"), want: both},
		{name: "CR lost", raw: swap("\r", ""), want: both},
		{name: "CR twice", raw: swap("\r", "\r\r"), want: both},
		{name: "CR LF everywhere", raw: swap("\x02", "\x02\r\n") + "\r\n", want: both},
		{name: "CR for the last SP", raw: strings.Repeat("\x02"+lines(a)+"\nPAPP 00440\r)\r\x03", 2),
			want: []shown{both[0], both[0]}},
		{name: "CR for the last SP, and another checksum", raw: "\x02" + lines(a) + "\nPAPP 00440\r*\r\x03", count: counts{"framing": 2},
			want: []shown{whole("historic", 2, "IINST|002")}},
		{name: "CR for the last SP, and no checksum", raw: "\x02\nPAPP 00440\r" + lines(a) + "\x03", count: counts{"framing": 1},
			want: []shown{whole("historic", 1, "IINST|002")}},
		{name: "CR for the last SP, the checksum after an LF", raw: "\x02" + lines(a) + "\nPAPP 00440\r\n)\r\x03", count: counts{"framing": 2},
			want: []shown{whole("historic", 2, "IINST|002")}},
		{name: "CR for the last SP, the checksum after NUL and LF", raw: "\x02" + lines(a) + "\nPAPP 00440\r\x00\n)\r\x03", count: counts{"framing": 2},
			want: []shown{whole("historic", 2, "IINST|002")}},
		{name: "CR for the last SP, with parity", raw: withParity("\x02" + lines(a) + "\nPAPP 00440\r)\r\x03"), want: both},
		{name: "CR for the last SP, and the frame ends", raw: "\x02" + lines(a) + "\nPAPP 00440\r\x03\x02)\r\x03", count: counts{"framing": 2},
			want: []shown{whole("historic", 1, "IINST|002")}},
		{name: "CR and LF damaged", raw: swap("\r\n", "\x0c\x0f"), count: counts{"charset": 1}},
		{name: "NUL bytes between", raw: "\x00\x00" + swap("\n", "\x00\n\x00"), want: both},
	})
}

func TestMode(t *testing.T) {
	t.Parallel()
	h, s := "PAPP 00440", "VTIC\t02"
	check(t, []wire{
		{name: "explicit", mode: tic.Historic, raw: frame(h), want: []shown{whole("historic", 0, "PAPP|00440")}},
		{name: "explicit, other one", mode: tic.Historic, raw: frame(s), count: counts{"mode": 1}},
		{name: "standard, other one", mode: tic.Standard, raw: frame(h), count: counts{"mode": 1}},
		{name: "settled by the first group", raw: frame(s, h), count: counts{"mode": 1},
			want: []shown{whole("standard", 1, "VTIC|02")}},
		{name: "settled anew for each frame", raw: frame(s) + frame(h),
			want: []shown{whole("standard", 0, "VTIC|02"), whole("historic", 0, "PAPP|00440")}},
		{name: "a damaged group settles nothing", raw: "\x02\nPAPP 00440 *\r" + lines(s) + "\x03",
			count: counts{"checksum": 1}, want: []shown{whole("standard", 1, "VTIC|02")}},
	})
}

func TestBounds(t *testing.T) {
	t.Parallel()
	good := "PAPP|00440"
	long := strings.Repeat("N", 160-len("PJOURF+9\t\t0"))
	check(t, []wire{
		{name: "the longest line", raw: frame("PJOURF+9\t" + long), count: counts{"unknown": 1},
			want: []shown{whole("standard", 0, "PJOURF+9|"+long)}},
		{name: "one more", raw: "\x02" + lines("PJOURF+9\t"+long+"N", "VTIC\t02") + "\x03", count: counts{"overflow": 1},
			want: []shown{whole("standard", 1, "VTIC|02")}},
		{name: "endless line", raw: frame("PAPP 00440") + strings.Repeat("U", 10_000) + frame("PAPP 00440"),
			count: counts{"overflow": 1}, want: []shown{whole("historic", 0, good), whole("historic", 0, good)}},
		{name: "129 groups", raw: frame(strings.Split(strings.Repeat(",PAPP 00440", 129)[1:], ",")...),
			count: counts{"overflow": 1},
			want: []shown{
				part("historic", 0, strings.Split(strings.Repeat(","+good, 128)[1:], ",")...),
				part("historic", 0, good),
			}},
		{name: "over 4 KiB", raw: frame(strings.Split(strings.Repeat(",PJOURF+9\t"+long, 26)[1:], ",")...),
			count: counts{"overflow": 1, "unknown": 26},
			want: []shown{
				part("standard", 0, strings.Split(strings.Repeat(",PJOURF+9|"+long, 25)[1:], ",")...),
				part("standard", 0, "PJOURF+9|"+long),
			}},
		{name: "endless text without frames", raw: lines(strings.Split(strings.Repeat(",PAPP 00440", 129)[1:], ",")...),
			want: []shown{
				part("historic", 0, strings.Split(strings.Repeat(","+good, 128)[1:], ",")...),
				part("historic", 0, good),
			}},
	})
}

// The meter is silent for 33 ms after ETX; a frame must not wait for the next one.
func TestFrameIsEmittedAtETX(t *testing.T) {
	t.Parallel()
	emitted := false
	d := tic.NewDecoder(tic.Auto, func(*tic.Frame) { emitted = true })
	raw := frame(historicRows...)
	write(d, raw[:len(raw)-1], 7)
	if emitted {
		t.Fatal("the frame came before its ETX")
	}
	write(d, raw[len(raw)-1:], 7)
	if !emitted {
		t.Error("the frame did not come with its ETX")
	}
}

func TestFlushForgetsHalfALine(t *testing.T) {
	t.Parallel()
	var got []shown
	d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) { got = append(got, show(f)) })
	raw := frame("IINST 002", "PAPP 00440")
	write(d, raw[:len(raw)-8], 64)
	d.Flush() // the port was unplugged here, and the rest is of a later frame
	write(d, raw[len(raw)-8:], 64)
	d.Flush()
	if diff := cmp.Diff([]shown{part("historic", 0, "IINST|002")}, got); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
}

func TestWriteLeavesItsArgument(t *testing.T) {
	t.Parallel()
	raw := []byte(withParity(frame(standardRows...)))
	before := string(raw)
	d := tic.NewDecoder(tic.Auto, func(*tic.Frame) {})
	n, err := d.Write(raw)
	if n != len(raw) || err != nil {
		t.Errorf("Write: %d, %v, want %d and no error", n, err, len(raw))
	}
	if string(raw) != before {
		t.Error("Write changed the bytes it was given")
	}
}

func TestDecoderAllocatesNothing(t *testing.T) {
	for name, raw := range map[string]string{
		"historic": frame(historicRows...), "standard": frame(standardRows...),
		"historic with parity": withParity(frame(historicRows...)),
		"standard with parity": withParity(frame(standardRows...)),
		"damaged":              strings.ReplaceAll(frame(standardRows...), "0", "\x0f"),
	} {
		t.Run(name, func(t *testing.T) {
			groups := 0
			d := tic.NewDecoder(tic.Auto, func(f *tic.Frame) { groups += len(f.Groups) })
			one := []byte(raw)
			if n := testing.AllocsPerRun(200, func() {
				for rest := one; len(rest) > 0; {
					k := min(64, len(rest))
					d.Write(rest[:k]) // never errors, by its contract
					rest = rest[k:]
				}
			}); n != 0 {
				t.Errorf("%v allocations a frame, want 0", n)
			}
			if groups == 0 {
				t.Error("nothing was decoded")
			}
		})
	}
}

func TestReferenceFrames(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][]string{"historic": historicRows, "standard": standardRows} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := frame(rows...)
			want := naive([]byte(raw))
			mode, err := tic.ParseMode(name)
			if err != nil {
				t.Fatal(err)
			}
			seen := tic.Counters{Bytes: uint64(len(raw)), Frames: 1, Groups: uint64(len(rows))}
			seen.Known[mode] = seen.Groups
			for _, sent := range []string{raw, withParity(raw)} {
				got, counters := decode(tic.Auto, sent, 64)
				if diff := cmp.Diff([]shown{whole(name, 0, want[0]...)}, got); diff != "" {
					t.Errorf("frames (-want +got):\n%s", diff)
				}
				seen.NoParity = 0
				if sent == raw {
					seen.NoParity = seen.Groups
				}
				if diff := cmp.Diff(seen, counters); diff != "" {
					t.Errorf("counters (-want +got):\n%s", diff)
				}
			}
		})
	}
}
