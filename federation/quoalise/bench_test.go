package quoalise

import (
	"context"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"releve/federation"
	"releve/federation/lab"
	"releve/federation/xmpp"
	"releve/senml"
)

// What a stock ejabberd lets pass of one client: 3 000 B/s, and 20 000 B at once. The latter are left out of rates.
const stockBurst = 20_000

// benchStage is two domains on ejabberd, and a client of ours on each.
type benchStage struct {
	house, adviser *xmpp.Client
	servers        *lab.Federation
	records        atomic.Int64 // taken by the adviser
}

func newBenchStage(b *testing.B, shaper lab.Shaper, pace xmpp.Pace) *benchStage {
	b.Helper()
	account := func(j xmpp.JID) []lab.Account { return []lab.Account{{User: j.Localpart(), Password: secret}} }
	s := &benchStage{servers: lab.New(b, lab.Options{Shaper: shaper, Domains: []lab.Domain{
		{Name: maison.Domainpart(), Kind: lab.Ejabberd, Accounts: account(maison)},
		{Name: conseil.Domainpart(), Kind: lab.Ejabberd, Accounts: account(conseil)},
	}})}
	own := clientConfig(b, s.servers, maison)
	own.Pace = pace
	s.house, s.adviser = xmpp.New(own), newClient(b, s.servers, conseil)
	s.adviser.Announce(NS)
	s.adviser.HandleMessage(NS, "quoalise", func(_ context.Context, m xmpp.Message) error {
		p, err := ParseData(m.Child(NS, "quoalise"), time.Now())
		s.records.Add(int64(len(p)))
		return err
	})
	s.adviser.HandleMessage("urn:x", "plain", func(context.Context, xmpp.Message) error { return nil })
	return s
}

// start runs both sessions, once the house offers what it has.
func (s *benchStage) start(b *testing.B) {
	b.Helper()
	runClient(b, s.adviser)
	runClient(b, s.house)
}

