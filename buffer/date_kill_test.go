package buffer_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"releve/buffer"
	"releve/senml"
)

// datingVictimDir makes the test binary keep undated packs and date them, in the folder it names, until it is killed.
const datingVictimDir = "BUFFER_DATING_VICTIM_DIR"

// datingVictim prints the number of every undated pack that is durable. It goes on from what is in the store.
func datingVictim(dir string) {
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	first, err := strconv.Atoi(os.Getenv("FIRST"))
	for n := first; err == nil; n++ {
		if err = b.PutUndated("boot", senml.Pack{since(float64(n), float64(n))}); err == nil {
			fmt.Println(n)
		}
		if err == nil && n%7 == 0 {
			_, err = b.Date("boot", from(noon))
		}
		if err == nil && n%11 == 0 {
			_, err = b.Put(senml.Pack{record("power", noon, float64(n))})
		}
	}
	fmt.Println("error", err)
}

// TestKillWhileDating kills a process that dates, at random moments. What it had called durable is in the log, once and
// in order, or still undated.
func TestKillWhileDating(t *testing.T) {
	t.Parallel()
	rounds := 12
	if n, err := strconv.Atoi(os.Getenv("BUFFER_KILLS")); err == nil {
		rounds = n
	}
	dir, heard, undated := t.TempDir(), 0, 0
	for range rounds {
		heard = killDating(t, dir, heard+1, time.Duration(rand.IntN(200))*time.Millisecond)
		b, err := buffer.Open(buffer.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		waited := b.Stats().Undated
		if waited > 0 {
			undated++
		}
		date(t, b, "boot", from(noon))
		if s := b.Stats(); s.Undated != 0 || s.Corrupt != 0 || len(s.SetAside) != 0 {
			t.Fatalf("%+v", s)
		}
		heard = checkDated(t, b, heard)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, of which %d with undated packs; %d packs dated once each", rounds, undated, heard)
}

// killDating runs a victim from a number on, kills it and returns the last number that it had called durable.
func killDating(t *testing.T, dir string, first int, after time.Duration) (last int) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), datingVictimDir+"="+dir, fmt.Sprint("FIRST=", first))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the victim says: %s", lines.Text())
		}
		if last == 0 {
			time.AfterFunc(after, func() { child.Process.Kill() })
		}
		last = n
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}
	return last
}

// checkDated wants the numbers 1, 2, … in the log up to heard, and at most the one more that was on its way; it returns
// the last.
func checkDated(t *testing.T, b *buffer.Buffer, heard int) int {
	t.Helper()
	want := 0
	for _, r := range logged(t, b) {
		if r.Name != since(0, 0).Name {
			continue
		}
		want++
		if n, _ := r.Value.Number(); int(n) != want || r.Time != from(noon)(float64(want)) {
			t.Fatalf("reading %g at %.3f is where %d should be", n, r.Time, want)
		}
	}
	if want != heard && want != heard+1 {
		t.Fatalf("%d readings are dated, %d were durable", want, heard)
	}
	return want
}
