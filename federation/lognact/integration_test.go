package lognact

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/lab"
	"releve/senml"
)

// real is a Zabbix of the lab with a group for hosts and a token.
type real struct {
	*lab.Zabbix
	t     *testing.T
	group string
	api   *API
}

func newReal(t *testing.T) *real {
	t.Helper()
	z := &real{Zabbix: lab.NewZabbix(t), t: t}
	var made struct {
		IDs []string `json:"groupids"`
	}
	z.call("hostgroup.create", map[string]any{"name": "Relève"}, &made)
	z.group = made.IDs[0]
	token, err := z.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	z.api = &API{URL: z.APIURL(), Token: func() (string, error) { return token, nil }}
	return z
}

func (z *real) call(method string, params, result any) {
	z.t.Helper()
	if err := z.Call(z.t.Context(), method, params, result); err != nil {
		z.t.Fatal(err)
	}
}

// host makes a host with items.
func (z *real) host(name string, more map[string]any, items map[string]valueType) (id string) {
	z.t.Helper()
	params := map[string]any{"host": name, "groups": []any{map[string]string{"groupid": z.group}}}
	maps.Copy(params, more)
	var made struct {
		IDs []string `json:"hostids"`
	}
	z.call("host.create", params, &made)
	for key, of := range items {
		z.item(made.IDs[0], key, of)
	}
	z.known(name, len(items) > 0)
	return made.IDs[0]
}

func (z *real) item(host, key string, of valueType) {
	z.t.Helper()
	params := map[string]any{"hostid": host, "name": key, "key_": key, "type": 2, "value_type": int(of), "history": "400d"}
	z.call("item.create", params, nil)
}

// known waits until the server takes values of a host: it hears of new ones once a second.
func (z *real) known(name string, has bool) {
	z.t.Helper()
	if !has {
		return
	}
	z.call("item.create", map[string]any{"hostid": z.id(name), "name": "probe", "key_": "probe", "type": 2, "value_type": 3}, nil)
	z.await(name+" is known", func() bool {
		at, _, err := (&Trapper{Address: z.TrapperAddr(), TLS: z.encrypted}).take(z.t.Context(), []Value{{name, "probe", "1", time.Now().Unix(), 1}})
		plain, _, _ := (&Trapper{Address: z.TrapperAddr()}).take(z.t.Context(), []Value{{name, "probe", "1", time.Now().Unix(), 1}})
		return err == nil && (at == none || plain == none)
	})
}

func (z *real) id(host string) string {
	z.t.Helper()
	var found []struct {
		ID string `json:"hostid"`
	}
	z.call("host.get", map[string]any{"filter": map[string]string{"host": host}}, &found)
	return found[0].ID
}

func (z *real) encrypted() (*tls.Config, error) {
	cert, key := z.ClientFiles()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(z.CAFile())
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: "zabbix"}, err
}

// await is generous: the machine may have other work.
func (z *real) await(what string, done func() bool) {
	z.t.Helper()
	for began := time.Now(); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 2*time.Minute {
			z.t.Fatalf("waited in vain: %s\n%s", what, z.LogTail())
		}
	}
}

