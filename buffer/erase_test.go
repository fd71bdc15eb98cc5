package buffer_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// secret is a series that tests erase: no other has anything of its name, its unit or its values.
const secret = "urn:dev:org:60060-demo_geheimnis"

const secretText = "abwesend-seit-gestern"

// withSecret is a pack with two readings of the secret among others.
func withSecret(at time.Time) senml.Pack {
	p := minute(at, 7)
	p = append(p, senml.Record{Name: secret, Unit: "geheim", Value: senml.NumberValue(1), Time: p[0].Time + 1})
	return append(p, senml.Record{Name: secret, Value: senml.TextValue(secretText), Time: p[0].Time + 2})
}

// without is what an erasure leaves of a pack.
func without(p senml.Pack, what buffer.Erasure) senml.Pack {
	from, to := what.From, what.To
	if to.IsZero() {
		to = time.Unix(1<<36, 0)
	}
	return slices.DeleteFunc(slices.Clone(p), func(r senml.Record) bool {
		at := time.UnixMilli(int64(r.Time * 1000))
		return (what.Series == nil || slices.Contains(what.Series, r.Name)) && !at.Before(from) && at.Before(to)
	})
}

// readAll is every pack there is.
func readAll(t testing.TB, b *buffer.Buffer) (all []buffer.Item) {
	t.Helper()
	c := cursor(t, b, "all", buffer.Beginning())
	all, err := c.Peek(t.Context(), 0, 1<<20)
	if err := errors.Join(err, b.RemoveCursor("all")); err != nil {
		t.Fatal(err)
	}
	return all
}

