package clock

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMappingDate(t *testing.T) {
	t.Parallel()
	m := Mapping{
		{From: 10 * time.Second, Began: noon, Ahead: 4 * time.Second},
		{From: time.Minute, Began: noon.Add(time.Hour)},
	}
	for at, want := range map[Instant]time.Duration{
		0: 4 * time.Second, 10 * time.Second: 14 * time.Second, 12 * time.Second: 15 * time.Second, 18 * time.Second: 18 * time.Second,
		time.Minute - 1: time.Minute - 1, time.Minute: time.Hour + time.Minute,
	} {
		if got := m.Date(at).Sub(noon); got != want {
			t.Errorf("%s is %s after noon, want %s", at, got, want)
		}
	}
}

func TestMappingIsBounded(t *testing.T) {
	t.Parallel()
	var m Mapping
	for i := range 3 * maxPieces {
		had := m
		m = m.with(Piece{From: Instant(i)})
		if len(had) > 0 && len(had) < maxPieces && &had[0] == &m[0] {
			t.Fatal("the slice others hold was changed")
		}
	}
	if len(m) != maxPieces || m.last().From != 3*maxPieces-1 {
		t.Errorf("%d pieces, the last from %d", len(m), m.last().From)
	}
}

func TestStamp(t *testing.T) {
	t.Parallel()
	m := Mapping{{Began: noon}}
	for _, at := range []Instant{0, time.Millisecond, 1234567 * time.Millisecond, 3 * 365 * 24 * time.Hour} {
		seconds := float64(Stamp(at).UnixMilli()) / 1000
		if got, ok := FromStamp(seconds); got != at || !ok {
			t.Errorf("the stamp of %s is read as %s, %v", at, got, ok)
		}
		if got, want := m.Unix(seconds), float64(noon.Add(at).UnixMilli())/1000; got != want {
			t.Errorf("%s is dated %.3f, want %.3f", at, got, want)
		}
	}
	for _, seconds := range []float64{0, 60, 1_577_836_800, 1_700_000_000} {
		if _, ok := FromStamp(seconds); ok || m.Unix(seconds) != seconds {
			t.Errorf("%.0f is taken for a stamp", seconds)
		}
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	boots := []Span{{10 * time.Second, time.Minute}, {5 * time.Second, 65 * time.Second}} // 50 s and a minute
	for _, row := range []struct {
		name          string
		before, after time.Time
		want          []time.Duration // when the boots began, after noon
	}{
		{"near", noon, noon.Add(140 * time.Second), []time.Duration{0, 65 * time.Second}},
		{"exactly", noon, noon.Add(110 * time.Second), []time.Duration{-10 * time.Second, 45 * time.Second}},
		{"too little", noon, noon.Add(109 * time.Second), nil},
		{"too much", noon, noon.Add(231 * time.Second), nil},
		{"nothing known before", time.Time{}, noon, nil},
	} {
		all, ok := Between(row.before, row.after, boots)
		var got []time.Duration
		for _, m := range all {
			got = append(got, m.Date(0).Sub(noon))
		}
		if diff := cmp.Diff(row.want, got); diff != "" || ok != (row.want != nil) {
			t.Errorf("%s: %v (-want +got):\n%s", row.name, ok, diff)
		}
	}
}

// FuzzPast reads any text as the file of the past. What is accepted can be used, and is the same when written and read.
func FuzzPast(f *testing.F) {
	f.Add(`{"last":"2026-03-01T12:00:00Z","boots":[{"boot":"b","source":"kernel","mapping":[{"from":0,"began":"2026-03-01T11:00:00Z","ahead":5}]}]}`)
	f.Add(`{"wrong":"2036-03-01T12:00:00Z","boots":null}`)
	f.Add(`{"boots":[{"boot":"b","mapping":[{"from":5,"began":"2026-03-01T11:00:00Z"},{"from":-7,"began":"2026-03-01T11:00:00Z"}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var p past
		if json.Unmarshal([]byte(text), &p) != nil || p.check() != nil {
			return
		}
		for _, b := range p.Boots {
			if at := b.Mapping.Date(time.Hour); at.Year() < 2000 || at.Year() > 2101 {
				t.Errorf("an hour after its start it is %s", at)
			}
		}
	})
}
