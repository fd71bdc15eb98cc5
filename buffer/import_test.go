package buffer_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

func imported(t *testing.T, b *buffer.Buffer, p senml.Pack, want int) {
	t.Helper()
	got, err := b.Import(t.Context(), p)
	if got != want || err != nil {
		t.Errorf("%d of %d records were new, %v, want %d", got, len(p), err, want)
	}
}

// everything is all a store has, series by series.
func everything(t *testing.T, b *buffer.Buffer) (all senml.Pack) {
	t.Helper()
	for _, s := range b.Known() {
		p, _, err := b.History(t.Context(), s.Name, time.Unix(0, 0), time.Unix(1<<35, 0), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p...)
	}
	return all
}

// TestImportTwice brings the same records into a store twice, in another order and partly: they are there once, and so
// into an empty one, whose roll-ups are then the same.
func TestImportTwice(t *testing.T) {
	t.Parallel()
	clock := noon.AddDate(0, 0, 3)
	o := buffer.Options{Location: paris(t), Hold: hold}.WithClock(func() time.Time { return clock })
	o.Dir = t.TempDir()
	first := open(t, o)
	sum := 3.0
	odd := senml.Pack{
		{Name: "sum", Sum: &sum, Time: float64(noon.Unix())}, {Name: "text", Value: senml.TextValue("HC"), Time: float64(noon.Unix())},
		{Name: "data", Value: senml.DataValue([]byte{1}), Time: float64(noon.Unix())},
	}
	put(t, first, minute(noon, 60))
	put(t, first, append(minute(noon.Add(90*time.Minute), 60), odd...))
	if err := first.Settle(); err != nil {
		t.Fatal(err)
	}
	put(t, first, minute(noon.Add(91*time.Minute), 60))
	want := everything(t, first)
	before := first.Stats()
	shuffled := slices.Clone(want)
	slices.Reverse(shuffled)
	imported(t, first, shuffled, 0)
	if diff := cmp.Diff(before.Last, first.Stats().Last); diff != "" {
		t.Errorf("packs (-want +got):\n%s", diff)
	}

	o.Dir = t.TempDir()
	second := open(t, o)
	imported(t, second, shuffled[:100], 100)
	imported(t, second, append(slices.Clone(shuffled), shuffled...), len(want)-100)
	imported(t, second, shuffled, 0)
	if diff := cmp.Diff(want, everything(t, second), sameValue); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if err := second.Settle(); err != nil {
		t.Fatal(err)
	}
	for _, s := range first.Known() {
		for _, r := range []buffer.Resolution{buffer.TenMinutes, buffer.Day} {
			a, _, err := first.Periods(t.Context(), s.Name, r, noon.AddDate(0, 0, -2), clock, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			b, _, err := second.Periods(t.Context(), s.Name, r, noon.AddDate(0, 0, -2), clock, 1<<20)
			if diff := cmp.Diff(a, b, samePeriod); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", s.Name, err, diff)
			}
		}
	}
	if hours, days := second.Open(); hours+days != 0 {
		t.Errorf("%d hours and %d days are not settled", hours, days)
	}
}

// TestImportIsNotSent: a recipient that has had everything is not sent what is imported, one that has not gets all.
func TestImportIsNotSent(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	behind, upToDate := cursor(t, b, "behind", buffer.Now()), cursor(t, b, "up to date", buffer.Now())
	seq := put(t, b, minute(noon, 1))
	ack(t, upToDate, seq)
	imported(t, b, minute(noon.Add(time.Hour), 60), 124)
	if got := b.Cursors(); got[0].Pending != 2 || got[1].Pending != 0 {
		t.Errorf("cursors: %+v", got)
	}
	if got := next(t, behind, 9); len(got) != 2 {
		t.Errorf("%d packs for who is behind, want 2", len(got))
	}
	again := put(t, b, minute(noon.Add(2*time.Hour), 1))
	if got := seqs(next(t, upToDate, 9)); len(got) != 1 || got[0] != again {
		t.Errorf("packs %v for who is up to date, want %d", got, again)
	}
}

// TestPutMissingIsSent: what came late is sent to everybody, once, in the order in which it came.
func TestPutMissingIsSent(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	c := cursor(t, b, "c", buffer.Now())
	ack(t, c, put(t, b, minute(noon, 1)))
	late := minute(noon.Add(-24*time.Hour), 2)
	for want := len(late); want >= 0; want -= len(late) {
		if n, err := b.PutMissing(t.Context(), append(minute(noon, 1), late...)); n != want || err != nil {
			t.Errorf("%d records were new, %v, want %d", n, err, want)
		}
	}
	items := next(t, c, 9)
	if len(items) != 1 || len(items[0].Pack) != len(late) {
		t.Errorf("sent: %v", items)
	}
	if s := b.Series(); s[len(s)-1].Last.Time != float64(noon.Unix()) {
		t.Errorf("what is late is taken for the latest: %v", s)
	}
}

func TestImportSparse(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	var p senml.Pack
	for i := range 2500 { // more hours than a pack may have
		p = append(p, record("power", noon.Add(-time.Duration(i)*time.Hour), float64(i)))
	}
	imported(t, b, p, len(p))
	imported(t, b, p, 0)
	from, to, err := b.Span()
	if want := noon.Add(-2499 * time.Hour); !from.Equal(want) || !to.Equal(noon.Add(time.Hour)) || err != nil {
		t.Errorf("records from %v to %v, %v, want from %v to %v", from, to, err, want, noon.Add(time.Hour))
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	good := record("power", noon, 1)
	for _, row := range []struct {
		name string
		bad  senml.Record
		want string
	}{
		{"no name", senml.Record{Time: good.Time, Value: good.Value}, "import record 2: a name has 1 to 1000 bytes, this one has 0"},
		{"long unit", senml.Record{Name: "x", Unit: strings.Repeat("u", 101), Time: good.Time, Value: good.Value}, "import record 2: a unit has at most 100 bytes, this one has 101"},
		{"no time", senml.Record{Name: "x", Value: good.Value}, "import record 2: no reading can be of that time: 0.000 is not in Unix seconds since 2020"},
		{"base fields", senml.Record{BaseName: "x", Time: good.Time}, "import record 2: it has base fields, resolve the pack first"},
		{"of the future", record("power", time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC), 1),
			"import record 2: no reading can be of that time: 2999-01-01T00:00:00Z is of the future; check the clock of what sent it"},
	} {
		n, err := b.Import(t.Context(), senml.Pack{good, row.bad})
		if n != 0 || errorText(err) != row.want {
			t.Errorf("%s: %d stored, error is %v, want %s", row.name, n, err, row.want)
		}
	}
	if s := b.Stats(); s.Packs != 0 {
		t.Errorf("%d packs are stored", s.Packs)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Import(t.Context(), senml.Pack{good}); errorText(err) != "import: buffer is closed" {
		t.Errorf("closed: error is %v", err)
	}
	if err := b.Settle(); !strings.HasSuffix(errorText(err), "buffer is closed") {
		t.Errorf("closed: error is %v", err)
	}
	if _, _, err := b.Span(); errorText(err) != "read history: buffer is closed" {
		t.Errorf("closed: error is %v", err)
	}
}
