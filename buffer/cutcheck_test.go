package buffer_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// kept is what a store must hold, and what it may hold.
type kept struct {
	packs   map[buffer.Seq]timed
	coming  timed           // a pack on its way
	undated []dated         // in the order they were put
	last    int             // how many of them are durable
	dated   int             // and how many have a date
	cursors map[string]span // what they have acknowledged, durably and not
}

// timed is a pack and when it was put.
type timed struct {
	senml.Pack
	at time.Time
}

// dated is the number of a reading without a date, and when it was put or, if it was since, dated.
type dated struct {
	number float64
	at     time.Time
}

type span struct{ durable, last buffer.Seq }

// fresh is a reading without a date that no other is like.
func (w *worker) fresh() senml.Record {
	n := float64(len(w.undated) + 1)
	w.undated = append(w.undated, dated{n, w.clock})
	return since(n, n)
}

// arrived notes that what was on its way is durable.
func (k *kept) arrived() { k.coming, k.last = timed{}, len(k.undated) }

// written notes that acknowledgements are durable.
func (k *kept) written() {
	for name, at := range k.cursors {
		k.cursors[name] = span{at.last, at.last}
	}
}

// move notes an acknowledgement.
func (k *kept) move(name string, seq buffer.Seq) {
	at := k.cursors[name]
	k.cursors[name] = span{at.durable, max(at.last, seq)}
}

func slicesOf(packs map[buffer.Seq]timed) []buffer.Seq { return slices.Sorted(maps.Keys(packs)) }

// cutCheck looks at a store that a power cut has left.
type cutCheck struct {
	*worker
	name string
	cut  *buffer.Buffer
	log  []buffer.Item
}

func (w *worker) check(dir string, at stage) {
	w.t.Helper()
	b, err := buffer.Open(w.options(dir))
	if err != nil {
		w.t.Fatalf("cut %d, stage %d: %v", w.cuts, at, err)
	}
	defer b.Close()
	c := cutCheck{worker: w, name: fmt.Sprintf("cut %d, stage %d", w.cuts, at), cut: b}
	c.cursorsAre()
	c.packsAre()
	c.numbersAre()
	c.historyIs()
	c.goesOn()
	if s := b.Stats(); len(s.SetAside) > 0 || s.Corrupt > 0 {
		c.errorf("stats %+v", s)
	}
}

func (c *cutCheck) errorf(format string, args ...any) {
	c.t.Helper()
	c.t.Errorf("%s: %s", c.name, fmt.Sprintf(format, args...))
}

// isDue tells whether what was put then must still be there.
func (w *worker) isDue(at time.Time) bool { return w.clock.Sub(at) <= cutAge-cutAge/93 }

// cursorsAre wants every cursor where it was, or before, but not before what is durable.
func (c *cutCheck) cursorsAre() {
	for _, got := range c.cut.Cursors() {
		want, known := c.cursors[got.Name]
		if known && (got.Acked < want.durable || got.Acked > want.last && got.Expired == 0) {
			c.errorf("cursor %+v, want it at %d to %d", got, want.durable, want.last)
		}
	}
}

// packsAre wants each pack under its number.
func (c *cutCheck) packsAre() {
	c.log = itemsOf(c.t, c.cut)
	found := map[buffer.Seq]senml.Pack{}
	for _, item := range c.log {
		found[item.Seq] = item.Pack
	}
	for seq, want := range c.packs {
		if _, there := found[seq]; !there && !c.isDue(want.at) {
			continue
		}
		if diff := gocmp.Diff(want.Pack, found[seq], sameValue); diff != "" {
			c.errorf("pack %d (-want +got):\n%.300s", seq, diff)
		}
		delete(found, seq)
	}
	for seq, got := range found { // dated, or on its way
		if got[0].Name == since(0, 0).Name || len(got) > 1 && got[1].Name == since(0, 0).Name {
			continue
		}
		if diff := gocmp.Diff(c.coming.Pack, got, sameValue); diff != "" {
			c.errorf("pack %d was never put: %.300s", seq, diff)
		}
	}
}

