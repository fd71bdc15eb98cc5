package buffer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
)

func TestCursorStart(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	old := put(t, b, minute(noon, 2))
	mixed := put(t, b, append(minute(noon.Add(2*time.Hour), 2), minute(noon.Add(-time.Hour), 2)...))
	late := put(t, b, minute(noon.Add(time.Hour), 2))
	coming := late + 1
	for _, row := range []struct {
		name string
		from buffer.Start
		want buffer.Seq // first delivered
	}{
		{"zero", buffer.Start{}, coming},
		{"now", buffer.Now(), coming},
		{"beginning", buffer.Beginning(), old},
		{"at a time before all", buffer.At(noon.AddDate(0, 0, -9)), old},
		{"at the first pack's hour", buffer.At(noon.Add(59 * time.Minute)), old},
		{"at the next hour", buffer.At(noon.Add(time.Hour)), mixed},
		{"at an hour only one pack reaches", buffer.At(noon.Add(2 * time.Hour)), mixed},
		{"at a time after all", buffer.At(noon.Add(3 * time.Hour)), coming},
		{"before 1970", buffer.At(time.Unix(-1e12, 0)), old},
		{"in a far future", buffer.At(time.Unix(1e15, 0)), coming},
	} {
		cursor(t, b, row.name, row.from)
		defer func() {
			c := cursor(t, b, row.name, buffer.Now())
			if got := next(t, c, 9)[0].Seq; got != row.want {
				t.Errorf("%s begins with pack %d, want %d", row.name, got-old, row.want-old)
			}
		}()
	}
	if got := put(t, b, minute(noon, 2)); got != coming {
		t.Fatalf("the next pack is %d, want %d", got, coming)
	}
}

func TestReadingDoesNotRemove(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	c, other := cursor(t, b, "a", buffer.Now()), cursor(t, b, "b", buffer.Now())
	var all []buffer.Seq
	for range 5 {
		all = append(all, put(t, b, minute(noon, 1)))
	}
	steps := []struct {
		name string
		ack  buffer.Seq
		most int
		want []buffer.Seq
	}{
		{"nothing acknowledged", 0, 3, all[:3]},
		{"asked again", 0, 3, all[:3]},
		{"one acknowledged", all[0], 3, all[1:4]},
		{"an older one changes nothing", all[0] - 1, 3, all[1:4]},
		{"all but the last", all[3], 3, all[4:]},
	}
	for _, step := range steps {
		ack(t, c, step.ack)
		if diff := cmp.Diff(step.want, seqs(next(t, c, step.most))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	if diff := cmp.Diff(all, seqs(next(t, other, 9))); diff != "" {
		t.Errorf("the other cursor (-want +got):\n%s", diff)
	}
	want := []buffer.CursorStats{
		{Name: "a", Acked: all[3], Pending: 1},
		{Name: "b", Acked: all[0] - 1, Pending: 5},
	}
	if diff := cmp.Diff(want, b.Cursors()); diff != "" {
		t.Errorf("cursors (-want +got):\n%s", diff)
	}
}

func TestCursorErrors(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	c, gone := cursor(t, b, "lorient", buffer.Now()), cursor(t, b, "gone", buffer.Now())
	put(t, b, minute(noon, 1))
	if err := b.RemoveCursor("gone"); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		do   func() error
		want string // # stands for the number of the last pack, + for the one after
	}{
		{"future seq", func() error { return c.Ack(b.Stats().Last + 1) }, `acknowledge + for "lorient": the last pack is #`},
		{"no packs wanted", func() error { _, err := c.Next(t.Context(), 0); return err }, `read cursor "lorient": at most 0 packs were asked for`},
		{"removed, next", func() error { _, err := gone.Next(t.Context(), 1); return err }, `read cursor "gone": cursor was removed`},
		{"removed, ack", func() error { return gone.Ack(0) }, `acknowledge 0 for "gone": cursor was removed`},
		{"remove twice", func() error { return b.RemoveCursor("gone") }, `remove cursor "gone": there is none of that name`},
		{"no name", func() error { _, err := b.Cursor("", buffer.Now()); return err }, `open cursor "": a name has 1 to 200 printable bytes`},
		{"name with a line end", func() error { _, err := b.Cursor("a\n", buffer.Now()); return err }, `open cursor "a\n": a name has 1 to 200 printable bytes`},
	} {
		last := b.Stats().Last
		want := strings.NewReplacer("#", itoa(last), "+", itoa(last+1)).Replace(row.want)
		if got := errorText(row.do()); got != want {
			t.Errorf("%s: error is %q, want %q", row.name, got, want)
		}
	}
	if same := cursor(t, b, "lorient", buffer.Beginning()); same != c {
		t.Error("the same name gives another cursor")
	}
}

func TestCursorSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, buffer.Options{Dir: dir})
	kept, removed := cursor(t, b, "kept", buffer.Now()), cursor(t, b, "removed", buffer.Now())
	first := put(t, b, minute(noon, 1))
	put(t, b, minute(noon, 1))
	ack(t, kept, first)
	ack(t, removed, first)
	if err := b.RemoveCursor("removed"); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, buffer.Options{Dir: dir})
	want := []buffer.CursorStats{{Name: "kept", Acked: first, Pending: 1}}
	if diff := cmp.Diff(want, b.Cursors()); diff != "" {
		t.Errorf("cursors after reopening (-want +got):\n%s", diff)
	}
}

