package main

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"releve/agent/config"
	"releve/agent/series"
	"releve/buffer"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// Wear is counted where the card would have it, see card: the sectors which its devices were told to write, the journal
// and the metadata of the file system among them. The meter's time is simulated. What is put is durable when Put returns
// and what is folded is synced at once, so there is nothing that the kernel would have written back had the time been
// real, but for ext4's commits of metadata alone, and for what reading the history has Badger write, which is flushed.

// habit is how a household lives with its meter.
type habit struct {
	period time.Duration // of a pack
	asks   time.Duration // how often the history of the day is read; 0: never
}

func (h habit) String() string {
	if h.asks == 0 {
		return fmt.Sprintf("a pack each %v", h.period)
	}
	return fmt.Sprintf("a pack each %v, history read each %v", h.period, h.asks)
}

// worn is what was written, in bytes.
type worn struct {
	all    int64
	causes map[string]int64
	disk   int64 // what the folder takes at the end
	packs  int
}

// TestWear wants a day of one meter in standard mode at full rate, with three recipients and with history that is read
// every ten minutes, to write no more than 5 MB. WEAR_HOURS sets how long is simulated, 3 if it is not set; WEAR_AFTER
// how many days have gone before; WEAR_PERIODS adds what other periods cost.
func TestWear(t *testing.T) {
	hours, after, habits := 3, 0, []habit{{period: time.Minute}, {period: time.Minute, asks: 10 * time.Minute}}
	_, _ = fmt.Sscan(os.Getenv("WEAR_HOURS"), &hours)
	_, _ = fmt.Sscan(os.Getenv("WEAR_AFTER"), &after)
	for _, word := range strings.Fields(os.Getenv("WEAR_PERIODS")) {
		period, err := time.ParseDuration(word)
		if err != nil {
			t.Fatal(err)
		}
		habits = append(habits, habit{period: period})
	}
	for _, h := range habits {
		w := wear(t, newCard(t), h, after, time.Duration(hours)*time.Hour)
		day := func(bytes int64) float64 { return float64(bytes) / 1e6 * 24 / float64(hours) }
		t.Logf("%v: %.2f MB a day written; %d packs, %.2f MB a day kept", h, day(w.all), w.packs, day(w.disk))
		for _, cause := range slices.Sorted(maps.Keys(w.causes)) {
			t.Logf("\t%-16s %.2f", cause, day(w.causes[cause]))
		}
		limit := 5.0
		if hours < 24 {
			limit = 15 // closing, once a run, weighs more in a short one
		}
		if h.period == time.Minute && day(w.all) > limit {
			t.Errorf("%v: %.2f MB a day are written, %.0f allowed", h, day(w.all), limit)
		}
	}
}

// TestYear wants all that is kept of a year of one meter to take no more than 150 MB on the disk. YEAR_DAYS sets how many
// days that has.
func TestYear(t *testing.T) {
	days := 0
	if _, _ = fmt.Sscan(os.Getenv("YEAR_DAYS"), &days); days == 0 {
		t.Skip("a year takes ten minutes of a core; make soak lets it pass")
	}
	state := t.TempDir()
	m := newTalk(t, state, talkStart)
	most := int64(0)
	for day := 1; day <= days; day++ {
		m.until(m.meter.Now().Add(24*time.Hour), time.Minute, func() {})
		size := onDisk(t, m.dir)
		if most = max(most, size); day%10 == 0 {
			t.Logf("after %d days %.1f MB are on the disk", day, float64(size)/1e6)
		}
	}
	m.close()
	size := onDisk(t, m.dir)
	t.Logf("after %d days %.1f MB are on the disk, at most it was %.1f: %+v", days, float64(size)/1e6, float64(most)/1e6, m.stats)
	if most > 150e6 {
		t.Errorf("%.1f MB were on the disk, 150 allowed", float64(most)/1e6)
	}
}