// numbersAre dates what waits and wants every reading that had no date once, in order.
func (c *cutCheck) numbersAre() {
	if sum, err := c.cut.Date("boot", from(noon)); err != nil || sum.Refused+sum.Damaged > 0 {
		c.errorf("dated %+v, %v", sum, err)
	}
	var numbers []float64
	for _, item := range itemsOf(c.t, c.cut) {
		for _, r := range item.Pack {
			if v, isNumber := r.Value.Number(); isNumber && r.Name == since(0, 0).Name {
				numbers = append(numbers, v)
			}
		}
	}
	if !slices.IsSortedFunc(numbers, func(x, y float64) int { return cmp.Or(cmp.Compare(x, y), 1) }) {
		c.errorf("readings without a date came as %v", numbers)
	}
	for i, want := range c.undated {
		_, there := slices.BinarySearch(numbers, want.number)
		if due := i < c.last && c.isDue(want.at); due && !there {
			c.errorf("reading %g of %v is not there at %v: %v, %+v", want.number, want.at, c.clock, numbers, c.cut.Stats())
		}
	}
	if n := len(numbers); n > 0 && numbers[n-1] > float64(len(c.undated)) {
		c.errorf("reading %g was never put", numbers[n-1])
	}
}

// historyIs wants the power of every second of which the pack is due, and in each ten minutes as many seconds as were put.
func (c *cutCheck) historyIs() {
	name := record("power", noon, 0).Name
	must, may, counts := map[float64]bool{}, map[float64]bool{}, map[int64]span{}
	note := func(p timed, durable bool) {
		for _, r := range p.Pack {
			if r.Name != name {
				continue
			}
			may[r.Time] = true
			ten := counts[int64(r.Time)/600]
			ten.last++
			if durable {
				ten.durable++
			}
			if durable && c.isDue(p.at) {
				must[r.Time] = true
			}
			counts[int64(r.Time)/600] = ten
		}
	}
	for _, p := range c.packs {
		note(p, true)
	}
	note(c.coming, false)
	records, _, err := c.cut.History(c.t.Context(), name, noon, c.clock.Add(time.Hour), math.MaxInt32)
	for _, r := range records {
		if !may[r.Time] {
			c.errorf("the history has %+v", r)
		}
		delete(may, r.Time)
		delete(must, r.Time)
	}
	if len(must) > 0 || err != nil {
		c.errorf("the history lacks %d seconds: %v", len(must), err)
	}
	periods, _, err := c.cut.Periods(c.t.Context(), name, buffer.TenMinutes, noon, c.clock.Add(time.Hour), math.MaxInt32)
	for _, p := range periods {
		want := counts[p.Begin.Unix()/600]
		if p.Count < int(want.durable) || p.Count > int(want.last) {
			c.errorf("at %v there are %d readings, want %d to %d", p.Begin, p.Count, want.durable, want.last)
		}
		delete(counts, p.Begin.Unix()/600)
	}
	for ten, want := range counts {
		if want.durable > 0 || err != nil {
			c.errorf("at %v there is no power: %v", time.Unix(ten*600, 0).UTC(), err)
		}
	}
}

// goesOn wants a number above all that were used.
func (c *cutCheck) goesOn() {
	used := c.cut.Stats().Last
	for seq := range c.packs {
		used = max(used, seq)
	}
	for _, at := range c.cursors {
		used = max(used, at.last)
	}
	seq, err := c.cut.Put(minute(c.clock, 1))
	if err != nil || seq <= used {
		c.errorf("number %d comes after %d: %v", seq, used, err)
	}
	if _, err := c.cut.Verify(c.t.Context(), func(problem string) { c.errorf("verify: %s", problem) }); err != nil {
		c.errorf("verify: %v", err)
	}
}
