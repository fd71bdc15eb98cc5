package bmhs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/coder/websocket"

	"releve/federation"
	"releve/senml"
)

// Presence keeps the websocket of an agent, by which the server shows that it is there, and by which its user can watch a
// meter live. It says Hello and ping, and nothing else until a trace is asked for. Whatever else the server asks for (a
// shell, actuators, settings, pairing) is counted and not done.
type Presence struct {
	Recipient *Recipient        // whose account, zone and names of devices it has
	Live      func() senml.Pack // what the meters say now, as a gate lets it through
	Ping      time.Duration     // between two pings
	Pong      time.Duration     // how long an answer to one may take
	Frame     time.Duration     // between two messages of a trace
	Trace     time.Duration     // when a trace ends by itself

	mu       sync.Mutex // guards everything below
	standing PresenceStanding
}

// PresenceStanding is how it stands with a presence.
type PresenceStanding struct {
	Up      bool
	Err     error  // why not
	Ignored uint64 // messages of the server that asked for something else
	Traced  uint64 // messages of traces
	TooLong uint64 // of them left out, as the server takes 8192 characters at most
}

// NewPresence returns a presence with the rhythms of BMHS's own agent.
func NewPresence(r *Recipient, live func() senml.Pack) *Presence {
	return &Presence{Recipient: r, Live: live, Ping: time.Minute, Pong: 10 * time.Second, Frame: 2 * time.Second, Trace: 5 * time.Minute}
}

// Bounds of the wait before another session.
const (
	firstReturn = 5 * time.Second
	lastReturn  = 5 * time.Minute
)

// String names the task.
func (p *Presence) String() string { return "presence of " + p.Recipient.Name }

// Standing returns how it stands.
func (p *Presence) Standing() PresenceStanding {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.standing
}

// Run keeps a session until ctx ends, then returns nil.
func (p *Presence) Run(ctx context.Context) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = firstReturn, lastReturn
	for {
		begun := time.Now()
		err := p.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(begun) > p.Ping {
			wait.Reset()
		}
		next := wait.NextBackOff()
		if errors.Is(err, federation.ErrStopped) {
			next = time.Hour
		}
		p.ended(err, next)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(next):
		}
	}
}

func (p *Presence) ended(err error, next time.Duration) {
	p.mu.Lock()
	news := p.standing.Err == nil || p.standing.Err.Error() != err.Error()
	p.standing.Up, p.standing.Err = false, err
	p.mu.Unlock()
	level := slog.LevelDebug
	if news {
		level = slog.LevelInfo
	}
	p.Recipient.Log.Log(context.Background(), level, "no presence", "recipient", p.Recipient.Name, "error", federation.Discreet(err.Error()), "retry_in", next.Round(time.Millisecond))
}

// envelope is every text of a websocket. A field more, and the server ends the session.
type envelope struct {
	MAC      string          `json:"mac"`
	Token    string          `json:"token"`
	Key      string          `json:"applicationKey"`
	Username string          `json:"username"`
	Data     json.RawMessage `json:"data"`
}

// session subscribes, says Hello and goes on until something ends it.
func (p *Presence) session(ctx context.Context) error {
	r := p.Recipient
	pass, err := r.Account.subscribe(ctx, r.Client)
	if err != nil {
		return err
	}
	if err := checkSocket(r.Account.URL, pass.URL); err != nil {
		return err
	}
	dial, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	web := &http.Client{Transport: r.Client.Transport, CheckRedirect: r.Client.CheckRedirect} // without the timeout of a request
	conn, answer, err := websocket.Dial(dial, pass.URL, &websocket.DialOptions{HTTPClient: web, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		if answer != nil && answer.Body != nil {
			answer.Body.Close()
		}
		return fmt.Errorf("open the websocket: %w", withoutAddress(err))
	}
	defer conn.CloseNow()
	s := &session{Presence: p, conn: conn, pass: pass}
	return s.run(ctx)
}

// checkSocket refuses an address that would carry the key of the account to another host, or in the clear.
func checkSocket(own, socket string) error {
	us, err := url.Parse(own)
	if err != nil {
		return fmt.Errorf("%w: url: %w", federation.ErrStopped, err)
	}
	there, err := url.Parse(socket)
	switch {
	case err != nil || there.User != nil || there.Scheme != "ws" && there.Scheme != "wss":
		return fmt.Errorf("%w: the server names no address of a websocket", federation.ErrStopped)
	case us.Scheme == "https" && there.Scheme != "wss":
		return fmt.Errorf("%w: the server names a websocket without TLS (ws://), which would carry the account's key in the clear; a proxy before it does not tell it the scheme", federation.ErrStopped)
	case there.Hostname() != us.Hostname():
		return fmt.Errorf("%w: the server names a websocket on another host than url's, which would be given the account's key", federation.ErrStopped)
	}
	return nil
}

// withoutAddress leaves out where a request went, which the configuration has.
func withoutAddress(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
