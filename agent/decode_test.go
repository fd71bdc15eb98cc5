package main

import (
	"bytes"
	order "cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// standardLine is a group of the standard mode with its checksum: 54E §5.3.6.
func standardLine(words ...string) string {
	text := strings.Join(words, "\t") + "\t"
	return "\n" + text + checksum(text) + "\r"
}

// historicLine is a group of the historic mode, whose checksum leaves the last separator out.
func historicLine(label, value string) string {
	text := label + " " + value
	return "\n" + text + " " + checksum(text) + "\r"
}

func checksum(text string) string {
	sum := 0
	for _, c := range []byte(text) {
		sum += int(c)
	}
	return string(rune(sum&0x3F + ' '))
}

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	power := standardLine("SINSTS", "00500")
	summary := func(raw string, rest string) string { return fmt.Sprintf("%d bytes, %s\n", len(raw), rest) }
	for _, test := range []struct {
		name, args, raw, out, talk string // talk after "N bytes, "
		code                       int
	}{
		{
			name: "standard frame: order, padding, horodates, an empty value",
			raw: "\x02" + standardLine("DATE", "H260115183000", "") + standardLine("LTARF", "      BASE      ") +
				standardLine("SMAXSN", "h260115063000", "03210") + power + "\x03",
			out: `{"mode":"standard","complete":true,"groups":[{"label":"DATE","horodate":"H260115183000","value":""},` +
				`{"label":"LTARF","value":"      BASE      "},{"label":"SMAXSN","horodate":"h260115063000","value":"03210"},` +
				`{"label":"SINSTS","value":"00500"}],"rejected":0}` + "\n",
			talk: "1 frames, 4 groups accepted, 0 lines refused, labels not known 0, line feeds damaged 0",
		},
		{
			name: "historic frame",
			raw:  "\x02" + historicLine("PTEC", "HC..") + historicLine("MOTDETAT", "000000") + "\x03",
			out:  `{"mode":"historic","complete":true,"groups":[{"label":"PTEC","value":"HC.."},{"label":"MOTDETAT","value":"000000"}],"rejected":0}` + "\n",
			talk: "1 frames, 2 groups accepted, 0 lines refused, labels not known 0, line feeds damaged 0",
		},
		{
			name: "characters that JSON and HTML treat specially",
			raw:  "\x02" + standardLine("MSG1", `a<b> & "c\d"`+"                    ") + "\x03",
			out:  `{"mode":"standard","complete":true,"groups":[{"label":"MSG1","value":"a<b> & \"c\\d\"                    "}],"rejected":0}` + "\n",
			talk: "1 frames, 1 groups accepted, 0 lines refused, labels not known 0, line feeds damaged 0",
		},
		{
			name: "a bad checksum costs its line",
			raw:  "\x02" + power + "\nSINSTS\t00999\t?\r" + standardLine("URMS1", "230") + "\x03",
			out:  `{"mode":"standard","complete":true,"groups":[{"label":"SINSTS","value":"00500"},{"label":"URMS1","value":"230"}],"rejected":1}` + "\n",
			talk: "1 frames, 2 groups accepted, 1 lines refused, checksum 1, labels not known 0, line feeds damaged 0",
		},
		{
			name: "groups outside a frame",
			raw:  power + "\x03" + "\x02" + power + "\x03" + "\x02" + standardLine("URMS1", "230"),
			out: `{"mode":"standard","complete":false,"groups":[{"label":"SINSTS","value":"00500"}],"rejected":0}` + "\n" +
				`{"mode":"standard","complete":true,"groups":[{"label":"SINSTS","value":"00500"}],"rejected":0}` + "\n" +
				`{"mode":"standard","complete":false,"groups":[{"label":"URMS1","value":"230"}],"rejected":0}` + "\n",
			talk: "1 frames, 3 groups accepted, 0 lines refused, labels not known 0, line feeds damaged 0",
		},
		{
			name: "a label nobody knows",
			raw:  "\x02" + standardLine("FUTURE", "1") + "\x03",
			out:  `{"mode":"standard","complete":true,"groups":[{"label":"FUTURE","value":"1"}],"rejected":0}` + "\n",
			talk: "1 frames, 1 groups accepted, 0 lines refused, labels not known 1, line feeds damaged 0",
		},
		{
			name: "the other mode", args: "--mode historic", code: exitFailed,
			raw:  "\x02" + power + "\x03",
			talk: "0 frames, 0 groups accepted, 1 lines refused, mode 1, labels not known 0, line feeds damaged 0\nThe meter talks in the other mode: set mode to auto.\nreleve: decode -: not one group of a meter could be read",
		},
		{
			name: "both modes", args: "--mode auto",
			raw: "\x02" + historicLine("PAPP", "00500") + "\x03\x02" + power + "\x03",
			out: `{"mode":"historic","complete":true,"groups":[{"label":"PAPP","value":"00500"}],"rejected":0}` + "\n" +
				`{"mode":"standard","complete":true,"groups":[{"label":"SINSTS","value":"00500"}],"rejected":0}` + "\n",
			talk: "2 frames, 2 groups accepted, 0 lines refused, labels not known 0, line feeds damaged 0",
		},
		{
			name: "several causes",
			raw:  "\x02\nSINSTS\t00999\t?\r\nnothing\r\nA\x01B\t1\t!\r" + power + "\x03",
			out:  `{"mode":"standard","complete":true,"groups":[{"label":"SINSTS","value":"00500"}],"rejected":3}` + "\n",
			talk: "1 frames, 1 groups accepted, 3 lines refused, framing 1, charset 1, checksum 1, labels not known 0, line feeds damaged 0",
		},
		{
			name: "nothing but dirt", code: exitFailed,
			raw:  "\nall of this is\r\nnot a meter\r",
			talk: "0 frames, 0 groups accepted, 2 lines refused, framing 2, labels not known 0, line feeds damaged 0\nreleve: decode -: not one group of a meter could be read",
		},
		{
			name: "nothing", code: exitFailed,
			talk: "0 frames, 0 groups accepted, 0 lines refused, labels not known 0, line feeds damaged 0\nreleve: decode -: not one group of a meter could be read",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := outcome{test.code, test.out, summary(test.raw, test.talk)}
			for _, input := range [][]string{{}, {"-"}, {written(t, "capture", test.raw)}} {
				args := append(append([]string{"decode"}, strings.Fields(test.args)...), input...)
				got := typed(t, test.raw, args...)
				if len(input) > 0 {
					got.talk = strings.Replace(got.talk, input[0], "-", 1)
				}
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
					t.Errorf("%v (-want +got):\n%s", args, diff)
				}
			}
		})
	}
}

func TestDecodeMissingFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "nowhere")
	got := typed(t, "", "decode", file)
	if got.code != exitFailed || got.out != "" || got.talk != "releve: open "+file+": no such file or directory\n" {
		t.Errorf("%+v", got)
	}
}

func TestIsLive(t *testing.T) {
	t.Parallel()
	pty, err := linky.OpenPTY("")
	if err != nil {
		t.Fatal(err)
	}
	defer pty.Close()
	for input, want := range map[string]bool{
		"tcp://127.0.0.1:1": true, pty.Path(): true,
		"-": false, "/dev/null": false, "decode_test.go": false, "/nowhere": false, t.TempDir(): false,
	} {
		if got := isLive(input); got != want {
			t.Errorf("%s is live: %t, want %t", input, got, want)
		}
	}
}

// TestDecodeSenML decodes the same frames in each format and reads the packs back: they are what the recorder says.
func TestDecodeSenML(t *testing.T) {
	t.Parallel()
	raw := simulated(t, "--frames", "3", "--producer", "--phases", "3")
	var want senml.Pack
	recorder := series.NewRecorder("linky", 0)
	decoder := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		said := recorder.Record(f, heardAt(f))
		slices.SortStableFunc(said, func(x, y senml.Record) int { return order.Compare(x.Time, y.Time) }) // RFC 8428 §4.6
		want = append(want, said...)
	})
	if _, err := io.WriteString(decoder, raw); err != nil {
		t.Fatal(err)
	}
	split := map[string]func(string) [][]byte{"json": lines, "xml": lines, "cbor": sequence}
	for name, cut := range split {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			format, err := senml.ParseFormat(name)
			if err != nil {
				t.Fatal(err)
			}
			got := typed(t, raw, "decode", "--format", "senml-"+name)
			packs := cut(got.out)
			if got.code != exitDone || len(packs) != 3 {
				t.Fatalf("code %d, %d packs: %s", got.code, len(packs), got.talk)
			}
			var records senml.Pack
			for _, text := range packs {
				pack, err := senml.Decode(format, text)
				if err == nil {
					pack, err = pack.Resolve(time.Unix(1_800_000_000, 0))
				}
				if err != nil {
					t.Fatal(err)
				}
				records = append(records, pack...)
			}
			if diff := cmp.Diff(want, records); diff != "" {
				t.Errorf("records (-recorder +%s):\n%s", name, diff)
			}
		})
	}
}

