package quoalise

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

func subscriber(p *poster, receipts bool) *Subscriber {
	return &Subscriber{Session: p, JID: conseil.Bare(), Receipts: receipts, Describe: describe}
}

// series returns n records of one series, a second apart.
func series(name string, n int) senml.Pack {
	var p senml.Pack
	for i := range n {
		p = append(p, record(name, float64(i), 1_700_000_000+float64(i)))
	}
	return p
}

// sizes tells what each message carries: series and number of records.
func sizes(t *testing.T, p *poster) []string {
	t.Helper()
	var all []string
	for _, m := range p.posted {
		records, err := ParseData(wire(t, m.payload), now)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Name != records[0].Name {
				t.Errorf("two series in one message: %s, %s", r.Name, records[0].Name)
			}
		}
		_, path := splitIdentifier(records[0].Name)
		all = append(all, fmt.Sprint(path, " ", len(records)))
	}
	return all
}

func TestSendSplitsBySeries(t *testing.T) {
	t.Parallel()
	mixed := senml.Pack{}
	for i := range 3 { // as they come from a meter: by instant
		mixed = append(mixed, record(voltage, float64(i), 1_700_000_000+float64(i)), record(current, float64(i), 1_700_000_000+float64(i)))
	}
	long := series(current, 1000)
	for i := range long {
		long[i].Value = senml.TextValue(strings.Repeat("x", 100))
	}
	tests := []struct {
		name string
		pack senml.Pack
		want []string
	}{
		{"nothing", nil, nil},
		{"one series", series(current, 3), []string{"current/1 3"}},
		{"two series, in the order they appear", mixed, []string{"voltage/1 3", "current/1 3"}},
		{"a message full", series(current, 1000), []string{"current/1 1000"}},
		{"one more", series(current, 1001), []string{"current/1 1000", "current/1 1"}},
		{"long texts, which need more messages", long, []string{"current/1 250", "current/1 250", "current/1 250", "current/1 250"}},
		{"a long series before another", append(series(current, 2500), series(voltage, 1)...), []string{"current/1 1000", "current/1 1000", "current/1 500", "voltage/1 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &poster{}
			if err := subscriber(p, true).Send(t.Context(), tt.pack); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, sizes(t, p)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			for _, m := range p.posted {
				if !m.to.Equal(conseil.Bare()) || !m.receipt {
					t.Errorf("to %s, receipt %t", m.to, m.receipt)
				}
			}
		})
	}
}

// Within a series records keep their order over all messages, and nothing is lost or told twice.
func TestSendKeepsOrder(t *testing.T) {
	t.Parallel()
	p := &poster{}
	in := series(current, 2345)
	if err := subscriber(p, true).Send(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	var out senml.Pack
	for _, m := range p.posted {
		records, err := ParseData(wire(t, m.payload), now)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, records...)
	}
	if diff := cmp.Diff(fmt.Sprint(in), fmt.Sprint(out)); diff != "" {
		t.Errorf("records (-in +out):\n%s", diff)
	}
}

func TestSendWaitsForFates(t *testing.T) {
	t.Parallel()
	forbidden := &xmpp.StanzaError{Type: "auth", Condition: "forbidden"}
	full := &xmpp.StanzaError{Type: "wait", Condition: "resource-constraint"}
	timeout := &xmpp.StanzaError{Type: "cancel", Condition: "remote-server-timeout"}
	const who = "conseil@breizh-sen2.example"
	tests := []struct {
		name     string
		receipts bool
		fates    []error // of the messages; the rest is acknowledged
		err      string
		refused  bool
		took     time.Duration
	}{
		{"all acknowledged", true, nil, "", false, 0},
		{"one silent", true, []error{nil, errStays}, "no acknowledgement from " + who + " within 1m0s", false, time.Minute},
		{"all silent, from a client that never acknowledges", false, []error{errStays, errStays, errStays}, "", false, 3 * time.Second},
		{"acknowledged all the same", false, nil, "", false, 0},
		{"bounced for now", true, []error{full}, "message to " + who + " came back: resource-constraint", false, 0},
		{"their server away", true, []error{timeout}, "message to " + who + " came back: remote-server-timeout", false, 0},
		{"bounced for good", true, []error{forbidden}, "refused for good by " + who + ": forbidden", true, 0},
		{"bounced for good, without receipts", false, []error{forbidden, errStays, errStays}, "refused for good by " + who + ": forbidden", true, 3 * time.Second},
		{"one bounced for good, one for now: again", true, []error{forbidden, full}, "message to " + who + " came back: resource-constraint", false, 0},
		{"one bounced for now, one for good: again", true, []error{full, forbidden}, "message to " + who + " came back: resource-constraint", false, 0},
		{"one bounced for good, one silent: again", true, []error{forbidden, errStays}, "no acknowledgement from " + who + " within 1m0s", false, time.Minute},
		{"a bounce behind silence", false, []error{errStays, errStays, full}, "message to " + who + " came back: resource-constraint", false, 3 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &poster{fate: func(n int) error {
					if n <= len(tt.fates) {
						return tt.fates[n-1]
					}
					return nil
				}}
				before := time.Now()
				err := subscriber(p, tt.receipts).Send(t.Context(), append(series(current, 2500), record(voltage, 1, 1_700_000_000)))
				if text(err) != tt.err || errors.Is(err, federation.ErrRefused) != tt.refused {
					t.Errorf("got  %v\nwant %s", err, tt.err)
				}
				if took := time.Since(before); took != tt.took {
					t.Errorf("it took %s, want %s", took, tt.took)
				}
				if len(p.posted) != 4 || p.posted[0].receipt != tt.receipts {
					t.Errorf("%d messages, receipts asked %t", len(p.posted), p.posted[0].receipt)
				}
			})
		})
	}
}

