package quoalise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
	"releve/senml"
)

// asker is a session with a provider in memory.
type asker struct {
	execute func(node string, form *xmpp.Form) (*xmpp.Element, error)
	list    func() ([]xmpp.Item, error)
	asked   []string // "node identifier from to" of each command
}

func (a *asker) Execute(_ context.Context, _ xmpp.JID, node string, form *xmpp.Form) (*xmpp.Element, error) {
	words := []string{node}
	for _, f := range form.Fields {
		words = append(words, f.Values...)
	}
	a.asked = append(a.asked, strings.Join(words, " "))
	return a.execute(node, form)
}

func (a *asker) ListItems(context.Context, xmpp.JID, string) ([]xmpp.Item, error) { return a.list() }

// completed is the answer to a command, with the records as a proxy writes them.
func completed(records senml.Pack, write func(senml.Pack) string) (*xmpp.Element, error) {
	e, err := xmpp.ParseElement([]byte(quoalise(write(records))))
	return xmpp.NewElement("http://jabber.org/protocol/commands", "command", "status", "completed").Add(e), err
}

// inFloats writes records as Python does.
func inFloats(p senml.Pack) string {
	var s strings.Builder
	for i, r := range p {
		v, _ := r.Value.Number()
		if i == 0 {
			fmt.Fprintf(&s, `<senml bn="%s" bt="%s" t="0" v="%s" bu="W"/>`, r.Name, float(r.Time), float(v))
			continue
		}
		fmt.Fprintf(&s, `<senml t="%s" v="%s"/>`, float(r.Time-p[0].Time), float(v))
	}
	return s.String()
}

// float is a number as Python writes a float.
func float(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

const power = device + "_consumption/power/active/raw"

// halfHours are the values of a load curve from an instant on, one each half hour.
func halfHours(from time.Time, n int) (p senml.Pack) {
	for i := range n {
		p = append(p, senml.Record{Name: power, Unit: "W", Value: senml.NumberValue(float64(i)), Time: float64(from.Unix() + int64(i)*1800)})
	}
	return p
}

// between are the records of a time, as a provider reads the times of a form: it knows no Z and no other number of
// digits than Python's fromisoformat of old, and breaks when there are none.
func between(t testing.TB, form *xmpp.Form) (from, to time.Time) {
	t.Helper()
	for _, end := range []struct {
		field string
		at    *time.Time
	}{{"start_time", &from}, {"end_time", &to}} {
		text := form.Value(end.field)
		at, err := time.Parse("2006-01-02T15:04:05-07:00", text)
		if err != nil {
			at, err = time.Parse("2006-01-02T15:04:05.000-07:00", text)
		}
		if err != nil {
			t.Fatalf("%s is %q", end.field, text)
		}
		*end.at = at
	}
	return from, to
}

func within(p senml.Pack, from, to time.Time) (found senml.Pack) {
	for _, r := range p {
		if at := time.UnixMilli(int64(r.Time * 1000)); !at.Before(from) && at.Before(to) {
			found = append(found, r)
		}
	}
	return found
}

func paris(t testing.TB) *time.Location {
	t.Helper()
	location, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// sge answers as the proxy of Enedis' SGE does: by whole local days with that of the end, at most seven of them.
func sge(t testing.TB, kept senml.Pack) *asker {
	local := paris(t)
	day := func(at time.Time) time.Time {
		y, m, d := at.In(local).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, local)
	}
	return &asker{execute: func(_ string, form *xmpp.Form) (*xmpp.Element, error) {
		from, to := between(t, form)
		first, last := day(from), day(to)
		if last.Sub(first) > 6*24*time.Hour+2*time.Hour {
			return nil, &xmpp.StanzaError{
				Type: "cancel", Condition: "undefined-condition", Text: "La durée demandée n'est pas compatible",
				App: xmpp.NewElement(NS, "upstream-error", "issuer", "enedis-sge-tiers", "code", "SGT4G3"),
			}
		}
		return completed(within(kept, first, last.AddDate(0, 0, 1)), inFloats)
	}}
}

// zabbix answers as the proxy of Zabbix does: whole seconds with that of the end, 5 000 records.
func zabbix(t testing.TB, kept senml.Pack) *asker {
	return &asker{execute: func(_ string, form *xmpp.Form) (*xmpp.Element, error) {
		from, to := between(t, form)
		found := within(kept, from.Truncate(time.Second), to.Truncate(time.Second).Add(time.Second))
		if len(found) > 5000 {
			return nil, xmpp.BadRequest("Response would be too big (max 5000 records).")
		}
		e, err := completed(found, inFloats)
		return e, err
	}}
}

// gather fetches and notes what is taken.
func gather(ctx context.Context, session Asker, from, to time.Time, location *time.Location) (all senml.Pack, pages int, err error) {
	r := &Remote{Session: session, Provider: maison, Location: location}
	_, err = r.Fetch(ctx, power, from, to, func(_ context.Context, p senml.Pack) error {
		all, pages = append(all, p...), pages+1
		return nil
	})
	return all, pages, err
}

// Whatever a provider's way to count is, every record of the time comes once, and nothing else.
func TestFetchComesToTheSame(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 10, 1, 0, 0, 0, 0, paris(t))
	kept := halfHours(start, 48*60+2) // over the end of summer time
	seconds := slices.Clone(kept[:0])
	for i := range 40_000 {
		seconds = append(seconds, senml.Record{Name: power, Unit: "W", Value: senml.NumberValue(float64(i)), Time: float64(start.Unix()) + float64(i)*1.25})
	}
	for _, tt := range []struct {
		name     string
		provider func(testing.TB, senml.Pack) *asker
		kept     senml.Pack
		from, to time.Time
		most     int // requests
	}{
		{"two months of days", sge, kept, start, start.AddDate(0, 2, 0), 15},
		{"from noon to the next morning", sge, kept, start.Add(12 * time.Hour), start.Add(33 * time.Hour), 1},
		{"some minutes", sge, kept, start.Add(29 * time.Minute), start.Add(31 * time.Minute), 1},
		{"40 000 records, 5 000 at most", zabbix, seconds, start, start.AddDate(0, 1, 0), 32},
		{"a millisecond", zabbix, seconds, start.Add(1250 * time.Millisecond), start.Add(1251 * time.Millisecond), 1},
		{"an end between two milliseconds", zabbix, seconds, start, start.Add(time.Hour + 1500*time.Microsecond), 3},
		{"nothing", zabbix, nil, start, start.AddDate(3, 0, 0), 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			session := tt.provider(t, tt.kept)
			got, _, err := gather(t.Context(), session, tt.from, tt.to, paris(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprint(within(tt.kept, tt.from, tt.to)), fmt.Sprint(got)); diff != "" {
				t.Errorf("records (-kept +got): %d characters differ", len(diff))
			}
			if len(session.asked) > tt.most {
				t.Errorf("%d requests, want %d at most:\n%s", len(session.asked), tt.most, strings.Join(session.asked, "\n"))
			}
		})
	}
}