func lines(out string) [][]byte {
	return bytes.Split([]byte(strings.TrimSuffix(out, "\n")), []byte("\n"))
}

// sequence cuts a CBOR sequence (RFC 8742).
func sequence(out string) [][]byte {
	var items [][]byte
	for rest := []byte(out); len(rest) > 0; {
		var item cbor.RawMessage
		after, err := cbor.UnmarshalFirst(rest, &item)
		if err != nil {
			return nil
		}
		items, rest = append(items, item), after
	}
	return items
}

func TestHeardAt(t *testing.T) {
	t.Parallel()
	date := func(horodate string) *tic.Frame {
		return &tic.Frame{Groups: []tic.Group{{Label: []byte("DATE"), Horodate: []byte(horodate)}}}
	}
	if got, want := heardAt(date("E260701120000")), time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("heard at %s, want %s", got, want)
	}
	// Without a date that is one, it was now.
	for _, frame := range []*tic.Frame{{}, date(" 260701120000"), date("H269901120000"), date("")} {
		before := time.Now()
		if got := heardAt(frame); got.Before(before) || got.After(time.Now()) {
			t.Errorf("heard at %s, want now", got)
		}
	}
}

// simulated is what simulate prints with no pace at all.
func simulated(t *testing.T, args ...string) string {
	t.Helper()
	got := typed(t, "", append([]string{"simulate", "--speed", "max"}, args...)...)
	if got.code != exitDone || got.talk != "" {
		t.Fatalf("simulate %v: %d, %s", args, got.code, got.talk)
	}
	return got.out
}

// TestGolden holds one frame of each mode through both verbs.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"standard", "historic"} {
		golden, err := os.ReadFile(filepath.Join("testdata", mode+".golden.json"))
		if err != nil {
			t.Fatal(err)
		}
		raw := simulated(t, "--mode", mode, "--frames", "1", "--contract", "hc")
		if diff := cmp.Diff(string(golden), typed(t, raw, "decode").out); diff != "" {
			t.Errorf("%s (-golden +got):\n%s", mode, diff)
		}
	}
}

func TestSumUpNamesEveryCause(t *testing.T) {
	t.Parallel()
	var c tic.Counters
	for i, cause := range tic.Causes() {
		c.Rejected[cause] = uint64(i + 1)
	}
	var out bytes.Buffer
	sumUp(&out, c)
	for i, cause := range tic.Causes() {
		if want := fmt.Sprintf(", %s %d,", cause, i+1); !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
	if n := slices.Index(strings.Fields(out.String()), "36"); n < 0 {
		t.Errorf("%q lacks the sum", out.String())
	}
}
