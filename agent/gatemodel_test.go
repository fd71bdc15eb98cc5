package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"releve/buffer"
	"releve/federation/consent"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
	"releve/senml"
)

// visitor is a house, its one recipient, and all that was granted, withdrawn, read and received, in whatever order chance
// wants. A model beside it says what may leave.
type visitor struct {
	t        *testing.T
	rng      *rand.Rand
	location *time.Location
	now      time.Time
	clock    atomic.Int64 // now in Unix nanoseconds, for the buffer's own tasks
	buffer   *buffer.Buffer
	cursor   *buffer.Cursor
	consents *consent.Consents
	book     *consent.Book
	session  *counter
	gate     *consent.Gate
	away     bool

	stood    []consent.Grant                    // the model: what is in force
	read     map[string][]senml.Record          // by local series, in order of time
	received map[string]map[float64]senml.Value // by name and time, the latest value
	since    map[string]time.Time               // since when a series is granted as it is, by its name and resolution
	places   string                             // the file of how far all has come, which is behind
	withheld int
}

const (
	visitorJID = "conseil@breizh-sen2.example"
	visitorPRM = "01234567890123" // invented
)

// visitorSeries are a quantity, an index and a text, and how often they come.
func visitorSeries() map[string]time.Duration {
	return map[string]time.Duration{
		"linky/consumption/power/apparent/raw": 20 * time.Second, "linky/consumption/energy/active/index": 45 * time.Second,
		"linky/tariff/label": 10 * time.Minute,
	}
}

func newVisitor(t *testing.T, seed uint64) *visitor {
	g := &visitor{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), location: paris(t),
		now:  time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC), // the night has 25 hours in it
		read: map[string][]senml.Record{}, received: map[string]map[float64]senml.Value{}, since: map[string]time.Time{},
	}
	g.clock.Store(g.now.UnixNano())
	var err error
	g.buffer, err = buffer.Open(buffer.Options{
		Dir: filepath.Join(t.TempDir(), "buffer"), Clock: func() (time.Time, bool) { return time.Unix(0, g.clock.Load()), true }, Location: g.location, Class: classOf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.buffer.Close(); err != nil {
			t.Error(err)
		}
	})
	if g.cursor, err = g.buffer.Cursor("guest", buffer.Now()); err != nil {
		t.Fatal(err)
	}
	if g.consents, err = consent.OpenConsents(filepath.Join(t.TempDir(), "consents.json")); err != nil {
		t.Fatal(err)
	}
	g.consents.Record = func(consent.Consent) error { return nil }
	kept := archive{buffer: g.buffer, now: func() time.Time { return g.now }}
	g.book = &consent.Book{
		Consents: g.consents, Key: make([]byte, 32), PRM: func(string) string { return visitorPRM }, Now: func() time.Time { return g.now },
		Archive: kept, Hold: usualHold, Location: g.location, Log: quiet,
	}
	g.places = filepath.Join(t.TempDir(), "places.json")
	g.session = &counter{commands: map[string]xmpp.Command{}}
	provider := &quoalise.Provider{
		Session: g.session, Archive: kept, Consent: g.book, Log: quiet,
		Describe: func(string) quoalise.Measurement { return quoalise.Measurement{Name: "test", Unit: "VA"} },
	}
	provider.Offer()
	g.restart()
	return g
}

// restart forgets all that is only in memory.
func (g *visitor) restart() {
	places, err := consent.OpenPlaces(g.places)
	if err != nil {
		g.t.Fatal(err)
	}
	g.book.Places = places
	g.gate = g.book.Gate(visitorJID, "guest", nil)
}

// listen lets time pass while the meter is read, or while it is not.
func (g *visitor) listen(d time.Duration, heard bool) {
	var p senml.Pack
	for local, every := range visitorSeries() {
		for at := g.now.Add(time.Duration(g.rng.Int64N(int64(every)))); heard && at.Before(g.now.Add(d)); at = at.Add(every/2 + time.Duration(g.rng.Int64N(int64(every)))) {
			p = append(p, g.record(local, at.Truncate(time.Millisecond)))
		}
	}
	g.now = g.now.Add(d)
	g.clock.Store(g.now.UnixNano())
	g.put(p)
}

// late puts a record of a moment that is long over.
func (g *visitor) late() {
	at := g.now.Add(-time.Duration(g.rng.Int64N(int64(5 * time.Hour)))).Truncate(time.Millisecond)
	g.put(senml.Pack{g.record("linky/consumption/power/apparent/raw", at)})
}

