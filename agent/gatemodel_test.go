package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
	"releve/senml"
)

// visitor is a house, its recipients, and all that was granted, withdrawn, read and received, in whatever order chance
// wants. A model beside it says what may leave, and what the ledger has to say of it.
type visitor struct {
	t        *testing.T
	rng      *rand.Rand
	location *time.Location
	now      time.Time
	clock    atomic.Int64 // now in Unix nanoseconds, for the buffer's own tasks
	dir      string
	buffer   *buffer.Buffer
	notary   *notary
	book     *consent.Book
	provider *quoalise.Provider
	session  *counter
	parties  []*party

	stood    []consent.Consent         // the model: what is in force
	read     map[string][]senml.Record // by local series, in order of time
	gone     map[string]bool           // devices under pseudonyms that were given up
	counts   map[string]int            // what left, by recipient and consent
	withheld int
	killed   bool
}

// party is a recipient that is pushed to, or a circle of readers of one copy.
type party struct {
	name    string // of its cursor, and of the circle
	members []string
	circle  *consent.Circle // nil of one that is alone
	cursor  *buffer.Cursor
	gate    federation.Gate
	away    bool

	received map[string]map[float64]senml.Value // by name and time, the latest value
	since    map[string]time.Time               // since when a series is granted as it is, by its name and resolution
}

const (
	visitorJID = "conseil@breizh-sen2.example"
	readerJID  = "voisin@breizh-sen2.example"
	circleName = "tableau"
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
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), location: paris(t), dir: t.TempDir(),
		now:  time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC), // the night has 25 hours in it
		read: map[string][]senml.Record{}, gone: map[string]bool{}, counts: map[string]int{},
	}
	for name, members := range map[string][]string{"guest": {visitorJID}, circleName: {visitorJID, readerJID}} {
		g.parties = append(g.parties, &party{name: name, members: members, received: map[string]map[float64]senml.Value{}, since: map[string]time.Time{}})
	}
	slices.SortFunc(g.parties, func(a, b *party) int { return cmp.Compare(a.name, b.name) }) // what chance wants is the same each time
	g.clock.Store(g.now.UnixNano())
	g.session = &counter{commands: map[string]xmpp.Command{}}
	g.book = &consent.Book{
		Key: make([]byte, 32), PRM: func(string) string { return visitorPRM }, Now: func() time.Time { return g.now },
		Hold: usualHold, Location: g.location, Log: quiet,
	}
	g.provider = &quoalise.Provider{
		Session: g.session, Consent: g.book, Log: quiet,
		Describe: func(string) quoalise.Measurement { return quoalise.Measurement{Name: "test", Unit: "VA"} },
	}
	g.open()
	g.provider.Offer()
	t.Cleanup(g.close)
	return g
}

// open begins with what is on the disk, as a start does.
func (g *visitor) open() {
	g.t.Helper()
	var err error
	g.buffer, err = buffer.Open(buffer.Options{
		Dir: filepath.Join(g.dir, "buffer"), Clock: func() (time.Time, bool) { return time.Unix(0, g.clock.Load()), true }, Location: g.location, Class: classOf,
	})
	must(g.t, err)
	consents, err := consent.OpenConsents(filepath.Join(g.dir, consentsFile))
	must(g.t, err)
	g.notary = newNotary(filepath.Join(g.dir, "ledger"), consents, func() (time.Time, bool) { return g.now, true }, quiet)
	g.notary.location = g.location
	g.notary.tally, err = openTally(filepath.Join(g.dir, "transfers.json"), quiet)
	must(g.t, err)
	g.notary.look()
	kept := archive{buffer: g.buffer, now: func() time.Time { return g.now }}
	g.provider.Archive, g.book.Archive, g.book.Consents, g.book.Tally = kept, kept, consents, g.notary.tally
	g.book.Places, err = consent.OpenPlaces(filepath.Join(g.dir, "places.json"))
	must(g.t, err)
	g.book.Rotations, err = consent.OpenRotations(filepath.Join(g.dir, "rotations.json"))
	must(g.t, err)
	for _, p := range g.parties {
		p.cursor, err = g.buffer.Cursor(p.name, buffer.Now())
		must(g.t, err)
		if p.name == circleName {
			p.circle = g.book.Circle(circleName, p.members)
			p.gate = p.circle
			continue
		}
		p.gate = g.book.Gate(p.members[0], p.name, nil)
	}
}

func (g *visitor) close() {
	must(g.t, errors.Join(g.notary.close(), g.buffer.Close()))
}