// wear lets a meter talk for some time, after some days of which nothing is counted.
func wear(t *testing.T, c card, h habit, after int, long time.Duration) worn {
	t.Helper()
	m := newTalk(t, filepath.Join(c.dir, "state"), talkStart)
	m.until(m.meter.Now().AddDate(0, 0, after), h.period, func() {})
	c.flushed() // a new store is no daily matter
	system, commits := c.written()
	w := worn{causes: map[string]int64{}}
	files := difference{t: t, dir: m.dir}
	files.look(map[string]int64{})
	asked, head := m.meter.Now(), files.before["JOURNAL"][:8]
	m.until(m.meter.Now().Add(long), h.period, func() {
		w.packs++
		if now := m.journalHead(); now != string(head) { // it was folded, and all is on the card
			head = []byte(now)
			files.look(w.causes)
		}
		if h.asks > 0 && m.meter.Now().Sub(asked) >= h.asks {
			asked = m.meter.Now()
			m.ask()
			c.aged(m.dir)
			files.look(w.causes)
		}
	})
	m.close()
	c.flushed()
	files.look(w.causes)
	system2, commits2 := c.written()
	w.all = system2 - system + commits2 - commits
	w.causes["ext4's journal"] = commits2 - commits
	w.causes["ext4's metadata"] = system2 - system
	for cause, sum := range w.causes {
		if !strings.HasPrefix(cause, "ext4") {
			w.causes["ext4's metadata"] -= sum
		}
	}
	w.disk = onDisk(t, m.dir)
	return w
}

// talk is a meter that talks in simulated time, and the store of the agent that listens.
type talk struct {
	t        testing.TB
	meter    *linky.Meter
	now      atomic.Int64 // what the meter's clock says, which is not the keeper's to ask while the meter talks
	dir      string
	b        *buffer.Buffer
	cursors  []*buffer.Cursor
	decoder  *tic.Decoder
	gathered senml.Pack
	stats    buffer.Stats
}

// talkStart is when a meter begins whose year does not matter.
var talkStart = time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)

func newTalk(t testing.TB, state string, start time.Time) *talk {
	t.Helper()
	meter, err := linky.New(linky.Scenario{Seed: 3, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	m := &talk{t: t, meter: meter}
	c := config.Config{}
	c.Agent.State, c.Buffer.MaxBytes, c.Buffer.MaxAge = state, 256<<20, 31*24*time.Hour
	o := storeOptions(c, nil)
	m.dir = o.Dir
	m.now.Store(meter.Now().UnixNano())
	o.Clock = func() (time.Time, bool) { return time.Unix(0, m.now.Load()), true }
	if m.b, err = buffer.Open(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.b.Close() }) // before the card goes, also after a failure
	for _, name := range []string{"lorient", "client@sen1.example", "page"} {
		c, err := m.b.Cursor(name, buffer.Now())
		if err != nil {
			t.Fatal(err)
		}
		m.cursors = append(m.cursors, c)
	}
	recorder := series.NewRecorder("linky", 10*time.Minute)
	m.decoder = tic.NewDecoder(tic.Standard, func(f *tic.Frame) { m.gathered = append(m.gathered, recorder.Record(f, meter.Now())...) })
	return m
}

// until lets the meter talk up to a time, and tells of each pack that was put.
func (m *talk) until(end time.Time, period time.Duration, stored func()) {
	m.t.Helper()
	for last := m.meter.Now(); m.meter.Now().Before(end); {
		if _, err := m.decoder.Write(m.meter.Frame(nil)); err != nil {
			m.t.Fatal(err)
		}
		m.now.Store(m.meter.Now().UnixNano())
		if m.meter.Now().Sub(last) < period || len(m.gathered) == 0 {
			continue
		}
		m.put(m.gathered)
		last, m.gathered = m.meter.Now(), nil
		stored()
	}
}

// put stores a pack for three recipients that take it at once.
func (m *talk) put(p senml.Pack) {
	m.t.Helper()
	seq, err := m.b.Put(p)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, c := range m.cursors {
		if err := c.Ack(seq); err != nil {
			m.t.Fatal(err)
		}
	}
}

// ask reads what get_history is asked for: the power of the last day.
func (m *talk) ask() {
	m.t.Helper()
	now := m.meter.Now()
	got, _, err := m.b.History(m.t.Context(), "linky/"+series.PathPower, now.Add(-24*time.Hour), now, math.MaxInt32)
	if err != nil || len(got) == 0 {
		m.t.Fatalf("%d readings, %v", len(got), err)
	}
}

// journalHead is what changes when the journal is folded.
func (m *talk) journalHead() string {
	m.t.Helper()
	f, err := os.Open(filepath.Join(m.dir, "JOURNAL"))
	if err != nil {
		m.t.Fatal(err)
	}
	defer f.Close()
	head := make([]byte, 8)
	if _, err := f.ReadAt(head, 0); err != nil {
		m.t.Fatal(err)
	}
	return string(head)
}

func (m *talk) close() {
	m.t.Helper()
	m.stats = m.b.Stats()
	if err := m.b.Close(); err != nil {
		m.t.Fatal(err)
	}
}
