package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/command"
	"releve/federation/consent"
	"releve/federation/xmpp"
)

func callerOf(t *testing.T, address string) command.Caller {
	t.Helper()
	jid, err := xmpp.ParseJID(address)
	if err != nil {
		t.Fatal(err)
	}
	return command.Caller{JID: jid, Lang: "en"}
}

// filledIn is what an agency fills in, changed.
func filledIn(changed map[string][]string) command.Answers {
	a := command.Answers{
		"name": {"Agence"}, "contact": {"dpo@example.org"}, "role": {"independent"}, "series": {"derived/*"}, "resolution": {"PT30M"},
		"purpose": {"Conseil"}, "purpose_en": {"Advice"}, "until": {time.Now().AddDate(1, 0, 0).Format(time.DateOnly)}, "retention": {"P1Y"},
	}
	for name, values := range changed {
		a[name] = values
	}
	return a
}

func TestRequestedTerms(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for name, test := range map[string]struct {
		changed map[string][]string
		want    string
	}{
		"over":         {map[string][]string{"until": {"2020-01-01"}}, "until: has to be ahead, and within 3 years."},
		"far ahead":    {map[string][]string{"until": {time.Now().AddDate(4, 0, 0).Format(time.DateOnly)}}, "until: has to be ahead, and within 3 years."},
		"no such day":  {map[string][]string{"until": {"2027-02-31"}}, "until: is not a day."},
		"long for all": {map[string][]string{"series": {strings.Repeat("a", 8<<10)}}, "the grant to agence@sen2.example is too long to be written into the ledger; shorten its purpose, or give some of its series or sources in another grant."},
	} {
		_, err := h.requested(t.Context(), callerOf(t, "agence@sen2.example/x"), filledIn(test.changed))
		var invalid command.Invalid
		if !errors.As(err, &invalid) || invalid.Error() != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if got := h.notary.consents.AskedBy("agence@sen2.example"); len(got) > 0 {
		t.Errorf("what was wrong was taken: %+v", got)
	}
}

// What a stranger writes cannot steer a terminal, nor be shown otherwise than it is.
func TestRequestTexts(t *testing.T) {
	t.Parallel()
	for value, good := range map[string]bool{
		"Conseil en énergie : l’hiver, 20 %": true, "été\u00a0: 3 €": true,
		"a\x1b[2J": false, "a\u009b2J": false, "a\u202eb": false, "a\u200bb": false, "a\nb": false, "\xff": false, "a\u2028b": false,
	} {
		if got := plain(value) == nil; got != good {
			t.Errorf("%q is taken: %t", value, got)
		}
	}
	for value, good := range map[string]bool{"derived/*": true, "*": true, "power apparent": false, "../é": false, "": false} {
		if got := path(value) == nil; got != good {
			t.Errorf("series %q is taken: %t", value, got)
		}
	}
}

// A request waits, is told to the owner, answered in coarser terms, and that told to the asker, also after an outage and once.
func TestRequestIsToldAndAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		c.Federation.Roles.Owners = []string{"@sen3.example", "chef@sen1.example"}
		c.Grants = nil
	})
	far := &farEnd{}
	h.herald.session = far
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.herald.Run(ctx) }()
	asker := callerOf(t, "agence@sen2.example/x")
	turn, err := h.requested(ctx, asker, filledIn(nil))
	if err != nil {
		t.Fatal(err)
	}
	asked := h.notary.consents.AskedBy("agence@sen2.example")[0]
	if got := turn.(*command.Result).Fields; got[0].Values[0] != asked.ID || got[1].Values[0] != "pending" {
		t.Errorf("the asker is told %+v", got)
	}
	if h.book.Knows("agence@sen2.example") {
		t.Error("what nobody has answered is in force")
	}
	far.set(true)
	rouse(h.notary.news) // as a login does
	until(t, "word to the owner", func() bool { return len(far.all()) == 1 })
	coarser := asked.Grant
	coarser.Resolution = consent.Day
	given, err := h.notary.AcceptAs(asked.ID, coarser, "page")
	if err != nil {
		t.Fatal(err)
	}
	until(t, "word to the asker", func() bool { return len(far.all()) == 2 })
	rouse(h.notary.news)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	last := asked.Grant.Until.In(h.cfg.Agent.Location).Add(-time.Second).Format(time.DateOnly)
	heard := far.all()
	want := []string{
		"agence@sen2.example (Agence) asks for a consent: Advice; PT30M at the finest, until " + last,
		"consent " + given.ID + " is in force, P1D at the finest, until " + last,
	}
	for i, to := range []string{"chef@sen1.example ", "agence@sen2.example "} {
		if len(heard) != 2 || !strings.HasPrefix(heard[i], to) || !strings.Contains(heard[i], want[i]) {
			t.Errorf("heard %q, want %q to %s", heard, want[i], to)
		}
	}
	shown := h.askedField(asker)
	if diff := cmp.Diff([]string{given.ID + " · in force · P1D"}, shown[0].Values); diff != "" {
		t.Error(diff)
	}
	if got := h.askedField(callerOf(t, "other@sen2.example/x")); got != nil {
		t.Errorf("another one is shown %+v", got)
	}
}

// Who floods is turned away, and counted.
func TestRequestsCrowd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for i := range 8 {
		turn, err := h.requested(t.Context(), callerOf(t, fmt.Sprintf("who%d@sen2.example/x", i)), filledIn(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := turn.(*command.Result).Notes[0].Severity; (got == command.Error) != (i >= 5) {
			t.Errorf("request %d: %s", i, got)
		}
	}
	if got := h.notary.turnedAway(); got != 3 {
		t.Errorf("%d are counted, want 3", got)
	}
}
