package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

func TestSimulateSeed(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "--mode historic", "--contract tempo --phases 3", "--mode historic --producer --contract hc", "--parity"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			play := func(more ...string) string {
				return simulated(t, append(append(strings.Fields(args), "--frames", "5"), more...)...)
			}
			first := play("--seed", "7")
			if again := play("--seed", "7", "-"); again != first {
				t.Error("the same seed gave other bytes")
			}
			if other := play("--seed", "8"); other == first {
				t.Error("another seed gave the same bytes")
			}
			if n := strings.Count(unparity(first), "\x02"); n != 5 {
				t.Errorf("%d frames, want 5", n)
			}
		})
	}
}

func unparity(text string) string {
	out := []byte(text)
	for i := range out {
		out[i] &= 0x7F
	}
	return string(out)
}

func TestSimulateParity(t *testing.T) {
	t.Parallel()
	plain, even := simulated(t, "--frames", "2"), simulated(t, "--frames", "2", "--parity")
	if plain == even || unparity(even) != plain {
		t.Error("parity is not bit 7 of the same characters")
	}
}

// A scenario that ships, one in a file, and flags that come before what it says.
func TestSimulateScenario(t *testing.T) {
	t.Parallel()
	file := written(t, "mine.toml", "[meter]\ncontract = \"tempo\"\nseed = 4\n[[damage]]\nkind = \"silence\"\nfrom = \"3s\"\n")
	mine := simulated(t, "--scenario", file, "--frames", "8")
	if n := strings.Count(mine, "\x02"); n != 4 || !strings.Contains(mine, "     TEMPO      ") {
		t.Errorf("%d frames: %q", n, mine)
	}
	if got, want := simulated(t, "--frames", "4", "--contract", "tempo", "--seed", "4"), mine; got != want {
		t.Errorf("flags and file differ (-file +flags):\n%s", cmp.Diff(want, got))
	}
	over := simulated(t, "--scenario", file, "--frames", "1", "--contract", "ejp", "--mode", "historic", "--phases", "3", "--power", "18", "--seed", "5")
	if !strings.Contains(over, "\nEJPHN ") || !strings.Contains(over, "\nISOUSC 30 ") || !strings.Contains(over, "\nIINST3 ") {
		t.Errorf("flags do not come before the file: %q", over)
	}
	ready := simulated(t, "--scenario", "mode-switch", "--frames", "60")
	if !strings.Contains(ready, "\nHCHC ") || !strings.Contains(ready, "\nEASF01\t") {
		t.Error("the scenario mode-switch shows one mode only")
	}
}

func TestSimulateList(t *testing.T) {
	t.Parallel()
	got := typed(t, "", "simulate", "--list")
	for _, name := range []string{"household", "producer", "school", "ev", "tempo-red", "overrun", "meter-swap", "mode-switch", "clock-change"} {
		if !regexp.MustCompile(`(?m)^`+name+` +[A-Z].{20,}$`).MatchString(got.out) || got.code != exitDone {
			t.Errorf("%s is not in the list, %+v", name, got)
		}
	}
	var list []struct{ Name, Title string }
	asJSON := typed(t, "", "simulate", "--list", "--json")
	if err := json.Unmarshal([]byte(asJSON.out), &list); err != nil || len(list) != strings.Count(got.out, "\n") || list[0].Title == "" {
		t.Errorf("%v: %+v", err, list)
	}
}

// Damage is the same for the same seed, and is there.
func TestSimulateDamage(t *testing.T) {
	t.Parallel()
	play := func(seed string) string {
		return simulated(t, "--frames", "5", "--seed", seed, "--damage", "bits=0.01,lost=0.01,noise")
	}
	one := play("3")
	if one != play("3") {
		t.Error("the same seed damages otherwise")
	}
	got := typed(t, one, "decode")
	if !strings.Contains(got.talk, "refused") || strings.Contains(got.talk, " 0 lines refused") {
		t.Errorf("decode says %q of a damaged line", got.talk)
	}
}