// Our own provider says how much fits: hardly any request is refused, and records of a thousandth come once.
func TestFetchFromOwnProvider(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i := range 12_345 {
		h.archive.put("linky/current/1", record("linky/current/1", float64(i), 1_710_000_000+float64(i*i%7)/1000+float64(i)))
	}
	session := &asker{execute: func(node string, form *xmpp.Form) (*xmpp.Element, error) {
		o, err := h.session.run(conseil, node, form)
		if err != nil {
			return nil, err
		}
		return xmpp.NewElement("", "command").Add(wire(t, o.Payload[0])), nil
	}}
	r, pages := &Remote{Session: session, Provider: maison}, 0
	var values []int
	done, err := r.Fetch(t.Context(), current, time.Unix(1_700_000_001, 0), time.Unix(1_720_000_000, 0), func(_ context.Context, p senml.Pack) error {
		for _, one := range p {
			v, _ := one.Value.Number()
			values = append(values, int(v))
		}
		pages++
		return nil
	})
	want := make([]int, 12_345)
	for i := range want {
		want[i] = i
	}
	if err != nil || !slices.Equal(values, want) || !done.Equal(time.Unix(1_720_000_000, 0)) {
		t.Errorf("%d records until %s, %v", len(values), done, err)
	}
	if len(session.asked) > 60 || pages < 13 {
		t.Errorf("%d requests for %d pages", len(session.asked), pages)
	}
}

// Of a series that is granted by periods only, those are what there is; another series is none of it.
func TestClip(t *testing.T) {
	t.Parallel()
	f := &fetch{identifier: "urn:dev:ow:1_current/1", remote: &Remote{}, at: time.Unix(0, 0)}
	got, err := f.clip(senml.Pack{
		{Name: "urn:dev:ow:1_current/1", Time: 1}, {Name: "urn:dev:ow:1_current/1/mean/PT30M", Time: 2}, {Name: "urn:dev:ow:1_current/2/mean/PT30M", Time: 3},
	}, time.Unix(10, 0))
	if err != nil || len(got) != 2 || got[1].Name != "urn:dev:ow:1_current/1/mean/PT30M" {
		t.Errorf("%v, %v", got, err)
	}
}

