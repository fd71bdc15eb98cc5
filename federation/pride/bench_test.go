package pride_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"releve/federation/lab/warp10"
	"releve/senml"
)

// BenchmarkRecipient hands readings to the stand-in on this machine in batches of several sizes. The reference is bare
// requests with lines that were written before: a ratio is what the writing of ours adds to them.
func BenchmarkRecipient(b *testing.B) {
	for _, size := range []int{1, 100, 5_000} {
		var pack senml.Pack
		var lines strings.Builder
		for n := range size {
			pack = append(pack, senml.Record{Name: meter + "_voltage/1", Unit: "V", Value: senml.NumberValue(230.5), Time: float64(1_700_000_000 + n)})
			fmt.Fprintf(&lines, "%d// releve.voltage.1{device=%s,site=Lorient%%20%%7B1%%7D,unit=V} 230.5\n", (1_700_000_000+n)*1_000_000, strings.ReplaceAll(meter, ":", "%3A"))
		}
		bare := 0.0
		b.Run(fmt.Sprintf("bare requests/batch=%d", size), func(b *testing.B) {
			r := recipient(b, &warp10.Platform{Write: "W"}, "W")
			for b.Loop() {
				bareUpdate(b, r.URL+"/v0/update", r.Client, lines.String())
			}
			bare = perReading(b, size)
		})
		b.Run(fmt.Sprintf("recipient/batch=%d", size), func(b *testing.B) {
			r := recipient(b, &warp10.Platform{Write: "W"}, "W")
			for b.Loop() {
				if err := r.Send(b.Context(), pack); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(perReading(b, size)/bare, "x-bare")
		})
	}
}

// perReading is how long one reading takes, in seconds.
func perReading(b *testing.B, size int) float64 {
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64(size)/each.Seconds(), "readings/s")
	return each.Seconds() / float64(size)
}

func bareUpdate(b *testing.B, url string, client *http.Client, lines string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, strings.NewReader(lines))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("X-Warp10-Token", "W")
	answer, err := client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		b.Fatal(answer.Status)
	}
}