// plain posts messages of that size with as many of them on their way as a delivery has, and returns the bytes a second
// that arrived beyond a burst.
func (s *benchStage) plain(b *testing.B, total, size, window int, burst float64) float64 {
	b.Helper()
	began, sent := time.Now(), 0
	payload := xmpp.NewElement("urn:x", "plain").WithText(strings.Repeat("x", size))
	for sent < total {
		var open []*xmpp.Receipt
		for range window {
			receipt, err := s.house.Post(b.Context(), conseil.Bare(), payload, true)
			if err != nil {
				b.Fatal(err)
			}
			open = append(open, receipt)
			sent += size
		}
		for _, receipt := range open {
			if err := receipt.Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	return (float64(sent) - burst) / time.Since(began).Seconds()
}

// weighed counts the bytes of what is posted.
type weighed struct {
	Poster
	bytes, messages atomic.Int64
}

func (w *weighed) Post(ctx context.Context, to xmpp.JID, payload *xmpp.Element, receipt bool) (*xmpp.Receipt, error) {
	text, err := payload.Bytes()
	if err != nil {
		return nil, err
	}
	r, err := w.Poster.Post(ctx, to, payload, receipt)
	if err == nil {
		w.bytes.Add(int64(len(text)))
		w.messages.Add(1)
	}
	return r, err
}

// backlog is a cursor over what one meter has said for as long as one likes, a pack a minute.
type backlog struct {
	acked uint64
	until uint64 // then nothing more comes
}

const minuteRecords = 80

func (l *backlog) Next(ctx context.Context, limit int) ([]federation.Item, error) {
	var items []federation.Item
	for seq := l.acked + 1; seq <= l.until && len(items) < limit; seq++ {
		items = append(items, federation.Item{Seq: seq, Pack: minute(seq)})
	}
	if len(items) == 0 {
		<-ctx.Done()
	}
	return items, ctx.Err()
}

func (l *backlog) Ack(seq uint64) error { l.acked = seq; return nil }

// minute is what a meter in standard mode says in a minute: its power every 1.5 s, its current every other time, its index
// every sixth second, and what is computed of it.
func minute(seq uint64) senml.Pack {
	p := make(senml.Pack, 0, minuteRecords)
	begin := 1_700_000_000_000 + int64(seq)*60_000
	say := func(path, unit string, v float64, ms int64) {
		p = append(p, senml.Record{Name: device + "_" + path, Unit: unit, Value: senml.NumberValue(v), Time: float64(begin+ms) / 1000})
	}
	for i := range int64(40) {
		ms := i*1500 + i*397%500/100*100 // a tenth of a second, as a house dates what it hears
		watts := 350 + float64((i*37+int64(seq)*11)%90) + 2000*float64(seq/7%2)
		say("consumption/power/apparent/raw", "VA", watts, ms)
		if i%2 == 0 {
			say("current/1", "A", math.Round(watts/230), ms)
		}
		if i%4 == 0 {
			say("consumption/energy/active/index", "Wh", float64(17_623_547+int64(seq)*12+i/4), ms)
			say("derived/consumption/power/active/mean", "W", watts-4, ms)
		}
	}
	return p
}

// drain delivers packs of a backlog and returns how long that took.
func (s *benchStage) drain(b *testing.B, out *weighed, packs uint64) time.Duration {
	b.Helper()
	place := &backlog{until: packs}
	d := &federation.Delivery{
		Recipient: &Subscriber{Session: out, JID: conseil.Bare(), Receipts: true, Describe: describe},
		Cursor:    place, Gate: through{}, Log: quiet, Rhythm: 10 * time.Second,
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- d.Run(ctx) }()
	for d.Stats().Records < packs*minuteRecords {
		if err := d.Stats().Err; err != nil {
			b.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	took := time.Since(began)
	stop()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	return took
}

// The backlog of a meter under a stock server's shaper: a slice of four hours stands for 30 days, whose time is reported
// by its bytes. The reference is plain messages of 25 kB by the same session.
func BenchmarkBacklogUnderShaper(b *testing.B) {
	for b.Loop() {
		s := newBenchStage(b, lab.ShaperStock, xmpp.PaceAuto)
		s.start(b)
		reference := s.plain(b, 200_000, 25_000, 4, stockBurst)
		out := &weighed{Poster: s.house}
		s.drain(b, out, 10) // the bucket is as full as it was for the reference
		before := out.bytes.Load()
		const packs = 240
		took := s.drain(b, out, packs)
		bytes := float64(out.bytes.Load() - before)
		rate := bytes / took.Seconds()
		b.ReportMetric(rate, "B/s")
		b.ReportMetric(reference, "reference-B/s")
		b.ReportMetric(100*rate/3000, "%-of-shaper")
		b.ReportMetric(packs*minuteRecords/took.Seconds(), "readings/s")
		b.ReportMetric(bytes/packs/minuteRecords, "B/reading")
		b.ReportMetric(30*24*60/packs*took.Hours(), "h/30-days")
	}
}

// Readings a second across two domains without a shaper, beside plain messages of the same size by the same session.
func BenchmarkPush(b *testing.B) {
	for b.Loop() {
		s := newBenchStage(b, lab.ShaperOff, xmpp.PaceOff)
		s.start(b)
		out := &weighed{Poster: s.house}
		s.drain(b, out, 240) // warm
		before, messages, taken := out.bytes.Load(), out.messages.Load(), s.records.Load()
		const packs = 6_000
		took := s.drain(b, out, packs)
		bytes := float64(out.bytes.Load() - before)
		size := int(bytes / float64(out.messages.Load()-messages))
		reference := s.plain(b, int(bytes), size, 40, 0)
		if n := s.records.Load() - taken; n != packs*minuteRecords {
			b.Errorf("%d of %d records were taken", n, packs*minuteRecords)
		}
		b.ReportMetric(packs*minuteRecords/took.Seconds(), "readings/s")
		b.ReportMetric(bytes/took.Seconds(), "B/s")
		b.ReportMetric(reference, "reference-B/s")
		b.ReportMetric(float64(size), "B/message")
	}
}

// A day of raw values is fetched under a stock server's shaper, page by page; a slice of 8 000 records stands for its
// 57 600. The link must last, and others be answered meanwhile. The reference is plain messages by the same session.
func BenchmarkHistoryOfADay(b *testing.B) {
	const day, slice = 57_600, 8_000
	for b.Loop() {
		s := newBenchStage(b, lab.ShaperStock, xmpp.PaceAuto)
		kept := &archive{series: map[string]senml.Pack{}}
		for i := range day {
			kept.put("linky/current/1", number("A", float64(i*37%90), 1_700_000_000+float64(i*1500+i*397%500/100*100)/1000))
		}
		house := &Provider{
			Session: s.house, Archive: kept, Describe: describe, Log: quiet,
			Consent: book{conseil.Bare().String(): {"linky/current/1": current}},
		}
		house.Offer()
		s.start(b)
		reference := s.plain(b, 150_000, 25_000, 2, stockBurst)
		since := s.house.State().Since
		ctx, stop := context.WithCancel(b.Context())
		slowest := make(chan time.Duration, 1)
		go func() { slowest <- s.pings(ctx) }()
		from := time.Unix(1_700_000_000, 0)
		began, records, bytes := time.Now(), 0, 0
		_, err := (&Remote{Session: s.adviser, Provider: maison}).Fetch(ctx, current, from, from.Add(slice*1500*time.Millisecond),
			func(_ context.Context, p senml.Pack) error {
				records += len(p)
				text, err := written(p)
				bytes += len(text)
				return err
			})
		took := time.Since(began)
		stop()
		if err != nil || records < slice-1 || !s.house.State().Since.Equal(since) {
			b.Errorf("%d records, %v, a session since %s, before %s", records, err, s.house.State().Since, since)
		}
		b.ReportMetric(float64(bytes)/took.Seconds(), "B/s")
		b.ReportMetric(reference, "reference-B/s")
		b.ReportMetric(float64(records)/took.Seconds(), "records/s")
		b.ReportMetric(took.Minutes()*day/slice, "min/day")
		b.ReportMetric((<-slowest).Seconds(), "s/slowest-ping")
	}
}

func written(p senml.Pack) ([]byte, error) {
	e, err := Data{Name: current, Measurement: describe("current/1"), Records: p}.Element()
	if err != nil {
		return nil, err
	}
	return e.Bytes()
}

// pings asks the house again and again whether it is there, and returns how long the slowest answer took.
func (s *benchStage) pings(ctx context.Context) (slowest time.Duration) {
	for ctx.Err() == nil {
		began := time.Now()
		if _, err := s.adviser.Query(ctx, "get", maison, xmpp.NewElement("urn:xmpp:ping", "ping")); err == nil {
			slowest = max(slowest, time.Since(began))
		} else if ctx.Err() == nil {
			return math.MaxInt64 // it must not fail
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	return slowest
}