// recipient sends to it what is put on a tape, with quick confirmations.
func (z *real) recipient(api *API, encryption func() (*tls.Config, error)) *rig {
	z.t.Helper()
	g := &rig{t: z.t, tape: &tape{}, now: time.Now()}
	r, err := New(Options{
		Name: "lorient", Way: &Trapper{Address: z.TrapperAddr(), TLS: encryption}, API: api, Gate: open{}, Cursor: g.tape, Grace: time.Hour,
		File: filepath.Join(z.t.TempDir(), "parked.json"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		z.t.Fatal(err)
	}
	r.trail.wait, r.retry, r.began = time.Second, time.Second, time.Now().Add(-time.Hour)
	g.r = r
	return g
}

// confirmed waits until all of a tape is known to be stored.
func (z *real) confirmed(g *rig) {
	z.t.Helper()
	z.await("all is stored", func() bool {
		if err := g.deliver(); err != nil {
			z.t.Log(err)
			return false
		}
		if err := g.tick(); err != nil {
			z.t.Log(err)
		}
		s := g.r.Standing()
		return s.Unconfirmed == 0 && len(s.Parked) == 0
	})
}

// history is what is stored of an item.
func (z *real) history(host, key string) []string {
	z.t.Helper()
	var found []known
	z.call("item.get", map[string]any{"output": []string{"itemid", "value_type"}, "filter": map[string]any{"host": host, "key_": key}}, &found)
	var all []string
	err := readHistory(z.t.Context(), z.api, []string{found[0].ID}, valueType(found[0].RawType), 0, 0, func(rows []kept) error {
		for _, row := range rows {
			all = append(all, fmt.Sprintf("%s@%d.%09d", row.Value, row.Clock, row.NS))
		}
		return nil
	})
	if err != nil {
		z.t.Fatal(err)
	}
	return all
}

// device names a device that becomes a host.
func deviceOf(host string) string { return "urn:dev:org:60060-" + strings.TrimPrefix(host, "linky-") }

func TestIntegrationZabbix(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	z := newReal(t)
	t.Run("examined", z.testReach)
	t.Run("provisioned twice", z.testProvision)
	t.Run("values of every type", z.testTypes)
	t.Run("pushed", z.testPushed)
	t.Run("encrypted", z.testEncrypted)
	t.Run("an item that comes late", z.testLateItem)
	t.Run("killed right after it said processed", z.testKilled)
	t.Run("an hour's outage", z.testOutage)
	t.Run("killed at random", z.testRandomKills)
}

// What the fake answers to an exam, the real one does: a token that is none, a host that is not there, no values at all.
func (z *real) testReach(t *testing.T) {
	z.t = t
	meant(t, "in the clear", (&Trapper{Address: z.TrapperAddr()}).Reach(t.Context()), nil)
	meant(t, "encrypted", (&Trapper{Address: z.TrapperAddr(), TLS: z.encrypted}).Reach(t.Context()), nil)
	meant(t, "the API in place of the trapper", (&Trapper{Address: strings.Split(z.APIURL(), "/")[2]}).Reach(t.Context()), federation.ErrStranger)
	z.item(z.host("linky-r", nil, nil), "releve[a]", typeFloat)
	wrong := &API{URL: z.APIURL(), Token: func() (string, error) { return strings.Repeat("0", 64), nil }}
	meant(t, "a host", z.api.Reach(t.Context(), []string{"linky-r"}), nil)
	meant(t, "any host", z.api.Reach(t.Context(), nil), nil)
	meant(t, "another host", z.api.Reach(t.Context(), []string{"linky-r", "linky-none"}), federation.ErrAbsent)
	meant(t, "another token", wrong.Reach(t.Context(), []string{"linky-r"}), federation.ErrDenied)
	meant(t, "another token, any host", wrong.Reach(t.Context(), nil), federation.ErrDenied)
	meant(t, "items", (&Supplier{API: z.api, Hosts: []string{"linky-r"}}).Reach(t.Context()), nil)
	meant(t, "no items", (&Supplier{API: z.api, Hosts: []string{"linky-none"}}).Reach(t.Context()), federation.ErrAbsent)
}

// As sent, so stored, to the nanosecond; and so read again by a source.
func (z *real) testTypes(t *testing.T) {
	z.t = t
	const host = "linky-a1"
	z.host(host, nil, map[string]valueType{"releve[n]": typeUnsigned, "releve[f]": typeFloat, "releve[t]": typeText, "tic[NJOURF+1]": typeFloat})
	g := z.recipient(z.api, nil)
	g.r.Names.Keys = map[string]string{"day": "tic[NJOURF+1]"}
	began := time.Now().Truncate(time.Second).Add(-time.Minute)
	var want senml.Pack
	for n := range 400 {
		second := float64(began.Unix()) + float64(n)*0.125
		p := senml.Pack{
			{Name: deviceOf(host) + "_n", Value: senml.NumberValue(12_345_678_901 + float64(n)), Time: second},
			{Name: deviceOf(host) + "_f", Value: senml.NumberValue(-230.125 * float64(n)), Time: second},
			{Name: deviceOf(host) + "_t", Value: senml.TextValue(fmt.Sprintf("HEURE  CREUSE é%d", n)), Time: second},
			{Name: deviceOf(host) + "_day", Value: senml.NumberValue(float64(n % 3)), Time: second},
		}
		g.tape.put(p...)
		want = append(want, p...)
	}
	z.confirmed(g)
	if s := g.r.Standing(); s.Misfits+s.Unseen > 0 {
		t.Errorf("standing: %+v", s)
	}
	s := &Supplier{API: z.api, Hosts: []string{"linky-a*"}, Keys: []string{"releve[*]", "tic[*]"}}
	series, err := s.Series(t.Context())
	if err != nil || len(series) != 4 {
		t.Fatalf("series %q, %v", series, err)
	}
	var got senml.Pack
	for _, one := range series {
		page, err := s.Fetch(t.Context(), one, began.Add(-time.Hour))
		if err != nil || page.More {
			t.Fatal(page.More, err)
		}
		got = append(got, page.Records...)
	}
	for i := range want {
		path := strings.TrimPrefix(want[i].Name, deviceOf(host)+"_")
		if path == "day" {
			path = "tic[NJOURF+1]"
		}
		want[i].Name = federation.Outside(host, path)
	}
	byName := func(a, b senml.Record) int {
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return int((a.Time - b.Time) * 1000)
	}
	slices.SortFunc(want, byName)
	slices.SortFunc(got, byName)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read again (-want +got):\n%.2000s", diff)
	}
}

// From 7.0 on values can go by the API, which says of each why it was refused.
func (z *real) testPushed(t *testing.T) {
	z.t = t
	if v, err := z.api.learnVersion(t.Context()); err != nil || v.major < 7 {
		t.Skipf("history.push is not in version %d.%d (%v): make test-zabbix7", v.major, v.minor, err)
	}
	const host = "linky-a2"
	id := z.host(host, nil, map[string]valueType{"releve[n]": typeUnsigned, "releve[t]": typeText})
	g := z.recipient(z.api, nil)
	g.r.line.way = &Pusher{API: z.api}
	began := time.Now().Unix() - 1000
	var numbers, texts []string
	for n := range 500 {
		at := float64(began + int64(n))
		g.tape.put(
			senml.Record{Name: deviceOf(host) + "_n", Value: senml.NumberValue(float64(n)), Time: at},
			senml.Record{Name: deviceOf(host) + "_t", Value: senml.TextValue(fmt.Sprint("été ", n)), Time: at},
			senml.Record{Name: deviceOf(host) + "_late", Value: senml.NumberValue(float64(n)), Time: at})
		numbers = append(numbers, fmt.Sprintf("%d@%d.000000001", n, began+int64(n)))
		texts = append(texts, fmt.Sprintf("été %d@%d.000000001", n, began+int64(n)))
	}
	g.must(g.deliver())
	for _, p := range g.r.Standing().Parked {
		t.Logf("%s: %s", p.Key, p.Reason)
	}
	if parked := g.r.Standing().Parked; len(parked) != 1 || parked[0].Key != "releve[late]" {
		t.Errorf("parked %+v", parked)
	}
	z.item(id, "releve[late]", typeFloat)
	z.confirmed(g)
	for key, want := range map[string][]string{"releve[n]": numbers, "releve[t]": texts, "releve[late]": numbers} {
		if diff := cmp.Diff(want, z.history(host, key)); diff != "" {
			t.Errorf("%s (-want +got):\n%.1000s", key, diff)
		}
	}
}

// A host that takes certificates only takes ours, and nothing in the clear.
func (z *real) testEncrypted(t *testing.T) {
	z.t = t
	const host = "linky-b1"
	z.host(host, map[string]any{"tls_connect": 1, "tls_accept": 4, "tls_subject": "CN=releve"}, map[string]valueType{"releve[f]": typeFloat})
	now := float64(time.Now().Unix())
	g := z.recipient(z.api, z.encrypted)
	g.tape.put(senml.Record{Name: deviceOf(host) + "_f", Value: senml.NumberValue(1), Time: now})
	z.confirmed(g)
	plain := z.recipient(z.api, nil)
	plain.tape.put(senml.Record{Name: deviceOf(host) + "_f", Value: senml.NumberValue(2), Time: now + 1})
	plain.must(plain.deliver())
	plain.parked(map[string]string{"f": refusedByTrapper})
	want := []string{fmt.Sprintf("1@%d.000000001", int64(now))}
	if diff := cmp.Diff(want, z.history(host, "releve[f]")); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// An item that is made after its first values gets them all, in order.
func (z *real) testLateItem(t *testing.T) {
	z.t = t
	const host = "linky-c1"
	id := z.host(host, nil, map[string]valueType{"releve[f]": typeFloat})
	g := z.recipient(z.api, nil)
	began := time.Now().Unix() - 1000
	var want []string
	for n := range 500 {
		g.tape.put(
			senml.Record{Name: deviceOf(host) + "_f", Value: senml.NumberValue(float64(n)), Time: float64(began + int64(n))},
			senml.Record{Name: deviceOf(host) + "_late", Value: senml.NumberValue(float64(n)), Time: float64(began + int64(n))})
		want = append(want, fmt.Sprintf("%d@%d.000000001", n, began+int64(n)))
	}
	g.must(g.deliver())
	g.parked(map[string]string{"late": refusedByTrapper})
	z.item(id, "releve[late]", typeFloat)
	z.confirmed(g)
	for _, key := range []string{"releve[f]", "releve[late]"} {
		if diff := cmp.Diff(want, z.history(host, key)); diff != "" {
			t.Errorf("%s (-want +got):\n%.1000s", key, diff)
		}
	}
}

// What the server said "processed" of and had not stored when it was killed is there in the end.
func (z *real) testKilled(t *testing.T) {
	z.t = t
	const host, items, each = "linky-d1", 20, 1000
	types := map[string]valueType{}
	for i := range items {
		types[DefaultKey(fmt.Sprint("f", i))] = typeFloat
	}
	z.host(host, nil, types)
	g := z.recipient(z.api, nil)
	began := time.Now().Unix() - 2*each
	for n := range each {
		var p senml.Pack
		for i := range items {
			p = append(p, senml.Record{Name: fmt.Sprintf("%s_f%d", deviceOf(host), i), Value: senml.NumberValue(float64(n)), Time: float64(began + int64(n))})
		}
		g.tape.put(p...)
	}
	g.must(g.deliver())
	g.must(z.Kill())
	processed := g.r.Standing().Sent
	before := z.rows(host, types)
	g.must(z.Start(t.Context()))
	z.confirmed(g)
	after := z.rows(host, types)
	t.Logf("processed %d values; stored when it was killed: %d; stored in the end: %d; sent again: %d", int(processed)*items, before, after, g.r.Standing().Resent)
	if after != items*each {
		t.Errorf("%d of %d values are stored", after, items*each)
	}
}

// rows counts what is stored of items.
func (z *real) rows(host string, items map[string]valueType) int {
	n := 0
	for key := range items {
		n += len(z.history(host, key))
	}
	return n
}

// After an outage of an hour of readings all are there, and were put there in order.
func (z *real) testOutage(t *testing.T) {
	z.t = t
	const host = "linky-e1"
	z.host(host, nil, map[string]valueType{"releve[f]": typeFloat})
	g := z.recipient(nil, nil) // no token: what comes after an interruption is all that it has
	began := time.Now().Unix() - 4000
	put := func(n int) string {
		g.tape.put(senml.Record{Name: deviceOf(host) + "_f", Value: senml.NumberValue(float64(n)), Time: float64(began + int64(n))})
		return fmt.Sprintf("%d@%d.000000001", n, began+int64(n))
	}
	want := []string{put(0)}
	g.must(g.deliver())
	g.must(z.Stop(t.Context()))
	for n := range 3600 {
		want = append(want, put(n+1))
	}
	if err := g.deliver(); err == nil {
		t.Fatal("nobody was there and all was delivered")
	}
	g.must(z.Start(t.Context()))
	z.await("all is delivered", func() bool { return g.deliver() == nil })
	z.await("all is stored", func() bool { return len(z.history(host, "releve[f]")) >= len(want) })
	if diff := cmp.Diff(want, z.history(host, "releve[f]")); diff != "" {
		t.Errorf("stored (-want +got):\n%.1000s", diff)
	}
}

// Values come while the server is killed twice, each time when some more have been processed: there is always something
// that it has not stored yet. All are there in the end.
func (z *real) testRandomKills(t *testing.T) {
	z.t = t
	const host = "linky-f1"
	z.host(host, nil, map[string]valueType{"releve[f]": typeFloat})
	g := z.recipient(z.api, nil)
	began := time.Now().Unix() - 80_000
	killed := make(chan error, 1)
	go func() { killed <- z.killAsItFills(t.Context(), g.r, 2) }()
	var want []string
	var err error
	for n, over := 0, false; !over || n%100 > 0; n++ {
		g.tape.put(senml.Record{Name: deviceOf(host) + "_f", Value: senml.NumberValue(float64(n)), Time: float64(began + int64(n))})
		want = append(want, fmt.Sprintf("%d@%d.000000001", n, began+int64(n)))
		_ = g.deliver() // it may be away
		if n%50 == 0 {
			_ = g.r.confirm(t.Context())
		}
		select {
		case err = <-killed:
			over = true
		case <-time.After(2 * time.Millisecond):
		}
	}
	g.must(err)
	z.confirmed(g)
	t.Logf("%d values, %d sent again", len(want), g.r.Standing().Resent)
	if diff := cmp.Diff(want, z.history(host, "releve[f]")); diff != "" {
		t.Errorf("stored (-want +got):\n%.1000s", diff)
	}
}

// killAsItFills kills the server and starts it again, so many times, when a random number of packs more was processed.
func (z *real) killAsItFills(ctx context.Context, r *Recipient, times int) error {
	for range times {
		for at := r.Standing().Sent + 1 + rand.Uint64N(100); r.Standing().Sent < at && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		}
		if err := z.Kill(); err != nil {
			return err
		}
		if err := z.Start(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// What is provisioned twice is there once, takes values, and raises what its triggers are about.
func (z *real) testProvision(t *testing.T) {
	z.t = t
	text, err := Template(described())
	if err != nil {
		t.Fatal(err)
	}
	count := func() string {
		var counts []string
		for _, method := range []string{"template.get", "item.get", "trigger.get", "graph.get", "templatedashboard.get"} {
			var n any
			z.call(method, map[string]any{"countOutput": true}, &n)
			counts = append(counts, fmt.Sprint(method, " ", n))
		}
		return strings.Join(counts, ", ")
	}
	var before string
	for round, want := range [][]string{{"linky-ee", "linky-ff"}, nil} {
		made, err := Provision(t.Context(), z.api, text, []string{"linky-ee", "linky-ff"})
		if diff := cmp.Diff(want, made); diff != "" || err != nil {
			t.Fatalf("round %d: %v (-want +got):\n%s", round, err, diff)
		}
		if round == 0 {
			before = count()
		}
	}
	t.Log(before)
	if after := count(); after != before {
		t.Errorf("after the second import: %s\nbefore: %s", after, before)
	}
	g := z.recipient(z.api, nil)
	now := float64(time.Now().Unix())
	g.tape.put(
		senml.Record{Name: deviceOf("linky-ee") + "_breaker", Value: senml.TextValue("open: overload"), Time: now - 2},
		senml.Record{Name: deviceOf("linky-ee") + "_index", Value: senml.NumberValue(2000), Time: now - 2},
		senml.Record{Name: deviceOf("linky-ee") + "_index", Value: senml.NumberValue(1000), Time: now - 1},
		senml.Record{Name: deviceOf("linky-ee") + "_over", Value: senml.BoolValue(true), Time: now - 1})
	z.confirmed(g)
	want := []string{"Dépassement de la puissance souscrite signalé par le compteur", "Index en recul : index", "Organe de coupure ouvert"}
	var got []string
	z.await("problems are raised", func() bool {
		var problems []struct{ Name string }
		z.call("problem.get", map[string]any{}, &problems)
		got = nil
		for _, p := range problems {
			got = append(got, p.Name)
		}
		slices.Sort(got)
		return len(got) >= len(want)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
