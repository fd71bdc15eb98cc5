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

// victimWork makes the test binary a victim: it works on the store in the folder BUFFER_VICTIM_DIR, from the number FIRST
// on, and prints a number for all that is durable, until it is killed.
const victimWork = "BUFFER_VICTIM_WORK"

func TestMain(m *testing.M) {
	if work := os.Getenv(victimWork); work != "" {
		fmt.Println("error", victim(work, os.Getenv("BUFFER_VICTIM_DIR")))
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

// victim opens the store and works until something goes wrong.
func victim(work, dir string) error {
	first, err := strconv.Atoi(os.Getenv("FIRST"))
	if err != nil {
		return err
	}
	b, err := buffer.Open(buffer.Options{Dir: dir, AckDelay: time.Millisecond})
	if err != nil {
		return err
	}
	return map[string]func(b *buffer.Buffer, first int) error{"put": victimPuts, "date": victimDates}[work](b, first)
}

// victimPuts puts packs and prints, of every one that Put has called durable, the number it was given. It folds and
// compacts far more often than an agent.
func victimPuts(b *buffer.Buffer, first int) error {
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
	return err
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
	packs, unheard, strays := 0, 0, 0
	for round := range rounds {
		if round%killsAStore == 0 {
			dir, stored = t.TempDir(), nil
		}
		var durable []buffer.Seq
		for _, seq := range killOnce(t, "put", dir, len(stored)+1, time.Duration(rand.IntN(150))*time.Millisecond) {
			durable = append(durable, buffer.Seq(seq))
		}
		packs += len(durable)
		durable = append(stored, durable...)
		stored = checkDurable(t, dir, round, durable)
		unheard += len(stored) - len(durable)
		strays = max(strays, len(files(t, dir, ".unknown")))
	}
	t.Logf("%d kills, %d packs called durable: 0 lost, 0 twice, 0 stores set aside; %d more were on their way and are whole; "+
		"at most %d tables beside a store", rounds, packs, unheard, strays)
	if strays > 4 {
		t.Errorf("%d tables are beside a store, want 4 at most", strays)
	}
}

// killOnce runs a victim from a number on, kills it some time after its first word and returns the numbers of what it had
// called durable.
func killOnce(t *testing.T, work, dir string, first int, after time.Duration) (durable []uint64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), victimWork+"="+work, "BUFFER_VICTIM_DIR="+dir, fmt.Sprint("FIRST=", first))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			t.Fatalf("the victim says: %s", lines.Text())
		}
		if len(durable) == 0 {
			time.AfterFunc(after, func() { child.Process.Kill() })
		}
		durable = append(durable, n)
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
