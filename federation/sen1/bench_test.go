package sen1

import (
	"context"
	"fmt"
	"testing"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// sink is a session that writes each message as it goes on the wire, and whose server has it at once.
type sink struct{ bytes int }

func (s *sink) PostChat(_ context.Context, _ xmpp.JID, payload *xmpp.Element) (*xmpp.Receipt, error) {
	s.bytes += len(payload.String())
	r := xmpp.NewReceipt(func() {}, nil)
	r.Settle(nil)
	return r, nil
}

func (*sink) Query(context.Context, string, xmpp.JID, *xmpp.Element) (*xmpp.Element, error) {
	return nil, nil
}

// BenchmarkRecipient makes messages of readings and writes them, in batches of several sizes, without a network. The reference
// is readings that go one by one.
func BenchmarkRecipient(b *testing.B) {
	zone := paris(b)
	single := 0.0
	for _, size := range []int{1, 50, 500, 5_000} {
		var pack senml.Pack
		for n := range size {
			pack = append(pack, senml.Record{Name: "urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1", Unit: "V", Value: senml.NumberValue(230.5), Time: float64(1_700_000_000 + n)})
		}
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			s := &sink{}
			r := &Recipient{Session: s, Source: "releve", Target: "lognact", Location: zone}
			for b.Loop() {
				if err := r.Send(b.Context(), pack); err != nil {
					b.Fatal(err)
				}
			}
			each := b.Elapsed() / time.Duration(b.N)
			rate := float64(size) / each.Seconds()
			if single == 0 {
				single = rate
			}
			b.ReportMetric(rate, "readings/s")
			b.ReportMetric(rate/single, "x-single")
			b.ReportMetric(float64(s.bytes)/float64(b.N*size), "B/reading")
		})
	}
}
