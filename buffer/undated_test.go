package buffer_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// since is a record at a time since a boot, in seconds.
func since(seconds, value float64) senml.Record {
	return senml.Record{Name: "linky/n", Unit: "W", Value: senml.NumberValue(value), Time: seconds}
}

// from is a scale that began at that time.
func from(began time.Time) func(float64) float64 {
	return func(seconds float64) float64 { return float64(began.Unix()) + seconds }
}

func putUndated(t testing.TB, b *buffer.Buffer, boot string, p senml.Pack) {
	t.Helper()
	if err := b.PutUndated(boot, p); err != nil {
		t.Fatal(err)
	}
}

func date(t testing.TB, b *buffer.Buffer, boot string, at func(float64) float64) buffer.Dated {
	t.Helper()
	sum, err := b.Date(boot, at)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// logged is every record of the log, in order.
func logged(t testing.TB, b *buffer.Buffer) (all senml.Pack) {
	t.Helper()
	for _, item := range itemsOf(t, b) {
		all = append(all, item.Pack...)
	}
	return all
}

// itemsOf is every pack of the log, in order.
func itemsOf(t testing.TB, b *buffer.Buffer) (all []buffer.Item) {
	t.Helper()
	c := cursor(t, b, "logged", buffer.Beginning())
	defer func() {
		if err := b.RemoveCursor("logged"); err != nil {
			t.Error(err)
		}
	}()
	for s, seq := b.Stats(), buffer.Seq(0); s.Packs > 0 && seq < s.Last; {
		all = append(all, next(t, c, 256)...)
		seq = all[len(all)-1].Seq
		ack(t, c, seq)
	}
	return all
}

func TestDate(t *testing.T) {
	t.Parallel()
	clock := noon.Add(time.Hour)
	o := buffer.Options{Dir: t.TempDir()}.WithClock(func() time.Time { return clock })
	b := open(t, o)
	putUndated(t, b, "first", senml.Pack{since(10, 1), since(10.5, 2)})
	putUndated(t, b, "first", senml.Pack{since(20, 3)})
	putUndated(t, b, "second", senml.Pack{since(5, 4), since(6, 5)})
	c := cursor(t, b, "c", buffer.Now())
	if s := b.Stats(); s.Packs != 0 || s.Undated != 5 || len(b.Series()) != 0 {
		t.Errorf("before: %+v", s)
	}
	sizes := cmp.FilterPath(func(p cmp.Path) bool { return strings.HasSuffix(p.String(), "Bytes") }, cmp.Ignore())
	want := []buffer.Undated{{Boot: "first", Packs: 2, Records: 3}, {Boot: "second", Packs: 1, Records: 2}}
	if diff := cmp.Diff(want, b.Undated(), sizes); diff != "" {
		t.Errorf("undated (-want +got):\n%s", diff)
	}
	if first, last, err := b.UndatedSpan("first"); first != 10 || last != 20 || err != nil {
		t.Errorf("span is %g to %g, %v", first, last, err)
	}
	if _, _, err := b.UndatedSpan("third"); errorText(err) != "read undated packs: nothing is kept of it" {
		t.Error(err)
	}
	if sum := date(t, b, "second", from(noon)); sum != (buffer.Dated{Records: 2}) {
		t.Errorf("second: %+v", sum)
	}
	if got := b.Undated(); len(got) != 1 || !got[0].Passed {
		t.Errorf("the first boot was passed by the second, and is %+v", got)
	}
	if sum := date(t, b, "second", from(noon)); sum != (buffer.Dated{}) {
		t.Errorf("second again: %+v", sum)
	}
	if sum := date(t, b, "first", from(noon.Add(-time.Hour))); sum != (buffer.Dated{Records: 3}) {
		t.Errorf("first: %+v", sum)
	}
	at := func(after time.Duration, value float64) senml.Record {
		return since(float64(noon.Add(after).UnixMilli())/1000, value)
	}
	log := senml.Pack{
		at(5*time.Second, 4), at(6*time.Second, 5),
		at(-time.Hour+10*time.Second, 1), at(-time.Hour+10500*time.Millisecond, 2), at(-time.Hour+20*time.Second, 3),
	}
	if diff := cmp.Diff(log, logged(t, b), sameValue); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if items := next(t, c, 10); len(items) != 2 {
		t.Errorf("a recipient that waited gets %d packs, want 2", len(items))
	}
	history, _, err := b.History(t.Context(), "linky/n", noon.Add(-2*time.Hour), noon, 10)
	if diff := cmp.Diff(log[2:], history, sameValue); diff != "" || err != nil {
		t.Errorf("history: %v (-want +got):\n%s", err, diff)
	}
	if s := b.Stats(); s.Undated != 0 || b.Undated() != nil {
		t.Errorf("after: %+v", s)
	}
}

// What would be of the future or of before 2020 does not enter: it is let go, and the rest of its pack is dated.
func TestDateRefuses(t *testing.T) {
	t.Parallel()
	clock := noon
	b := open(t, buffer.Options{Dir: t.TempDir()}.WithClock(func() time.Time { return clock }))
	putUndated(t, b, "boot", senml.Pack{since(10, 1), since(3600, 2)})
	putUndated(t, b, "boot", senml.Pack{since(3601, 3)})
	if sum := date(t, b, "boot", from(noon.Add(-time.Minute))); sum != (buffer.Dated{Records: 1, Refused: 2}) {
		t.Errorf("%+v", sum)
	}
	putUndated(t, b, "boot", senml.Pack{since(0, 1)})
	if sum := date(t, b, "boot", from(time.Unix(0, 0))); sum != (buffer.Dated{Refused: 1}) {
		t.Errorf("%+v", sum)
	}
	if got := logged(t, b); len(got) != 1 || b.Stats().Undated != 0 {
		t.Errorf("log is %v, %+v", got, b.Stats())
	}
}

func TestPutUndatedRefuses(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	for _, row := range []struct {
		name, boot string
		pack       senml.Pack
		want       string
	}{
		{"no boot", "", senml.Pack{since(1, 1)}, "put undated pack: a boot has a name of 1 to 100 bytes, this one has 0"},
		{"long boot", strings.Repeat("b", 101), senml.Pack{since(1, 1)}, "put undated pack: a boot has a name of 1 to 100 bytes, this one has 101"},
		{"empty", "b", nil, "put undated pack: it has no records"},
		{"long unit", "b", senml.Pack{{Name: "x", Unit: strings.Repeat("u", 101), Value: senml.NumberValue(1), Time: 1}}, "put undated pack: record 1: a unit has at most 100 bytes, this one has 101"},
		{"time", "b", senml.Pack{since(1, 1), since(-1, 1)}, "put undated pack: record 2: time -1 is not positive"},
		{"name", "b", senml.Pack{{}}, "put undated pack: record 1: a name has 1 to 1000 bytes, this one has 0"},
	} {
		if err := b.PutUndated(row.boot, row.pack); errorText(err) != row.want {
			t.Errorf("%s: error is %q, want %q", row.name, errorText(err), row.want)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.PutUndated("b", senml.Pack{since(1, 1)}); !errors.Is(err, buffer.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := b.Date("b", from(noon)); !errors.Is(err, buffer.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// While the disk is full nothing is dated and nothing is lost.
func TestDateFull(t *testing.T) {
	t.Parallel()
	free := uint64(1 << 30)
	b := open(t, buffer.Options{Dir: t.TempDir()}.WithFree(func(string) (uint64, error) { return free, nil }))
	putUndated(t, b, "boot", senml.Pack{since(1, 1)})
	free = 1 << 20
	if _, err := b.Date("boot", from(noon)); !errors.Is(err, buffer.ErrFull) {
		t.Errorf("date: %v", err)
	}
	if err := b.PutUndated("boot", senml.Pack{since(1, 1)}); !errors.Is(err, buffer.ErrFull) {
		t.Errorf("put: %v", err)
	}
	free = 1 << 30
	if sum := date(t, b, "boot", from(noon)); sum != (buffer.Dated{Records: 1}) {
		t.Errorf("%+v", sum)
	}
}

// Undated packs have a bound of their own, and go when what came after them has gone.
func TestUndatedIsBounded(t *testing.T) {
	t.Parallel()
	clock := noon
	const room = 1 << 20
	b := open(t, buffer.Options{Dir: t.TempDir(), MaxBytes: room, MaxAge: time.Hour}.WithClock(func() time.Time { return clock }))
	noise := make([]byte, 64<<10)
	random := rand.NewChaCha8([32]byte{1})
	for i := range 8 {
		random.Read(noise)
		putUndated(t, b, fmt.Sprint("boot ", i), senml.Pack{{Name: "n", Time: 1, Value: senml.DataValue(noise)}})
	}
	var boots []string
	var sum int64
	for _, u := range b.Undated() {
		boots, sum = append(boots, u.Boot), sum+u.Bytes
	}
	if diff := cmp.Diff([]string{"boot 5", "boot 6", "boot 7"}, boots); diff != "" || sum > room/4 || b.Stats().UndatedGone != 5 {
		t.Errorf("%d bytes, %d gone (-want +got):\n%s", sum, b.Stats().UndatedGone, diff)
	}
	put(t, b, senml.Pack{record("power", noon, 1)})
	putUndated(t, b, "later", senml.Pack{since(1, 1)})
	put(t, b, senml.Pack{record("power", noon, 2)})
	clock = clock.Add(2 * time.Hour)
	put(t, b, senml.Pack{record("power", clock, 3)})
	if got := b.Undated(); got != nil {
		t.Errorf("still undated: %+v", got)
	}
}

// While the clock is not known nothing goes for its age, and nothing is refused as of the future.
func TestUnknownClock(t *testing.T) {
	t.Parallel()
	clock, known := noon, true
	o := buffer.Options{Dir: t.TempDir(), MaxAge: time.Hour, Clock: func() (time.Time, bool) { return clock, known }}
	b := open(t, o.Still())
	put(t, b, senml.Pack{record("power", noon, 1)})
	clock, known = noon.AddDate(10, 0, 0), false
	put(t, b, senml.Pack{record("power", noon.Add(time.Minute), 2)})
	if n := b.Stats().Packs; n != 2 {
		t.Errorf("an unknown clock has removed packs: %d are left of 2", n)
	}
	clock = time.Unix(0, 0)
	put(t, b, senml.Pack{record("power", noon.Add(2*time.Minute), 3)})
	clock, known = noon.Add(90*time.Minute), true
	put(t, b, senml.Pack{record("power", clock, 4)})
	if got := logged(t, b); len(got) != 1 { // an hour and a half old by the records' own times
		t.Errorf("%d records are left, want 1", len(got))
	}
}

// TestDatingModel puts dated and undated packs of many boots, dates them, reopens and kills, and compares with a
// model: every record is undated or once in the log, in the order in which it got there.
func TestDatingModel(t *testing.T) {
	t.Parallel()
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := &dating{
				machine: machine{t: t, random: rand.New(rand.NewPCG(seed, 3)), clock: noon, dir: t.TempDir()},
				undated: map[string]senml.Pack{}, began: map[string]time.Time{},
			}
			m.model.cursors = map[string]*modelCursor{}
			m.open()
			for range 80 {
				m.step()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// dating is a buffer and what it should hold.
type dating struct {
	machine
	number  float64
	boots   int
	log     senml.Pack
	undated map[string]senml.Pack
	began   map[string]time.Time
}

func (m *dating) step() {
	n := m.random.IntN(20)
	switch {
	case n < 9:
		m.hold()
	case n < 13:
		p := senml.Pack{m.fresh(float64(m.clock.Unix()))}
		put(m.t, m.b, p)
		m.log = append(m.log, p...)
	case n < 16:
		m.date()
	case n < 18:
		m.reopen()
	default:
		m.kill()
	}
	m.clock = m.clock.Add(time.Second)
	if n < 13 {
		return
	}
	if got := logged(m.t, m.b); !slices.Equal(m.log, got) {
		m.t.Errorf("log (-want +got):\n%s", cmp.Diff(m.log, got, sameValue))
	}
	var waits uint64
	for _, p := range m.undated {
		waits += uint64(len(p))
	}
	if got := m.b.Stats(); got.Undated != waits || got.Corrupt != 0 || len(got.SetAside) != 0 {
		m.t.Errorf("%d wait, want %d: %+v", got.Undated, waits, got)
	}
}

// fresh is a record that no other is like.
func (m *dating) fresh(seconds float64) senml.Record {
	m.number++
	return since(seconds, m.number)
}

func (m *dating) hold() {
	if m.boots == 0 || m.random.IntN(8) == 0 {
		m.boots++
		m.began[fmt.Sprint(m.boots)] = m.clock
	}
	boot := fmt.Sprint(m.boots)
	var p senml.Pack
	for range 1 + m.random.IntN(600) {
		p = append(p, m.fresh(m.clock.Sub(m.began[boot]).Seconds()))
	}
	putUndated(m.t, m.b, boot, p)
	m.undated[boot] = append(m.undated[boot], p...)
}

// date dates one boot that waits.
func (m *dating) date() {
	waiting := slices.Sorted(maps.Keys(m.undated))
	if len(waiting) == 0 {
		return
	}
	boot := waiting[m.random.IntN(len(waiting))]
	sum := date(m.t, m.b, boot, from(m.began[boot]))
	if sum.Records != uint64(len(m.undated[boot])) || sum.Refused+sum.Damaged != 0 {
		m.t.Errorf("%+v, want %d records", sum, len(m.undated[boot]))
	}
	for _, r := range m.undated[boot] {
		r.Time += float64(m.began[boot].Unix())
		m.log = append(m.log, r)
	}
	delete(m.undated, boot)
}
