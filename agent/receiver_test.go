package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/federation/consent"
	"releve/federation/xmpp"
	"releve/senml"
)

// What another agent hands us is stored once, under the name of the source, however often it comes; what can never be
// kept is refused, so that the sender lets go of it.
func TestReceiver(t *testing.T) {
	t.Parallel()
	with := joined()
	h := newHouse(t, func(c *config.Config) {
		with(c)
		c.Sources = []config.Source{{Name: "quartier", Kind: config.KindReleve, Origin: config.FromReleve{Sender: jid.MustParse("voisine@breizh-sen2.example")}}}
	})
	defer h.stop(t)
	if h.receiver == nil || len(h.sources) != 1 {
		t.Fatal("nobody receives")
	}
	s := h.sources[0]
	if got := s.finding(); got.State != status.Waiting {
		t.Errorf("at first: %+v", got)
	}
	now := float64(h.now().Truncate(time.Second).Unix())
	pack := senml.Pack{
		{Name: "urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1", Unit: "V", Value: senml.NumberValue(230), Time: now - 2},
		{Name: "urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1", Unit: "V", Value: senml.NumberValue(231), Time: now - 1},
	}
	for range 2 {
		if err := h.receiver.Take(t.Context(), h.receiver.From[0], pack); err != nil {
			t.Fatal(err)
		}
	}
	var values []string
	for _, series := range h.buffer.Series() {
		if !strings.HasPrefix(series.Name, "quartier.") || !strings.HasSuffix(series.Name, "/voltage/1") {
			continue
		}
		records, _, err := h.buffer.History(t.Context(), series.Name, h.now().Add(-time.Hour), h.now().Add(time.Hour), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			values = append(values, fmt.Sprint(r.Value))
		}
	}
	if diff := cmp.Diff([]string{"230", "231"}, values); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if got := s.finding(); got.State != status.OK || !strings.HasPrefix(got.Text.EN, "Last reading of ") {
		t.Errorf("after a pack: %+v", got)
	}
	never := senml.Pack{{Name: "urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1", Unit: "V", Value: senml.NumberValue(1), Time: now + 1e9}}
	if err := h.receiver.Take(t.Context(), h.receiver.From[0], never); !errors.Is(err, federation.ErrRefused) {
		t.Errorf("a pack of the future: %v", err)
	}
	if got := s.finding(); got.State != status.Warning || got.Text.EN != "1 readings of this source could not be kept." {
		t.Errorf("after a refusal: %+v", got)
	}
}

// What waits for who was granted the identity goes under it after a restart too, before its sender sends again.
func TestReceiverRemembersIdentities(t *testing.T) {
	t.Parallel()
	state, with := t.TempDir(), joined(toServer)
	start := func() house {
		return newHouse(t, func(c *config.Config) {
			with(c)
			c.Agent.State = state
			c.Sources = []config.Source{{Name: "quartier", Kind: config.KindReleve, Origin: config.FromReleve{Sender: jid.MustParse("voisine@breizh-sen2.example")}}}
			c.Grants = []consent.Grant{{To: toServer.Way.(config.ToReleve).To.Bare().String(), Series: []string{"*"}, Sources: []string{"quartier"}, Resolution: consent.Live, Purpose: "test", Identity: true}}
		})
	}
	const name = "urn:dev:prm:" + pointA + "_voltage/1"
	before := start()
	pack := senml.Pack{{Name: name, Unit: "V", Value: senml.NumberValue(230), Time: float64(before.now().Unix() - 1)}}
	if err := before.receiver.Take(t.Context(), before.receiver.From[0], pack); err != nil {
		t.Fatal(err)
	}
	kept := before.intake.local(giver{source: "quartier"}, name)
	passes := func(h house) {
		t.Helper()
		passed := h.recipients[0].delivery.Gate.Pass(senml.Pack{{Name: kept, Unit: "V", Value: senml.NumberValue(230)}})
		if len(passed) != 1 || passed[0].Name != name {
			t.Errorf("%v passes, want the name that was granted", passed)
		}
	}
	passes(before)
	before.stop(t)
	after := start()
	defer after.stop(t)
	passes(after)
}

// Of a source of many senders each has devices of its own, whatever it names them, and no sender speaks for a delivery
// point that another spoke for first, also after a restart. A domain that is named is its people, not its server.
func TestReceiverKeepsSendersApart(t *testing.T) {
	t.Parallel()
	state, with := t.TempDir(), joined()
	start := func() house {
		return newHouse(t, func(c *config.Config) {
			with(c)
			c.Agent.State = state
			c.Sources = []config.Source{{Name: "maisons", Kind: config.KindReleve, Origin: config.FromReleve{Senders: []jid.JID{jid.MustParse("sen2.example"), jid.MustParse("c@sen3.example")}}}}
		})
	}
	a, b, c := jid.MustParse("a@sen2.example"), jid.MustParse("b@sen2.example"), jid.MustParse("c@sen3.example")
	pack := func(device string, h house) senml.Pack {
		return senml.Pack{{Name: device + "_voltage/1", Unit: "V", Value: senml.NumberValue(230), Time: float64(h.now().Unix() - 1)}}
	}
	const device, point = "urn:dev:org:60060-1f2e3d4c5b6a7988", "urn:dev:prm:" + pointA
	before := start()
	for _, sender := range []jid.JID{a, b, c} {
		if err := before.receiver.Take(t.Context(), sender, pack(device, before)); err != nil {
			t.Errorf("%s: %v", sender, err)
		}
	}
	if err := before.receiver.Take(t.Context(), a, pack(point, before)); err != nil {
		t.Error(err)
	}
	meters := map[string]bool{}
	for _, s := range before.buffer.Series() {
		meter, _, _ := strings.Cut(s.Name, "/")
		meters[meter] = strings.HasPrefix(meter, "maisons.")
	}
	want := map[string]bool{}
	for _, one := range []giver{{"maisons", a.String()}, {"maisons", b.String()}, {"maisons", c.String()}} {
		want[before.intake.meter(one, device+"_x")] = true
	}
	want[before.intake.meter(giver{"maisons", a.String()}, point+"_x")] = true
	if diff := cmp.Diff(want, meters); diff != "" || len(want) != 4 {
		t.Errorf("meters (-want +got):\n%s", diff)
	}
	before.stop(t)
	after := start()
	defer after.stop(t)
	if err := after.receiver.Take(t.Context(), a, pack(point, after)); err != nil {
		t.Errorf("who spoke for it first: %v", err)
	}
	err := after.receiver.Take(t.Context(), b, pack(point, after))
	if !errors.Is(err, federation.ErrRefused) || !strings.Contains(err.Error(), "another sender of this source spoke for its delivery point first") || strings.Contains(err.Error(), pointA) {
		t.Errorf("another: %v", err)
	}
	for sender, want := range map[string]bool{"a@sen2.example": true, "sen2.example": false, "a@sen3.example": false, "c@sen3.example": true, "a@x.sen2.example": false} {
		if got := xmpp.Among(after.receiver.From, jid.MustParse(sender)); got != want {
			t.Errorf("%s may send: %t", sender, got)
		}
	}
}