// What is refused for another reason than its length is asked for once more, as short as can be, and then told.
func TestFetchRefused(t *testing.T) {
	t.Parallel()
	upstream := &xmpp.StanzaError{
		Type: "cancel", Condition: "undefined-condition", Text: "Aucun contrat",
		App: xmpp.NewElement(NS, "upstream-error", "issuer", "enedis-sge-tiers", "code", "SGT570"),
	}
	for _, tt := range []struct {
		name   string
		answer error
		asked  int
		want   string
	}{
		{"no consent", xmpp.NotAuthorized("Unknown user conseil@breizh-sen2.example"), 1, "maison@breizh-sen1.example/releve has no consent in force to show this to us: Unknown user conseil@breizh-sen2.example"},
		{"not understood", xmpp.BadRequest("what?\n\x1b[31m"), 2, "maison@breizh-sen1.example/releve does not take the request: what? [31m"},
		{"upstream", upstream, 1, "maison@breizh-sen1.example/releve could not get it from enedis-sge-tiers, which answers SGT570: Aucun contrat"},
		{"upstream without a name", &xmpp.StanzaError{Type: "cancel", Condition: "undefined-condition", App: xmpp.NewElement(NS, "upstream-error")}, 1, "maison@breizh-sen1.example/releve could not get it from something it does not name, which answers something it does not name"},
		{"not there", &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}, 1, "maison@breizh-sen1.example/releve is not connected"},
		{"bare address", &xmpp.StanzaError{Type: "cancel", Condition: "item-not-found"}, 1, "maison@breizh-sen1.example/releve does not offer this; the address needs the provider's own resource, the part after the slash"},
		{"broken", &xmpp.StanzaError{Type: "cancel", Condition: "undefined-condition", Text: strings.Repeat("é", 200)}, 1, "maison@breizh-sen1.example/releve refuses with undefined-condition: " + strings.Repeat("é", 150) + "…"},
		{"against a rule", &xmpp.StanzaError{Type: "modify", Condition: "policy-violation"}, 2, "maison@breizh-sen1.example/releve finds that too much at once, or has a rule against it"},
		{"too large, in words", &xmpp.StanzaError{Type: "modify", Condition: "not-acceptable", Text: "Stanza too large"}, 2, "maison@breizh-sen1.example/releve finds that too much at once, or has a rule against it: Stanza too large"},
		{"blocked", &xmpp.StanzaError{Type: "modify", Condition: "not-acceptable"}, 1, "maison@breizh-sen1.example/releve does not accept the request; our own account may have blocked that address"},
		{"unfinished", fmt.Errorf("run command: %w", xmpp.ErrUnfinished), 1, "run command: not completed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			session := &asker{execute: func(string, *xmpp.Form) (*xmpp.Element, error) { return nil, tt.answer }}
			from := time.Unix(1_700_000_000, 0)
			_, _, err := gather(t.Context(), session, from, from.AddDate(1, 0, 0), nil)
			if text(err) != tt.want || len(session.asked) != tt.asked {
				t.Errorf("got  %v\nwant %s\n%d requests, want %d", err, tt.want, len(session.asked), tt.asked)
			}
		})
	}
}

// A provider whose answer is no answer, or whose limit never ends, is not asked for ever.
func TestFetchEnds(t *testing.T) {
	t.Parallel()
	from := time.Unix(1_700_000_000, 0)
	limit := xmpp.BadRequest("too much")
	limit.App = xmpp.NewElement(NS, "limit", "records", "1", "until", from.UTC().Format(time.RFC3339))
	other, err := completed(senml.Pack{{Name: device + "_x", Unit: "W", Value: senml.NumberValue(1), Time: 1_700_000_001}}, inFloats)
	if err != nil {
		t.Fatal(err)
	}
	never := 0
	for _, tt := range []struct {
		name   string
		answer func() (*xmpp.Element, error)
		want   string
	}{
		{"a limit that is no help", func() (*xmpp.Element, error) { return nil, limit }, "maison@breizh-sen1.example/releve does not take the request: too much"},
		{"too much once the least was answered", func() (*xmpp.Element, error) {
			if never++; never == 2 {
				return completed(nil, inFloats)
			}
			return nil, xmpp.BadRequest("too much")
		}, "maison@breizh-sen1.example/releve does not take the request: too much"},
		{"another series", func() (*xmpp.Element, error) { return other, nil }, "the answer cannot be used: maison@breizh-sen1.example/releve answers with another series than was asked for"},
		{"no data", func() (*xmpp.Element, error) { return xmpp.NewElement("", "command"), nil }, "the answer cannot be used: maison@breizh-sen1.example/releve: read quoalise data: there is no sensml element"},
	} {
		session := &asker{execute: func(string, *xmpp.Form) (*xmpp.Element, error) { return tt.answer() }}
		_, _, err := gather(t.Context(), session, from, from.AddDate(1, 0, 0), nil)
		if text(err) != tt.want || len(session.asked) > 40 {
			t.Errorf("%s: got %v after %d requests", tt.name, err, len(session.asked))
		}
	}
}