func TestNextWakes(t *testing.T) {
	t.Parallel()
	stop := errors.New("enough")
	for _, row := range []struct {
		name string
		do   func(b *buffer.Buffer, cancel context.CancelCauseFunc) error
		want error
	}{
		{"by a pack", func(b *buffer.Buffer, _ context.CancelCauseFunc) error { _, err := b.Put(minute(noon, 1)); return err }, nil},
		{"by the end of its context", func(_ *buffer.Buffer, cancel context.CancelCauseFunc) error { cancel(stop); return nil }, context.Canceled},
		{"by removal", func(b *buffer.Buffer, _ context.CancelCauseFunc) error { return b.RemoveCursor("c") }, buffer.ErrRemoved},
		{"by close", func(b *buffer.Buffer, _ context.CancelCauseFunc) error { return b.Close() }, buffer.ErrClosed},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := open(t, buffer.Options{Dir: t.TempDir()})
			c := cursor(t, b, "c", buffer.Now())
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			woken := make(chan error)
			go func() {
				_, err := c.Next(ctx, 1)
				woken <- err
			}()
			if err := row.do(b, cancel); err != nil {
				t.Fatal(err)
			}
			if err := <-woken; !errors.Is(err, row.want) {
				t.Errorf("Next ended with %v, want %v", err, row.want)
			}
		})
	}
}

// TestTogether lets sources put while recipients of different speed take. The race detector looks on.
func TestTogether(t *testing.T) {
	t.Parallel()
	const sources, packs = 3, 40
	b := open(t, buffer.Options{Dir: t.TempDir(), AckDelay: time.Millisecond})
	cursors := []*buffer.Cursor{
		cursor(t, b, "one by one", buffer.Now()), cursor(t, b, "many", buffer.Now()), cursor(t, b, "stuck", buffer.Now()),
	}
	var all sync.WaitGroup
	for i := range sources {
		all.Go(func() {
			for n := range packs {
				if _, err := b.Put(minute(noon.Add(time.Duration(n)*time.Minute), 1+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, most := range []int{1, 16} {
		all.Go(func() { drain(t, cursors[i], most, sources*packs) })
	}
	all.Go(func() {
		for range packs {
			b.Series()
			b.Cursors()
			if _, _, err := b.History(t.Context(), record("power", noon, 0).Name, noon, noon.Add(time.Hour), 1000); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	got := seqs(next(t, cursors[2], sources*packs+1))
	if len(got) != sources*packs {
		t.Errorf("the stuck cursor has %d packs waiting, want %d", len(got), sources*packs)
	}
}

// drain takes n packs and wants them in order, without a gap.
func drain(t *testing.T, c *buffer.Cursor, most, n int) {
	var last buffer.Seq
	for n > 0 {
		items, err := c.Next(t.Context(), most)
		if err != nil {
			t.Error(err)
			return
		}
		for _, item := range items {
			if last != 0 && item.Seq != last+1 {
				t.Errorf("%s: pack %d comes after %d", c.Name(), item.Seq, last)
			}
			last = item.Seq
		}
		n -= len(items)
		if err := c.Ack(last); err != nil {
			t.Error(err)
		}
	}
}

// After and Peek read where they are told to, before and behind the cursor, and move nothing.
func TestReadingElsewhere(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	c := cursor(t, b, "a", buffer.Now())
	var all []buffer.Seq
	for range 4 {
		all = append(all, put(t, b, minute(noon, 1)))
	}
	ack(t, c, all[1])
	for _, row := range []struct {
		name  string
		after buffer.Seq
		most  int
		want  []buffer.Seq
	}{
		{"from the first on", all[0] - 1, 9, all},
		{"behind the cursor", all[0], 2, all[1:3]},
		{"ahead of it", all[2], 9, all[3:]},
		{"after the last", all[3], 9, []buffer.Seq{}},
	} {
		items, err := c.Peek(t.Context(), row.after, row.most)
		if diff := cmp.Diff(row.want, seqs(items)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", row.name, err, diff)
		}
	}
	came := make(chan []buffer.Item)
	go func() {
		items, err := c.After(t.Context(), all[3], 9)
		if err != nil {
			t.Error(err)
		}
		came <- items
	}()
	late := put(t, b, minute(noon, 1))
	if diff := cmp.Diff([]buffer.Seq{late}, seqs(<-came)); diff != "" {
		t.Errorf("waited for (-want +got):\n%s", diff)
	}
	if got := c.Acked(); got != all[1] {
		t.Errorf("the cursor is at %d, want %d", got, all[1])
	}
}
