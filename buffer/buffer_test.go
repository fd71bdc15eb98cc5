package buffer_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

var sameValue = cmp.Comparer(func(x, y senml.Value) bool { return x == y })

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var want []buffer.Item
	for round := range 3 {
		b := open(t, buffer.Options{Dir: dir})
		c := cursor(t, b, "lorient", buffer.Now())
		for i := range 5 {
			p := minute(noon.Add(time.Duration(5*round+i)*time.Minute), 60)
			want = append(want, buffer.Item{Seq: put(t, b, p), Pack: p})
		}
		got := next(t, c, 100)
		if diff := cmp.Diff(want, got, sameValue); diff != "" {
			t.Fatalf("round %d: packs after reopening (-want +got):\n%s", round, diff)
		}
		ack(t, c, want[2].Seq)
		want = want[3:]
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