// restart stops and begins anew. At a stop all is on the disk; of a process that is killed the places of what is granted by
// periods are behind, and the rest is as it is at the next pack.
func (g *visitor) restart(killed bool) {
	if killed {
		g.killed = true
		must(g.t, g.notary.tally.journal.Close())
		g.notary.tally.journal = nil
		g.notary.tally = nil
	} else {
		must(g.t, g.book.Places.Save())
	}
	g.close()
	g.open()
}

// rotate gives other pseudonyms. The old ones are never seen again.
func (g *visitor) rotate() {
	p := g.parties[g.rng.IntN(len(g.parties))]
	of := p.members[0]
	if p.circle != nil {
		of = circleName
	}
	g.gone[g.pseudonym(p)] = true
	must(g.t, g.book.Rotations.Rotate(of))
	clear(p.since)
}

// pseudonym is what the device is called where its identity is not seen.
func (g *visitor) pseudonym(p *party) string {
	if p.circle != nil {
		return p.circle.Device("linky")
	}
	device, _, _ := strings.Cut(g.book.Aliases(p.members[0], "linky/x")[1], "_")
	return device
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
	g.stood = slices.DeleteFunc(g.stood, func(x consent.Consent) bool { return x.Grant.Over(g.now) })
	if n := len(g.stood); n > 0 && g.rng.IntN(3) == 0 {
		i := g.rng.IntN(n)
		if _, err := g.notary.Withdraw(g.stood[i].ID, "terminal"); err != nil {
			g.t.Fatal(err)
		}
		g.stood = slices.Delete(g.stood, i, i+1)
		return
	}
	all := consent.Resolutions()
	grant := consent.Grant{
		To: []string{visitorJID, "breizh-sen2.example", readerJID}[g.rng.IntN(3)], Purpose: "a test", Identity: g.rng.IntN(3) == 0,
		Series: []string{[]string{"*", "consumption/power/*", "tariff/*"}[g.rng.IntN(3)]}, Resolution: all[g.rng.IntN(len(all))],
	}
	if g.rng.IntN(4) == 0 {
		grant.Until = g.now.Add(time.Duration(1 + g.rng.Int64N(int64(6*time.Hour))))
	}
	if g.isGiven(grant.ID()) || len(g.stood) > 6 {
		return
	}
	one, err := g.notary.Ask(grant, "page")
	if err == nil {
		_, err = g.notary.Accept(one.ID, "page")
	}
	if err != nil {
		g.t.Fatal(err)
	}
	g.stood = append(g.stood, one)
}

func (g *visitor) isGiven(id string) bool {
	return slices.ContainsFunc(g.stood, func(one consent.Consent) bool { return one.ID == id })
}

// sees is the model of what one address may see of a series now, and under which of its consents.
func (g *visitor) sees(who, local string) (finest consent.Resolution, identity bool, under string) {
	_, path, _ := strings.Cut(local, "/")
	order := consent.Resolutions()
	for _, one := range g.book.Consents.All() { // in this order: of two that say the same the first counts
		x := one.Grant
		if one.State != consent.InForce {
			continue
		}
		if !x.Over(g.now) && !g.isGiven(one.ID) {
			g.t.Fatalf("%s stands, which was not given or was taken back", one.ID)
		}
		begins, _, _ := strings.Cut(x.Series[0], "*")
		if !strings.HasPrefix(path, begins) || !x.Until.IsZero() && !g.now.Before(x.Until) || x.To != who && x.To != "breizh-sen2.example" {
			continue
		}
		switch was, is := slices.Index(order, finest), slices.Index(order, x.Resolution); {
		case was < 0, is < was:
			finest, identity, under = x.Resolution, x.Identity, one.ID
		case is == was && x.Identity && !identity:
			identity, under = true, one.ID
		}
	}
	return finest, identity, under
}

// may is the model of what a party may see: of a circle what all may who have any grant, by no identity.
func (g *visitor) may(p *party, local string) (finest consent.Resolution, identity bool) {
	if p.circle == nil {
		finest, identity, _ = g.sees(p.members[0], local)
		return finest, identity
	}
	order := consent.Resolutions()
	for _, member := range p.members {
		sees, _, _ := g.sees(member, local)
		switch {
		case !g.has(member):
		case sees == "":
			return "", false
		case slices.Index(order, sees) > slices.Index(order, finest):
			finest = sees
		}
	}
	return finest, false
}

// has says whether any grant to an address is in force.
func (g *visitor) has(who string) bool {
	return slices.ContainsFunc(g.stood, func(one consent.Consent) bool {
		x := one.Grant
		return (x.To == who || x.To == "breizh-sen2.example") && (x.Until.IsZero() || g.now.Before(x.Until))
	})
}

