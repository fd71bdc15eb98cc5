package buffer_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"releve/buffer"
	"releve/senml"
)

// backlogDays is how much there is: packs of a minute, of one meter in standard mode at its full rate. A month takes
// minutes to fill in, so BUFFER_BACKLOG_DAYS says when it shall be one.
func backlogDays() int {
	if n, err := strconv.Atoi(os.Getenv("BUFFER_BACKLOG_DAYS")); err == nil {
		return max(n, 2)
	}
	return 2
}

// backlogBegin is the first minute, a local midnight in UTC.
var backlogBegin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

const powerSeries = "linky/consumption/power/apparent/raw"

// fullRate is minute n of what a meter says each second: the power, nearly always another one, voltage and current
// when they change, three indexes that grow, and every ten minutes all thirty series.
func fullRate(n int) senml.Pack {
	random := rand.New(rand.NewPCG(uint64(n), 4))
	var p senml.Pack
	begin := float64(backlogBegin.Unix() + int64(n)*60)
	level := 400 + 3000*math.Abs(math.Sin(float64(n)/97))
	for s := range 60 {
		at := begin + float64(s) + float64(random.IntN(4))/1000
		say := func(path, unit string, v float64) {
			p = append(p, senml.Record{Name: "linky/" + path, Unit: unit, Value: senml.NumberValue(v), Time: at})
		}
		power := math.Round(level + 40*random.NormFloat64())
		say("consumption/power/apparent/raw", "VA", power)
		if random.IntN(10) < 6 {
			say("voltage/1", "V", float64(231+random.IntN(5)))
		}
		if random.IntN(4) == 0 {
			say("current/1", "A", math.Round(power/233))
		}
		if s%4 == 0 {
			for _, path := range []string{"", "/provider/1", "/distributor/1"} {
				say("consumption/energy/active/index"+path, "Wh", float64(12_000_000+n*30+s/4))
			}
		}
		if s == 0 && n%10 == 0 {
			for i := range 22 {
				say(fmt.Sprintf("quiet/%d", i), "Wh", 0)
			}
		}
	}
	return p
}

// backlog is all packs of those days.
func backlog(yield func(senml.Pack) bool) {
	for n := range backlogDays() * 24 * 60 {
		if !yield(fullRate(n)) {
			return
		}
	}
}

// twoDays is its begin.
func twoDays(yield func(senml.Pack) bool) {
	for n := range 2 * 24 * 60 {
		if !yield(fullRate(n)) {
			return
		}
	}
}

// year is a pack a day, of a reading of the power every ten minutes.
func year(yield func(senml.Pack) bool) {
	for n := range 365 {
		var p senml.Pack
		for i := range 144 {
			at := backlogBegin.AddDate(0, 0, n).Add(time.Duration(i) * 10 * time.Minute)
			p = append(p, senml.Record{Name: powerSeries, Unit: "VA", Value: senml.NumberValue(float64(i * n % 3000)), Time: float64(at.Unix())})
		}
		if !yield(p) {
			return
		}
	}
}

// keeping is a way to keep packs, and what is measured of it.
type keeping interface {
	put(p senml.Pack) error                           // durably
	fill(packs iter.Seq[senml.Pack]) error            // as quickly as it goes
	drain(recipients int) (records int, err error)    // all packs, from the first, each acknowledged
	raw(from, to time.Time) (records int, err error)  // of the power
	tens(from, to time.Time) (periods int, err error) // means of the power
	days(from, to time.Time) (periods int, err error) // the same of days
	close() error
}

// BenchmarkSpeed does the same with the buffer, with bbolt and with a plain append-only log, on the same packs and in
// the same run: the difference is the price of the store. What each of the others keeps, its type says.
func BenchmarkSpeed(b *testing.B) {
	ways := []way{{"buffer", openOurs}, {"bbolt", openBolt}, {"log", openPlainLog}}
	end := backlogBegin.AddDate(0, 0, backlogDays())
	b.Run("append", func(b *testing.B) {
		for _, w := range ways {
			b.Run(w.name, func(b *testing.B) { benchAppend(b, w) })
		}
	})
	inEach(b, "year", ways, year, []deed{
		{"month of tens", 30 * 144, func(k keeping) (int, error) {
			return k.tens(backlogBegin.AddDate(0, 6, 0), backlogBegin.AddDate(0, 6, 30))
		}},
		{"days", 365, func(k keeping) (int, error) { return k.days(backlogBegin, backlogBegin.AddDate(1, 0, 0)) }},
	})
	inEach(b, "two days", []way{{"in use", openInUse}, {"rolled up", openOurs}}, twoDays, []deed{
		{"raw last day", 86400, func(k keeping) (int, error) {
			return k.raw(backlogBegin.AddDate(0, 0, 1), backlogBegin.AddDate(0, 0, 2))
		}},
	})
	inEach(b, "month", ways, backlog, []deed{
		{"tens", backlogDays() * 144, func(k keeping) (int, error) { return k.tens(backlogBegin, end) }},
		{"raw day", 86400, func(k keeping) (int, error) { return k.raw(end.AddDate(0, 0, -2), end.AddDate(0, 0, -1)) }},
		{"drain", 0, func(k keeping) (int, error) { return k.drain(1) }},
		{"drain by three", 0, func(k keeping) (int, error) { return k.drain(3) }},
	})
}