// What passes is waited for: no session, a provider that asks to wait, a server that is away. Patience and ctx end it.
func TestFetchInsists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		troubles := []error{
			xmpp.ErrAway, errors.New("the link to the server was lost"), context.DeadlineExceeded,
			&xmpp.StanzaError{Type: "wait", Condition: "resource-constraint", Text: "later"},
			&xmpp.StanzaError{Type: "cancel", Condition: "remote-server-timeout"},
		}
		from := time.Unix(1_700_000_000, 0)
		kept := halfHours(from, 3)
		n := 0
		session := &asker{execute: func(string, *xmpp.Form) (*xmpp.Element, error) {
			if n++; n <= len(troubles) {
				return nil, troubles[n-1]
			}
			return completed(kept, inFloats)
		}}
		got, _, err := gather(t.Context(), session, from, from.Add(2*time.Hour), nil)
		if len(got) != 3 || err != nil || n != len(troubles)+1 {
			t.Errorf("%d records after %d requests, %v", len(got), n, err)
		}
		for _, trouble := range troubles {
			session := &asker{execute: func(string, *xmpp.Form) (*xmpp.Element, error) { return nil, trouble }}
			r := &Remote{Session: session, Provider: maison, Patience: time.Minute}
			err := r.Subscribe(t.Context(), power)
			if !strings.HasPrefix(text(err), "no answer within 1m0s: ") {
				t.Errorf("%v: %v", trouble, err)
			}
			r.Patience = 0
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			if err := r.Unsubscribe(ctx, power); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v: %v", trouble, err)
			}
			cancel()
		}
	})
}

// What take has had is not asked for again, and what it refuses ends the fetch there.
func TestFetchStopsWhereTakeDoes(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 10, 1, 0, 0, 0, 0, paris(t))
	session := sge(t, halfHours(start, 48*30))
	r := &Remote{Session: session, Provider: maison, Location: paris(t)}
	full, pages := errors.New("disk full"), 0
	done, err := r.Fetch(t.Context(), power, start, start.AddDate(0, 0, 30), func(context.Context, senml.Pack) error {
		if pages++; pages == 2 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || !done.Equal(start.AddDate(0, 0, 6)) {
		t.Errorf("done until %s, %v", done, err)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	device, _ := splitIdentifier(voltage)
	session := &asker{list: func() ([]xmpp.Item, error) { return []xmpp.Item{{Node: voltage}, {Node: current}}, nil }}
	r := &Remote{Session: session, Provider: maison}
	for _, row := range []struct {
		ask, want []string
		wrong     string
	}{
		{nil, []string{current, voltage}, ""},
		{[]string{device}, []string{current, voltage}, ""},
		{[]string{power}, []string{power}, ""}, // a series is asked for as it is: whether it exists is the provider's to say
		{[]string{device, "urn:dev:nope"}, nil, "maison@breizh-sen1.example/releve lists no series of urn:dev:nope for us"},
	} {
		got, err := r.Expand(t.Context(), row.ask)
		if diff := cmp.Diff(row.want, got); diff != "" || text(err) != row.wrong {
			t.Errorf("%q: %v (-want +got):\n%s", row.ask, err, diff)
		}
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	session := &asker{}
	r := &Remote{Session: session, Provider: maison}
	session.list = func() ([]xmpp.Item, error) {
		return []xmpp.Item{{Node: voltage, Name: "voltage\n1"}, {Node: current}, {Node: "rubbish"}, {Node: voltage}, {}}, nil
	}
	got, err := r.Catalogue(t.Context())
	if diff := cmp.Diff([]Offer{{current, ""}, {voltage, "voltage 1"}}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	session.list = func() ([]xmpp.Item, error) { return nil, xmpp.NotFound("") }
	if _, err := r.Catalogue(t.Context()); !errors.Is(err, ErrUnlisted) {
		t.Errorf("without a list: %v", err)
	}
	session.list = func() ([]xmpp.Item, error) {
		return nil, &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}
	}
	if _, err := r.Catalogue(t.Context()); text(err) != "maison@breizh-sen1.example/releve is not connected" {
		t.Errorf("away: %v", err)
	}
}
