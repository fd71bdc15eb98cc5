package xmpp

import (
	"context"
	"strings"
	"testing"
	"time"

	"releve/federation/lab"
)

// An operator who gives agents a larger shaper need not tell them: the pace that is learned finds it, and the account next
// to it, which is as everybody's, is not driven beyond its own.
func TestIntegrationPaceFindsShaper(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	const stock, agents = 3_000, 30_000
	f := startWith(t, lab.Ejabberd, lab.Options{Shaper: lab.ShaperAgents})
	if err := f.Server(maison.Domainpart()).Register(t.Context(), "voisin", secret); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		address     string
		least, most int // that is learned, in B/s
	}{
		{maison.String(), agents * 6 / 10, agents * 12 / 10},
		{"voisin@" + maison.Domainpart() + "/releve", stock * 6 / 10, stock * 12 / 10},
	} {
		t.Run(tt.address, func(t *testing.T) {
			t.Parallel()
			c := New(config(t, f, tt.address))
			run(t, c)
			chatter(t, c)
			deadline := time.After(10 * time.Minute)
			for {
				pace, found := c.State().Pace, c.pacer.isFound()
				if found && tt.least <= pace && pace <= tt.most {
					return
				}
				select {
				case <-deadline:
					t.Fatalf("learned %d B/s, found %t; want %d to %d", pace, found, tt.least, tt.most)
				case <-time.After(50 * time.Millisecond):
				}
			}
		})
	}
}

// chatter sends as much as goes, until the test ends.
func chatter(t *testing.T, c *Client) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	data := NewElement("urn:test", "data").WithText(strings.Repeat("x", 8_000))
	done := make(chan struct{})
	for range 2 {
		go func() {
			defer func() { done <- struct{}{} }()
			for ctx.Err() == nil {
				if r, err := c.Post(ctx, conseil, data, false); err == nil {
					r.Forget()
				} else if !pause(ctx, time.Second) {
					return
				}
			}
		}()
	}
	t.Cleanup(func() {
		stop()
		<-done
		<-done
	})
}

// isFound says whether the server was behind once.
func (p *pacer) isFound() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found
}
