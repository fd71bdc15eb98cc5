package main

import (
	"context"
	"time"
)

// Whoever has something done by which the agent begins anew is answered before: who asked at the page or a terminal of this
// machine has farewell for that, who asked over the federation the time until our server has the answer, and at most farthest:
// over a link that is worse, the answer may be lost, and what was asked for is done.
const (
	farewell = 2 * time.Second
	farthest = 20 * time.Second
)

// afterAnswers does what ends the session, once the answers to who has asked for it have left.
func (a *agent) afterAnswers(do func()) {
	time.AfterFunc(farewell, func() {
		a.lastAnswers()
		do()
	})
}

// lastAnswers waits for the answers that go over the federation. a may be nil.
func (a *agent) lastAnswers() {
	if a == nil || a.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), farthest)
	defer cancel()
	if err := a.session.Settle(ctx); err != nil {
		a.log.Warn("an answer may not have arrived", "error", err)
	}
}
