package linky

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCounter(t *testing.T) {
	t.Parallel()
	var c counter
	var carried int64
	for range 3600 {
		carried += c.add(1234)
	}
	if c.hours != 1234 || carried != 1234 || c.seconds != 0 {
		t.Errorf("1234 W for an hour count %d Wh, carry %d and leave %d Ws; want 1234, 1234 and 0", c.hours, carried, c.seconds)
	}
}

// TestIndexes counts an hour at each rate, then an hour of injection.
func TestIndexes(t *testing.T) {
	t.Parallel()
	var x indexes
	hour := func(active, reactive int64, rate tariff) {
		for range 3600 {
			x.count(active, reactive, &rate)
		}
	}
	hour(1001, 200, tariff{supplier: 1, distributor: 1})
	hour(2002, -300, tariff{supplier: 6, distributor: 4})
	hour(-500, -50, tariff{supplier: 6, distributor: 4})
	hour(-500, 70, tariff{supplier: 6, distributor: 4})
	want := indexes{
		drawn:       counter{hours: 3003},
		supplier:    [10]int64{0: 1001, 5: 2002},
		distributor: [4]int64{1001, 0, 0, 2002},
		injected:    counter{hours: 1000},
		reactive:    [4]counter{{hours: 200}, {hours: 70}, {hours: 50}, {hours: 300}},
	}
	if diff := cmp.Diff(want, x, cmp.AllowUnexported(indexes{}, counter{})); diff != "" {
		t.Errorf("indexes (-want +got):\n%s", diff)
	}
}

func TestMaximum(t *testing.T) {
	t.Parallel()
	var m maximum
	m.turn(100)
	for at, value := range []int64{5, 9, 9, 2} {
		m.note(value, 100+int64(at))
	}
	m.turn(200)
	m.note(0, 200)
	want := maximum{today: dated{0, 200}, yesterday: dated{9, 101}}
	if m != want {
		t.Errorf("%+v, want %+v: the first of equal values counts, and a day of nothing shows midnight", m, want)
	}
}

func TestMean(t *testing.T) {
	t.Parallel()
	var m mean
	for _, value := range []int64{1, 2, 2} {
		m.add(value)
	}
	m.shut(600)
	m.add(4)
	m.shut(1200)
	if m.before != (dated{2, 600}) || m.last != (dated{4, 1200}) {
		t.Errorf("means %+v and %+v, want 2 at 600 and 4 at 1200", m.before, m.last)
	}
}
