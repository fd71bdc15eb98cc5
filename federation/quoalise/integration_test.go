package quoalise

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"releve/federation"
	"releve/federation/lab"
	"releve/federation/xmpp"
	"releve/senml"
)

const secret = "s3cret"

var (
	maison = jid.MustParse("maison@breizh-sen1.example/releve")
	voisin = jid.MustParse("voisin@breizh-sen2.example/desk")
)

func TestIntegrationQuoalise(t *testing.T) {
	t.Parallel()
	for _, kind := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f := startServers(t, kind)
			h := newHouse(t)
			client := newClient(t, f, maison)
			h.Session = client
			h.Offer()
			runClient(t, client)
			in := &line{archive: h.archive, more: make(chan struct{}, 1)}
			out := watched{client, make(chan struct{}, 1000)}
			d := &federation.Delivery{
				Recipient: &Subscriber{Session: out, JID: conseil.Bare(), Receipts: true, Describe: describe},
				Cursor:    in, Gate: granted{h}, Log: quiet,
			}
			follow(t, d, h)
			a := newAdviser(t, f)
			awaitSubscription(t, h, time.Time{})
			if all := h.Subscriptions.All(); len(all) != 1 || all[0].Identifiers[0] != device || !all[0].Receipts {
				t.Fatalf("subscribed: %+v", all)
			}

			checkPushes(t, in, a, d)
			checkHistory(t, f, h, a.client)
			a.stop()
			awaitAbsence(t, client)
			a = checkAway(t, f, h, in, out, d)
			checkUnsubscribe(t, h, in, a, d)
		})
	}
}

