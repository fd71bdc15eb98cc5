package pride_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/lab/warp10"
	"releve/federation/pride"
	"releve/senml"
)

const (
	meter = "urn:dev:org:60060-1f2e3d4c5b6a7988"
	point = "99123456789012" // no region is 99
)

// service is the way to a platform with a token.
func service(t testing.TB, p *warp10.Platform, token string) *pride.Service {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return &pride.Service{URL: server.URL + "/api", Token: func() (string, error) { return token, nil }, Client: server.Client()}
}

func recipient(t testing.TB, p *warp10.Platform, token string) *pride.Recipient {
	return &pride.Recipient{Service: service(t, p, token), Name: "pride", Prefix: "releve.", Label: "device", Labels: map[string]string{"site": "Lorient {1}"}}
}

// What is sent is stored under the class and labels that its name and the routes say, once however often it comes.
func TestRecipientStores(t *testing.T) {
	t.Parallel()
	p := &warp10.Platform{Write: "W", Read: "R"}
	r := recipient(t, p, "W")
	odd := federation.Place{Device: "l'été {x}, = 100 %\n+", Item: "pride cdc", URN: meter, Path: "a"}
	pack := senml.Pack{
		{Name: meter + "_voltage/1", Unit: "V", Value: senml.NumberValue(230), Time: 1_700_000_000.2},
		{Name: meter + "_voltage/1", Unit: "V", Value: senml.NumberValue(230.5), Time: 1_700_000_001},
		{Name: meter + "_voltage/1", Unit: "V", Value: senml.NumberValue(1e21), Time: 1_700_000_002},
		{Name: meter + "_tariff/label", Value: senml.TextValue("HC l'été\n"), Time: 1_700_000_000},
		{Name: meter + "_status/relay/1", Value: senml.BoolValue(true), Time: 1_700_000_000},
		{Name: meter + "_raw", Value: senml.DataValue([]byte{0, 255}), Time: 1_700_000_000},
		{Name: odd.Name(), Unit: "%RH", Value: senml.NumberValue(-0.001), Time: 1_700_000_000},
	}
	for range 2 {
		if err := r.Send(t.Context(), pack); err != nil {
			t.Fatal(err)
		}
	}
	labels := func(device, unit string) map[string]string {
		l := map[string]string{"device": device, "site": "Lorient {1}", "unit": unit}
		if unit == "" {
			delete(l, "unit")
		}
		return l
	}
	const tick = 1_700_000_000_000_000
	for _, tt := range []struct {
		class  string
		labels map[string]string
		want   []warp10.Point
	}{
		{"releve.voltage.1", labels(meter, "V"), []warp10.Point{{Tick: tick + 200_000, Value: 230.0}, {Tick: tick + 1_000_000, Value: 230.5}, {Tick: tick + 2_000_000, Value: 1e21}}},
		{"releve.tariff.label", labels(meter, ""), []warp10.Point{{Tick: tick, Value: "HC l'été\n"}}},
		{"releve.status.relay.1", labels(meter, ""), []warp10.Point{{Tick: tick, Value: true}}},
		{"releve.raw", labels(meter, ""), []warp10.Point{{Tick: tick, Value: []byte{0, 255}}}},
		{"pride cdc", labels(odd.Device, "%RH"), []warp10.Point{{Tick: tick, Value: -0.001}}},
	} {
		if diff := cmp.Diff(tt.want, p.Points(tt.class, tt.labels)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.class, diff)
		}
	}
	if n := len(p.All()); n != 5 {
		t.Errorf("there are %d series", n)
	}
}

// A pack of any size goes in requests that a platform takes, and 20 000 datapoints in a few of them.
func TestRecipientBatches(t *testing.T) {
	t.Parallel()
	p := &warp10.Platform{Write: "W", Read: "R"}
	var pack senml.Pack
	for i := range 20_000 {
		pack = append(pack, senml.Record{Name: meter + "_voltage/1", Unit: "V", Value: senml.NumberValue(float64(i)), Time: 1_700_000_000 + float64(i)})
	}
	if err := recipient(t, p, "W").Send(t.Context(), pack); err != nil || p.Count() != len(pack) || p.Requests() != 3 {
		t.Errorf("%d stored in %d requests, %v", p.Count(), p.Requests(), err)
	}
}

