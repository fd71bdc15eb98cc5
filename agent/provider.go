package main

import (
	"context"
	"slices"
	"strings"

	"releve/federation/quoalise"
	"releve/federation/xmpp"
)

// join prepares the part that takes place in the federation, if the household takes part.
func (a *agent) join(context.Context) error {
	if a.cfg.Federation == nil {
		return nil
	}
	subscriptions, err := quoalise.OpenSubscriptions(a.state("subscriptions.json"))
	if subscriptions == nil {
		return err
	}
	if err != nil {
		a.log.Warn("subscriptions lost", "error", err)
	}
	if err := secrets(*a.cfg.Federation); err != nil { // they may come later, and are read again at each login
		a.log.Warn("the federation has to wait", "error", err)
	}
	session := sessionConfig(*a.cfg.Federation, 0, a.log)
	session.Now = a.clock.Now
	a.keyring = newKeyring(a.state(secretFile), *a.cfg.Federation)
	session.Password = a.keyring.password
	a.session = xmpp.New(session)
	a.session.OnFailure(a.keyring.failed)
	a.session.OnLogin(a.loggedIn)
	if a.cfg.Card.Shown() {
		a.session.Describe(cardForm(a.cfg.Card))
	}
	provider := &quoalise.Provider{
		Session: a.session, Archive: a.archive(), Consent: a.book,
		Subscriptions: subscriptions, Describe: a.describe, Log: a.log,
	}
	provider.Offer()
	a.tracer = newTracer(a.session, a.log)
	a.openDoor()
	a.subscribers = &subscribers{
		subscriptions: subscriptions, session: a.session, buffer: a.buffer, known: a.clock.Known(), book: a.book, notary: a.notary,
		describe: a.describe, slow: slow, rhythm: a.cfg.Federation.PushEvery, slowRhythm: a.cfg.Federation.PushSlow, log: a.log, running: map[string]*running{},
	}
	a.session.OnLogin(a.subscribers.wake)
	return nil
}

// describe says what a series measures, in Quoalise's words.
func (a *agent) describe(path string) quoalise.Measurement {
	s := a.dictionary.Path(path)
	return quoalise.Measurement{
		Name: measured(path), Direction: s.Direction, Quantity: s.Quantity, Type: "electrical", Unit: s.Unit,
		Aggregation: s.Aggregation, SamplingInterval: s.Interval, Title: s.Title.EN,
	}
}

// measured is the name of a measurement as the federation's proxies write it: active-power, not its path, where it has a
// kind and a quantity. Others are called by their path.
func measured(path string) string {
	words := strings.Split(strings.TrimPrefix(path, "derived/"), "/")
	if len(words) > 2 && (words[1] == "power" || words[1] == "energy") && slices.Contains([]string{"active", "apparent"}, words[2]) {
		return words[2] + "-" + words[1]
	}
	return strings.Join(words, "-")
}
