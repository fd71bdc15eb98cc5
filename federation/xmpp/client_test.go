package xmpp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"
)

// idle is a client that does not run.
func idle() *Client { return New(idleConfig()) }

// joined is a client with a link over a pipe.
func joined(t *testing.T) (*Client, *server) {
	t.Helper()
	c := idle()
	l, s, _ := serving(t, c.router)
	c.up(l, s.wire)
	return c, s
}

// Run logs in again after the end of a session, tells so each time, and ends at once when asked to.
func TestRun(t *testing.T) {
	t.Parallel()
	h := listen(t, welcome)
	c := New(h.config())
	logins := make(chan context.Context, 4)
	c.OnLogin(func(ctx context.Context) { logins <- ctx })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()

	first, s := <-logins, <-h.clients
	if state := c.State(); !state.Up || state.JID.String() != house || state.Err != nil {
		t.Errorf("after the first login: %+v", state)
	}
	presence := <-s.sent
	if caps := presence.Child(nsCaps, "c"); presence.Child("", "priority").Text != "5" || caps.Attr("ver") != c.disco.verification() {
		t.Errorf("announced as %s", presence)
	}
	s.say(`</stream:stream>`)
	<-first.Done()
	if state := c.State(); state.Up {
		t.Errorf("between the sessions: %+v", state)
	}

	second, s := <-logins, <-h.clients
	if state := c.State(); !state.Up || state.JID.String() != house {
		t.Errorf("after the second login: %+v", state)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("got %v", err)
	}
	<-second.Done()
	if state := c.State(); state.Up {
		t.Errorf("after the end: %+v", state)
	}
	var last *Element
	for e := range s.sent {
		last = e
	}
	if last == nil || last.Attr("type") != "unavailable" || !errors.Is(s.end, io.EOF) {
		t.Errorf("the last word was %v, %v", last, s.end)
	}
}

// The wait for a refused password is long; the end of ctx is not kept waiting by it.
func TestRunEndsWhileWaiting(t *testing.T) {
	t.Parallel()
	cfg := listen(t, welcome).config()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	asked := 0
	cfg.Password = func() (string, error) { asked++; return "", fmt.Errorf("%w: gone", ErrCredentials) }
	cfg.Log = logTo(func() { cancel() })
	c := New(cfg)
	if err := c.Run(ctx); err != nil {
		t.Errorf("got %v", err)
	}
	state := c.State()
	if wait := time.Until(state.Retry); state.Up || !errors.Is(state.Err, ErrCredentials) || wait < retryRefused/2 {
		t.Errorf("next attempt in %s: %+v", wait, state)
	}
	if asked != 1 {
		t.Errorf("%d attempts", asked)
	}
}

func TestRunDoesNotStartWhenEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := idle()
	if err := c.Run(ctx); err != nil || c.State().Err != nil {
		t.Errorf("got %v; %+v", err, c.State())
	}
	if got := c.String(); got != "federation "+house {
		t.Errorf("the task is called %q", got)
	}
}

func TestDownIsNewsOnce(t *testing.T) {
	t.Parallel()
	c := idle()
	tests := []struct {
		err  error
		news bool
	}{
		{errClosed, true},
		{errClosed, false},
		{fmt.Errorf("%w", errClosed), false}, // the same words
		{errSilent, true},
		{errClosed, true},
	}
	for i, tt := range tests {
		if got := c.down(tt.err, time.Hour); got != tt.news {
			t.Errorf("%d: news %t, want %t", i, got, tt.news)
		}
		if state := c.State(); !errors.Is(state.Err, tt.err) && state.Err.Error() != tt.err.Error() || time.Until(state.Retry) > time.Hour {
			t.Errorf("%d: %+v", i, state)
		}
	}
}

