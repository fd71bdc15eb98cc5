package xmpp

import (
	"context"
	"fmt"
	"time"
)

// lately is how old the last answer may be for our server to be asked whether it has it. While the network is away there is
// none, and nothing to wait for.
const lately = time.Minute

// Settle waits until every request that has come in is answered and our server has taken the answers, or ctx ends: for who is
// about to end the session. Requests that come meanwhile are told to come back. While the session is interrupted and may be
// resumed, the answers wait for that, and so does Settle; where there is none, nobody can be answered, and it returns nil.
func (c *Client) Settle(ctx context.Context) error {
	c.mu.Lock()
	l := c.link
	if l == nil {
		l = c.kept
	}
	c.mu.Unlock()
	if l == nil {
		return nil
	}
	if err := l.settled(ctx); err != nil {
		return fmt.Errorf("wait until the last answers have left: %w", err)
	}
	return nil
}

// settled takes the places of all requests that can be answered at once: then none is.
func (l *link) settled(ctx context.Context) error {
	taken := 0
	defer func() {
		for range taken {
			<-l.requests
		}
	}()
	for ; taken < maxRequests; taken++ {
		select {
		case l.requests <- struct{}{}:
		case <-l.life.Done():
			return errLinkLost
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if time.Since(time.Unix(0, l.replied.Load())) > lately {
		return nil
	}
	return l.confirm(ctx)
}
