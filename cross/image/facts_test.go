package image_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/series"
	"releve/senml"
)

// fact is a record without the part of its name that differs between house and consumer.
type fact struct {
	path, unit string
	value      senml.Value
	millis     int64
}

// factsOf are those of lines of SenML, which were heard on the line and not dated by the meter itself, some at yesterday.
func factsOf(t *testing.T, lines []byte, separator string) map[fact]bool {
	t.Helper()
	facts, dictionary := map[fact]bool{}, series.NewDictionary()
	for text := range bytes.Lines(lines) {
		if text = bytes.TrimSpace(text); text[0] != '[' {
			text = fmt.Appendf(nil, "[%s]", text)
		}
		pack, err := senml.DecodeJSON(text)
		must(t, err)
		pack, err = pack.Resolve(time.Now())
		must(t, err)
		for _, r := range pack {
			_, path, _ := strings.Cut(r.Name, separator)
			if dictionary.Path(path).Aggregation == "" && path != "status/event" { // what the agent itself says of a meter
				facts[fact{path, r.Unit, r.Value, int64(r.Time*1000 + 0.5)}] = true
			}
		}
	}
	return facts
}

// A line may be a whole pack, whose names and times have a base, or one record.
func TestFactsOf(t *testing.T) {
	t.Parallel()
	const lines = `[{"bn":"linky/","bt":1700000000,"n":"power/apparent","u":"VA","v":900},{"n":"voltage/phase1","u":"V","t":1.5,"v":230}]
{"n":"linky/power/apparent","u":"VA","t":1700000002,"v":910}
{"n":"linky/status/event","t":1700000003,"vs":"meter-silent"}
`
	want := map[fact]bool{
		{"power/apparent", "VA", senml.NumberValue(900), 1700000000000}: true,
		{"voltage/phase1", "V", senml.NumberValue(230), 1700000001500}:  true,
		{"power/apparent", "VA", senml.NumberValue(910), 1700000002000}: true,
	}
	if diff := cmp.Diff(want, factsOf(t, []byte(lines), "/"), cmp.AllowUnexported(fact{})); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// received is what the consumer printed, whole lines of it.
type received struct {
	mu   sync.Mutex // guards everything below
	text bytes.Buffer
}

func (r *received) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *received) lines() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	whole := r.text.Bytes()
	return bytes.Clone(whole[:bytes.LastIndexByte(whole, '\n')+1])
}

func (r *received) count() int { return bytes.Count(r.lines(), []byte("\n")) }