// count notes what the ledger has to say about so many records of each series that left.
func (g *visitor) count(p *party, left map[string]int) {
	for local, n := range left {
		for _, member := range p.members {
			if _, _, under := g.sees(member, local); under != "" {
				g.counts[member+" "+under] += n
			}
		}
	}
}

// note keeps since which reading each series may be seen as it may now: what the first one ends is of before.
func (g *visitor) note() {
	for _, p := range g.parties {
		for local := range visitorSeries() {
			finest, identity := g.may(p, local)
			is := fmt.Sprint(local, " ", finest, " ", identity)
			for key := range p.since {
				if strings.HasPrefix(key, local+" ") && key != is {
					delete(p.since, key)
				}
			}
			if _, known := p.since[is]; !known && finest != "" {
				p.since[is] = g.now
			}
		}
	}
}

// waits says how many packs wait for a party.
func (g *visitor) waits(p *party) uint64 {
	for _, c := range g.buffer.Cursors() {
		if c.Name == p.name {
			return c.Pending
		}
	}
	return 0
}

// deliver takes what waits to a recipient, or tries to.
func (g *visitor) deliver(p *party) {
	if g.waits(p) == 0 {
		return
	}
	items, err := p.cursor.Next(g.t.Context(), 1+g.rng.IntN(20))
	must(g.t, err)
	var whole senml.Pack
	for _, item := range items {
		whole = append(whole, item.Pack...)
	}
	scope := p.gate.Scope()
	passed := p.gate.Pass(whole)
	if len(passed) > 0 {
		must(g.t, p.gate.Leaving(passed, func(name string) string { return name }))
	}
	if p.away {
		return
	}
	if g.rng.IntN(10) == 0 { // something happens before it is written: then nothing of it leaves, unless it was another's concern
		if g.agree(); p.gate.Scope() != scope {
			return
		}
	}
	g.withheld += max(0, len(whole)-len(passed))
	g.receive(p, passed, true)
	p.gate.Settled(true)
	must(g.t, p.cursor.Ack(items[len(items)-1].Seq))
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
	guest := g.parties[0]
	finest, identity := g.may(guest, local)
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
	g.receive(guest, records, false)
}

// receive checks each record that has left against the model.
func (g *visitor) receive(by *party, p senml.Pack, pushed bool) {
	left := map[string]int{}
	defer func() { g.count(by, left) }()
	may := map[string]func() (consent.Resolution, bool){}
	pseudonym := g.pseudonym(by)
	for _, r := range p {
		local, aggregation, resolution := g.parse(r.Name)
		if may[local] == nil {
			finest, identity := g.may(by, local)
			may[local] = func() (consent.Resolution, bool) { return finest, identity }
		}
		finest, identity := may[local]()
		order := append(consent.Resolutions(), "P1M", "P1Y")
		what := fmt.Sprintf("%s at %s", r.Name, time.UnixMilli(int64(r.Time*1000)).UTC().Format(time.RFC3339Nano))
		switch was, is := slices.Index(order, finest), slices.Index(order, resolution); {
		case was < 0:
			g.t.Fatalf("%s left, which was not granted", what)
		case is < was, pushed && is != was:
			g.t.Fatalf("%s left, of which %s was granted", what, finest)
		case g.gone[deviceIn(r.Name)]:
			g.t.Fatalf("%s left under a pseudonym that was given up", what)
		case strings.Contains(r.Name, visitorPRM) != identity, !identity && deviceIn(r.Name) != pseudonym:
			g.t.Fatalf("%s left with identity granted: %v", what, identity)
		}
		if finest != consent.Live {
			g.check(what, local, aggregation, resolution, r)
		}
		left[local]++
		if !pushed {
			continue
		}
		if by.received[r.Name] == nil {
			by.received[r.Name] = map[float64]senml.Value{}
		}
		by.received[r.Name][r.Time] = r.Value
	}
}

// deviceIn is the part of a name that says whose it is.
func deviceIn(name string) string {
	device, _, _ := strings.Cut(name, "_")
	return device
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
	for _, p := range g.parties {
		p.away = false
	}
	g.listen(time.Minute, true)
	g.note()
	for _, p := range g.parties {
		for g.waits(p) > 0 {
			g.deliver(p)
			g.note()
		}
		for local := range visitorSeries() {
			checked += g.compare(p, local)
		}
	}
	return checked
}

