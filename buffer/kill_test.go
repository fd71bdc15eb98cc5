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

// victim prints the number of every pack that Put has called durable. Each pack tells its place in the order,
// so the parent can see that none is missing and none is invented. It folds and compacts far more often than an agent.
func victim(dir string) {
	b, err := buffer.Open(buffer.Options{Dir: dir, AckDelay: time.Millisecond})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	c, err := b.Cursor("self", buffer.Beginning())
	for n := 1; err == nil; n++ {
		var seq buffer.Seq
		if seq, err = b.Put(minute(noon, 3)); err == nil {
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
	var durable []buffer.Seq
	packs := 0
	for round := range rounds {
		if round%killsAStore == 0 {
			dir, durable = t.TempDir(), nil
		}
		before := len(durable)
		durable = append(durable, killOnce(t, dir, time.Duration(rand.IntN(150))*time.Millisecond)...)
		checkDurable(t, dir, round%killsAStore, durable)
		packs += len(durable) - before
	}
	t.Logf("%d kills, %d packs called durable: 0 lost, 0 twice, 0 stores set aside", rounds, packs)
}

// killOnce runs a victim, kills it some time after its first Put and returns what it had called durable.
func killOnce(t *testing.T, dir string, after time.Duration) []buffer.Seq {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), victimDir+"="+dir)
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

// checkDurable reads the whole store and wants every pack that was called durable, in order, and at most one
// more for every kill: the pack that was on its way.
func checkDurable(t *testing.T, dir string, round int, durable []buffer.Seq) {
	t.Helper()
	b, err := buffer.Open(buffer.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if s := b.Stats(); len(s.SetAside) > 0 || s.Corrupt > 0 {
		t.Fatalf("round %d: damaged: %+v", round, s)
	}
	c, err := b.Cursor("parent"+strconv.Itoa(round), buffer.Beginning())
	if err != nil {
		t.Fatal(err)
	}
	stored := map[buffer.Seq]senml.Pack{}
	last := b.Stats().Last
	for seq := buffer.Seq(0); seq < last; {
		for _, item := range next(t, c, 512) {
			if item.Seq <= seq {
				t.Fatalf("round %d: pack %d comes after %d", round, item.Seq, seq)
			}
			seq = item.Seq
			stored[seq] = item.Pack
		}
		ack(t, c, seq)
	}
	for _, seq := range durable {
		if len(stored[seq]) != len(minute(noon, 3)) {
			t.Fatalf("round %d: pack %d was durable and is not there", round, seq)
		}
	}
	if extra := len(stored) - len(durable); extra < 0 || extra > round+1 {
		t.Fatalf("round %d: %d packs stored, %d called durable", round, len(stored), len(durable))
	}
}
