package quoalise

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/federation/xmpp"
)

func TestProviderOffers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if !slices.Equal(h.session.announce, []string{NS}) {
		t.Errorf("announced %q", h.session.announce)
	}
	for node, name := range map[string]string{"get_history": "Get history", "subscribe": "Subscribe", "unsubscribe": "Unsubscribe"} {
		if h.session.commands[node].Name != name {
			t.Errorf("%s is called %q", node, h.session.commands[node].Name)
		}
	}
	if len(h.session.commands) != 3 || len(h.session.lists) != 1 {
		t.Errorf("%d commands, %d lists", len(h.session.commands), len(h.session.lists))
	}
}

// A person who sends no form is shown one; that needs no consent, and tells of none.
func TestFormIsAsked(t *testing.T) {
	t.Parallel()
	const (
		identifier = `<field var="identifier" type="text-single" label="Identifier"><required/></field>`
		x          = `<x xmlns="jabber:x:data" type="form"><title>`
	)
	tests := []struct{ node, want string }{
		{
			"get_history", x + `Get history</title><instructions>At most 1000 records an answer. Without times: the last 15 minutes. ` +
				`Resolution: raw, PT10S, PT10M, PT30M, PT1H, P1D, P1M, P1Y, or auto for the finest that one answer can hold.</instructions>` + identifier +
				`<field var="start_time" type="text-single" label="Start time (ISO 8601 with offset)"/>` +
				`<field var="end_time" type="text-single" label="End time, excluded (ISO 8601 with offset)"/>` +
				`<field var="resolution" type="text-single" label="Resolution"><value>auto</value></field></x>`,
		},
		{
			"subscribe", x + `Subscribe</title><instructions>An identifier without its part after the underscore means all series of the device. ` +
				`The other fields ask for less than every reading; get_history has the rest.</instructions>` + identifier +
				`<field var="dead_band" type="text-single" label="Least change that is sent, in the unit of the series"/>` +
				`<field var="min_interval" type="text-single" label="Shortest time between two readings (ISO 8601, such as PT30S)"/>` +
				`<field var="max_interval" type="text-single" label="Longest time without a reading (ISO 8601, such as PT1H)"/></x>`,
		},
		{
			"unsubscribe", x + `Unsubscribe</title><instructions>All subscriptions that begin with the identifier end.</instructions>` + identifier + `</x>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.node, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			outcome, err := h.session.run(jid.MustParse("stranger@evil.example/x"), tt.node, nil)
			if err != nil || outcome.Done || len(outcome.Payload) != 0 {
				t.Fatalf("got %+v, %v", outcome, err)
			}
			if diff := cmp.Diff(tt.want, outcome.Form.Element().String()); diff != "" {
				t.Errorf("form (-want +got):\n%s", diff)
			}
		})
	}
}

func TestItemsListGrantedSeriesOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	want := []xmpp.Item{{Node: current, Name: "Current, phase 1"}, {Node: voltage, Name: "voltage/1"}}
	if diff := cmp.Diff(want, h.session.lists[NodeSeries](conseil)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	for _, stranger := range []string{"stranger@breizh-sen2.example/desk", "breizh-sen2.example", "conseil@evil.example/desk"} {
		if items := h.session.lists[NodeSeries](jid.MustParse(stranger)); len(items) != 0 {
			t.Errorf("%s sees %v", stranger, items)
		}
	}
}

// The commands are listed to those who have a consent; a stranger who knows their names is told what is missing.
func TestCommandsListedToTheGrantedOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stranger := jid.MustParse("stranger@breizh-sen2.example/desk")
	for _, node := range []string{"get_history", "subscribe", "unsubscribe"} {
		if sees := h.session.commands[node].For; !sees(conseil) || sees(stranger) {
			t.Errorf("%s: conseil sees it %t, a stranger %t", node, sees(conseil), sees(stranger))
		}
	}
}

// step is one command of conseil, and what it is subscribed to afterwards.
type step struct {
	node, id string
	err      string
	want     string // identifiers, with a space between
}

func TestSubscribeAndUnsubscribe(t *testing.T) {
	t.Parallel()
	const (
		none  = "not-authorized: no consent covers this series, or it does not exist"
		begin = "bad-request: identifier must begin with urn:dev:, for example urn:dev:prm:01234567890123_consumption/power/apparent/raw"
	)
	tests := []struct {
		name  string
		steps []step
	}{
		{"a series", []step{{"subscribe", current, "", current}}},
		{"twice is success", []step{{"subscribe", current, "", current}, {"subscribe", current, "", current}}},
		{"a whole device", []step{{"subscribe", device, "", device}}},
		{"both", []step{{"subscribe", current, "", current}, {"subscribe", device, "", device + " " + current}}},
		{"one of a device cannot be taken out", []step{{"subscribe", device, "", device}, {"unsubscribe", current, "bad-request: you subscribed to the whole device; unsubscribe from the device", device}}},
		{"not granted", []step{{"subscribe", device + "_tariff/label", none, ""}}},
		{"does not exist", []step{{"subscribe", device + "_nothing", none, ""}}},
		{"a part of a device's name", []step{{"subscribe", device[:len(device)-1], none, ""}}},
		{"not an identifier", []step{{"subscribe", "*", begin, ""}}},
		{"a roll-up", []step{{"subscribe", current + "/mean/P1D", "bad-request: roll-ups are not sent; ask for them with get_history", ""}}},
		{"none", []step{{"subscribe", "", begin, ""}, {"unsubscribe", "", begin, ""}}},
		{"nothing to remove is success", []step{{"unsubscribe", current, "", ""}}},
		{"a series removed", []step{{"subscribe", current, "", current}, {"subscribe", voltage, "", current + " " + voltage}, {"unsubscribe", current, "", voltage}}},
		{"all of a device removed", []step{{"subscribe", current, "", current}, {"subscribe", voltage, "", current + " " + voltage}, {"unsubscribe", device, "", ""}}},
		{"removed by a beginning", []step{{"subscribe", current, "", current}, {"subscribe", voltage, "", current + " " + voltage}, {"unsubscribe", device + "_curr", "", voltage}}},
		{"another device stays", []step{{"subscribe", current, "", current}, {"unsubscribe", "urn:dev:prm:99999999999999", "", current}}},
		{"too long", []step{{"unsubscribe", "urn:dev:" + strings.Repeat("'", 250_000), "bad-request: identifier has more than 256 bytes", ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			for _, s := range tt.steps {
				outcome, err := h.session.run(conseil, s.node, submit("identifier", s.id))
				if text(err) != s.err {
					t.Errorf("%s %s: got %v, want %s", s.node, s.id, err, s.err)
				}
				if err == nil && (!outcome.Done || outcome.Form.Type != "result" || len(outcome.Payload) != 0) {
					t.Errorf("%s %s: answered %+v", s.node, s.id, outcome)
				}
				if got := identifiers(h, conseil); got != s.want {
					t.Errorf("after %s %s: subscribed to %q, want %q", s.node, s.id, got, s.want)
				}
			}
		})
	}
}

func identifiers(h house, of xmpp.JID) string {
	for _, one := range h.Subscriptions.All() {
		if one.JID == of.Bare().String() {
			return strings.Join(one.Identifiers, " ")
		}
	}
	return ""
}

// The form of the answer is what a person reads.
func TestSubscribeSaysSuccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for node, label := range map[string]string{"subscribe": "Subscribe to ", "unsubscribe": "Unsubscribe from "} {
		outcome, err := h.session.run(conseil, node, submit("identifier", current))
		if err != nil {
			t.Fatal(err)
		}
		if f := outcome.Form.Fields[0]; f.Label != label+current || f.Values[0] != "Success" {
			t.Errorf("%s: %+v", node, f)
		}
	}
}

func TestSubscribeNeedsConsent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stranger := jid.MustParse("stranger@evil.example/x")
	_, err := h.session.run(stranger, "subscribe", submit("identifier", current))
	if want := "not-authorized: no consent in force names stranger@evil.example"; text(err) != want {
		t.Errorf("got %v", err)
	}
	if _, err := h.session.run(conseil, "subscribe", submit("identifier", current)); err != nil {
		t.Error(err)
	}
	// One's subscriptions are one's own.
	if _, err := h.session.run(stranger, "unsubscribe", submit("identifier", current)); err != nil {
		t.Errorf("wanting nothing more needs no consent: %v", err)
	}
	if got := identifiers(h, conseil); got != current {
		t.Errorf("a stranger ended it: %q", got)
	}
	// All clients of an address share its subscriptions.
	if _, err := h.session.run(jid.MustParse("conseil@breizh-sen2.example/phone"), "unsubscribe", submit("identifier", current)); err != nil {
		t.Error(err)
	}
	if got := identifiers(h, conseil); got != "" {
		t.Errorf("another client did not end it: %q", got)
	}
}

// What a client says of itself decides whether it must acknowledge. Silence is no answer.
func TestReceiptsFollowFeatures(t *testing.T) {
	t.Parallel()
	type features = func(context.Context, xmpp.JID) ([]string, error)
	var (
		without  = func(context.Context, xmpp.JID) ([]string, error) { return []string{NS}, nil }
		refusing = func(context.Context, xmpp.JID) ([]string, error) {
			return nil, &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}
		}
		silent = func(ctx context.Context, _ xmpp.JID) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() }
		away   = func(context.Context, xmpp.JID) ([]string, error) { return nil, xmpp.ErrAway }
	)
	tests := []struct {
		name string
		asks []features
		want bool
	}{
		{"announced", []features{withReceipts}, true},
		{"not announced", []features{without}, false},
		{"a client that knows no disco", []features{refusing}, false},
		{"a client that says nothing", []features{silent}, false},
		{"silent, but known", []features{withReceipts, silent}, true},
		{"away, but known", []features{withReceipts, away}, true},
		{"silent, and known not to", []features{without, silent}, false},
		{"changed", []features{withReceipts, without}, false},
		{"changed for another that refuses", []features{withReceipts, refusing}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				for _, f := range tt.asks {
					h.session.features = func(ctx context.Context, of xmpp.JID) ([]string, error) {
						if !of.Equal(conseil) {
							t.Errorf("asked %s, not the client that subscribes", of)
						}
						return f(ctx, of)
					}
					if _, err := h.session.run(conseil, "subscribe", submit("identifier", current)); err != nil {
						t.Fatal(err)
					}
				}
				if got := h.Subscriptions.All()[0].Receipts; got != tt.want {
					t.Errorf("receipts %t, want %t", got, tt.want)
				}
			})
		})
	}
}

// The wait for features is bounded: the caller's own patience is 120 s.
func TestFeaturesAreNotWaitedForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.session.features = func(ctx context.Context, _ xmpp.JID) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() }
		before := time.Now()
		if _, err := h.session.run(conseil, "subscribe", submit("identifier", current)); err != nil {
			t.Error(err)
		}
		if took := time.Since(before); took > time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

// A subscription that cannot be kept is not confirmed.
func TestSubscribeWithoutDisk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Subscriptions.file = t.TempDir() + "/gone/subscriptions.json"
	_, err := h.session.run(conseil, "subscribe", submit("identifier", current))
	var told *xmpp.StanzaError
	if !strings.HasPrefix(text(err), "write subscriptions: ") || errors.As(err, &told) {
		t.Errorf("got %v", err)
	}
	if all := h.Subscriptions.All(); len(all) != 0 {
		t.Errorf("kept %v", all)
	}
}