// What a platform answers is either to be tried again, to be mended by somebody, or never to be sent again. No error
// holds a token.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const again = "again"
	for _, tt := range []struct {
		status       int
		reason, kind string
	}{
		{403, "Error when updating data: Invalid token.", "stopped"},
		{500, "Error when updating data: Invalid token.", "stopped"}, // before version 3
		{500, "Token Expired", "stopped"},
		{403, "Token revoked SECRET-TOKEN", "stopped"},
		{401, "who are you", "stopped"},
		{404, "Not Found", "stopped"},
		{302, "Found", "stopped"},
		{200, "<html>Log in to the network</html>", "stopped"},
		{400, "Error when updating data: Parse error at index 3 in '1// a{PRM=" + point + "} x'", "refused"},
		{500, "Timestamp 1 is too far in the past.", "refused"},
		{500, "Value too large for GTS x{}", "refused"},
		{500, "Storing data for x{} would incur a wait greater than 100 ms per datapoint due to your Daily Data Points limit being already exceeded.", again},
		{500, "Geo Time Series x{} would exceed your Monthly Active Data Streams limit (1000).", again},
		{503, "Unavailable", again},
		{429, "slow down", again},
		{400, "Bad Request", again},
	} {
		p := &warp10.Platform{Mind: func(*http.Request) (int, string) { return tt.status, tt.reason }}
		r := recipient(t, p, "SECRET-TOKEN")
		err := r.Send(t.Context(), senml.Pack{{Name: meter + "_a", Value: senml.NumberValue(1), Time: 1}})
		kind := again
		switch {
		case errors.Is(err, federation.ErrStopped):
			kind = "stopped"
		case errors.Is(err, federation.ErrRefused):
			kind = "refused"
		}
		if err == nil || kind != tt.kind || !strings.Contains(err.Error(), fmt.Sprint(tt.status)) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%d %s: %s: %v", tt.status, tt.reason, kind, err)
		}
	}
	away := recipient(t, &warp10.Platform{}, "W")
	away.URL = "http://127.0.0.1:1/api"
	if err := away.Send(t.Context(), senml.Pack{{Name: "a_b", Value: senml.NumberValue(1)}}); err == nil || errors.Is(err, federation.ErrStopped) || errors.Is(err, federation.ErrRefused) {
		t.Errorf("a platform that is away: %v", err)
	}
	away.Token = func() (string, error) { return "", errors.New("no such file") }
	if err := away.Send(t.Context(), nil); !errors.Is(err, federation.ErrStopped) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no token: %v", err)
	}
}

var dawn = time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC) // the day before clocks change in Europe

func supplier(t testing.TB, p *warp10.Platform, selectors ...string) *pride.Supplier {
	return &pride.Supplier{
		Service: service(t, p, "R"), Name: "pride", Selectors: selectors, Label: "PRM", Now: func() time.Time { return dawn },
	}
}

// all fetches a series from an instant to its end, as a collection does.
func all(t testing.TB, s *pride.Supplier, series string, from time.Time) senml.Pack {
	t.Helper()
	var p senml.Pack
	for {
		page, err := s.Fetch(t.Context(), series, from)
		if err != nil {
			t.Fatal(err)
		}
		p = append(p, page.Records...)
		if !page.More {
			return p
		}
		if !page.Next.After(from) {
			t.Fatal("the supplier stands still")
		}
		from = page.Next
	}
}