func (g *visitor) record(local string, at time.Time) senml.Record {
	r := senml.Record{Name: local, Time: float64(at.UnixMilli()) / 1000}
	switch {
	case strings.Contains(local, "index"):
		r.Unit, r.Value = "Wh", senml.NumberValue(float64(at.Unix()-1_700_000_000))
	case strings.Contains(local, "label"):
		r.Value = senml.TextValue([]string{"HEURES CREUSES", "HEURES PLEINES"}[g.rng.IntN(2)])
	default:
		r.Unit, r.Value = "VA", senml.NumberValue(float64(g.rng.IntN(9000)))
	}
	return r
}

func (g *visitor) put(p senml.Pack) {
	slices.SortFunc(p, func(a, b senml.Record) int { return cmp.Compare(a.Time, b.Time) })
	var fresh senml.Pack
	for _, r := range p {
		at, found := slices.BinarySearchFunc(g.read[r.Name], r.Time, func(x senml.Record, t float64) int { return cmp.Compare(x.Time, t) })
		if found {
			continue
		}
		g.read[r.Name] = slices.Insert(g.read[r.Name], at, r)
		fresh = append(fresh, r)
	}
	if len(fresh) == 0 {
		return
	}
	if _, err := g.buffer.Put(fresh); err != nil {
		g.t.Fatal(err)
	}
}

