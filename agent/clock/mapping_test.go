package clock

import (
	"encoding/json"
	"math"
	"math/rand/v2"
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
	for at, want := range map[Instant]Instant{
		0: 0, time.Millisecond: time.Millisecond, 1234567 * time.Millisecond: 1234567 * time.Millisecond,
		190 * time.Millisecond: tenth, 3 * 365 * 24 * time.Hour: 3 * 365 * 24 * time.Hour,
	} {
		seconds := float64(Stamp(at).UnixMilli()) / 1000
		if got, ok := FromStamp(seconds); got != at || !ok {
			t.Errorf("the stamp of %s is read as %s, %v", at, got, ok)
		}
		if got, want := m.Unix(seconds), float64(noon.Add(want).UnixMilli())/1000; got != want {
			t.Errorf("%s is dated %.3f, want %.3f", at, got, want)
		}
	}
	for _, seconds := range []float64{0, 60, 1_577_836_800, 1_700_000_000} {
		if _, ok := FromStamp(seconds); ok || m.Unix(seconds) != seconds {
			t.Errorf("%.0f is taken for a stamp", seconds)
		}
	}
}

// TestStamps has readings come at any pace while a clock that was ahead runs at half speed: no two get the same date, and
// those of a meter on a line get one to the tenth of a second, hardly before they were heard and never after.
func TestStamps(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for _, fast := range []bool{false, true} {
		for range 100 {
			stamps := Stamps{}
			began := noon.Add(time.Duration(random.IntN(1_000_000)) * time.Microsecond)
			m := Mapping{{Began: began}, {From: 10 * time.Second, Began: began.Add(-time.Minute), Ahead: time.Minute}}
			now, before := Instant(0), 0.0
			for i := range 200 {
				if pause := Instant(random.IntN(1000)) * time.Millisecond; !fast {
					now += time.Second + pause
				} else if random.IntN(3) == 0 {
					now += pause / 3
				}
				got := m.Unix(float64(stamps.Next(now).UnixMilli()) / 1000)
				if got <= before {
					t.Fatalf("the date of reading %d is %.3f, after %.3f", i, got, before)
				}
				before = got
				early := float64(m.Date(now).UnixMicro())/1e6 - got
				if !fast && (early < 0 || early > 0.111 || got != math.Round(got*10)/10) {
					t.Fatalf("the date of reading %d is %.3f, %.3f s before it was heard", i, got, early)
				}
			}
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