// Every series of every selector is there, whatever its labels hold, with all datapoints from the instant asked for on.
func TestSupplierFetches(t *testing.T) {
	t.Parallel()
	for _, ticks := range []int64{1000, 1_000_000, 1_000_000_000} {
		p := &warp10.Platform{Write: "W", Read: "R", Ticks: ticks}
		plain := warp10.GTS{Class: "pride.enedis.cdc", Labels: map[string]string{"PRM": point}}
		both := warp10.GTS{Class: "pride.enedis.cdc", Labels: map[string]string{"PRM": point, "sens": "in", "unit": "W"}}
		odd := warp10.GTS{Class: "cla'ss\" }{ %41", Labels: map[string]string{"PRM": "a' } FETCH 'b", "x\n": "=~"}}
		for i, g := range []warp10.GTS{plain, both, odd} {
			for h := range 72 {
				p.Put(g, dawn.Add(-time.Duration(h)*time.Hour-250*time.Millisecond).UnixMilli()*(ticks/1000), float64(100*i+h))
			}
		}
		s := supplier(t, p, "=pride.enedis.cdc{PRM="+point+"}", "~pride.*{}", "~cla.*{}")
		series, err := s.Series(t.Context())
		if err != nil || len(series) != 3 {
			t.Fatalf("%q, %v", series, err)
		}
		got := map[string]int{}
		for _, one := range series {
			records := all(t, s, one, dawn.Add(-48*time.Hour))
			for _, r := range records {
				if err := (senml.Pack{r}).Validate(); err != nil || r.Time < float64(dawn.Add(-48*time.Hour).Unix()) {
					t.Errorf("%+v, %v", r, err)
				}
			}
			if len(records) == 0 {
				t.Fatalf("%d ticks: nothing of %s", ticks, one)
			}
			got[records[0].Name+" "+records[0].Unit] = len(records)
		}
		want := map[string]int{
			"urn:dev:prm:" + point + "_pride.enedis.cdc ":                                             48,
			"urn:dev:prm:" + point + "_pride.enedis.cdc:7Bsens:3Din:7D W":                             48,
			"device:a:27:20:7D:20FETCH:20:27b_cla:27ss:22:20:7D:7B:20:2541:7Bx:250A:3D:253D:257E:7D ": 48,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d ticks (-want +got):\n%s", ticks, diff)
		}
	}
}

// Incremental queries leave no gap in any zone and over both changes of the clocks: the POC lost one or two hours at each.
func TestCollectionFromPlatformHasNoGap(t *testing.T) {
	t.Parallel()
	p := &warp10.Platform{Write: "W", Read: "R"}
	g := warp10.GTS{Class: "pride.enedis.cdc", Labels: map[string]string{"PRM": point}}
	now := dawn
	s := supplier(t, p, "=pride.enedis.cdc{}")
	s.Now = func() time.Time { return now }
	marks, err := federation.OpenMarks(filepath.Join(t.TempDir(), "marks.json"))
	if err != nil {
		t.Fatal(err)
	}
	came := map[float64]int{}
	ready := make(chan struct{})
	close(ready)
	for range 200 { // hours
		for range 6 {
			p.Put(g, now.UnixMicro(), 1.0)
			now = now.Add(10 * time.Minute)
		}
		ctx, stop := context.WithCancel(t.Context())
		c := &federation.Collection{
			Supplier: s, Every: time.Hour, Since: time.Hour, Repair: 1, Marks: marks, Ready: ready, Now: s.Now, Log: discarded(),
			Take: func(_ context.Context, p senml.Pack) error {
				for _, r := range p {
					came[r.Time]++
				}
				return nil
			},
		}
		go func() {
			for !c.Standing().Asked {
				time.Sleep(time.Millisecond)
			}
			stop()
		}()
		if err := c.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if err := c.Standing().Err; err != nil {
			t.Fatal(err)
		}
	}
	if len(came) != 1200 {
		t.Errorf("%d of 1200 datapoints came", len(came))
	}
}

