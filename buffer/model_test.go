package buffer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// model is what the buffer promises, kept in memory.
type model struct {
	packs    []modelPack
	last     buffer.Seq
	trimmed  int
	cursors  map[string]*modelCursor
	readings map[reading]bool // all that were put and not erased: roll-ups outlive the packs
}

// modelPack knows when it was put.
type modelPack struct {
	buffer.Item
	put time.Time
}

// reading is one that is put again with the same value.
type reading struct {
	name string
	time float64
}

// modelCursor knows what was acknowledged and what of that must survive a kill.
type modelCursor struct{ acked, durable buffer.Seq }

// machine drives a buffer and its model with the same random deeds.
type machine struct {
	t      *testing.T
	random *rand.Rand
	clock  time.Time
	dir    string
	b      *buffer.Buffer
	model  model
}

const modelAge = 40 * time.Minute

func (m *machine) open() {
	o := buffer.Options{Dir: m.dir, MaxAge: modelAge, AckDelay: time.Hour}
	m.b = open(m.t, o.WithClock(func() time.Time { return m.clock }))
}

// TestModel does random things to a buffer: puts, takes, acknowledgements, trimming by age, cursors that come
// and go, closing and killing. Whatever the order, the buffer is as the model says.
func TestModel(t *testing.T) {
	t.Parallel()
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := &machine{t: t, random: rand.New(rand.NewPCG(seed, 9)), clock: noon, dir: t.TempDir()}
			m.model.cursors, m.model.readings = map[string]*modelCursor{}, map[reading]bool{}
			m.open()
			m.model.last = m.b.Stats().Last
			for range 250 {
				m.step()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// step does one random thing.
func (m *machine) step() {
	deeds := []struct {
		weight int
		do     func()
	}{
		{30, m.put}, {30, m.take}, {8, m.add}, {3, m.remove}, {10, m.wait}, {3, m.reopen}, {3, m.kill},
		{3, m.settle}, {3, m.erase},
	}
	n := m.random.IntN(93)
	for _, deed := range deeds {
		if n -= deed.weight; n < 0 {
			deed.do()
			break
		}
	}
	m.compare()
}

func (m *machine) put() {
	p := minute(m.clock, 1+m.random.IntN(3))
	seq := put(m.t, m.b, p)
	if seq <= m.model.last {
		m.t.Errorf("number %d comes after %d", seq, m.model.last)
	}
	m.model.last = seq
	m.model.packs = append(m.model.packs, modelPack{buffer.Item{Seq: seq, Pack: p}, m.clock})
	for _, r := range p {
		m.model.readings[reading{r.Name, r.Time}] = true
	}
	for _, c := range m.model.cursors {
		c.durable = c.acked
	}
	m.trim()
}

// wait lets time pass and packs go which are too old.
func (m *machine) wait() {
	m.clock = m.clock.Add(time.Duration(m.random.IntN(12)) * time.Minute)
	if err := m.b.Trim(); err != nil {
		m.t.Error(err)
	}
	m.trim()
}

// trim drops from the model what is too old, if anything is, and a little more.
func (m *machine) trim() {
	old, age := 0, modelAge
	for _, item := range m.model.packs {
		if m.clock.Sub(item.put) <= age {
			break
		}
		old++
		age = modelAge - modelAge/93
		for _, c := range m.model.cursors {
			c.acked, c.durable = max(c.acked, item.Seq), max(c.durable, item.Seq)
		}
	}
	m.model.packs = m.model.packs[old:]
	m.model.trimmed += old
}

func (m *machine) name() string { return string(rune('a' + m.random.IntN(4))) }

// add opens a cursor, which may be there already.
func (m *machine) add() {
	name := m.name()
	from, acked := buffer.Now(), m.model.last
	if m.random.IntN(2) == 0 {
		from = buffer.Beginning()
		if len(m.model.packs) > 0 {
			acked = m.model.packs[0].Seq - 1
		}
	}
	cursor(m.t, m.b, name, from)
	if m.model.cursors[name] == nil {
		m.model.cursors[name] = &modelCursor{acked, acked}
	}
}

func (m *machine) remove() {
	name := m.name()
	err := m.b.RemoveCursor(name)
	if known := m.model.cursors[name] != nil; known != (err == nil) {
		m.t.Errorf("remove %s: %v, want it to be there: %v", name, err, known)
	}
	delete(m.model.cursors, name)
}

// take reads from a cursor and acknowledges a part of that.
func (m *machine) take() {
	name := m.name()
	c := m.model.cursors[name]
	if c == nil {
		return
	}
	from, _ := slices.BinarySearchFunc(m.model.packs, c.acked+1, func(i modelPack, seq buffer.Seq) int {
		return int(int64(i.Seq) - int64(seq))
	})
	var want []buffer.Item
	for _, p := range m.model.packs[from:] {
		want = append(want, p.Item)
	}
	if len(want) == 0 {
		return // Next would wait
	}
	most := 1 + m.random.IntN(5)
	real := cursor(m.t, m.b, name, buffer.Now())
	got := next(m.t, real, most)
	if diff := cmp.Diff(want[:min(most, len(want))], got, sameValue); diff != "" {
		m.t.Errorf("cursor %s (-want +got):\n%s", name, diff)
	}
	if n := m.random.IntN(len(got) + 1); n > 0 {
		c.acked = got[n-1].Seq
		ack(m.t, real, c.acked)
	}
}

func (m *machine) reopen() {
	if err := m.b.Close(); err != nil {
		m.t.Error(err)
	}
	for _, c := range m.model.cursors {
		c.durable = c.acked
	}
	m.open()
}

// kill goes on with a copy of the files as they lie: that is what a kill leaves.
func (m *machine) kill() {
	copied := snapshot(m.t, m.dir)
	if err := m.b.Close(); err != nil {
		m.t.Error(err)
	}
	before := sizes(m.t, copied)
	m.dir = copied
	m.open()
	if aside := m.b.Stats().SetAside; len(aside) > 0 {
		m.t.Errorf("set aside after a kill: %v; the kill left %v", aside, before)
	}
	for _, got := range m.b.Cursors() {
		c := m.model.cursors[got.Name]
		if c == nil || got.Acked < c.durable || got.Acked > c.acked {
			m.t.Errorf("after a kill cursor %s is at %d, want %+v", got.Name, got.Acked, c)
			continue
		}
		c.acked, c.durable = got.Acked, got.Acked
	}
}

// settle rolls up what is over.
func (m *machine) settle() {
	if err := m.b.Settle(); err != nil {
		m.t.Error(err)
	}
	m.recalls()
}

// erase takes away all, a series, some hours, or some hours of a series.
func (m *machine) erase() {
	what := buffer.Erasure{}
	if m.random.IntN(4) > 0 {
		what.Series = []string{minute(noon, 1)[m.random.IntN(6)].Name}
	}
	if m.random.IntN(4) > 0 {
		what.From = noon.Add(time.Duration(m.random.IntN(12)) * time.Hour)
		what.To = what.From.Add(time.Duration(1+m.random.IntN(6)) * time.Hour)
	}
	had := len(m.model.readings)
	gone := 0
	for i := range m.model.packs {
		p := &m.model.packs[i]
		left := without(p.Pack, what)
		gone += len(p.Pack) - len(left)
		p.Pack = left
	}
	m.model.packs = slices.DeleteFunc(m.model.packs, func(p modelPack) bool { return len(p.Pack) == 0 })
	for r := range m.model.readings {
		if len(without(senml.Pack{{Name: r.name, Time: r.time}}, what)) == 0 {
			delete(m.model.readings, r)
		}
	}
	got, err := m.b.Erase(m.t.Context(), what, func(buffer.Erased) error { return nil })
	if err != nil || int(got.Records) != gone || got.Cells > 0 && had == len(m.model.readings) {
		m.t.Errorf("erased %+v of %+v, %v; want %d records", got, what, err, gone)
	}
	for _, c := range m.model.cursors {
		c.durable = c.acked
	}
	m.recalls()
}

// recalls wants the roll-ups to count every reading that was not erased, and the history to have no other.
func (m *machine) recalls() {
	for _, s := range minute(noon, 1) {
		want, got := map[time.Time]int{}, map[time.Time]int{}
		for r := range m.model.readings {
			if r.name == s.Name {
				want[time.Unix(int64(r.time), 0).UTC().Truncate(10*time.Minute)]++
			}
		}
		periods, _, err := m.b.Periods(m.t.Context(), s.Name, buffer.TenMinutes, noon, m.clock.Add(time.Hour), 1<<20)
		for _, p := range periods {
			if p.Count > 0 {
				got[p.Begin.UTC()] = p.Count
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			m.t.Errorf("ten minutes of %s: %v (-want +got):\n%s", s.Name, err, diff)
		}
		records, _, err := m.b.History(m.t.Context(), s.Name, noon, m.clock.Add(time.Hour), 1<<20)
		for _, r := range records {
			if !m.model.readings[reading{r.Name, r.Time}] {
				m.t.Errorf("the history has %+v, which was erased", r)
			}
		}
		if err != nil {
			m.t.Error(err)
		}
	}
}

// compare looks at what can be seen from outside.
func (m *machine) compare() {
	s := m.b.Stats()
	if int(s.Packs) != len(m.model.packs) || s.Last != m.model.last || int(s.Trimmed) != m.model.trimmed ||
		s.Corrupt != 0 || len(s.SetAside) != 0 {
		m.t.Errorf("stats: %+v, want %d packs to %d, %d trimmed", s, len(m.model.packs), m.model.last, m.model.trimmed)
	}
	got := m.b.Cursors()
	if len(got) != len(m.model.cursors) {
		m.t.Errorf("%d cursors, want %d", len(got), len(m.model.cursors))
	}
	for _, c := range got {
		want := m.model.cursors[c.Name]
		if want == nil || c.Acked != want.acked || c.Pending != min(uint64(m.model.last-c.Acked), uint64(len(m.model.packs))) {
			m.t.Errorf("cursor %+v, want %+v", c, want)
		}
	}
}