// agree gives or takes back a consent.
func (g *visitor) agree() {
	g.stood = slices.DeleteFunc(g.stood, func(x consent.Grant) bool { return x.Over(g.now) })
	if n := len(g.stood); n > 0 && g.rng.IntN(3) == 0 {
		i := g.rng.IntN(n)
		if _, err := g.consents.Withdraw(g.stood[i].ID(), "terminal", g.now, nil); err != nil {
			g.t.Fatal(err)
		}
		g.stood = slices.Delete(g.stood, i, i+1)
		return
	}
	all := consent.Resolutions()
	grant := consent.Grant{
		To: []string{visitorJID, "breizh-sen2.example"}[g.rng.IntN(2)], Purpose: "a test", Identity: g.rng.IntN(3) == 0,
		Series: []string{[]string{"*", "consumption/power/*", "tariff/*"}[g.rng.IntN(3)]}, Resolution: all[g.rng.IntN(len(all))],
	}
	if g.rng.IntN(4) == 0 {
		grant.Until = g.now.Add(time.Duration(1 + g.rng.Int64N(int64(6*time.Hour))))
	}
	if slices.ContainsFunc(g.stood, func(x consent.Grant) bool { return x.ID() == grant.ID() }) || len(g.stood) > 4 {
		return
	}
	one, err := g.consents.Ask(grant, "page", g.now)
	if err == nil {
		_, err = g.consents.Accept(one.ID, "page", g.now)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	g.stood = append(g.stood, grant)
}

// may is the model of what the recipient may see of a series now.
func (g *visitor) may(local string) (finest consent.Resolution, identity bool) {
	_, path, _ := strings.Cut(local, "/")
	for _, x := range g.stood {
		begins, _, _ := strings.Cut(x.Series[0], "*")
		if !strings.HasPrefix(path, begins) || !x.Until.IsZero() && !g.now.Before(x.Until) {
			continue
		}
		order := consent.Resolutions()
		switch was, is := slices.Index(order, finest), slices.Index(order, x.Resolution); {
		case was < 0, is < was:
			finest, identity = x.Resolution, x.Identity
		case is == was:
			identity = identity || x.Identity
		}
	}
	return finest, identity
}

// note keeps since which reading each series may be seen as it may now: what the first one ends is of before.
func (g *visitor) note() {
	for local := range visitorSeries() {
		finest, identity := g.may(local)
		is := fmt.Sprint(local, " ", finest, " ", identity)
		for key := range g.since {
			if strings.HasPrefix(key, local+" ") && key != is {
				delete(g.since, key)
			}
		}
		if _, known := g.since[is]; !known && finest != "" {
			g.since[is] = g.now
		}
	}
}

// deliver takes what waits to the recipient, or tries to.
func (g *visitor) deliver() {
	for _, c := range g.buffer.Cursors() {
		if c.Pending == 0 {
			return
		}
	}
	items, err := g.cursor.Next(g.t.Context(), 1+g.rng.IntN(20))
	if err != nil {
		g.t.Fatal(err)
	}
	var whole senml.Pack
	for _, item := range items {
		whole = append(whole, item.Pack...)
	}
	passed := g.gate.Pass(whole)
	if g.away {
		return
	}
	g.withheld += max(0, len(whole)-len(passed))
	g.receive(passed, true)
	g.gate.Settled(true)
	if err := g.cursor.Ack(items[len(items)-1].Seq); err != nil {
		g.t.Fatal(err)
	}
}

// ask asks for history at any resolution, under any name.
func (g *visitor) ask() {
	locals := slices.Sorted(func(yield func(string) bool) {
		for local := range visitorSeries() {
			if !yield(local) {
				return
			}
		}
	})
	local := locals[g.rng.IntN(len(locals))]
	names := g.book.Aliases(visitorJID, local)
	name := names[g.rng.IntN(len(names))]
	if g.rng.IntN(3) == 0 {
		name += "/" + []string{"mean", "first", "minimum", "maximum", "count"}[g.rng.IntN(5)] + "/" + []string{"PT10S", "PT10M", "PT30M", "PT1H", "P1D", "P1M"}[g.rng.IntN(6)]
	}
	from := g.now.Add(-time.Duration(g.rng.Int64N(int64(30 * time.Hour))))
	form := &xmpp.Form{Type: "submit", Fields: []xmpp.Field{
		{Var: "identifier", Values: []string{name}},
		{Var: "start_time", Values: []string{from.Format(time.RFC3339)}},
		{Var: "end_time", Values: []string{from.Add(time.Duration(g.rng.Int64N(int64(20 * time.Hour)))).Format(time.RFC3339)}},
	}}
	if !strings.Contains(name, "/P") {
		form.Fields = append(form.Fields, xmpp.Field{Var: "resolution", Values: []string{[]string{"", "raw", "auto", "PT10S", "PT10M", "PT30M", "P1D", "P1Y"}[g.rng.IntN(8)]}})
	}
	jid, err := xmpp.ParseJID(visitorJID + "/app")
	if err != nil {
		g.t.Fatal(err)
	}
	out, err := g.session.commands["get_history"].Run(g.t.Context(), xmpp.Step{From: jid, Form: form})
	finest, identity := g.may(local)
	if err != nil {
		return
	}
	if finest == "" || strings.HasPrefix(name, "urn:dev:prm:") != identity {
		g.t.Fatalf("%s was answered to who may see %q, identity %v", name, finest, identity)
	}
	text, err := out.Payload[0].Bytes()
	if err != nil {
		g.t.Fatal(err)
	}
	element, err := xmpp.ParseElement(text)
	if err != nil {
		g.t.Fatal(err)
	}
	records, err := quoalise.ParseData(element, g.now)
	if err != nil {
		g.t.Fatal(err)
	}
	g.receive(records, false)
}

// receive checks each record that has left against the model.
func (g *visitor) receive(p senml.Pack, pushed bool) {
	for _, r := range p {
		local, aggregation, resolution := g.parse(r.Name)
		finest, identity := g.may(local)
		order := append(consent.Resolutions(), "P1M", "P1Y")
		what := fmt.Sprintf("%s at %s", r.Name, time.UnixMilli(int64(r.Time*1000)).UTC().Format(time.RFC3339Nano))
		switch was, is := slices.Index(order, finest), slices.Index(order, resolution); {
		case was < 0:
			g.t.Fatalf("%s left, which was not granted", what)
		case is < was, pushed && is != was:
			g.t.Fatalf("%s left, of which %s was granted", what, finest)
		case strings.Contains(r.Name, visitorPRM) != identity:
			g.t.Fatalf("%s left with identity granted: %v", what, identity)
		}
		if finest != consent.Live {
			g.check(what, local, aggregation, resolution, r)
		}
		if !pushed {
			continue
		}
		if g.received[r.Name] == nil {
			g.received[r.Name] = map[float64]senml.Value{}
		}
		g.received[r.Name][r.Time] = r.Value
	}
}

// parse takes a name apart that a recipient gets.
func (g *visitor) parse(name string) (local, aggregation string, r consent.Resolution) {
	_, path, _ := strings.Cut(name, "_")
	words := strings.Split(path, "/")
	if n := len(words); strings.HasPrefix(words[n-1], "P") {
		return "linky/" + strings.Join(words[:n-2], "/"), words[n-2], consent.Resolution(words[n-1])
	}
	return "linky/" + path, "", consent.Live
}

// check compares a period with what all readings so far say.
func (g *visitor) check(what, local, aggregation string, r consent.Resolution, got senml.Record) {
	if r == "P1M" || r == "P1Y" || aggregation == "count" {
		return
	}
	begin := time.UnixMilli(int64(math.Round(got.Time * 1000)))
	want, known := g.truth(local, r, begin)
	if !known || !alike(want, got.Value) {
		g.t.Fatalf("%s is %v, and was %v, known %v", what, got.Value, want, known)
	}
}

func alike(a, b senml.Value) bool {
	x, isNumber := a.Number()
	y, too := b.Number()
	if isNumber && too {
		return math.Abs(x-y) < 0.01
	}
	return a.Equal(b)
}

// truth is the mean of a quantity in a period, or what of another was in force when it begins; not known when nothing was
// in force for a part of it, or it is not over.
func (g *visitor) truth(local string, r consent.Resolution, begin time.Time) (senml.Value, bool) {
	end := r.Next(begin, g.location)
	if !r.Begin(begin, g.location).Equal(begin) || begin.After(g.now) || strings.Contains(local, "power") && end.After(g.now) {
		return senml.Value{}, false
	}
	records := g.read[local]
	next, exact := slices.BinarySearchFunc(records, float64(begin.UnixMilli())/1000, func(x senml.Record, t float64) int { return cmp.Compare(x.Time, t) })
	if exact {
		next++
	}
	if next == 0 || begin.UnixMilli()-millisOf(records[next-1]) >= usualHold.Milliseconds() {
		return senml.Value{}, false
	}
	if !strings.Contains(local, "power") {
		return records[next-1].Value, true
	}
	area := 0.0
	for at := begin.UnixMilli(); at < end.UnixMilli(); next++ {
		until := end.UnixMilli()
		if next < len(records) {
			until = min(until, millisOf(records[next]))
		}
		if until-millisOf(records[next-1]) > usualHold.Milliseconds() {
			return senml.Value{}, false
		}
		v, _ := records[next-1].Value.Number()
		area += v * float64(until-at)
		at = until
	}
	return senml.NumberValue(area / float64(end.Sub(begin).Milliseconds())), true
}

// settle lets all arrive, and then compares what was received with what was to be: each period of a series that is
// granted as it is since before it began, once its value is known and something was read after it.
func (g *visitor) settle() (checked int) {
	g.away = false
	g.listen(time.Minute, true)
	g.note()
	for g.buffer.Cursors()[0].Pending > 0 {
		g.deliver()
	}
	for local := range visitorSeries() {
		finest, identity := g.may(local)
		since, granted := g.since[fmt.Sprint(local, " ", finest, " ", identity)]
		if !granted || finest == consent.Live || len(g.read[local]) == 0 {
			continue
		}
		aggregation := "first"
		if strings.Contains(local, "power") {
			aggregation = "mean"
		}
		name := g.book.Name(visitorJID, local) + "/" + aggregation + "/" + string(finest)
		last := time.UnixMilli(millisOf(g.read[local][len(g.read[local])-1]))
		i, _ := slices.BinarySearchFunc(g.read[local], since, func(x senml.Record, t time.Time) int { return cmp.Compare(millisOf(x), t.UnixMilli()) })
		if i == len(g.read[local]) {
			continue
		}
		firstRead := time.UnixMilli(millisOf(g.read[local][i]))
		for begin := finest.Next(finest.Begin(firstRead, g.location), g.location); !finest.Next(begin, g.location).After(last); begin = finest.Next(begin, g.location) {
			want, known := g.truth(local, finest, begin)
			got, has := g.received[name][float64(begin.UnixMilli())/1000]
			if known != has || known && !alike(want, got) {
				g.t.Fatalf("%s at %s: received %v (%v), and it was %v (%v)", name, begin.UTC().Format(time.RFC3339), got, has, want, known)
			}
			checked++
		}
	}
	return checked
}

// No sequence of grants, withdrawals, outages, restarts and requests lets a record out that was not granted at that
// moment, at a finer resolution, or with an identity; and what was granted arrives, as what all readings say of it.
func TestGateModel(t *testing.T) {
	t.Parallel()
	var tried atomic.Int64
	t.Cleanup(func() {
		if tried.Load() < 1000 {
			t.Errorf("only %d periods were compared", tried.Load())
		}
	})
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			g := newVisitor(t, seed)
			pushed, checked := 0, 0
			for range 500 {
				switch n := g.rng.IntN(100); {
				case n < 50:
					g.listen(time.Minute, true)
				case n < 55:
					g.listen(time.Duration(1+g.rng.IntN(40))*time.Minute, true)
				case n < 57:
					g.listen(time.Duration(1+g.rng.IntN(90))*time.Minute, false)
				case n < 60 && g.now.After(time.Date(2026, 10, 25, 6, 0, 0, 0, time.UTC)):
					g.late()
				case n < 64:
					g.agree()
				case n < 68:
					g.away = !g.away
				case n < 69:
					g.restart()
				case n < 70:
					if err := g.book.Places.Save(); err != nil {
						t.Fatal(err)
					}
				case n < 80:
					g.ask()
				default:
					g.deliver()
				}
				g.note()
				if g.rng.IntN(60) == 0 {
					checked += g.settle()
				}
			}
			checked += g.settle()
			for _, times := range g.received {
				pushed += len(times)
			}
			t.Logf("%d records pushed, %d withheld, %d periods compared", pushed, g.withheld, checked)
			tried.Add(int64(checked))
		})
	}
}