// A platform that gives only so much at once is asked for less, down to a second.
func TestSupplierAsksForLess(t *testing.T) {
	t.Parallel()
	p := &warp10.Platform{Write: "W", Read: "R", FetchLimit: 100}
	g := warp10.GTS{Class: "a", Labels: map[string]string{"PRM": "x"}}
	for i := range 5000 {
		p.Put(g, dawn.Add(-time.Duration(i)*10*time.Second).UnixMicro(), int64(i))
	}
	s := supplier(t, p, "a{}")
	series, err := s.Series(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	times := map[float64]bool{}
	for _, r := range all(t, s, series[0], dawn.Add(-15*time.Hour)) {
		times[r.Time] = true
	}
	if len(times) != 5000 {
		t.Errorf("%d of 5000 came", len(times))
	}
	for i := range 200 {
		p.Put(g, dawn.UnixMicro()+int64(i), int64(i))
	}
	if _, err := s.Fetch(t.Context(), series[0], dawn); !errors.Is(err, federation.ErrRefused) {
		t.Errorf("more in a second than is given at once: %v", err)
	}
}

// What cannot be a reading is passed over and counted; what is no answer is an error.
func TestSupplierPassesOver(t *testing.T) {
	t.Parallel()
	p := &warp10.Platform{Write: "W", Read: "R"}
	g := warp10.GTS{Class: "a", Labels: map[string]string{"PRM": "x"}}
	nan := func() float64 { var zero float64; return zero / zero }()
	for i, v := range []any{1.5, nan, "it is NaN", true, int64(7)} {
		p.Put(g, dawn.Add(-time.Duration(i)*time.Second).UnixMicro(), v)
	}
	s := supplier(t, p, "a{}")
	series, err := s.Series(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, r := range all(t, s, series[0], dawn.Add(-time.Hour)) {
		values = append(values, r.Value.String())
	}
	slices.Sort(values)
	if diff := cmp.Diff([]string{"1.5", "7", "it is NaN", "true"}, values); diff != "" || s.Odd() != 1 {
		t.Errorf("%d odd (-want +got):\n%s", s.Odd(), diff)
	}
	if _, err := s.Fetch(t.Context(), "gone", dawn); !errors.Is(err, federation.ErrRefused) {
		t.Errorf("a series that is gone: %v", err)
	}
	s.Token = func() (string, error) { return "W", nil }
	if _, err := s.Series(t.Context()); !errors.Is(err, federation.ErrStopped) || !strings.Contains(err.Error(), "invalid read token") {
		t.Errorf("the wrong token: %v", err)
	}
	for body, want := range map[string]string{
		"<html>": "what PRIDE answers is no stack of WarpScript", "[]": "PRIDE answers 0 values instead of 1", "[{}]": "value 1 of what PRIDE answers is not what was asked for",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		s.URL = server.URL
		if _, err := s.Series(t.Context()); fmt.Sprint(err) != want {
			t.Errorf("%s: %v", body, err)
		}
		server.Close()
	}
}

// FuzzQuoting: no class, label or token breaks a script or a line: a real parser reads back what was meant.
func FuzzQuoting(f *testing.F) {
	f.Add("class", "PRM", "value", "text")
	f.Add("'} FETCH", "a=b,c", "\n\x00\"%41+é{}", "'it's ' x")
	f.Fuzz(func(t *testing.T, class, name, value, text string) {
		valid := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
		class, name, value, text = valid(class), valid(name), valid(value), valid(text)
		if class == "" || name == "" || strings.HasPrefix(name, ".") || name == "unit" || strings.HasPrefix(class, "~") || strings.HasPrefix(class, "=") {
			return
		}
		p := &warp10.Platform{Write: "W", Read: "R"}
		r := &pride.Recipient{Service: service(t, p, "W"), Label: name}
		place := federation.Place{Device: value, Item: class, URN: "urn:dev:x", Path: "p"}
		if err := r.Send(t.Context(), senml.Pack{{Name: place.Name(), Value: senml.TextValue(text), Time: float64(dawn.Unix()) - 1}}); err != nil {
			t.Fatal(err)
		}
		if value == "" {
			value = place.URN
		}
		want := []warp10.Point{{Tick: dawn.UnixMicro() - 1_000_000, Value: text}}
		if diff := cmp.Diff(want, p.Points(class, map[string]string{name: value})); diff != "" {
			t.Fatalf("stored (-want +got):\n%s", diff)
		}
		s := supplier(t, p, "~.*{}")
		s.Label = name
		series, err := s.Series(t.Context())
		if err != nil || len(series) != 1 {
			if strings.Contains(class, "\n") { // no pattern of the platform's matches it
				return
			}
			t.Fatalf("%d series, %v", len(series), err)
		}
		got := all(t, s, series[0], dawn.Add(-time.Hour))
		if len(got) != 1 || got[0].Value != senml.TextValue(text) || got[0].Name != federation.Outside(value, class) {
			t.Errorf("came back as %+v", got)
		}
	})
}

func discarded() *slog.Logger { return slog.New(slog.DiscardHandler) }
