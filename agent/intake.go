package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"releve/buffer"
	"releve/senml"
)

// intake is the way into the buffer for what others have measured. A series is kept as "<source>.<device>/<path>": the
// name of the source as the configuration has it, a pseudonym of the device that only this agent can make, and the
// path within the device as it came. What precedes the slash takes the place of a meter's name, which has no dot, so that
// grants, roll-ups and exports see a meter. What says whose device it is stays out of the buffer, and of all that shows it.
type intake struct {
	key       []byte // of the pseudonyms
	now       func() time.Time
	put       func(ctx context.Context, p senml.Pack) (stored int, err error)
	forgotten *forgotten // nil in tests that erase nothing

	mu     sync.Mutex // guards everything below
	series map[string]map[string]bool
	fresh  map[giver]int // series since the start, of each of many senders
}

// giver is who gives readings: a source, and which of its senders where it has many.
type giver struct{ source, sender string }

// Bounds against a source that sends without sense.
const (
	maxSeriesOfSource = 50_000
	maxFreshOfSender  = 2_000 // of many: one of them must not take the room of all
	maxReceivedName   = 256   // bytes
)

func newIntake(key []byte, d *dater, known []buffer.Known) *intake {
	i := &intake{key: key, put: d.receive, series: map[string]map[string]bool{}, fresh: map[giver]int{}}
	i.now = func() time.Time { now, _ := d.clock.Now(); return now }
	for _, s := range known {
		if source, ok := sourceOf(s.Name); ok {
			i.enter(source, s.Name)
		}
	}
	return i
}

// sourceOf returns the source that a series of the buffer came from; what a meter of this house said has none.
func sourceOf(local string) (source string, ok bool) {
	meter, _, _ := strings.Cut(local, "/")
	source, _, ok = strings.Cut(meter, ".")
	return source, ok
}

// bare is the path of a series that is a whole device: one without the component that RFC 9039 §3 puts after "_".
const bare = "value"

// local returns the name in the buffer of a series that a source calls name. What one of many senders names is its own: two
// that use the same name have two series.
//
//	Example: sge.5b1f0c93a2/consumption/power/active/raw, for urn:dev:prm:01234567890123_consumption/power/active/raw
func (i *intake) local(from giver, name string) string {
	device, path, hasPath := strings.Cut(name, "_")
	if hasPath {
		device += "_" // a device and a series without component are two things
	}
	if path == "" {
		path = bare
	}
	mac := hmac.New(sha256.New, i.key)
	if from.sender != "" {
		mac.Write([]byte("sent by\x00" + from.sender + "\x00")) // never fails
	}
	mac.Write([]byte("received\x00" + from.source + "\x00" + device))
	return from.source + "." + hex.EncodeToString(mac.Sum(nil)[:5]) + "/" + path
}

// meter is what takes the place of a meter's name there.
func (i *intake) meter(from giver, name string) string {
	meter, _, _ := strings.Cut(i.local(from, name), "/")
	return meter
}

// taken says what became of the records of a pack.
type taken struct {
	Stored, Known, Refused int
	Why                    error // the last one was refused
}

// take puts what a source has sent: resolved records under the source's own names. When it returns nil, those that were
// not there, and were not erased since, are durable and on their way to the recipients. A record that can never be kept holds up none of the others.
func (i *intake) take(ctx context.Context, from giver, p senml.Pack) (taken, error) {
	var t taken
	now, kept := i.now(), make(senml.Pack, 0, len(p))
	for _, r := range p {
		r, err := i.admit(from, r, now)
		if err != nil {
			t.Refused, t.Why = t.Refused+1, err
			continue
		}
		if i.forgotten.has(r.Name, r.Time) { // the household does not want it, and whoever sends it shall go on
			t.Known++
			continue
		}
		kept = append(kept, r)
	}
	if len(kept) == 0 {
		return t, nil
	}
	stored, err := i.put(ctx, kept)
	t.Stored, t.Known = stored, t.Known+len(kept)-stored
	if err != nil {
		return t, fmt.Errorf("keep what came from source %s: %w", from.source, err)
	}
	return t, nil
}

var (
	errLongName   = fmt.Errorf("the name of a series has more than %d bytes", maxReceivedName)
	errLongUnit   = fmt.Errorf("a unit has more than %d bytes", buffer.MaxUnit)
	errManySeries = fmt.Errorf("there would be more than %d series of one source", maxSeriesOfSource)
	errManyFresh  = fmt.Errorf("there would be more than %d new series of one sender since the start", maxFreshOfSender)
)

// admit gives a record its name here, and its time in whole milliseconds: a sum of base and offset may differ in its last
// digits from the same time that was written otherwise.
func (i *intake) admit(from giver, r senml.Record, now time.Time) (senml.Record, error) {
	if len(r.Name) > maxReceivedName {
		return r, errLongName
	}
	if len(r.Unit) > buffer.MaxUnit {
		return r, errLongUnit
	}
	r.Time = math.Round(r.Time*1000) / 1000
	if err := buffer.CheckTime(r.Time, now); err != nil {
		return r, err
	}
	r.Name = i.local(from, r.Name)
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.series[from.source][r.Name]:
		return r, nil
	case len(i.series[from.source]) >= maxSeriesOfSource:
		return r, errManySeries
	case from.sender != "" && i.fresh[from] >= maxFreshOfSender:
		return r, errManyFresh
	case from.sender != "":
		i.fresh[from]++
	}
	i.enter(from.source, r.Name)
	return r, nil
}

// enter notes a series. The caller holds mu, or nobody else has i yet.
func (i *intake) enter(source, local string) {
	if i.series[source] == nil {
		i.series[source] = map[string]bool{}
	}
	i.series[source][local] = true
}

// whole says that nothing of a pack was kept although it had records.
func (t taken) whole() bool { return t.Refused > 0 && t.Stored+t.Known == 0 }
