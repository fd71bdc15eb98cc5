package buffer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// victimDates keeps undated packs and dates them, and prints the number of every one that is durable.
func victimDates(b *buffer.Buffer, first int) (err error) {
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
	return err
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
		durable := killOnce(t, "date", dir, heard+1, time.Duration(rand.IntN(200))*time.Millisecond)
		heard = int(durable[len(durable)-1])
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
	strays := len(files(t, dir, ".unknown"))
	t.Logf("%d kills, of which %d with undated packs; %d packs dated once each; %d tables beside the store", rounds, undated, heard, strays)
	if strays > 4 {
		t.Errorf("%d tables are beside the store, want 4 at most", strays)
	}
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

// TestTrimmedStayGone cuts the power when an undated pack that had been trimmed is there again, because that was not
// durable, and a later one of its boot has got its date, which was. The earlier one must not come behind it.
func TestTrimmedStayGone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		boot string // of the earlier one
		want []float64
	}{{"of that boot", "boot", []float64{2}}, {"of another", "another", []float64{2, 1}}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			clock, dir := noon, filepath.Join(t.TempDir(), "buffer")
			var durable disk
			o := buffer.Options{Dir: dir, MaxAge: time.Hour}.WithClock(func() time.Time { return clock })
			b := open(t, o.WithWatch(func(point string) {
				if point == "emptied" {
					durable = takeDisk(t, dir)
				}
			}))
			put(t, b, minute(clock, 1))
			putUndated(t, b, row.boot, senml.Pack{since(1, 1)})
			put(t, b, minute(clock, 1))
			clock = clock.Add(2 * time.Hour)
			put(t, b, minute(clock, 1)) // what was put before goes
			if s := b.Stats(); s.Packs != 1 || s.Undated != 0 || s.UndatedGone != 1 {
				t.Fatalf("%+v", s)
			}
			putUndated(t, b, "boot", senml.Pack{since(2, 2)})
			date(t, b, "boot", from(noon))

			o.Dir = durable.and("JOURNAL", takeDisk(t, dir)).lay(t)
			cut := open(t, o)
			date(t, cut, row.boot, from(noon))
			var got []float64
			for _, r := range logged(t, cut) {
				if v, _ := r.Value.Number(); r.Name == since(0, 0).Name {
					got = append(got, v)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("dated (-want +got):\n%s", diff)
			}
		})
	}
}
