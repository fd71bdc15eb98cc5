package quoalise

import (
	"encoding/json"
	"testing"
	"time"
)

func TestParseInterval(t *testing.T) {
	t.Parallel()
	const no = "not an ISO 8601 duration of days, hours, minutes and seconds, such as PT10M"
	tests := []struct {
		s    string
		want time.Duration
		text string
		err  string
	}{
		{"PT30S", 30 * time.Second, "PT30S", ""},
		{"PT10M", 10 * time.Minute, "PT10M", ""},
		{"PT60M", time.Hour, "PT1H", ""},
		{"PT90M", 90 * time.Minute, "PT1H30M", ""},
		{"P1D", 24 * time.Hour, "P1D", ""},
		{"PT86400S", 24 * time.Hour, "P1D", ""},
		{"P1DT12H", 36 * time.Hour, "P1DT12H", ""},
		{"PT0.5S", 500 * time.Millisecond, "PT0.5S", ""},
		{"PT0S", 0, "PT0S", ""},
		{"P", 0, "", no},
		{"PT", 0, "", no},
		{"P1DT", 0, "", no},
		{"", 0, "", no},
		{"10", 0, "", no},
		{"10s", 0, "", no},
		{"P1M", 0, "", no}, // a month is not always as long
		{"P1Y", 0, "", no},
		{"-PT1M", 0, "", no},
		{"PT1.5M", 0, "", no},
		{"PT99999999999S", 0, "", no},
		{"PT1M ", 0, "", no},
		{"P9999D", 9999 * 24 * time.Hour, "P9999D", ""},
		{"P9999DT1S", 0, "", "longer than P9999D"},
	}
	for _, tt := range tests {
		got, err := ParseInterval(tt.s)
		if time.Duration(got) != tt.want || text(err) != tt.err {
			t.Errorf("%q: %s, %v", tt.s, time.Duration(got), err)
		}
		if err == nil && got.String() != tt.text {
			t.Errorf("%q is written %s, want %s", tt.s, got, tt.text)
		}
	}
}

func FuzzParseInterval(f *testing.F) {
	for _, s := range []string{"PT30S", "P1DT2H3M4.567S", "P9999DT999999H", "PT", "P1Y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		i, err := ParseInterval(s)
		if err != nil {
			return
		}
		kept, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		var again Interval
		if err := json.Unmarshal(kept, &again); err != nil || again != i || i < 0 {
			t.Errorf("%q became %d, then %s, then %d: %v", s, i, kept, again, err)
		}
	})
}
