package buffer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
)

// model is what the buffer promises, kept in memory.
type model struct {
	packs   []buffer.Item
	last    buffer.Seq
	trimmed int
	cursors map[string]*modelCursor
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
			m.model.cursors = map[string]*modelCursor{}
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
	}
	n := m.random.IntN(87)
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
	m.model.packs = append(m.model.packs, buffer.Item{Seq: seq, Pack: p})
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

// trim drops from the model what is too old, if anything is, and a little more: a pack's first record has the time of its
// Put.
func (m *machine) trim() {
	old, age := 0, modelAge
	for _, item := range m.model.packs {
		if m.clock.Sub(time.UnixMilli(int64(item.Pack[0].Time*1000))) <= age {
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
	from, _ := slices.BinarySearchFunc(m.model.packs, c.acked+1, func(i buffer.Item, seq buffer.Seq) int {
		return int(int64(i.Seq) - int64(seq))
	})
	want := m.model.packs[from:]
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
		if want == nil || c.Acked != want.acked || c.Pending != uint64(m.model.last-c.Acked) {
			m.t.Errorf("cursor %+v, want %+v", c, want)
		}
	}
}
