package buffer_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
)

// verify lists the problems of a store, its numbers left out.
func verify(t *testing.T, b *buffer.Buffer) (buffer.Checked, []string) {
	t.Helper()
	var problems []string
	sum, err := b.Verify(t.Context(), func(problem string) { problems = append(problems, problem) })
	if err != nil {
		t.Fatal(err)
	}
	if sum.Problems != len(problems) {
		t.Errorf("%d problems were told and %d are counted", len(problems), sum.Problems)
	}
	return sum, problems
}

// TestVerify spoils a store of three packs and a cursor in every way that opening it does not notice.
func TestVerify(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, b *buffer.Buffer, last buffer.Seq)
		want  []string // # stands for the last number
	}{
		{"whole", func(*testing.T, *buffer.Buffer, buffer.Seq) {}, nil},
		{"a pack is not in the history", func(t *testing.T, b *buffer.Buffer, last buffer.Seq) { spoil(t, b.DropKey(buffer.TimeKey(noon, last))) },
			[]string{"pack #: the history of the hour of 2026-03-01T12Z lacks it: Key not found"}},
		{"a pack is gone", func(t *testing.T, b *buffer.Buffer, last buffer.Seq) { spoil(t, b.DropKey(buffer.PackKey(last))) },
			[]string{"history of pack # in the hour of 2026-03-01T12Z: there is no such pack: Key not found",
				"totals: 3 packs are remembered, 2 are stored", "totals: BYTES bytes are remembered, TWO are stored"}},
		{"an hour is gone", func(t *testing.T, b *buffer.Buffer, last buffer.Seq) { spoil(t, b.DropKey(buffer.HourKey(noon))) },
			[]string{"history of pack #-2 in the hour of 2026-03-01T12Z: its hour is not known: Key not found",
				"history of pack #-1 in the hour of 2026-03-01T12Z: its hour is not known: Key not found",
				"history of pack # in the hour of 2026-03-01T12Z: its hour is not known: Key not found"}},
		{"an hour is spoiled", func(t *testing.T, b *buffer.Buffer, last buffer.Seq) {
			spoil(t, b.SetKey(buffer.HourKey(noon), []byte{9}))
		},
			[]string{"history of pack #-2 in the hour of 2026-03-01T12Z: set of series ids is malformed",
				"history of pack #-1 in the hour of 2026-03-01T12Z: set of series ids is malformed",
				"history of pack # in the hour of 2026-03-01T12Z: set of series ids is malformed",
				"history of the hour of 2026-03-01T12Z: set of series ids is malformed"}},
		{"a pack is spoiled", func(t *testing.T, b *buffer.Buffer, last buffer.Seq) {
			spoil(t, b.SetKey(buffer.PackKey(last), []byte("RP")))
		},
			[]string{"pack #: pack is damaged: 2 bytes are too few", "totals: BYTES bytes are remembered, MORE are stored"}},
		{"a cursor is ahead", func(t *testing.T, b *buffer.Buffer, last buffer.Seq) {
			spoil(t, b.SetKey([]byte("cc"), append(buffer.PackKey(last + 1)[1:], make([]byte, 8)...)))
		}, []string{`cursor "c": it has acknowledged #+1, the last pack is #`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := open(t, buffer.Options{Dir: t.TempDir()})
			cursor(t, b, "c", buffer.Now())
			var last buffer.Seq
			for range 3 {
				last = put(t, b, minute(noon, 1))
			}
			spoil(t, b.Fold())
			row.spoil(t, b, last)
			sum, got := verify(t, b)
			bytes := buffer.Seq(b.Stats().Bytes) // of three packs alike
			names := strings.NewReplacer("BYTES", itoa(bytes), "TWO", itoa(bytes*2/3), "MORE", itoa(bytes*2/3+2),
				"#+1", itoa(last+1), "#-2", itoa(last-2), "#-1", itoa(last-1), "#", itoa(last))
			want := []string{}
			for _, sentence := range row.want {
				want = append(want, names.Replace(sentence))
			}
			if diff := cmp.Diff(want, append([]string{}, got...)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if sum.Series != 6 || sum.Cursors != 1 {
				t.Errorf("looked at %+v", sum)
			}
		})
	}
}

func spoil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestList wants packs of the journal and of the database alike, and a damaged one named.
func TestList(t *testing.T) {
	t.Parallel()
	clock := noon
	b := open(t, buffer.Options{Dir: t.TempDir()}.WithClock(func() time.Time { return clock }))
	var last buffer.Seq
	for i := range 3 {
		clock = noon.Add(time.Duration(i) * time.Minute)
		last = put(t, b, minute(clock, 2))
	}
	spoil(t, b.Fold())
	spoil(t, b.SetKey(buffer.PackKey(last-1), []byte("RP")))
	var got []string
	err := b.List(t.Context(), last-2, func(i buffer.PackInfo) error {
		got = append(got, itoa(i.Seq-last+3)+" "+itoa(buffer.Seq(i.Records))+" "+i.Put.UTC().Format("15:04:05")+
			" "+i.First.UTC().Format("15:04:05")+" "+i.Last.UTC().Format("15:04:05")+" "+errorText(i.Err))
		return nil
	})
	want := []string{
		"1 8 12:00:00 12:00:00 12:00:01 ", "2 0 00:00:00 00:00:00 00:00:00 pack is damaged: 2 bytes are too few",
		"3 8 12:02:00 12:02:00 12:02:01 ",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("packs (-want +got):\n%s%v", diff, err)
	}
	stop := errors.New("enough")
	if err := b.List(t.Context(), 0, func(buffer.PackInfo) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error is %v, want %v", err, stop)
	}
}

// TestKeepDamaged wants a damaged store left where it is, and named.
func TestKeepDamaged(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "buffer")
	fill(t, buffer.Options{Dir: dir}, 2)
	truncate(t, newest(t, dir, ".sst"), 40)
	_, err := buffer.Open(buffer.Options{Dir: dir, KeepDamaged: true})
	const want = "damaged store: table 000001.sst: index: checksum does not match"
	if errorText(err) != want || !errors.Is(err, buffer.ErrDamaged) {
		t.Errorf("error is %q, want %q", errorText(err), want)
	}
	if got := files(t, dir, ".sst"); len(got) != 1 {
		t.Errorf("the store has the tables %q, want its one", got)
	}
}
