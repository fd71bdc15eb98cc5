package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bothCatalogues opens the page's sentences in French and English.
func bothCatalogues(t testing.TB) (fr, en catalogue) {
	t.Helper()
	fr, err := openCatalogue(french)
	if err != nil {
		t.Fatal(err)
	}
	en, err = openCatalogue(english)
	if err != nil {
		t.Fatal(err)
	}
	return fr, en
}

// Two lines of a scale never say the same, however fine it is.
func TestMarks(t *testing.T) {
	t.Parallel()
	fr, _ := bothCatalogues(t)
	var got []string
	for _, v := range []float64{0, 0.05, 0.1, 0.0025, 1.5, 3 * 0.1, -200, 25000} {
		got = append(got, fr.mark(v))
	}
	want := []string{"0", "0,05", "0,1", "0,0025", "1,5", "0,3", "200", "25\u202f000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The one word for all is never better than what the screens say of anything.
func TestOverallIsTheWorstOfAll(t *testing.T) {
	t.Parallel()
	fr, _ := bothCatalogues(t)
	fine := func() Snapshot { return Snapshot{Health: Node{Name: "releve"}, Version: "1"} }
	table := map[string]struct {
		spoil func(s *Snapshot)
		want  State
	}{
		"all is well":           {func(*Snapshot) {}, OK},
		"nothing was checked":   {func(s *Snapshot) { s.Health = Node{} }, Waiting},
		"a node":                {func(s *Snapshot) { s.Health.Children = []Node{{Name: "port", State: Fault}} }, Fault},
		"no federation":         {func(s *Snapshot) { s.Federation.State = Warning }, OK},
		"the federation":        {func(s *Snapshot) { s.Federation = Federation{JID: "a@b.example", State: Warning} }, Warning},
		"a recipient":           {func(s *Snapshot) { s.Recipients = []Recipient{{}, {State: Fault}} }, Fault},
		"a consent":             {func(s *Snapshot) { s.Consents = []Consent{{State: Warning}, {}} }, Warning},
		"a card that is locked": {func(s *Snapshot) { s.Machine = Machine{DiskTotal: 100, DiskFree: 50, ReadOnly: true} }, Fault},
	}
	for name, row := range table {
		s := fine()
		row.spoil(&s)
		want := overallView{stateView{row.want, fr.say("health.all." + row.want.String())}, "/etat"}
		if got := fr.overall(s); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestQuantitiesAsEachLanguageWritesThem(t *testing.T) {
	t.Parallel()
	fr, en := bothCatalogues(t)
	now := time.Date(2026, 11, 23, 17, 42, 5, 0, time.UTC)
	table := []struct {
		name   string
		write  func(catalogue) string
		fr, en string
	}{
		{"zero", func(c catalogue) string { return c.whole(0) }, "0", "0"},
		{"below a thousand", func(c catalogue) string { return c.whole(999) }, "999", "999"},
		{"a thousand", func(c catalogue) string { return c.whole(1000) }, "1\u202f000", "1,000"},
		{"millions", func(c catalogue) string { return c.whole(1234567) }, "1\u202f234\u202f567", "1,234,567"},
		{"negative", func(c catalogue) string { return c.decimal(-1234.56, 1) }, "−1\u202f234,6", "−1,234.6"},
		{"rounds to zero", func(c catalogue) string { return c.decimal(-0.04, 1) }, "0,0", "0.0"},
		{"power", func(c catalogue) string { return c.power(1239.6) }, "1\u202f240\u00a0VA", "1,240\u00a0VA"},
		{"energy is not rounded up", func(c catalogue) string { return c.energy(8499) }, "8,4\u00a0kWh", "8.4\u00a0kWh"},
		{"index as on the meter", func(c catalogue) string { return c.index(12345999) }, "12\u202f345\u00a0kWh", "12,345\u00a0kWh"},
		{"whole kVA", func(c catalogue) string { return c.kilo(6000) }, "6\u00a0kVA", "6\u00a0kVA"},
		{"part of a kVA", func(c catalogue) string { return c.kilo(7500) }, "7,5\u00a0kVA", "7.5\u00a0kVA"},
		{"bytes", func(c catalogue) string { return c.size(512) }, "512\u00a0octets", "512\u00a0bytes"},
		{"kilobytes", func(c catalogue) string { return c.size(1500) }, "1,5\u00a0ko", "1.5\u00a0kB"},
		{"megabytes", func(c catalogue) string { return c.size(123_400_000) }, "123\u00a0Mo", "123\u00a0MB"},
		{"gigabytes", func(c catalogue) string { return c.size(4_100_000_000_000) }, "4\u202f100\u00a0Go", "4,100\u00a0GB"},
		{"two seconds", func(c catalogue) string { return c.ago(now, now.Add(-2900*time.Millisecond)) }, "il y a 2\u00a0s", "2\u00a0s ago"},
		{"the meter's clock is ahead", func(c catalogue) string { return c.ago(now, now.Add(time.Minute)) }, "il y a 0\u00a0s", "0\u00a0s ago"},
		{"minutes", func(c catalogue) string { return c.span(4*time.Minute + 59*time.Second) }, "4\u00a0min", "4\u00a0min"},
		{"hours", func(c catalogue) string { return c.span(47 * time.Hour) }, "47\u00a0h", "47\u00a0h"},
		{"days", func(c catalogue) string { return c.span(48 * time.Hour) }, "2\u00a0j", "2\u00a0d"},
		{"today", func(c catalogue) string { return c.clock(now, now.Add(-time.Hour)) }, "16:42", "16:42"},
		{"another day", func(c catalogue) string { return c.clock(now, now.AddDate(0, 0, -1)) }, "22/11/2026\u00a017:42", "22 Nov 2026\u00a017:42"},
		{"same day of another year", func(c catalogue) string { return c.clock(now, now.AddDate(-1, 0, 0)) }, "23/11/2025\u00a017:42", "23 Nov 2025\u00a017:42"},
		{"today, to the second", func(c catalogue) string { return c.second(now, now.Add(-time.Hour)) }, "16:42:05", "16:42:05"},
		{"another day, to the second", func(c catalogue) string { return c.second(now, now.AddDate(0, 0, -1)) }, "22/11/2026\u00a017:42", "22 Nov 2026\u00a017:42"},
		{"a reading with a unit", func(c catalogue) string { return c.reading(Reading{Value: "1234.50", Unit: "V"}) }, "1\u202f234,50\u00a0V", "1,234.50\u00a0V"},
		{"a number that is a name", func(c catalogue) string { return c.reading(Reading{Value: "1234"}) }, "1234", "1234"},
		{"a text", func(c catalogue) string { return c.reading(Reading{Value: "HEURE CREUSE"}) }, "HEURE CREUSE", "HEURE CREUSE"},
		{"a state", func(c catalogue) string { return c.reading(Reading{Value: "open: ordered"}) }, "ouvert\u00a0: sur ordre", "open: ordered"},
		{"a switch that is on", func(c catalogue) string { return c.reading(Reading{Value: "true"}) }, "oui", "yes"},
		{"a switch that is off", func(c catalogue) string { return c.reading(Reading{Value: "false"}) }, "non", "no"},
		{"none", func(c catalogue) string { return c.count("recipient.pending", 0) }, "à jour", "up to date"},
		{"one", func(c catalogue) string { return c.count("recipient.pending", 1) }, "1 paquet attend", "1 pack waiting"},
		{"many", func(c catalogue) string { return c.count("recipient.pending", 1200) }, "1\u202f200 paquets attendent", "1,200 packs waiting"},
		{"a node the page knows", func(c catalogue) string { return c.title("buffer") }, "Mémoire", "Storage"},
		{"a node it does not", func(c catalogue) string { return c.title("linky") }, "linky", "linky"},
		{"a sentence that is missing", func(c catalogue) string { return c.say("no.such.key") }, "⟦no.such.key⟧", "⟦no.such.key⟧"},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := row.write(fr); got != row.fr {
				t.Errorf("French %q, want %q", got, row.fr)
			}
			if got := row.write(en); got != row.en {
				t.Errorf("English %q, want %q", got, row.en)
			}
		})
	}
}

func TestClockIsInTheZoneOfThePage(t *testing.T) {
	t.Parallel()
	fr, _ := bothCatalogues(t)
	paris := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 23, 0, 30, 0, 0, paris)
	if got := fr.clock(now, time.Date(2026, 11, 22, 23, 10, 0, 0, time.UTC)); got != "00:10" {
		t.Errorf("clock = %s, want 00:10", got)
	}
}