// compare does so for one series of a party.
func (g *visitor) compare(p *party, local string) (checked int) {
	finest, identity := g.may(p, local)
	since, granted := p.since[fmt.Sprint(local, " ", finest, " ", identity)]
	if !granted || finest == consent.Live || len(g.read[local]) == 0 {
		return 0
	}
	aggregation := "first"
	if strings.Contains(local, "power") {
		aggregation = "mean"
	}
	_, path, _ := strings.Cut(local, "/")
	of := g.pseudonym(p)
	if identity {
		of = "urn:dev:prm:" + visitorPRM
	}
	name := of + "_" + path + "/" + aggregation + "/" + string(finest)
	last := time.UnixMilli(millisOf(g.read[local][len(g.read[local])-1]))
	i, _ := slices.BinarySearchFunc(g.read[local], since, func(x senml.Record, t time.Time) int { return cmp.Compare(millisOf(x), t.UnixMilli()) })
	if i == len(g.read[local]) {
		return 0
	}
	firstRead := time.UnixMilli(millisOf(g.read[local][i]))
	for begin := finest.Next(finest.Begin(firstRead, g.location), g.location); !finest.Next(begin, g.location).After(last); begin = finest.Next(begin, g.location) {
		want, known := g.truth(local, finest, begin)
		got, has := p.received[name][float64(begin.UnixMilli())/1000]
		if known != has || known && !alike(want, got) {
			g.t.Fatalf("%s at %s: %s received %v (%v), and it was %v (%v)", name, begin.UTC().Format(time.RFC3339), p.name, got, has, want, known)
		}
		checked++
	}
	return checked
}

// audit compares what the ledger says was sent with what left, and has it verified.
func (g *visitor) audit() {
	g.notary.mu.Lock()
	err := g.notary.account(func(*transfer) bool { return true })
	g.notary.mu.Unlock()
	must(g.t, err)
	key, err := ledger.PublicKey(g.notary.dir)
	must(g.t, err)
	_, err = ledger.Verify(g.notary.dir, key)
	must(g.t, err)
	said, sure := map[string]int{}, map[string]int{}
	standing := map[string]bool{}
	for _, e := range (&registry{t: g.t, dir: g.notary.dir}).entries() {
		switch e.Kind {
		case ledger.Transfer:
			key := e.Recipient + " " + e.Consent
			if said[key] += e.Count; e.Count > e.Uncertain {
				sure[key] += e.Count - e.Uncertain
			}
		case ledger.Grant:
			standing[e.Consent] = true
		case ledger.Withdrawal, ledger.Lapse:
			delete(standing, e.Consent)
		}
	}
	if diff := gocmp.Diff(g.counts, sure); diff != "" && !g.killed {
		g.t.Errorf("what was sent, by recipient and consent (-left +ledger):\n%s", diff)
	}
	for key, left := range g.counts {
		if said[key] < left || sure[key] > left {
			g.t.Errorf("to %s %d left; the ledger says %d, %d of them for certain", key, left, said[key], sure[key])
		}
	}
	stood := map[string]bool{}
	for _, x := range g.stood {
		if !x.Grant.Over(g.now) {
			stood[x.ID] = true
		}
	}
	g.notary.look() // what has lapsed
	for _, e := range (&registry{t: g.t, dir: g.notary.dir}).entries() {
		if e.Kind == ledger.Lapse {
			delete(standing, e.Consent)
		}
	}
	if diff := gocmp.Diff(stood, standing); diff != "" {
		g.t.Errorf("what stands (-model +ledger):\n%s", diff)
	}
}

// No sequence of grants, withdrawals, outages, restarts and requests lets a record out that was not granted at that
// moment, at a finer resolution, with an identity or under a pseudonym that was given up, to one recipient or to a circle of
// readers; what was granted arrives, as what all readings say of it; and the ledger says of each consent what left under it, and how much of what it says may not have.
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
					p := g.parties[g.rng.IntN(len(g.parties))]
					p.away = !p.away
				case n < 69:
					g.restart(g.rng.IntN(2) == 0 && seed%2 == 1)
				case n < 70:
					must(t, g.book.Places.Save())
				case n < 71:
					g.rotate()
				case n < 72:
					g.notary.look()
				case n < 80:
					g.ask()
				default:
					g.deliver(g.parties[g.rng.IntN(len(g.parties))])
				}
				g.note()
				if g.rng.IntN(60) == 0 {
					checked += g.settle()
				}
			}
			checked += g.settle()
			g.audit()
			for _, p := range g.parties {
				for _, times := range p.received {
					pushed += len(times)
				}
			}
			t.Logf("%d records pushed, %d withheld, %d periods compared", pushed, g.withheld, checked)
			tried.Add(int64(checked))
		})
	}
}