// awaitStats polls a delivery until it has acknowledged so many records.
func awaitStats(t *testing.T, d *federation.Delivery, records uint64) {
	t.Helper()
	ctx := patience(t)
	for d.Stats().Records < records {
		if ctx.Err() != nil {
			t.Fatalf("acknowledged: %+v, want %d", d.Stats(), records)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func checkPushes(t *testing.T, in *line, a *adviser, d *federation.Delivery) {
	t.Helper()
	for i := range 20 {
		at := 1_700_000_100.001 + float64(i)
		secretRecord := senml.Record{Name: "linky/tariff/label", Value: senml.TextValue("not granted"), Time: at}
		in.put(record("linky/current/1", float64(i), at), secretRecord)
	}
	for i := range 20 {
		select {
		case r := <-a.taken:
			if want := record(current, float64(i), 1_700_000_100.001+float64(i)); fmt.Sprint(r) != fmt.Sprint(want) {
				t.Fatalf("got %v, want %v", r, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("record %d did not come", i)
		}
	}
	awaitStats(t, d, 20)
	if s := d.Stats(); s.Withheld != 20 || s.Refused != 0 || s.Err != nil {
		t.Errorf("stats %+v", s)
	}
}

func checkHistory(t *testing.T, f *lab.Federation, h house, client *xmpp.Client) {
	t.Helper()
	get := func(c *xmpp.Client, pairs ...string) (senml.Pack, error) {
		answer, err := c.Execute(patience(t), maison, "get_history", submit(pairs...))
		if err != nil {
			return nil, err
		}
		return ParseData(answer.Child(NS, "quoalise"), now)
	}
	const start, end = "2023-11-14T23:15:00+01:00", "2023-11-14T23:15:05+01:00" // 1_700_000_100 and 5 s on
	p, err := get(client, "identifier", current, "start_time", start, "end_time", end)
	if err != nil || len(p) != 5 || fmt.Sprint(p[4]) != fmt.Sprint(record(current, 4, 1_700_000_104.001)) {
		t.Errorf("got %v, %v", p, err)
	}
	for i := range MaxRecords + 500 {
		h.archive.put("linky/voltage/1", record("linky/voltage/1", float64(i), 1_710_000_000+float64(i)*1.25))
	}
	const all = "2024-03-09T16:00:00Z" // 1_710_000_000
	if _, err = get(client, "identifier", voltage, "start_time", all); !until.MatchString(text(err)) {
		t.Errorf("too many: %v", err)
	} else if p, err = get(client, "identifier", voltage, "start_time", all, "end_time", until.FindStringSubmatch(err.Error())[2]); err != nil || len(p) != MaxRecords-1 {
		t.Errorf("the first page: %d records, %v", len(p), err)
	}
	neighbour := newClient(t, f, voisin)
	runClient(t, neighbour)
	errs := []struct {
		name   string
		client *xmpp.Client
		pairs  []string
		kind   string
		err    string
	}{
		{"not granted", client, []string{"identifier", device + "_tariff/label"}, "cancel", "not-authorized: no consent covers this series, or it does not exist"},
		{"a bad time", client, []string{"identifier", current, "start_time", "now"}, "modify", `bad-request: start_time "now" is not an ISO 8601 time with offset, such as 2020-03-01T00:00:00+01:00`},
		{"no consent", neighbour, []string{"identifier", current}, "cancel", "not-authorized: no consent in force names voisin@breizh-sen2.example"},
		{"a hostile identifier", neighbour, []string{"identifier", strings.Repeat("x", 5_000)}, "cancel", "not-authorized: no consent in force names voisin@breizh-sen2.example"},
	}
	for _, tt := range errs {
		_, err := get(tt.client, tt.pairs...)
		var told *xmpp.StanzaError
		if text(err) != tt.err || !errors.As(err, &told) || told.Type != tt.kind {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
	if items, err := neighbour.ListItems(patience(t), maison, NodeSeries); err != nil || len(items) != 0 {
		t.Errorf("the neighbour sees %v, %v", items, err)
	}
	if _, err := neighbour.Execute(patience(t), maison, "unsubscribe", submit("identifier", "urn:dev:"+strings.Repeat("x", 5_000))); text(err) != "bad-request: identifier has more than 256 bytes" {
		t.Errorf("a hostile identifier: %v", err)
	}
}

// checkAway lets the house send to nobody, and starts the adviser again.
func checkAway(t *testing.T, f *lab.Federation, h house, in *line, out watched, d *federation.Delivery) *adviser {
	t.Helper()
	before, since := d.Stats().Records, h.Subscriptions.All()[0].Since
	for len(out.left) > 0 {
		<-out.left
	}
	for i := range 10 {
		in.put(record("linky/current/1", 100+float64(i), 1_700_000_200+float64(i)))
	}
	select { // the first of it is on its way to nobody
	case <-out.left:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was sent")
	}
	if n := d.Stats().Records; n != before {
		t.Errorf("%d records count as delivered while nobody was there", n-before)
	}
	a := newAdviser(t, f)
	awaitSubscription(t, h, since)
	values, repeated := a.until(t, 109)
	if want := []float64{100, 101, 102, 103, 104, 105, 106, 107, 108, 109}; !slices.Equal(values, want) {
		t.Errorf("got %v", values)
	}
	t.Logf("%d records came twice, %d messages left", repeated, 1+len(out.left))
	awaitStats(t, d, before+10)
	return a
}

func checkUnsubscribe(t *testing.T, h house, in *line, a *adviser, d *federation.Delivery) {
	t.Helper()
	before := d.Stats()
	if _, err := a.client.Execute(patience(t), maison, "unsubscribe", submit("identifier", device)); err != nil {
		t.Fatal(err)
	}
	if all := h.Subscriptions.All(); len(all) != 0 {
		t.Errorf("still subscribed: %+v", all)
	}
	in.put(record("linky/current/1", 200, 1_700_000_300))
	ctx := patience(t)
	for d.Stats().Withheld == before.Withheld && ctx.Err() == nil { // it went through the gate, to nobody
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := a.client.Execute(ctx, maison, "subscribe", submit("identifier", voltage)); err != nil {
		t.Fatal(err)
	}
	in.put(record("linky/current/1", 201, 1_700_000_301), record("linky/voltage/1", 202, 1_700_000_301))
	values, _ := a.until(t, 202)
	if values = slices.DeleteFunc(values, func(v float64) bool { return v < 200 }); !slices.Equal(values, []float64{202}) {
		t.Errorf("got %v, want 202 only", values)
	}
}
