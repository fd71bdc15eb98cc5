package lognact

import (
	"fmt"
	"testing"
	"time"

	"releve/federation/lab"
)

// BenchmarkTrapper is how many values a real Zabbix answers in a second, in batches of several sizes: each beside single
// values in the same run, and compressed beside plain.
func BenchmarkTrapper(b *testing.B) {
	z := lab.NewZabbix(b)
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	var group, host struct {
		Groups []string `json:"groupids"`
		Hosts  []string `json:"hostids"`
	}
	must(z.Call(b.Context(), "hostgroup.create", map[string]any{"name": "Relève"}, &group))
	must(z.Call(b.Context(), "host.create", map[string]any{"host": "linky-aa", "groups": []any{map[string]string{"groupid": group.Groups[0]}}}, &host))
	const items = 100
	for i := range items {
		key := DefaultKey(fmt.Sprint(i))
		must(z.Call(b.Context(), "item.create", map[string]any{"hostid": host.Hosts[0], "name": key, "key_": key, "type": 2, "value_type": 0}, nil))
	}
	clock := time.Now().Unix() - 1_000_000
	fill := func(values []Value) {
		for i := range values {
			if i%items == 0 {
				clock++
			}
			values[i] = Value{"linky-aa", DefaultKey(fmt.Sprint(i % items)), "1234", clock, 1}
		}
	}
	plain := &Trapper{Address: z.TrapperAddr()}
	for known := none + 1; known != none; time.Sleep(100 * time.Millisecond) {
		values := make([]Value, items)
		fill(values)
		var err error
		known, _, err = plain.take(b.Context(), values)
		must(err)
	}
	single := 0.0
	for _, compress := range []bool{false, true} {
		for _, size := range []int{1, 250, 1000} {
			b.Run(fmt.Sprintf("batch=%d/compressed=%t", size, compress), func(b *testing.B) {
				way, values, sent := &Trapper{Address: plain.Address, Compress: compress}, make([]Value, size), 0
				for b.Loop() {
					fill(values)
					if at, _, err := way.take(b.Context(), values); at != none || err != nil {
						b.Fatal(at, err)
					}
					sent += size
				}
				rate := float64(sent) / b.Elapsed().Seconds()
				if single == 0 {
					single = rate
				}
				b.ReportMetric(rate, "values/s")
				b.ReportMetric(rate/single, "x-single")
			})
		}
	}
}