// BenchmarkFirst asks for the raw last day, eight hours of which are open, for the first time after an opening: at once, and
// when the keeper has decoded them, which it does two seconds later; and again.
func BenchmarkFirst(b *testing.B) {
	dir := b.TempDir()
	k, err := openInUse(dir)
	if err == nil {
		err = k.fill(twoDays)
	}
	if err := errors.Join(err, k.close()); err != nil {
		b.Fatal(err)
	}
	ask := func(k keeping) {
		if n, err := k.raw(backlogBegin.AddDate(0, 0, 1), backlogBegin.AddDate(0, 0, 2)); n != 86400 || err != nil {
			b.Fatal(n, err)
		}
	}
	for _, row := range []struct {
		name  string
		ready func(k keeping)
	}{
		{"at once", func(keeping) {}},
		{"decoded", func(k keeping) {
			if err := k.(inUse).b.DecodeOpen(); err != nil {
				b.Fatal(err)
			}
		}},
		{"again", ask},
	} {
		b.Run(row.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				k, err := openInUse(dir)
				if err != nil {
					b.Fatal(err)
				}
				row.ready(k)
				b.StartTimer()
				ask(k)
				b.StopTimer()
				if err := k.close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// way is a way to keep packs.
type way struct {
	name string
	open func(dir string) (keeping, error)
}

// deed is something to measure, with what must come of it; 0 is any.
type deed struct {
	name string
	want int
	do   func(k keeping) (int, error)
}

func benchAppend(b *testing.B, w way) {
	k := opened(b, w)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		p := fullRate(n)
		n++
		b.StartTimer()
		if err := k.put(p); err != nil {
			b.Fatal(err)
		}
	}
}

// inEach fills each way with the same packs and does the deeds.
func inEach(b *testing.B, name string, ways []way, packs iter.Seq[senml.Pack], deeds []deed) {
	b.Run(name, func(b *testing.B) {
		for _, w := range ways {
			k := opened(b, w)
			if err := k.fill(packs); err != nil {
				b.Fatal(err)
			}
			for _, d := range deeds {
				b.Run(d.name+"/"+w.name, func(b *testing.B) {
					for b.Loop() {
						if n, err := d.do(k); err != nil || n == 0 || d.want > 0 && n != d.want {
							b.Fatal(n, err)
						}
					}
				})
			}
		}
	})
}

func opened(b *testing.B, w way) keeping {
	b.Helper()
	k, err := w.open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := k.close(); err != nil {
			b.Error(err)
		}
	})
	return k
}

// ours is the buffer.
type ours struct {
	b     *buffer.Buffer
	clock time.Time
}

func openOurs(dir string) (keeping, error) {
	k := &ours{clock: backlogBegin}
	o := buffer.Options{Dir: dir, MaxBytes: 1 << 30, MaxAge: 400 * 24 * time.Hour}
	var err error
	k.b, err = buffer.Open(o.WithClock(func() time.Time { return k.clock }))
	return k, err
}

// inUse is the buffer as it is when it works: its last eight hours, waiting for one another, are not rolled up.
type inUse struct{ *ours }

func openInUse(dir string) (keeping, error) {
	k, err := openOurs(dir)
	return inUse{k.(*ours)}, err
}

// fill takes two days.
func (k inUse) fill(packs iter.Seq[senml.Pack]) error {
	n := 0
	for p := range packs {
		if n++; n == (2*24-8)*60+3 {
			if err := k.b.RollUp(); err != nil {
				return err
			}
		}
		if err := k.put(p); err != nil {
			return err
		}
	}
	return nil
}

func (k *ours) close() error { return k.b.Close() }

func (k *ours) put(p senml.Pack) error {
	k.clock = timeOf(p[len(p)-1]).Add(time.Second)
	_, err := k.b.Put(p)
	return err
}

func (k *ours) fill(packs iter.Seq[senml.Pack]) error {
	for p := range packs {
		if err := k.put(p); err != nil {
			return err
		}
	}
	k.clock = k.clock.Add(36 * time.Hour)
	return k.b.RollUp()
}

func (k *ours) drain(recipients int) (n int, err error) {
	for i := range recipients {
		c, err := k.b.Cursor(fmt.Sprint("recipient ", i), buffer.Beginning())
		if err != nil {
			return n, err
		}
		for acked := buffer.Seq(0); acked < k.b.Stats().Last; {
			items, err := c.Next(context.Background(), 16)
			if err != nil {
				return n, err
			}
			for _, item := range items {
				n += len(item.Pack)
			}
			acked = items[len(items)-1].Seq
			if err := c.Ack(acked); err != nil {
				return n, err
			}
		}
		if err := k.b.RemoveCursor(c.Name()); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (k *ours) raw(from, to time.Time) (int, error) {
	p, _, err := k.b.History(context.Background(), powerSeries, from, to, 1<<20)
	return len(p), err
}

func (k *ours) tens(from, to time.Time) (int, error) {
	p, _, err := k.b.Periods(context.Background(), powerSeries, buffer.TenMinutes, from, to, 1<<20)
	return len(p), err
}

func (k *ours) days(from, to time.Time) (int, error) {
	p, _, err := k.b.Periods(context.Background(), powerSeries, buffer.Day, from, to, 1<<20)
	return len(p), err
}