func TestSimulateStart(t *testing.T) {
	t.Parallel()
	got := simulated(t, "--frames", "1", "--start", "2027-07-14T12:00:00+02:00")
	if !strings.Contains(got, "\nDATE\tE270714120000\t") {
		t.Errorf("frame is %q", got)
	}
	now := typed(t, simulated(t, "--frames", "1", "--start", "now"), "decode")
	if year := time.Now().UTC().Format(`"horodate":"H06`); !strings.Contains(strings.ReplaceAll(now.out, `:"E`, `:"H`), year) {
		t.Errorf("frame is not of this year: %s", now.out)
	}
}

func TestSimulateFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "out")
	want := simulated(t, "--frames", "3")
	for _, speed := range []string{"max", "1"} {
		synctest.Test(t, func(t *testing.T) {
			got := typed(t, "", "simulate", "--frames", "3", "--speed", speed, "-o", file)
			text, err := os.ReadFile(file)
			if err != nil || got.code != exitDone || got.out != "" || string(text) != want {
				t.Errorf("speed %s: %+v, %v, %d bytes, want %d", speed, got, err, len(text), len(want))
			}
		})
	}
	got := typed(t, "", "simulate", "--frames", "1", "-o", filepath.Join(file, "below"))
	if want := (outcome{exitFailed, "", "releve: open " + file + "/below: not a directory\n"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// The pace is that of the bus, on a clock that the test controls.
func TestSimulatePace(t *testing.T) {
	t.Parallel()
	for mode, baud := range map[string]int{"standard": 9600, "historic": 1200} {
		want := simulated(t, "--mode", mode, "--frames", "4")
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			got := typed(t, "", "simulate", "--mode", mode, "--frames", "4", "--speed", "1")
			if got.out != want {
				t.Errorf("%s: the pace changes the bytes", mode)
			}
			line := time.Duration(len(want)*10) * time.Second / time.Duration(baud)
			silences := 3 * 33400 * time.Microsecond // 02E §1.5.1, at most
			if took := time.Since(began); took < line || took > line+silences+time.Second {
				t.Errorf("%s: 4 frames took %s, want %s and their silences", mode, took, line)
			}
		})
	}
}

func TestSimulatePTY(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "meter")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	talk, talks := io.Pipe()
	code := make(chan int)
	go func() {
		code <- execute(ctx, []string{"simulate", "--pty", link}, terminal{out: io.Discard, err: talks})
	}()
	said, err := bufio.NewReader(talk).ReadString('\n')
	if want := "meter on " + link + "\n"; err != nil || said != want {
		t.Fatalf("%q, %v; want %q", said, err, want)
	}
	line, err := os.Open(link)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	var frame []string
	decoder := tic.NewDecoder(tic.Standard, func(f *tic.Frame) {
		for _, g := range f.Groups {
			frame = append(frame, string(g.Label))
		}
	})
	for buf := make([]byte, 256); len(frame) == 0; {
		n, err := line.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decoder.Write(buf[:n]); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"ADSC", "VTIC", "DATE"}, frame[:min(3, len(frame))]); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	cancel()
	if got := <-code; got != exitDone {
		t.Errorf("code %d", got)
	}
	if _, err := os.Lstat(link); !os.IsNotExist(err) {
		t.Errorf("the link is still there: %v", err)
	}
}

func TestSimulatePTYInTheWay(t *testing.T) {
	t.Parallel()
	file := written(t, "precious", "data")
	got := typed(t, "", "simulate", "--pty", file, "--frames", "1")
	want := outcome{exitFailed, "", "releve: make link " + file + ": something that is not a symbolic link is there; move it away or choose another path\n"}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if text, err := os.ReadFile(file); err != nil || !bytes.Equal(text, []byte("data")) {
		t.Errorf("the file holds %q, %v", text, err)
	}
}
