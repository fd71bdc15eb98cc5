package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is the instant of the tests.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func TestGlance(t *testing.T) {
	t.Parallel()
	fr, en := bothCatalogues(t)
	table := []struct {
		name  string
		say   catalogue
		power *Power
		want  glanceView
	}{
		{
			name: "never read", say: fr,
			want: glanceView{
				Direction: unheard, Stale: true,
				Word: "Pas encore de mesure", Where: "La première arrive quelques secondes après le branchement.",
				Title: "en attente du compteur", Spoken: "Pas encore de mesure",
			},
		},
		{
			name: "drawn", say: fr, power: &Power{Apparent: 1240, At: noon.Add(-2 * time.Second)},
			want: glanceView{
				Direction: drawn, Word: "Prélevé", Where: "sur le réseau", Number: "1\u202f240",
				Title: "1\u202f240\u00a0VA prélevés", Spoken: "Prélevé\u00a0: 1\u202f240\u00a0VA sur le réseau.",
			},
		},
		{
			name: "injected, never as a negative power", say: en, power: &Power{Injected: 380, At: noon},
			want: glanceView{
				Direction: injected, Word: "Exported", Where: "to the grid", Number: "380",
				Title: "380\u00a0VA exported", Spoken: "Exported: 380\u00a0VA to the grid.",
			},
		},
		{
			name: "injected, estimated", say: fr, power: &Power{Injected: 380, Estimated: true, At: noon},
			want: glanceView{
				Direction: injected, Word: "Injecté", Where: "vers le réseau (estimation)", Number: "380",
				Title: "380\u00a0VA injectés", Spoken: "Injecté\u00a0: 380\u00a0VA vers le réseau (estimation).",
			},
		},
		{
			name: "nothing crosses the meter", say: en, power: &Power{At: noon},
			want: glanceView{
				Direction: even, Word: "Balanced", Where: "nothing crosses the meter", Number: "0",
				Title: "0\u00a0VA, balanced", Spoken: "Balanced: 0\u00a0VA nothing crosses the meter.",
			},
		},
		{
			name: "ten seconds are still live", say: en, power: &Power{Apparent: 5, At: noon.Add(-10 * time.Second)},
			want: glanceView{
				Direction: drawn, Word: "Drawn", Where: "from the grid", Number: "5",
				Title: "5\u00a0VA drawn", Spoken: "Drawn: 5\u00a0VA from the grid.",
			},
		},
		{
			name: "older is not", say: en, power: &Power{Apparent: 5, At: noon.Add(-11 * time.Second)},
			want: glanceView{
				Direction: drawn, Word: "Last known value", Where: "Drawn from the grid", Number: "5", Stale: true,
				Title: "5\u00a0VA, old reading", Spoken: "Last known value: 5\u00a0VA Drawn from the grid.",
			},
		},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, row.say.glance(row.power, noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFresh(t *testing.T) {
	t.Parallel()
	fr, en := bothCatalogues(t)
	table := []struct {
		name string
		say  catalogue
		age  time.Duration
		want freshView
	}{
		{"live", fr, 2 * time.Second, freshView{Text: "mesure il y a 2\u00a0s"}},
		{"live, in English", en, 2 * time.Second, freshView{Text: "measured 2\u00a0s ago"}},
		{"stale", fr, 4 * time.Minute, freshView{Text: "mesure d’il y a 4\u00a0min\u00a0: ce n’est plus en direct", Stale: true}},
		{"stale, in English", en, 3 * time.Hour, freshView{Text: "measured 3\u00a0h ago: this is no longer live", Stale: true}},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			at := noon.Add(-row.age)
			row.want.At = at.Format(time.RFC3339)
			if diff := cmp.Diff(&row.want, row.say.fresh(&Power{At: at}, noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := fr.fresh(nil, noon); got != nil {
		t.Errorf("fresh without a power = %v", got)
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	fr, _ := bothCatalogues(t)
	peak := []Point{{Apparent: 900}, {Apparent: 4500}, {Apparent: 10}}
	table := []struct {
		name  string
		power *Power
		trend []Point
		want  *shareView
	}{
		{name: "no power"},
		{name: "no contract known", power: &Power{Apparent: 900, At: noon}},
		{name: "while injecting", power: &Power{Injected: 900, Subscribed: 6000, At: noon}},
		{name: "when stale", power: &Power{Apparent: 900, Subscribed: 6000, At: noon.Add(-time.Minute)}},
		{
			name: "part of it", power: &Power{Apparent: 2520, Subscribed: 6000, At: noon},
			want: &shareView{Text: "42\u202f% de 6\u00a0kVA", Fill: 420, Limit: 1000},
		},
		{
			name: "with a recent peak", power: &Power{Apparent: 2520, Subscribed: 6000, At: noon}, trend: peak,
			want: &shareView{Text: "42\u202f% de 6\u00a0kVA", Fill: 420, Limit: 1000, Peak: 750, Mark: "pointe récente\u00a0: 75\u202f%"},
		},
		{
			name: "a peak that is now is not marked", power: &Power{Apparent: 4500, Subscribed: 6000, At: noon}, trend: peak,
			want: &shareView{Text: "75\u202f% de 6\u00a0kVA", Fill: 750, Limit: 1000},
		},
		{
			name: "exactly all of it", power: &Power{Apparent: 6000, Subscribed: 6000, At: noon},
			want: &shareView{Text: "100\u202f% de 6\u00a0kVA", Fill: 1000, Limit: 1000},
		},
		{
			name: "exceeded: the limit is marked on the bar", power: &Power{Apparent: 7500, Subscribed: 6000, At: noon},
			want: &shareView{
				Text: "125\u202f% de 6\u00a0kVA", Fill: 1000, Limit: 800,
				Over: "Attention\u00a0: vous dépassez 6\u00a0kVA. Coupez un gros appareil.",
			},
		},
		{
			name: "was exceeded a moment ago", power: &Power{Apparent: 3000, Subscribed: 6000, At: noon}, trend: []Point{{Apparent: 12000}},
			want: &shareView{Text: "50\u202f% de 6\u00a0kVA", Fill: 250, Limit: 500, Peak: 1000, Mark: "pointe récente\u00a0: 200\u202f%"},
		},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, fr.share(row.power, row.trend, noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
