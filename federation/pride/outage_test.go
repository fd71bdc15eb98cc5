package pride_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/federation"
	"releve/federation/lab/warp10"
	"releve/senml"
)

// kept is a cursor of a real buffer, as a delivery takes packs from it.
type kept struct{ *buffer.Cursor }

func (c kept) Next(ctx context.Context, limit int) ([]federation.Item, error) {
	items, err := c.Cursor.Next(ctx, limit)
	var out []federation.Item
	for _, item := range items {
		out = append(out, federation.Item{Seq: uint64(item.Seq), Pack: item.Pack})
	}
	return out, err
}

func (c kept) Ack(seq uint64) error { return c.Cursor.Ack(buffer.Seq(seq)) }

// open is a gate that lets everything through.
type open struct{}

func (open) Pass(p senml.Pack) senml.Pack                  { return p }
func (open) Settled(bool)                                  {}
func (open) Leaving(senml.Pack, func(string) string) error { return nil }
func (open) Scope() string                                 { return "" }

// absent is a platform that can be away.
type absent struct {
	warp10.Platform
	away  atomic.Bool
	tries atomic.Int64 // while it was away
}

func (a *absent) mind(*http.Request) (int, string) {
	if !a.away.Load() {
		return 0, ""
	}
	a.tries.Add(1)
	return http.StatusServiceUnavailable, "Service Unavailable"
}

// TestOutage holds that an hour of readings that waits in the buffer while the platform is away is there in the end,
// complete; and that it comes in order: at no time is there a reading without all those before it.
func TestOutage(t *testing.T) {
	t.Parallel()
	p := &absent{Platform: warp10.Platform{Write: "W", Read: "R"}}
	p.Mind = p.mind
	b, err := buffer.Open(buffer.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	place, err := b.Cursor("pride", buffer.Beginning())
	if err != nil {
		t.Fatal(err)
	}
	wake := make(chan struct{})
	d := &federation.Delivery{Recipient: recipient(t, &p.Platform, "W"), Cursor: kept{place}, Gate: open{}, Wake: wake, Log: discarded()}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()

	const frames = 1800 // of an hour, one every 2 s
	begin := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	want := map[string][]warp10.Point{}
	put := func(first, last int) { // in one pack
		var pack senml.Pack
		for n := first; n <= last; n++ {
			at := begin.Add(time.Duration(n) * 2 * time.Second)
			pack = append(pack,
				senml.Record{Name: meter + "_consumption/energy/active/index", Unit: "Wh", Value: senml.NumberValue(float64(1000 + n)), Time: float64(at.Unix())},
				senml.Record{Name: meter + "_voltage/1", Unit: "V", Value: senml.NumberValue(230.5), Time: float64(at.Unix())})
			want["index"] = append(want["index"], warp10.Point{Tick: at.UnixMicro(), Value: float64(1000 + n)})
			want["voltage"] = append(want["voltage"], warp10.Point{Tick: at.UnixMicro(), Value: 230.5})
		}
		if _, err := b.Put(pack); err != nil {
			t.Fatal(err)
		}
	}
	points := func() map[string][]warp10.Point {
		labels := func(unit string) map[string]string {
			return map[string]string{"device": meter, "site": "Lorient {1}", "unit": unit}
		}
		return map[string][]warp10.Point{
			"index":   p.Points("releve.consumption.energy.active.index", labels("Wh")),
			"voltage": p.Points("releve.voltage.1", labels("V")),
		}
	}
	put(0, 0)
	eventually(t, "the first came", func() bool { return p.Count() == 2 })
	p.away.Store(true)
	for n := 1; n <= frames; n += 15 { // more packs than one turn takes
		put(n, n+14)
	}
	for p.tries.Load() < 3 {
		rouse(wake)
	}
	if diff := cmp.Diff(1, len(points()["index"])); diff != "" {
		t.Errorf("there while it was away (-want +got):\n%s", diff)
	}
	p.away.Store(false)
	rouse(wake)
	eventually(t, "what waited came", func() bool {
		for name, there := range points() { // each a beginning of what was put
			if diff := cmp.Diff(want[name][:len(there)], there); diff != "" {
				t.Fatalf("%s out of order (-want +got):\n%s", name, diff)
			}
		}
		return d.Stats().Records == 2*(frames+1)
	})
	if diff := cmp.Diff(want, points()); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got, last := place.Acked(), b.Stats().Last; got != last {
		t.Errorf("acknowledged up to %d of %d", got, last)
	}
}

func rouse(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	case <-time.After(10 * time.Millisecond): // it tries just now
	}
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within five minutes: %s", what)
		}
	}
}
