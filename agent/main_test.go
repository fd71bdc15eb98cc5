package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcome is what one command line did.
type outcome struct {
	code      int
	out, talk string
}

// typed runs a command line as main does.
func typed(t *testing.T, in string, args ...string) outcome {
	t.Helper()
	var out, talk bytes.Buffer
	code := execute(t.Context(), args, terminal{in: strings.NewReader(in), out: &out, err: &talk})
	return outcome{code, out.String(), talk.String()}
}

// written makes a file of a text.
func written(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		talk string
	}{
		{"", `expected one of "run", "probe", "decode", "simulate", "listen", ...`},
		{"sing", "unexpected argument sing"},
		{"config", `expected one of "check", "show", "schema", "reference", "example", ...`},
		{"version --loud", "unknown flag --loud"},
		{"probe telnet://box:23", `open port telnet://box:23: scheme "telnet" is not supported: use tcp://host:port or rfc2217://host:port`},
		{"decode --mode loud", `--mode must be one of "auto","historic","standard" but got "loud"`},
		{"decode --format xml", `--format must be one of "json","values","senml-json","senml-cbor","senml-xml" but got "xml"`},
		{"decode a b", "unexpected argument b"},
		{"simulate --mode auto", `--mode: "auto" is not one of standard, historic`},
		{"simulate --model saphir", `--model: "saphir" is not one of linky, pilot, electronic, plain, pme-pmi`},
		{"simulate --contract zen", `--contract: "zen" is not one of base, hc, tempo, ejp, hc-we`},
		{"simulate --scenario holidays", "there is no scenario holidays, nor a file of that name; releve simulate --list names those that ship"},
		{"simulate --damage bits=2", "check scenario: the rate of bits is a share from 0 to 1, not 2"},
		{"simulate --damage bits=x", `--damage: bits: "x" is not a share from 0 to 1`},
		{"simulate --speed 2", `--speed must be one of "1","max" but got "2"`},
		{"simulate --phases 2", "check scenario: a meter has 1 or 3 phases, not 2"},
		{"simulate --phases 0", "--phases: a meter has 1 or 3 phases, not 0"},
		{"simulate --power 0", "--power: a home subscribes 1 to 36 kVA, not 0"},
		{"simulate --frames=-1", "--frames: expected a valid 64 bit uint but got \"-1\""},
		{"simulate --seed x", "--seed: expected a valid 64 bit uint but got \"x\""},
		{"simulate --pty a -o b", "--pty and --output can't be used together"},
		{"simulate file", `[<stdout>] must be one of "-" but got "file"`},
		{"simulate --start soon", `--start: "soon" is neither now nor a time like 2026-01-15T18:00:00+01:00`},
		{"simulate --start 1999-01-01T00:00:00Z", "check scenario: the meter's clock cannot start in 1999: choose an instant in the years 2001 to 2098"},
		{"listen maison@sen1.example", `listen: "maison@sen1.example" is not a full address such as maison@breizh-sen1.example/releve`},
		{"listen @", `listen: "@" is not a full address such as maison@breizh-sen1.example/releve`},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			want := outcome{exitUsage, "", "releve: " + test.talk + "; see releve --help\n"}
			if diff := cmp.Diff(want, typed(t, "", strings.Fields(test.args)...), cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"--help", "-h", "decode --help", "config --help", "config check --help", "listen --help"} {
		got := typed(t, "", strings.Fields(args)...)
		if got.code != exitDone || !strings.HasPrefix(got.out, "Usage: releve") || got.talk != "" {
			t.Errorf("releve %s: %+v", args, got)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	got := typed(t, "", "version")
	if got.code != exitDone || !regexp.MustCompile(`^releve \S+ [a-z]+/[a-z0-9]+ go\S+\n$`).MatchString(got.out) || got.talk != "" {
		t.Errorf("%+v", got)
	}
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, raw string
		want      outcome // FILE stands for the file
	}{
		{
			"good", "[[meter]]\nport = \"/dev/ttyUSB0\"\n",
			outcome{exitDone, "FILE: good: 1 meter(s), no federation, 0 grant(s)\n", ""},
		},
		{
			"good, with a federation",
			"[federation]\njid = \"maison@sen1.example\"\npassword_file = \"" + written(t, "password", "p\n") + "\"\n[[grant]]\nto = \"a@b\"\nseries = [\"*\"]\npurpose = \"p\"\n",
			outcome{exitDone, "FILE: good: 0 meter(s), maison@sen1.example/releve, 1 grant(s)\n", "FILE: warning: there is no [[meter]] and no [[source]]: nothing will be read\n"},
		},
		{
			"good, on a server",
			"[federation]\njid = \"conseil@sen2.example\"\npassword_file = \"" + written(t, "password", "p\n") + "\"\n" +
				"[[source]]\nname = \"maison\"\nkind = \"releve\"\nfrom = \"maison@sen1.example\"\n" +
				"[[recipient]]\nname = \"archive\"\nkind = \"releve\"\nto = \"archive@sen2.example\"\n[[grant]]\nto = \"archive@sen2.example\"\nseries = [\"*\"]\nsources = [\"maison\"]\npurpose = \"p\"\n",
			outcome{exitDone, "FILE: good: 0 meter(s), conseil@sen2.example/releve, 1 grant(s), 1 recipient(s), 1 source(s)\n", ""},
		},
		{
			"bad", "[[meter]]\nprt = \"/dev/ttyUSB0\"\n",
			outcome{exitRefused, "", "releve: configuration refused:\nFILE:2: unknown key meter.prt; did you mean meter.port?\n"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := written(t, "releve.toml", test.raw)
			got := typed(t, "", "config", "check", "--config", file)
			got.out, got.talk = strings.ReplaceAll(got.out, file, "FILE"), strings.ReplaceAll(got.talk, file, "FILE")
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What a restart cannot mend ends with 78, so that systemd does not try. A secret that is not there is told here, but
// does not keep run from measuring: its disk may come later.
func TestConfigRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := "[agent]\nstate = \"" + filepath.Join(dir, "state") + "\"\n"
	empty := written(t, "empty", "\nsecond line")
	good := written(t, "good", "password\n")
	session := func(more string) string { return state + "[federation]\njid = \"a@sen1.example\"\n" + more }
	for _, test := range []struct {
		name, raw, talk string
	}{
		{"no such section", "[x]\n", "FILE:1: unknown key x"},
		{
			"recipient without an address", session("password_file = \"p\"\n") + "[[recipient]]\nname = \"a\"\nkind = \"releve\"\n",
			"recipient 1 (a): to: \"\" is not an address such as serveur@breizh-sen2.example/releve",
		},
		{
			"no password", session("password_file = \"/nowhere/p\"\n"),
			"federation.password_file: open /nowhere/p: no such file or directory",
		},
		{
			"empty password", session("password_file = \"" + empty + "\"\n"),
			"federation.password_file: the first line of " + empty + " is empty",
		},
		{
			"no authority", session("password_file = \"" + good + "\"\nca_file = \"/nowhere/ca\"\n"),
			"federation.ca_file: open /nowhere/ca: no such file or directory",
		},
		{
			"no certificate", session("password_file = \"" + good + "\"\nca_file = \"" + good + "\"\n"),
			"federation.ca_file: there is no PEM certificate in " + good,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := written(t, "releve.toml", test.raw)
			got := typed(t, "", "config", "check", "--config", file)
			want := outcome{exitRefused, "", "releve: configuration refused:\n" + test.talk + "\n"}
			got.talk = strings.ReplaceAll(got.talk, file, "FILE")
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestListenWithoutFederation(t *testing.T) {
	t.Parallel()
	got := typed(t, "", "listen", "--config", written(t, "releve.toml", ""), "maison@sen1.example/releve")
	want := outcome{exitRefused, "", "releve: configuration refused:\n[federation] is missing: as whom should it be asked?\n"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{"pw": "pw", "pw\n": "pw", "pw\r\nmore": "pw", "\ufeffpw\r\n": "pw", " p w \n": " p w "} {
		got, err := password("key", written(t, "password", raw))
		if got != want || err != nil {
			t.Errorf("%q is read as %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	wrong := errors.New("it broke")
	for _, test := range []struct {
		err  error
		code int
		talk string
	}{
		{nil, exitDone, ""},
		{fmt.Errorf("print: %w", syscall.EPIPE), exitDone, ""},
		{wrong, exitFailed, "releve: it broke\n"},
		{fmt.Errorf("start: %w", refusal{wrong}), exitRefused, "releve: configuration refused:\nstart: it broke\n"},
		{errors.Join(misuse{wrong}, nil), exitUsage, "releve: it broke; see releve --help\n"},
	} {
		var talk bytes.Buffer
		if code := report(terminal{err: &talk}, test.err); code != test.code || talk.String() != test.talk {
			t.Errorf("%v: code %d and %q, want %d and %q", test.err, code, talk.String(), test.code, test.talk)
		}
		if test.err != nil && test.code > exitFailed && !errors.Is(test.err, wrong) {
			t.Errorf("%v hides its cause", test.err)
		}
	}
}

// stubborn is a writer that takes some bytes and then none.
type stubborn struct {
	takes int
	err   error
}

func (s *stubborn) Write(p []byte) (int, error) {
	if s.takes -= len(p); s.takes < 0 {
		return 0, s.err
	}
	return len(p), nil
}

// endless repeats a text, up to far more than any test should read.
func endless(text string) io.Reader {
	return io.LimitReader(&repeated{text: text}, 1<<30)
}

type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

// A verb whose reader went away, or whose disk is full, does not go on.
func TestOutputBreaks(t *testing.T) {
	t.Parallel()
	frame := "\x02" + historicLine("PTEC", "TH..") + historicLine("PAPP", "00500") + "\x03"
	for _, test := range []struct {
		args string
		err  error
		code int
		talk string
	}{
		{"decode", syscall.EPIPE, exitDone, ""},
		{"decode --format senml-json -", syscall.EPIPE, exitDone, ""},
		{"decode", syscall.ENOSPC, exitFailed, "releve: no space left on device\n"},
		{"simulate --speed max", syscall.EPIPE, exitDone, ""},
		{"simulate --speed 1", syscall.EPIPE, exitDone, ""},
		{"simulate --speed max", syscall.ENOSPC, exitFailed, "releve: write frame: no space left on device\n"},
	} {
		t.Run(test.args+" "+test.err.Error(), func(t *testing.T) {
			t.Parallel()
			var talk bytes.Buffer
			limit := 1 << 20
			if strings.HasSuffix(test.args, "1") {
				limit = 20
			}
			code := execute(t.Context(), strings.Fields(test.args), terminal{
				in: endless(frame), out: &stubborn{takes: limit, err: test.err}, err: &talk,
			})
			_, rest, decoded := strings.Cut(talk.String(), "labels not known 0, line feeds damaged 0\n")
			if !decoded {
				rest = talk.String()
			}
			if code != test.code || !strings.HasPrefix(rest, test.talk) || test.talk == "" && strings.Contains(rest, "releve:") {
				t.Errorf("code %d and %q, want %d and %q", code, talk.String(), test.code, test.talk)
			}
		})
	}
}

// Ctrl-C ends a verb that waits for standard input.
func TestDecodeStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	in, meter := io.Pipe()
	seen, out := io.Pipe()
	var talk bytes.Buffer
	code := make(chan int)
	go func() { code <- execute(ctx, []string{"decode", "-"}, terminal{in: in, out: out, err: &talk}) }()
	frame := "\x02" + standardLine("SINSTS", "00500") + "\x03"
	if _, err := io.WriteString(meter, frame); err != nil {
		t.Fatal(err)
	}
	// A frame is seen when it is over, not when a buffer is full.
	want := `{"mode":"standard","complete":true,"groups":[{"label":"SINSTS","value":"00500"}],"rejected":0}` + "\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(seen, got); err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	cancel()
	if got := <-code; got != exitDone {
		t.Errorf("code %d: %s", got, talk.String())
	}
	if want := fmt.Sprintf("%d bytes, 1 frames, 1 groups accepted, 0 lines refused", len(frame)); !strings.HasPrefix(talk.String(), want) {
		t.Errorf("talk is %q, want %q", talk.String(), want)
	}
}
