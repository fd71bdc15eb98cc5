package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"releve/agent/series"
	"releve/agent/status"
	"releve/buffer"
	"releve/senml"
	"releve/tic"
)

// received is what the consumer printed, one resolved record a line, and when.
type received struct {
	mu       sync.Mutex // guards everything below
	rest     []byte
	arrivals []arrival
}

type arrival struct {
	senml.Record
	at time.Time
}

func (r *received) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rest = append(r.rest, p...)
	for {
		line, rest, found := bytes.Cut(r.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		pack, err := senml.DecodeJSON([]byte("[" + string(line) + "]"))
		if err != nil {
			return 0, err
		}
		for _, record := range pack {
			r.arrivals = append(r.arrivals, arrival{record, time.Now()})
		}
		r.rest = rest
	}
}

func (r *received) all() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.arrivals)
}

func (r *received) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.arrivals)
}

// stored returns everything in the agent's buffer, in order.
func (h *household) stored() senml.Pack {
	h.t.Helper()
	return h.storedIn("state/buffer")
}

// storedIn returns everything in a buffer, in order.
func (h *household) storedIn(folder string) senml.Pack {
	h.t.Helper()
	b, err := buffer.Open(buffer.Options{Dir: h.path(folder)})
	must(h.t, err)
	defer b.Close()
	c, err := b.Cursor("test", buffer.Beginning())
	must(h.t, err)
	defer func() { must(h.t, b.RemoveCursor("test")) }() // it begins anew when it is asked again
	var all senml.Pack
	for last := b.Stats().Last; ; {
		items, err := c.Next(context.Background(), 100)
		must(h.t, err)
		for _, item := range items {
			all = append(all, item.Pack...)
		}
		seq := items[len(items)-1].Seq
		must(h.t, c.Ack(seq))
		if seq == last {
			return all
		}
	}
}

// fact is a record without the part of its name that differs between house and consumer.
type fact struct {
	path, unit string
	value      senml.Value
	millis     int64
}

func factOf(r senml.Record, separator string) fact {
	_, path, _ := strings.Cut(r.Name, separator)
	return fact{path, r.Unit, r.Value, int64(r.Time*1000 + 0.5)}
}

// check compares what was stored with what arrived: none lost, none invented, in order.
func (h *household) check() {
	h.t.Helper()
	stored, arrived := h.stored(), h.received.all()
	dictionary := series.NewDictionary()
	heard := func(f fact) bool { return dictionary.Path(f.path).Aggregation == "" } // others are dated by the meter, some at yesterday
	facts, last := map[fact]int{}, map[string]int64{}
	first := int64(math.MaxInt64)
	for i, r := range arrived {
		fetched := h.pushed > 0 && i >= h.pushed
		f := factOf(r.Record, "_")
		if !strings.HasPrefix(r.Name, "urn:dev:org:60060-") {
			h.t.Fatalf("a name without the pseudonym of its recipient: %s", r.Name)
		}
		if heard(f) {
			first = min(first, f.millis)
		}
		if facts[f] == 0 && f.millis < last[f.path] && heard(f) && !fetched { // what comes again comes as it was
			h.t.Errorf("%s: a record of %d came after one of %d", f.path, f.millis, last[f.path])
		}
		switch {
		case facts[f] > 0 && !fetched:
			h.note(f, func(l *loss) { l.twice++ })
		case facts[f] > 0:
		case heard(f) && fetched:
			h.note(f, func(l *loss) { l.arrived, l.fetched = l.arrived+1, l.fetched+1 })
		case heard(f):
			h.note(f, func(l *loss) { l.arrives(r.at.Sub(time.UnixMilli(f.millis))) })
		}
		facts[f]++
		last[f.path] = max(last[f.path], f.millis)
	}
	first += 2000 // the two deliveries of a subscriber begin one after the other
	truth, measured := h.played(), map[fact]bool{}
	for _, r := range stored {
		f := factOf(r, "/")
		if f.millis >= first && heard(f) && !measured[f] {
			h.note(f, func(l *loss) { l.measured++ })
		}
		measured[f] = true
		if f.millis >= first && facts[f] == 0 && f.value != meterSilent { // that may be stored once nobody waits for anything any more
			h.t.Errorf("stored and lost: %v", f)
		}
		if !truth[f.path][f.value] {
			h.t.Errorf("stored and never said by the meter: %v", f)
		}
	}
	for f := range facts {
		if !measured[f] {
			h.t.Errorf("received and never stored: %v", f)
		}
	}
	h.t.Logf("%d records stored, %d received, %d of them different\n%s", len(measured), len(arrived), len(facts), h.table())
}

// meterSilent is the agent's own word, once the meter has ended.
var meterSilent = senml.TextValue(string(series.Silent))

// played returns every value the meter can have said until now, the same seed gives the same bytes, and what may be said of it.
func (h *household) played() map[string]map[senml.Value]bool {
	h.t.Helper()
	said := map[string]map[senml.Value]bool{series.PathEvent: {meterSilent: true}}
	recorder := series.NewRecorder("linky", 0)
	decoder := tic.NewDecoder(tic.Standard, func(f *tic.Frame) {
		for _, r := range recorder.Record(f, time.Now()) {
			_, path, _ := strings.Cut(r.Name, "/")
			if said[path] == nil {
				said[path] = map[senml.Value]bool{}
			}
			said[path][r.Value] = true
		}
	})
	_, _ = decoder.Write(h.simulated(h.frames())) // never fails
	return said
}

// loss is one row of the table: what a fault did to the records heard from its beginning to the next fault's.
type loss struct {
	fault    string
	from     time.Time
	sentence status.Words
	memory   int // greatest anonymous memory of the agent, in bytes

	measured, arrived, fetched, twice, times int
	late                                     time.Duration // of the record that waited longest
}

func (l *loss) arrives(late time.Duration) {
	l.arrived++
	l.late = max(l.late, late)
}

// note counts a record in the row it belongs to, if any.
func (h *household) note(f fact, count func(l *loss)) {
	for _, l := range slices.Backward(h.losses) {
		if f.millis >= l.from.UnixMilli() {
			count(l)
			return
		}
	}
}

// table sums the rows by their faults, in the order in which these first came.
func (h *household) table() string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\ttimes\tmeasured\tarrived\tof them fetched\tlate by\ttwice\tmemory\tsentence")
	for _, l := range h.sums() {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%d\t%d MB\t%s\n", l.fault, l.times, l.measured, l.arrived, l.fetched, l.late.Round(100*time.Millisecond), l.twice, l.memory>>20, l.sentence)
	}
	_ = w.Flush() // never fails
	return out.String()
}

func (h *household) sums() []*loss {
	var sums []*loss
	for _, l := range h.losses {
		i := slices.IndexFunc(sums, func(sum *loss) bool { return sum.fault == l.fault })
		if i < 0 {
			i, sums = len(sums), append(sums, &loss{fault: l.fault})
		}
		sums[i].add(l)
	}
	return sums
}

func (l *loss) add(other *loss) {
	l.times++
	l.measured += other.measured
	l.arrived += other.arrived
	l.twice += other.twice
	l.fetched += other.fetched
	l.late, l.memory = max(l.late, other.late), max(l.memory, other.memory)
	if l.sentence.IsZero() {
		l.sentence = other.sentence
	}
}

// anonymous is the memory of a process that no file is behind, in bytes; 0 once it ended.
func (p *process) anonymous() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "RssAnon:" {
			kilobytes, _ := strconv.Atoi(fields[1])
			return kilobytes << 10
		}
	}
	return 0
}
