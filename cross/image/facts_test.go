package image_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

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
		for _, r := range pack {
			_, path, _ := strings.Cut(r.Name, separator)
			if dictionary.Path(path).Aggregation == "" {
				facts[fact{path, r.Unit, r.Value, int64(r.Time*1000 + 0.5)}] = true
			}
		}
	}
	return facts
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
