package bmhs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	lab "releve/federation/lab/bmhs"
	"releve/senml"
)

// waitFor waits for a state with the patience that a busy machine needs.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// present runs a presence until the test ends.
func present(t *testing.T, s *stage, live senml.Pack) *Presence {
	t.Helper()
	p := NewPresence(s.r, func() senml.Pack { return live })
	start(t, p)
	return p
}

func start(t *testing.T, p *Presence) {
	t.Helper()
	p.Ping, p.Pong, p.Frame = 50*time.Millisecond, time.Minute, 20*time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestPresence holds that an agent shows as online, traces while it is asked to, says nothing else, and is there again after
// its connection was lost.
func TestPresence(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := present(t, s, full(s.now, 1000, 700))
	online := func() bool { return s.server.Online(foyer, mac) && p.Standing().Up }
	waitFor(t, "a pong", online)
	tell := func(data string) {
		t.Helper()
		if err := s.server.Tell(t.Context(), foyer, mac, data); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.server.Frames(foyer, mac); len(got) > 0 {
		t.Errorf("said without being asked: %v", got)
	}
	tell(`{"header":"teleinfo-start-trace","data":{"mac":"x"}}`)
	waitFor(t, "a trace", func() bool { return len(s.server.Frames(foyer, mac)) > 1 })
	tell(`{"header":"teleinfo-stop-trace","data":{"mac":"x"}}`)
	asks := []string{
		`{"header":"shell","data":"connect-shell"}`, `{"header":"shell","data":"id\n"}`, `{"header":"config","deviceMac":"x","metadataName":"y","metadataValue":"z"}`,
		`{"header":"invokeAction","action":"on","device":{}}`, `{"header":"startInclusion"}`, `{"header":"startExclusion"}`, `{"header":"resetConfig"}`, `{"header":"?"}`, `{}`,
	}
	for _, ask := range asks {
		tell(ask)
	}
	waitFor(t, "all of it to be ignored", func() bool { return p.Standing().Ignored == uint64(len(asks)) })
	for _, f := range s.server.Frames(foyer, mac) {
		if f.Header != "teleinfo-trace" {
			t.Errorf("said %s: %s", f.Header, f.Data)
		}
	}
	var got, want map[string]any
	first := s.server.Frames(foyer, mac)[0]
	if err := json.Unmarshal(first.Data, &got); err != nil {
		t.Fatal(err)
	}
	m := s.r.states(full(s.now, 1000, 700))[0]
	text, _ := plain(m)
	if err := json.Unmarshal(text, &want); err != nil || want["header"] != "teleinfo-trace" || want["mac"] != meter {
		t.Fatal(want, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
	if len(s.server.Messages()) > 0 {
		t.Error("a trace was stored")
	}
	s.server.Drop(foyer, mac)
	waitFor(t, "the end", func() bool { return !p.Standing().Up })
	waitFor(t, "another session", online)
}

// TestTraceEnds holds that a trace that nobody ends does so itself, and says it.
func TestTraceEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := NewPresence(s.r, func() senml.Pack { return full(s.now, 1000, 700) })
	if p.Trace != 5*time.Minute {
		t.Errorf("a trace lasts %s", p.Trace)
	}
	p.Trace = 200 * time.Millisecond
	start(t, p)
	waitFor(t, "a pong", func() bool { return p.Standing().Up })
	if err := s.server.Tell(t.Context(), foyer, mac, `{"header":"teleinfo-start-trace"}`); err != nil {
		t.Fatal(err)
	}
	ended := func() int {
		return slices.IndexFunc(s.server.Frames(foyer, mac), func(f lab.Frame) bool { return f.Header == "teleinfo-trace-stop" })
	}
	waitFor(t, "the end of the trace", func() bool { return ended() >= 0 })
	want := `{"header":"teleinfo-trace-stop","implClass":"` + implClass + `","mac":"` + meter + `","value":null}`
	if frames := s.server.Frames(foyer, mac); ended() != len(frames)-1 || string(frames[ended()].Data) != want {
		t.Errorf("the last of %d is %s, want %s", len(frames), frames[len(frames)-1].Data, want)
	}
}

// TestPresenceRefuses holds which addresses of a websocket are not gone to: they would be given the account's key.
func TestPresenceRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ own, socket, err string }{
		{"https://bmhs.example/smarthome", "wss://bmhs.example/smarthome/websocket", ""},
		{"http://127.0.0.1:1/smarthome", "ws://127.0.0.1:1/smarthome/websocket", ""},
		{"http://127.0.0.1:1/smarthome", "wss://127.0.0.1:2/smarthome/websocket", ""},
		{"https://bmhs.example/smarthome", "ws://bmhs.example/smarthome/websocket", "stopped until somebody mends it: the server names a websocket without TLS (ws://), which would carry the account's key in the clear; a proxy before it does not tell it the scheme"},
		{"https://bmhs.example/smarthome", "wss://other.example/websocket", "stopped until somebody mends it: the server names a websocket on another host than url's, which would be given the account's key"},
		{"https://bmhs.example/smarthome", "wss://bmhs.example@other.example/", "stopped until somebody mends it: the server names no address of a websocket"},
		{"https://bmhs.example/smarthome", "file:///etc/passwd", "stopped until somebody mends it: the server names no address of a websocket"},
		{"https://bmhs.example/smarthome", "%", "stopped until somebody mends it: the server names no address of a websocket"},
	} {
		err := checkSocket(tt.own, tt.socket)
		if (err == nil) != (tt.err == "") || err != nil && (err.Error() != tt.err || !errors.Is(err, federation.ErrStopped)) {
			t.Errorf("%s from %s: %v, want %q", tt.socket, tt.own, err, tt.err)
		}
	}
}

// TestTooLong holds that what the server would end the session over is not said, to the character.
func TestTooLong(t *testing.T) {
	t.Parallel()
	for units, want := range map[string]int{"é": 1, "€": 1, "😀": 2, "abc": 3} {
		if got := length([]byte(units)); got != want {
			t.Errorf("%s has %d characters, want %d", units, got, want)
		}
	}
	s := newStage(t)
	p := present(t, s, nil)
	waitFor(t, "a pong", func() bool { return p.Standing().Up })
	one := &session{Presence: p, pass: pass{Token: strings.Repeat("x", longest)}}
	if err := one.say(t.Context(), map[string]string{"header": headerPing}); err != nil || p.Standing().TooLong != 1 {
		t.Errorf("error %v, %d left out", err, p.Standing().TooLong)
	}
}

// TestSubscribeRefused holds what becomes of a presence by what the server answers.
func TestSubscribeRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		text   string
		err    error
	}{
		{400, "Subscribe message incomplete !", federation.ErrStopped},
		{400, "Invalid username !", federation.ErrStopped},
		{400, "Invalid applicationId !", federation.ErrStopped},
		{400, "Agent not activated !", errWaits},
		{400, "Error no token", errWaits},
		{400, "Auto-created agent not activated !", errWaits},
		{400, "Erreur refresh expired token !", errLater},
		{400, "Erreur subscribe agent !", errLater},
		{500, "<html>", errAny},
		{200, "<html>log in</html>", errAny},
		{200, `{"token":""}`, errAny},
	} {
		s := newStage(t)
		s.server.Answer(tt.status, tt.text, 1)
		_, err := s.r.Account.subscribe(t.Context(), s.o.Client)
		if tt.err == errAny && err == nil || tt.err != errAny && !errors.Is(err, tt.err) {
			t.Errorf("%d %s: %v, want %v", tt.status, tt.text, err, tt.err)
		}
	}
}

