package port

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

// groups is what was received after so many groups of a mode.
func groups(mode tic.Mode, n uint64) tally {
	t := tally{bytes: 20 * n}
	t.groups[mode] = n
	return t
}

func TestTunerSpeeds(t *testing.T) {
	t.Parallel()
	// A step is how many groups there were at a time, in seconds since the port was opened, and how many bytes besides;
	// want is the speed after it.
	type step struct {
		at    int
		count uint64
		noise uint64
	}
	for _, test := range []struct {
		name  string
		mode  tic.Mode
		steps []step
		want  []int
	}{
		{"standard meter", tic.Auto, []step{{1, 40, 0}, {2, 80, 0}, {3, 120, 0}}, []int{9600, 9600, 9600}},
		{"historic meter", tic.Auto, []step{{2, 0, 0}, {3, 0, 0}, {4, 11, 0}, {5, 22, 0}}, []int{9600, 1200, 1200, 1200}},
		{"nonsense is left sooner", tic.Auto, []step{{1, 0, 900}, {2, 0, 900}, {3, 0, 1412}, {4, 0, 1412}}, []int{9600, 1200, 1200, 9600}},
		{"a little is not", tic.Auto, []step{{2, 0, 511}, {3, 0, 511}, {5, 0, 1022}, {6, 0, 1022}}, []int{9600, 1200, 1200, 9600}},
		{"one group among nonsense", tic.Auto, []step{{1, 1, 511}, {2, 1, 5000}, {3, 1, 9000}, {4, 1, 9000}}, []int{9600, 9600, 9600, 1200}},
		{"silent line", tic.Auto, []step{{3, 0, 0}, {6, 0, 0}, {9, 0, 0}, {12, 0, 0}, {18, 0, 0}, {29, 0, 0}, {30, 0, 0}, {41, 0, 0}, {42, 0, 0}},
			[]int{1200, 9600, 9600, 1200, 9600, 9600, 1200, 1200, 9600}},
		{"patient once certain", tic.Auto, []step{{1, 5, 0}, {9, 5, 0}, {10, 5, 9000}, {11, 5, 9000}}, []int{9600, 9600, 9600, 1200}},
		{"impatient before", tic.Auto, []step{{1, 4, 0}, {3, 4, 0}, {4, 4, 0}}, []int{9600, 9600, 1200}},
		{"impatient again once lost", tic.Auto, []step{{1, 5, 0}, {11, 5, 0}, {14, 5, 0}, {17, 5, 0}}, []int{9600, 1200, 9600, 9600}},
		{"groups keep it", tic.Auto, []step{{1, 5, 0}, {10, 6, 0}, {19, 7, 0}, {28, 8, 0}}, []int{9600, 9600, 9600, 9600}},
		{"historic wanted", tic.Historic, []step{{3, 0, 0}, {6, 0, 0}}, []int{9600, 1200}},
		{"standard wanted", tic.Standard, []step{{3, 0, 0}, {6, 0, 0}}, []int{1200, 9600}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			opened := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
			tuner := newTuner(Config{Mode: test.mode})
			tuner.listen(opened, tally{})
			var got []int
			for _, s := range test.steps {
				now := opened.Add(time.Duration(s.at) * time.Second)
				n := groups(tic.Standard, s.count)
				n.bytes += s.noise
				tuner.heard(now, n)
				if tuner.lost(now) {
					tuner.next(now)
				}
				got = append(got, tuner.speed())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("speeds (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTunerModes(t *testing.T) {
	t.Parallel()
	// A step is how many groups of each mode there were; want is the mode after it, with + when it changed.
	type step struct{ historic, standard uint64 }
	for _, test := range []struct {
		name  string
		steps []step
		want  []string
	}{
		{"standard", []step{{0, 4}, {0, 5}, {0, 50}}, []string{"auto", "standard+", "standard"}},
		{"historic", []step{{1, 0}, {2, 0}, {5, 0}, {6, 0}}, []string{"auto", "auto", "historic+", "historic"}},
		{"one of noise", []step{{1, 0}, {1, 4}, {1, 9}}, []string{"auto", "auto", "standard+"}},
		{"noise later", []step{{0, 5}, {1, 9}, {2, 15}, {9, 16}}, []string{"standard+", "standard", "standard", "standard"}},
		{"switched", []step{{0, 90}, {4, 90}, {5, 90}, {6, 90}}, []string{"standard+", "standard", "historic+", "historic"}},
		{"switched within a piece", []step{{0, 90}, {20, 95}, {21, 95}}, []string{"standard+", "standard", "historic+"}},
		{"and back", []step{{5, 0}, {5, 5}, {10, 5}}, []string{"historic+", "standard+", "historic+"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tuner := newTuner(Config{})
			tuner.listen(time.Time{}, tally{})
			var got []string
			for _, s := range test.steps {
				n := groups(tic.Standard, s.standard)
				n.groups[tic.Historic] = s.historic
				_, changed := tuner.heard(time.Time{}, n)
				word := tuner.mode.String()
				if changed {
					word += "+"
				}
				got = append(got, word)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("modes (-want +got):\n%s", diff)
			}
		})
	}
}

// A decoder for one mode refuses the groups of the other; they are heard all the same.
func TestCount(t *testing.T) {
	t.Parallel()
	var c tic.Counters
	c.Bytes, c.Known[tic.Standard], c.Rejected[tic.WrongMode] = 1000, 30, 7
	for mode, historic := range map[tic.Mode]uint64{tic.Auto: 0, tic.Standard: 7} {
		want := groups(tic.Standard, 30)
		want.bytes, want.groups[tic.Historic] = 1000, historic
		if got := count(mode, c); got != want {
			t.Errorf("in mode %s: %+v, want %+v", mode, got, want)
		}
	}
}

// Four groups of an industrial meter, which has labels of its own, tell as much as one of another.
func TestCountStrangers(t *testing.T) {
	t.Parallel()
	var c tic.Counters
	c.Known[tic.Standard], c.Unknown[tic.Standard], c.Unknown[tic.Historic] = 30, 3, 21
	want := groups(tic.Standard, 30)
	want.bytes, want.groups[tic.Historic] = 0, 5
	if got := count(tic.Auto, c); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestTunerRemembersOverReopening(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	tuner := newTuner(Config{})
	tuner.listen(now, tally{})
	tuner.next(now)
	tuner.heard(now, groups(tic.Historic, 11))

	tuner.listen(now.Add(time.Hour), groups(tic.Historic, 11))
	if got := tuner.speed(); got != 1200 {
		t.Errorf("speed after reopening is %d, want 1200, which worked", got)
	}
	if tuner.mode != tic.Auto {
		t.Errorf("mode after reopening is %s before a group came", tuner.mode)
	}
	if tuner.lost(now.Add(time.Hour)) {
		t.Error("lost as soon as it was reopened: the time it was closed was counted as silence")
	}
}

// A meter that is switched is heard again within 15 s, in both directions and whatever the listener was doing: the
// clock of this test is its own.
func TestTunerFollowsSwitchInTime(t *testing.T) {
	t.Parallel()
	const tick = glance + gather // at most between two looks
	for _, from := range []tic.Mode{tic.Historic, tic.Standard} {
		for silence := time.Duration(0); silence < 3*time.Minute; silence += 1300 * time.Millisecond { // before it speaks again
			tuner := newTuner(Config{})
			m := meterModel{tuner: tuner}
			tuner.listen(time.Time{}, tally{})
			m.run(from, time.Minute, tick)
			if tuner.mode != from {
				t.Fatalf("%s mode is not heard in a minute", from)
			}
			m.run(tic.Auto, silence, tick)
			m.run(other(from), 15*time.Second, tick)
			if tuner.mode != other(from) {
				t.Errorf("%s mode, %v after %s, is not heard in 15 s", other(from), silence, from)
			}
		}
	}
}

// meterModel is a tuner and what it would receive.
type meterModel struct {
	tuner *tuner
	now   time.Time
	total tally
}

// run lets a meter speak for a while, at the least rate there is: a group takes 110 characters at most in standard mode
// and 20 in historic mode. At the other speed there is noise. In mode Auto the line is silent.
func (m *meterModel) run(mode tic.Mode, d, tick time.Duration) {
	group := map[tic.Mode]time.Duration{tic.Historic: 20 * time.Second / 120, tic.Standard: 110 * time.Second / 960}
	speeds := map[tic.Mode]int{tic.Historic: slow, tic.Standard: fast}
	var heard time.Duration
	for end := m.now.Add(d); m.now.Before(end); m.now = m.now.Add(tick) {
		if mode != tic.Auto {
			m.total.bytes += 36
			if speeds[mode] == m.tuner.speed() {
				heard += tick
				m.total.groups[mode] += uint64(heard / group[mode])
				heard %= group[mode]
			}
		}
		m.tuner.heard(m.now, m.total)
		if m.tuner.lost(m.now) {
			m.tuner.next(m.now)
			heard = 0
		}
	}
}