func TestStateTransitions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := idle()
		began := time.Now()
		l, s, _ := serving(t, c.router)
		same := cmp.Comparer(func(a, b JID) bool { return a.Equal(b) })
		check := func(want State) {
			t.Helper()
			if diff := cmp.Diff(want, c.State(), same); diff != "" {
				t.Error(diff)
			}
		}
		check(State{Since: began, Pace: stockPace})
		time.Sleep(time.Second)
		c.up(l, s.wire)
		check(State{Up: true, JID: jid.MustParse(house), Since: began.Add(time.Second), Pace: stockPace})
		if got, err := c.current(); got != l || err != nil {
			t.Errorf("current link: %v, %v", got, err)
		}
		time.Sleep(time.Second)
		c.away()
		check(State{JID: jid.MustParse(house), Since: began.Add(2 * time.Second), Pace: stockPace})
		if _, err := c.current(); !errors.Is(err, ErrAway) {
			t.Errorf("current link: %v", err)
		}
	})
}

func TestAway(t *testing.T) {
	t.Parallel()
	c, ctx, to := idle(), context.Background(), jid.MustParse(peer)
	thing := NewElement("urn:x", "thing")
	calls := map[string]func() error{
		"query":   func() error { _, err := c.Query(ctx, "get", to, thing); return err },
		"post":    func() error { _, err := c.Post(ctx, to, thing, true); return err },
		"execute": func() error { _, err := c.Execute(ctx, to, "node", &Form{Type: "submit"}); return err },
		"items":   func() error { _, err := c.ListItems(ctx, to, "node"); return err },
		"features": func() error {
			_, err := c.Features(ctx, to)
			return err
		},
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, ErrAway) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(c.router.receipts.open) != 0 {
		t.Error("a receipt is waited for")
	}
}

// What the three questions to a peer make of its answers.
func TestQuestions(t *testing.T) {
	t.Parallel()
	to := jid.MustParse(peer)
	execute := func(c *Client) (any, error) {
		return c.Execute(context.Background(), to, "greet", &Form{Type: "submit"})
	}
	items := func(c *Client) (any, error) { return c.ListItems(context.Background(), to, "node") }
	features := func(c *Client) (any, error) { return c.Features(context.Background(), to) }
	const unfinished = "run command greet: it ends as "
	tests := []struct {
		name   string
		ask    func(c *Client) (any, error)
		answer string
		want   string // %v of what came back
		err    string
	}{
		{"completed", execute, `<command xmlns="` + nsCommands + `" status="completed"/>`, `<command xmlns="` + nsCommands + `" status="completed"/>`, ""},
		{"executing", execute, `<command xmlns="` + nsCommands + `" status="executing"/>`, "", unfinished + `"executing", not completed`},
		{
			"canceled, with a word", execute, `<command xmlns="` + nsCommands + `" status="canceled"><note type="error">too late</note></command>`,
			"", unfinished + `"canceled", not completed: too late`,
		},
		{"nothing", execute, "", "", unfinished + `"", not completed`},
		{"items", items, `<query xmlns="` + nsDiscoItems + `"><item jid="a@b" node="n" name="N"/><item jid="a@b"/></query>`, "[{n N} { }]", ""},
		{"no items", items, `<query xmlns="` + nsDiscoItems + `"/>`, "[]", ""},
		{"empty answer about items", items, "", "[]", ""},
		{"features", features, `<query xmlns="` + nsDiscoInfo + `"><identity name="x"/><feature var="a"/><feature var="b"/></query>`, "[a b]", ""},
		{"empty answer about features", features, "", "[]", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s := joined(t)
				go func() {
					s.say(`<iq type="result" from="%s" id="%s">%s</iq>`, peer, (<-s.sent).Attr("id"), tt.answer)
				}()
				got, err := tt.ask(c)
				if text(err) != tt.err || err == nil && fmt.Sprint(got) != tt.want {
					t.Errorf("got %v, %q; want %s, %q", got, text(err), tt.want, tt.err)
				}
			})
		})
	}
}