// TestTokenLife holds that a token that has expired ends the session, and that the next one has another.
func TestTokenLife(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	before, err := s.r.Account.subscribe(t.Context(), s.o.Client)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.r.Account.subscribe(t.Context(), s.o.Client)
	if err != nil || again.Token != before.Token || !before.Expires.Equal(s.now.Add(7*24*time.Hour)) {
		t.Errorf("%+v, %+v, %v", before, again, err)
	}
	p := present(t, s, nil)
	waitFor(t, "a pong", func() bool { return p.Standing().Up })
	s.server.Expire(foyer, mac)
	waitFor(t, "the end", func() bool { return !p.Standing().Up })
	waitFor(t, "another session", func() bool { return p.Standing().Up })
	if after, err := s.r.Account.subscribe(t.Context(), s.o.Client); err != nil || after.Token == before.Token {
		t.Errorf("%+v, %v", after, err)
	}
}

// FuzzHeader holds that no text of a server is taken for one to us unless it names us in all four ways.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(`{"applicationKey":"k","data":{"header":"pong"},"mac":"m","token":"t","username":"u","websocketKey":null}`))
	f.Add([]byte(`{"data":{"header":"shell","data":"id"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := &session{Presence: &Presence{Recipient: &Recipient{Options: Options{Account: Account{URL: "", Username: "u", MAC: "m"}}}}, pass: pass{Token: "t", key: "k"}}
		if header := s.headerOf(text); header != "" {
			var e map[string]any
			if json.Unmarshal(text, &e) != nil {
				t.Fatalf("%q of no JSON", header)
			}
		}
	})
}

// TestSupplier holds that all rows are read, each at its time: pages, rows of one instant that fill more than a page, the
// hour that comes twice, and values with an exponent.
func TestSupplier(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var rows []lab.Row
	begin := at("2026-10-25T00:30:00+02:00")
	for n := range 700 { // every 20 s, over the change
		rows = append(rows, lab.Row{At: begin.Add(time.Duration(n) * 20 * time.Second).UTC(), Value: 13_427_301 + float64(n)})
	}
	for n := range 1200 {
		rows = append(rows, lab.Row{At: begin.Add(5 * time.Hour).UTC(), Value: float64(n) / 8})
	}
	s.server.Put(foyer, "sonde", "base", rows...)
	s.server.Put(foyer, "sonde", "", lab.Row{At: begin.UTC(), Value: 6})
	supplier := &Supplier{
		Data: Data{s.server.URL(), app, secret(token)}, Name: "bmhs", Wanted: []string{"sonde/base", "sonde/null"}, Zone: s.o.Zone, Client: s.o.Client,
	}
	wanted, err := supplier.Series(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for from := begin; from.Before(begin.Add(4 * time.Hour)); from = from.Add(17 * time.Minute) {
		want := map[string]bool{}
		for _, row := range rows {
			if !row.At.Before(from) {
				want[row.At.String()+decimalOf(row.Value)] = true
			}
		}
		got := map[string]bool{}
		for next, more := from, true; more; {
			page, err := supplier.Fetch(t.Context(), wanted[0], next)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Records {
				if want := federation.Outside("sonde", pathDrawn); r.Name != want || r.Unit != "Wh" {
					t.Fatalf("%s, %s; want %s in Wh", r.Name, r.Unit, want)
				}
				v, _ := r.Value.Number()
				got[instant(r.Time).UTC().String()+decimalOf(v)] = true
			}
			if page.More && !page.Next.After(next) {
				t.Fatal("there is more and it does not go on")
			}
			next, more = page.Next, page.More
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("from %s (-want +got):\n%s", from, diff)
		}
	}
	page, err := supplier.Fetch(t.Context(), wanted[1], begin)
	want := federation.Page{Records: senml.Pack{{Name: federation.Outside("sonde", "value"), Value: senml.NumberValue(6), Time: seconds(begin)}}, Next: begin}
	if diff := cmp.Diff(want, page); diff != "" || err != nil {
		t.Errorf("the value of a device: %v (-want +got):\n%s", err, diff)
	}
}

func decimalOf(v float64) string {
	text, _ := decimal(senml.NumberValue(v))
	return " " + text
}

// TestSupplierRefused holds what an error of a fetch is to a collection.
func TestSupplierRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, tt := range []struct {
		data Data
		err  error
	}{
		{Data{s.server.URL(), app, secret("other")}, federation.ErrStopped},
		{Data{s.server.URL(), "other", secret(token)}, federation.ErrStopped},
		{Data{s.server.URL(), app, secret(token)}, federation.ErrRefused}, // no such device
		{Data{s.server.URL(), app, secret("")}, errAny},
	} {
		supplier := &Supplier{Data: tt.data, Zone: s.o.Zone, Client: s.o.Client}
		_, err := supplier.Fetch(t.Context(), "021528603314/base", s.now)
		if tt.err == errAny && err == nil || tt.err != errAny && !errors.Is(err, tt.err) || strings.Contains(err.Error(), "0215") {
			t.Errorf("%v, want %v", err, tt.err)
		}
		if strings.Contains(err.Error(), "for good") {
			t.Errorf("%v, though it is asked again", err)
		}
	}
}
