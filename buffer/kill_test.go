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

// victimDir makes the test binary put packs into the folder it names until it is killed.
const victimDir = "BUFFER_VICTIM_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(dir)
		return
	}
	if dir := os.Getenv(datingVictimDir); dir != "" {
		datingVictim(dir)
		return
	}
	if dir := os.Getenv(strangerDir); dir != "" {
		stranger(dir)
		return
	}
	os.Exit(m.Run())
}

// numbered is the pack whose place in the order is n.
func numbered(n int) senml.Pack { return minute(noon.Add(time.Duration(n)*time.Second), 3) }

// victim puts the packs from FIRST on and prints, of every one that Put has called durable, the number it was given.
// It folds and compacts far more often than an agent.
func victim(dir string) {
	b, err := buffer.Open(buffer.Options{Dir: dir, AckDelay: time.Millisecond})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	first, err := strconv.Atoi(os.Getenv("FIRST"))
	if err != nil {
		fmt.Println("error", err)
		return
	}
	c, err := b.Cursor("self", buffer.Beginning())
	for n := first; err == nil; n++ {
		var seq buffer.Seq
		if seq, err = b.Put(numbered(n)); err == nil {
			fmt.Println(seq)
			err = c.Ack(seq)
		}
		if err == nil && n%5 == 0 {
			err = b.Fold()
		}
		if err == nil && n%17 == 0 {
			err = b.Reclaim()
		}
	}
	fmt.Println("error", err)
}

// killsAStore is how many kills a store lives through: all of it is read after each.
const killsAStore = 50

// TestKill kills a process that puts, at random moments, and looks each time for what it had called durable.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 20
	if n, err := strconv.Atoi(os.Getenv("BUFFER_KILLS")); err == nil {
		rounds = n
	}
	var dir string
	var stored []buffer.Seq
	packs, unheard := 0, 0
	for round := range rounds {
		if round%killsAStore == 0 {
			dir, stored = t.TempDir(), nil
		}
		durable := killOnce(t, dir, len(stored)+1, time.Duration(rand.IntN(150))*time.Millisecond)
		packs += len(durable)
		durable = append(stored, durable...)
		stored = checkDurable(t, dir, round, durable)
		unheard += len(stored) - len(durable)
	}
	t.Logf("%d kills, %d packs called durable: 0 lost, 0 twice, 0 stores set aside; %d more were on their way and are whole",
		rounds, packs, unheard)
}

// killOnce runs a victim from a pack on, kills it some time after its first Put and returns the numbers of what it had
// called durable.
func killOnce(t *testing.T, dir string, first int, after time.Duration) []buffer.Seq {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), victimDir+"="+dir, fmt.Sprint("FIRST=", first))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var durable []buffer.Seq
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		seq, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			t.Fatalf("the victim says: %s", lines.Text())
		}
		if len(durable) == 0 {
			time.AfterFunc(after, func() { child.Process.Kill() })
		}
		durable = append(durable, buffer.Seq(seq))
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}
	return durable
}

// checkDurable reads the whole store and wants every pack that was called durable under its number, once and in order,
// and at most one more: the pack that was on its way. It returns the numbers of all that are there.
func checkDurable(t *testing.T, dir string, round int, durable []buffer.Seq) (stored []buffer.Seq) {
	t.Helper()
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if s := b.Stats(); len(s.SetAside) > 0 || s.Corrupt > 0 {
		t.Fatalf("round %d: damaged: %+v", round, s)
	}
	c := cursor(t, b, "parent"+strconv.Itoa(round), buffer.Beginning())
	for last := b.Stats().Last; len(stored) == 0 || stored[len(stored)-1] < last; {
		for _, item := range next(t, c, 512) {
			stored = append(stored, item.Seq)
			n := len(stored)
			if n <= len(durable) && item.Seq != durable[n-1] {
				t.Fatalf("round %d: pack %d has number %d, not %d", round, n, item.Seq, durable[n-1])
			}
			if want := numbered(n); len(item.Pack) != len(want) || item.Pack[0].Time != want[0].Time {
				t.Fatalf("round %d: number %d, the %dth, is another pack than was put", round, item.Seq, n)
			}
		}
		ack(t, c, stored[len(stored)-1])
	}
	if extra := len(stored) - len(durable); extra < 0 || extra > 1 {
		t.Fatalf("round %d: %d packs stored, %d called durable", round, len(stored), len(durable))
	}
	return stored
}