// A bounce that came while another message kept silent is never missed, whichever the runtime looks at first.
func TestSendNeverMissesABounce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 64 {
			p := &poster{fate: func(n int) error {
				if n == 2 {
					return &xmpp.StanzaError{Type: "wait", Condition: "resource-constraint"}
				}
				return errStays
			}}
			err := subscriber(p, false).Send(t.Context(), append(series(current, 1), series(voltage, 1)...))
			if err == nil {
				t.Fatal("a message that came back counted as delivered")
			}
		}
	})
}

func TestSendEndsWithContext(t *testing.T) {
	t.Parallel()
	for _, receipts := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			p := &poster{fate: func(int) error { return errStays }}
			err := subscriber(p, receipts).Send(ctx, series(current, 1))
			if want := "wait for conseil@breizh-sen2.example: context deadline exceeded"; text(err) != want {
				t.Errorf("receipts %t: got %v", receipts, err)
			}
		})
	}
}

func TestSendThatCannotPost(t *testing.T) {
	t.Parallel()
	huge := senml.Record{Name: voltage, Value: senml.TextValue(strings.Repeat("x", xmpp.MaxStanza)), Time: 1_700_000_001}
	strange := senml.Record{Name: voltage, Value: senml.TextValue("\x01"), Time: 1_700_000_001}
	one := series(current, 2)
	tests := []struct {
		name    string
		pack    senml.Pack
		refuse  error // of the second message
		err     string
		refused bool
		posted  []string
	}{
		{"no session", append(series(current, 2), series(voltage, 1)...), xmpp.ErrAway, "there is no session with the XMPP server now", false, []string{"current/1 2"}},
		{"a record no stanza holds, and others", senml.Pack{one[0], huge, one[1]}, nil, "refused for good: the stanza is larger than 60000 bytes", true, []string{"current/1 2"}},
		{
			"a record XML cannot carry, and others", senml.Pack{strange, one[0], one[1]}, nil,
			"refused for good: write data of a series: record 1: vs holds U+0001, which XML cannot carry; use JSON or CBOR", true, []string{"current/1 2"},
		},
		{
			"a record no stanza holds among its like", senml.Pack{record(voltage, 1, 1_700_000_000), huge, record(voltage, 3, 1_700_000_002), one[0]}, nil,
			"refused for good: the stanza is larger than 60000 bytes", true, []string{"voltage/1 1", "voltage/1 1", "current/1 1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &poster{}
			p.refuse = func(*xmpp.Element) error {
				if len(p.posted) == 1 {
					return tt.refuse
				}
				return nil
			}
			err := subscriber(p, true).Send(t.Context(), tt.pack)
			if text(err) != tt.err || errors.Is(err, federation.ErrRefused) != tt.refused {
				t.Errorf("got  %v\nwant %s", err, tt.err)
			}
			if diff := cmp.Diff(tt.posted, sizes(t, p)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever way a Send ends, no receipt stays waited for: a subscriber that is away for months is tried without end.
func TestSendForgetsReceipts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fate   error
		refuse error // of the third message
	}{
		{"acknowledged", nil, nil},
		{"silence", errStays, nil},
		{"a bounce", &xmpp.StanzaError{Condition: "resource-constraint"}, nil},
		{"the session ends in the middle", errStays, xmpp.ErrAway},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				waits := &poster{fate: func(int) error { return tt.fate }}
				waits.refuse = func(*xmpp.Element) error {
					if len(waits.posted) == 2 {
						return tt.refuse
					}
					return nil
				}
				s := subscriber(nil, true)
				s.Session = waits
				_ = s.Send(t.Context(), series(current, 2500)) // its error is another test's
				if n := waits.stillOpen(); n != 0 {
					t.Errorf("%d receipts stay", n)
				}
			})
		})
	}
}

// What may not go any more before a message is not posted, and nobody waits for what was.
func TestSendWhileGranted(t *testing.T) {
	t.Parallel()
	p, asked := &poster{fate: func(int) error { return errStays }}, 0
	err := subscriber(p, true).SendWhile(t.Context(), series(current, 2500), func() error {
		if asked++; asked > 2 {
			return federation.ErrWithdrawn
		}
		return nil
	})
	if diff := cmp.Diff([]string{"current/1 1000", "current/1 1000"}, sizes(t, p)); diff != "" || !errors.Is(err, federation.ErrWithdrawn) || p.stillOpen() != 0 {
		t.Errorf("%v, %d receipts stay; messages (-want +got):\n%s", err, p.stillOpen(), diff)
	}
}

func TestSubscriberName(t *testing.T) {
	t.Parallel()
	if got := subscriber(nil, true).String(); got != "conseil@breizh-sen2.example" {
		t.Errorf("got %q", got)
	}
}

// A link that died without a word takes everything and bounces nothing: without receipts, what went into it counts
// only once our own server has answered over the same link.
func TestSubscriberWithoutReceiptsAsksOwnServer(t *testing.T) {
	t.Parallel()
	lost := errors.New("the link was lost")
	for _, tt := range []struct {
		name     string
		receipts bool
		confirm  error
		err      string
	}{
		{"the server answers", false, nil, ""},
		{"the link is dead", false, lost, "wait for our server to take messages to conseil@breizh-sen2.example: the link was lost"},
		{"receipts say more", true, lost, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &poster{confirm: func(context.Context) error { return tt.confirm }}
				if !tt.receipts {
					p.fate = func(int) error { return errStays }
				}
				s := subscriber(nil, tt.receipts)
				s.Session = p
				if err := s.Send(t.Context(), series(current, 3)); text(err) != tt.err {
					t.Errorf("got %v, want %q", err, tt.err)
				}
			})
		})
	}
}