// searched tells which files of a folder, and of those in it and beside it, have one of some words in a name or in their bytes.
func searched(t testing.TB, dir string, words ...string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, word := range words {
			if bytes.Contains(data, []byte(word)) {
				found = append(found, filepath.Base(path)+" has "+word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// erasing is a store of some hours in which everything lies somewhere: rolled up, in open hours, in the journal, in a table
// beside it, in a folder that was set aside, without a date. A second one is given only what an erasure leaves.
type erasing struct {
	t         testing.TB
	clock     time.Time
	b, expect *buffer.Buffer
	dir       string
	what      buffer.Erasure
}

func newErasing(t testing.TB, hours int, what buffer.Erasure) *erasing {
	t.Helper()
	e := &erasing{t: t, clock: noon.Add(time.Hour), dir: filepath.Join(t.TempDir(), "buffer"), what: what}
	e.b = e.open(e.dir)
	e.expect = e.open(filepath.Join(t.TempDir(), "buffer"))
	for h := range hours {
		begin := noon.Add(time.Duration(h) * time.Hour)
		e.clock = begin.Add(30 * time.Minute)
		e.put(withSecret(begin))
		e.put(minute(begin.Add(20*time.Minute), 3))
		e.put(senml.Pack{{Name: secret, Unit: "geheim", Value: senml.NumberValue(float64(h)), Time: float64(e.clock.Unix())}})
		if h == hours-4 {
			for _, b := range []*buffer.Buffer{e.b, e.expect} {
				if err := b.Settle(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return e
}

func (e *erasing) options(dir string) buffer.Options {
	return buffer.Options{Dir: dir, MaxAge: 1000 * time.Hour}.WithClock(func() time.Time { return e.clock })
}

func (e *erasing) open(dir string) *buffer.Buffer { return open(e.t, e.options(dir)) }

func (e *erasing) put(p senml.Pack) {
	e.t.Helper()
	put(e.t, e.b, p)
	if left := without(p, e.what); len(left) > 0 {
		put(e.t, e.expect, left)
	}
}

func packsOf(t testing.TB, b *buffer.Buffer) (all []senml.Pack) {
	t.Helper()
	for _, item := range readAll(t, b) {
		all = append(all, item.Pack)
	}
	return all
}

// same wants both stores to say the same, and one to be whole.
func (e *erasing) same() {
	e.t.Helper()
	if diff := cmp.Diff(packsOf(e.t, e.expect), packsOf(e.t, e.b), sameValue); diff != "" {
		e.t.Errorf("packs (-want +got):\n%.600s", diff)
	}
	wantRaw, wantPeriods := answers(e.t, e.expect)
	gotRaw, gotPeriods := answers(e.t, e.b)
	if diff := cmp.Diff(wantRaw, gotRaw, sameValue); diff != "" {
		e.t.Errorf("history (-want +got):\n%.600s", diff)
	}
	if diff := cmp.Diff(wantPeriods, gotPeriods, sameValue, cmp.Comparer(sameNumber)); diff != "" {
		e.t.Errorf("periods (-want +got):\n%.600s", diff)
	}
	var problems []string
	if _, err := e.b.Verify(e.t.Context(), func(problem string) { problems = append(problems, problem) }); err != nil || len(problems) > 0 {
		e.t.Errorf("verify: %v, %q", err, problems)
	}
}

func (e *erasing) erase() buffer.Erased {
	e.t.Helper()
	measured, err := e.b.Measure(e.t.Context(), e.what)
	if err != nil {
		e.t.Fatal(err)
	}
	var recorded buffer.Erased
	got, err := e.b.Erase(e.t.Context(), e.what, func(sum buffer.Erased) error { recorded = sum; return nil })
	if err != nil {
		e.t.Fatal(err)
	}
	if diff := cmp.Diff([]buffer.Erased{measured, measured}, []buffer.Erased{got, recorded}); diff != "" {
		e.t.Errorf("erased (-measured +done, recorded):\n%s", diff)
	}
	return got
}

// TestErase wants a store from which something was erased to be as one that never had it, before and after it is opened
// again and when more is put and rolled up.
func TestErase(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	for _, row := range []struct {
		name string
		what buffer.Erasure
	}{
		{"a series", buffer.Erasure{Series: []string{secret}}},
		{"two series", buffer.Erasure{Series: []string{secret, record("power", noon, 0).Name}}},
		{"one that is not there", buffer.Erasure{Series: []string{"nobody"}}},
		{"a day", buffer.Erasure{From: day(1), To: day(2)}},
		{"from a time on", buffer.Erasure{From: noon.Add(20 * time.Hour)}},
		{"until a time", buffer.Erasure{To: noon.Add(5 * time.Hour)}},
		{"a series for some hours", buffer.Erasure{Series: []string{secret}, From: noon.Add(5 * time.Hour), To: noon.Add(28 * time.Hour)}},
		{"no time at all", buffer.Erasure{From: day(9), To: day(10)}},
		{"all", buffer.Erasure{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e := newErasing(t, 30, row.what)
			e.erase()
			e.same()
			e.clock = e.clock.Add(26 * time.Hour)
			for _, b := range []*buffer.Buffer{e.b, e.expect} {
				put(t, b, minute(e.clock.Add(-time.Hour), 9))
				if err := b.Settle(); err != nil {
					t.Fatal(err)
				}
			}
			e.same()
			if err := e.b.Close(); err != nil {
				t.Fatal(err)
			}
			e.b = e.open(e.dir)
			e.same()
		})
	}
}

// TestErasedBytesAreGone looks for what was erased in every byte of the store and beside it, after it lay in all the places
// there are; packs are compressed, so it is looked for in all that can be read too.
func TestErasedBytesAreGone(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]buffer.Erasure{"series": {Series: []string{secret}}, "all": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newErasing(t, 30, what)
			putUndated(t, e.b, "boot", senml.Pack{since(1, 1), {Name: secret, Value: senml.TextValue(secretText), Time: 2}})
			putUndated(t, e.b, "boot", senml.Pack{{Name: secret, Value: senml.TextValue(secretText), Time: 3}})
			if err := e.b.Close(); err != nil { // now it is in tables
				t.Fatal(err)
			}
			overwrite(t, filepath.Join(e.dir, "000099.sst.unknown"), []byte(secret))
			aside := e.dir + ".damaged-20260101T000000Z"
			if err := os.Mkdir(aside, 0o700); err != nil {
				t.Fatal(err)
			}
			overwrite(t, filepath.Join(aside, "000001.vlog"), []byte(secret))
			e.b = e.open(e.dir)
			put(t, e.b, senml.Pack{{Name: secret, Value: senml.TextValue(secretText), Time: float64(e.clock.Unix())}}) // stored as it is
			if found := searched(t, e.dir, secret, secretText); len(found) < 4 {
				t.Fatalf("before, only %q: the search finds nothing", found)
			}
			if got := e.erase(); !slices.Equal(got.Aside, []string{aside}) || !slices.Contains(got.Series, secret) || got.Records < 93 || got.Cells == 0 {
				t.Errorf("erased %+v", got)
			}
			for _, when := range []string{"erased", "closed"} {
				if found := searched(t, e.dir, secret, secretText); found != nil {
					t.Errorf("%s: %q", when, found)
				}
				if when == "erased" {
					notSaid(t, e.b, secret)
				}
				if err := e.b.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// notSaid reads everything there is, in search of a series.
func notSaid(t *testing.T, b *buffer.Buffer, name string) {
	t.Helper()
	for _, item := range readAll(t, b) {
		if slices.ContainsFunc(item.Pack, func(r senml.Record) bool { return r.Name == name }) {
			t.Errorf("pack %d has it", item.Seq)
		}
	}
	for _, s := range b.Known() {
		if s.Name == name {
			t.Error("it is known")
		}
	}
	for _, u := range b.Undated() {
		err := b.ReadUndated(t.Context(), u.Boot, func(p senml.Pack) error {
			if slices.ContainsFunc(p, func(r senml.Record) bool { return r.Name == name }) {
				t.Error("an undated pack has it")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestEraseKeepsPlaces wants cursors where they were, and numbers above all that were used; who waits is not kept waiting.
func TestEraseKeepsPlaces(t *testing.T) {
	t.Parallel()
	e := newErasing(t, 30, buffer.Erasure{})
	c := cursor(t, e.b, "c", buffer.Beginning())
	items := next(t, c, 5)
	ack(t, c, items[2].Seq)
	before := e.b.Stats()
	got := make(chan []buffer.Item, 1)
	slow := cursor(t, e.b, "slow", buffer.Now())
	go func() {
		items, err := slow.Next(context.WithoutCancel(t.Context()), 5)
		if err != nil {
			t.Error(err)
		}
		got <- items
	}()
	e.erase()
	if s := e.b.Stats(); s.Packs != 0 || s.Bytes != 0 || s.First != before.Last+1 || s.Trimmed != before.Trimmed || c.Erasures() != 1 {
		t.Errorf("stats %+v, before %+v", s, before)
	}
	if acked := c.Acked(); acked != items[2].Seq {
		t.Errorf("cursor is at %d, want %d", acked, items[2].Seq)
	}
	seq := put(t, e.b, minute(e.clock.Add(-time.Minute), 1))
	if seq <= before.Last {
		t.Errorf("number %d comes again", seq)
	}
	for _, items := range [][]buffer.Item{<-got, next(t, c, 5)} {
		if want := []buffer.Seq{seq}; !slices.Equal(seqs(items), want) {
			t.Errorf("then comes %v, want %v", seqs(items), want)
		}
	}
}

// TestEraseRefused wants everything as it was when an erasure cannot be recorded, or there is no room for it.
func TestEraseRefused(t *testing.T) {
	t.Parallel()
	none := errors.New("the ledger is full")
	for _, row := range []struct {
		name string
		free uint64
		err  string
	}{
		{"not recorded", 1 << 40, "erase readings: the ledger is full"},
		{"no room", 9 << 20, "erase readings: disk is too full"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir, free := filepath.Join(t.TempDir(), "buffer"), uint64(1<<40)
			b := open(t, buffer.Options{Dir: dir}.WithClock(func() time.Time { return noon.Add(time.Hour) }).WithFree(func(string) (uint64, error) { return free, nil }))
			put(t, b, withSecret(noon))
			before := readAll(t, b)
			free = row.free
			_, err := b.Erase(t.Context(), buffer.Erasure{Series: []string{secret}}, func(buffer.Erased) error { return none })
			if !strings.HasPrefix(errorText(err), row.err) {
				t.Errorf("error %v, want %s", err, row.err)
			}
			free = 1 << 40
			if diff := cmp.Diff(before, readAll(t, b), sameValue); diff != "" {
				t.Errorf("(-before +after):\n%s", diff)
			}
			if left := append(files(t, dir, "ERASE"), files(t, dir, "NEXT")...); len(left) > 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

// TestEraseWaitsForRoom wants an erasure that was begun before a cut to be told of while there is no room for it, and done with
// the next opening that has some.
func TestEraseWaitsForRoom(t *testing.T) {
	t.Parallel()
	dir, free := filepath.Join(t.TempDir(), "buffer"), uint64(1<<40)
	o := buffer.Options{Dir: dir}.WithClock(func() time.Time { return noon.Add(time.Hour) }).WithFree(func(string) (uint64, error) { return free, nil })
	b := open(t, o)
	put(t, b, withSecret(noon))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	promise, err := json.Marshal(buffer.Erasure{Series: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ERASE"), promise, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		free           uint64
		waits, isThere bool
		finished       int
	}{{12 << 20, true, true, 0}, {1 << 40, false, false, 1}, {1 << 40, false, false, 0}} {
		free = row.free
		b = open(t, o)
		why, isThere := b.Stats().Unerased, strings.Contains(fmt.Sprint(packsOf(t, b)), secret)
		if len(b.Finished()) != row.finished || strings.Contains(why, "disk is too full") != row.waits || (why != "") != row.waits || isThere != row.isThere {
			t.Errorf("with %d bytes free: %d finished, %q, still there %t", free, len(b.Finished()), why, isThere)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEraseUndated erases of what has no date what may be of the time: it was heard between the packs before and after it.
func TestEraseUndated(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
	for _, row := range []struct {
		name string
		what buffer.Erasure
		want []uint64 // records that are left, by boot
	}{
		{"before all", buffer.Erasure{From: at(-9), To: at(0)}, []uint64{2, 2}},
		{"between both", buffer.Erasure{From: at(3), To: at(4)}, []uint64{2}},
		{"after the first", buffer.Erasure{From: at(5), To: at(6)}, []uint64{2}},
		{"after all", buffer.Erasure{From: at(9)}, []uint64{2, 2}},
		{"a series", buffer.Erasure{Series: []string{secret}}, []uint64{1, 1}},
		{"another", buffer.Erasure{Series: []string{"nobody"}}, []uint64{2, 2}},
		{"a series in time", buffer.Erasure{Series: []string{secret}, From: at(3), To: at(4)}, []uint64{1, 2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			now, dir := at(1), filepath.Join(t.TempDir(), "buffer")
			o := buffer.Options{Dir: dir}.WithClock(func() time.Time { return now })
			b := open(t, o)
			for i, boot := range []string{"one", "two"} {
				now = at(1 + 3*i)
				put(t, b, minute(now, 1))
				putUndated(t, b, boot, senml.Pack{since(1, 1), {Name: secret, Value: senml.NumberValue(1), Time: 1}})
			}
			now = at(7)
			put(t, b, minute(now, 1))
			if _, err := b.Erase(t.Context(), row.what, func(buffer.Erased) error { return nil }); err != nil {
				t.Fatal(err)
			}
			for _, when := range []string{"erased", "opened again"} {
				var got []uint64
				for _, u := range b.Undated() {
					got = append(got, u.Records)
				}
				if !slices.Equal(got, row.want) {
					t.Errorf("%s: left %v, want %v", when, got, row.want)
				}
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
				b = open(t, o)
			}
			if sum, err := b.Date("two", from(noon)); err != nil || sum.Records == 0 && len(row.want) == 2 || sum.Damaged > 0 {
				t.Errorf("dated %+v, %v", sum, err)
			}
		})
	}
}

// TestEraseDamaged erases where a block of the history and a pack cannot be read: the hour is read from its packs, and the
// pack goes whole.
func TestEraseDamaged(t *testing.T) {
	t.Parallel()
	e := newErasing(t, 6, buffer.Erasure{Series: []string{secret}})
	packs := readAll(t, e.b)
	block := binary.BigEndian.AppendUint32([]byte{'b'}, uint32(noon.Unix()/3600))
	damaged := bytes.Repeat([]byte("x"), 200)
	if err := e.b.SetKey(append(block, 0, 0, 0, 0), damaged); err != nil {
		t.Fatal(err)
	}
	e.erase()
	e.same()
	put(t, e.b, senml.Pack{{Name: secret, Value: senml.NumberValue(3), Time: packs[0].Pack[0].Time}})
	last := put(t, e.b, withSecret(noon))
	if err := errors.Join(e.b.Fold(), e.b.SetKey(buffer.PackKey(last), damaged)); err != nil {
		t.Fatal(err)
	}
	e.erase()
	isLast := func(i buffer.Item) bool { return i.Seq == last }
	if slices.ContainsFunc(readAll(t, e.b), isLast) || e.b.Stats().Corrupt != 1 {
		t.Errorf("pack %d is there, %+v", last, e.b.Stats())
	}
	e.same()
}
