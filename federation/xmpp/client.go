// Package xmpp keeps one session with an XMPP server: it dials, logs in, announces itself, answers requests, and does
// it all again when the link dies. It is the only importer of mellium.im/xmpp and knows nothing of meters or SenML.
//
// In: stanzas for registered handlers. Out: stanzas, answers, receipts. A stanza of any peer, however wrong, is
// answered with an error or dropped and counted; none ends the session or the process.
package xmpp

import (
	"context"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"
)

// MaxStanza is the largest stanza we send, in bytes of XML. A larger one could pass our own server and then take
// down the server-to-server link of both domains when the other side's limit is smaller.
const MaxStanza = 60_000

// Waiting times between sessions. Those for reasons that repeating does not cure are long: a wrong password tried
// again and again gets everybody behind the same address banned, and two agents that share a name would fight.
const (
	firstRetry      = time.Second
	lastRetry       = 2 * time.Minute
	retryConflict   = 2 * time.Minute
	retryRefused    = 10 * time.Minute
	connectTimeout  = 45 * time.Second
	stableAfter     = time.Minute
	bulkBytesPerSec = 2_500  // under the 3 000 B/s of a stock ejabberd
	bulkBurst       = 15_000 // under its 20 000
)

// ErrAway means that there is no session now.
var ErrAway = errors.New("there is no session with the XMPP server now")

// ErrTooBig means that a stanza exceeds MaxStanza. Sending it again cannot help.
var ErrTooBig = fmt.Errorf("the stanza is larger than %d bytes", MaxStanza)

// Config says who we are and how to reach our server.
type Config struct {
	JID      JID                            // with a resource: others address the full JID
	Password func() (string, error)         // asked at each login
	Address  string                         // host:port, or xmpps://host:port; empty to find the server by DNS
	RootCAs  func() (*x509.CertPool, error) // asked at each login; nil, or a nil pool, for the system's
	Pins     []Pin                          // of the server's key; with any, no authority is asked
	Proxy    *Proxy                         // nil to connect directly
	// WebSocket is the address of XMPP over WebSocket, used in place of Address and DNS; AutoWebSocket; or "".
	WebSocket string
	Resolver  *net.Resolver // nil for the system's
	Priority  int8          // of our presence
	Identity  Identity
	Log       *slog.Logger
	// Now is what questions for the time are answered with, and whether it is known; nil for the system's clock.
	Now func() (time.Time, bool)
}

// State is what the session does now, for people.
type State struct {
	Up    bool
	JID   JID // full, as bound
	Since time.Time
	Err   error     // why it is down; nil before the first attempt
	Retry time.Time // when the next attempt begins, when down
}

// Client holds one session. Register handlers before Run.
type Client struct {
	cfg     Config // set once
	router  *router
	disco   *disco
	onLogin []func(ctx context.Context)
	onFail  []func(err error)
	bulk    *rate.Limiter

	mu    sync.Mutex // guards everything below
	link  *link      // nil while away
	tied  bool       // whether the last login was tied to its connection
	state State
}

// New returns a client that answers questions about itself: disco, ping, version, uptime, time. It does not dial: Run does.
func New(cfg Config) *Client {
	c := &Client{
		cfg:    cfg,
		router: newRouter(cfg.Log),
		disco:  newDisco(cfg.Identity),
		bulk:   rate.NewLimiter(bulkBytesPerSec, bulkBurst),
		state:  State{Since: time.Now()},
	}
	c.answerAbout()
	return c
}

// Handle registers the handler of requests of type get or set with that payload.
func (c *Client) Handle(typ, space, local string, h IQHandler) {
	c.router.requests[route{typ, xml.Name{Space: space, Local: local}}] = h
}

// HandleMessage registers the handler of messages that have a child with that name.
func (c *Client) HandleMessage(space, local string, h MessageHandler) {
	c.router.messages[xml.Name{Space: space, Local: local}] = h
}

// OnLogin registers what to do each time a session is up. ctx ends with that session.
func (c *Client) OnLogin(f func(ctx context.Context)) { c.onLogin = append(c.onLogin, f) }

// OnFailure registers what to do each time a session ends or cannot be had, with the reason.
func (c *Client) OnFailure(f func(err error)) { c.onFail = append(c.onFail, f) }

// State returns what the session does now.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Refused returns how many stanzas were dropped or answered with an error before any handler saw them.
func (c *Client) Refused() uint64 { return c.router.refusals.Load() }

// String names the task.
func (c *Client) String() string { return "federation " + c.cfg.JID.String() }

// Run keeps the session up until ctx ends, then says goodbye and returns nil.
func (c *Client) Run(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = firstRetry, lastRetry
	for ctx.Err() == nil {
		began := time.Now()
		err := c.connect(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(began) > stableAfter {
			pause.Reset()
		}
		wait := retryAfter(err, pause)
		level := slog.LevelDebug // the same trouble again and again is said once
		if c.down(err, wait) {
			level = slog.LevelWarn
		}
		for _, tell := range c.onFail {
			tell(err)
		}
		c.cfg.Log.Log(ctx, level, "federation away", "error", err, "retry_in", wait.Round(time.Millisecond))
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// retryAfter returns how long to wait, spread at random so that many agents do not come back at once.
func retryAfter(err error, pause *backoff.ExponentialBackOff) time.Duration {
	spread := func(d time.Duration) time.Duration { return d + rand.N(d/2) }
	switch {
	case errors.Is(err, ErrCredentials):
		return spread(retryRefused)
	case errors.Is(err, ErrConflict):
		return spread(retryConflict)
	}
	return pause.NextBackOff()
}

// connect holds one session from dialling to its end, and returns why it ended.
func (c *Client) connect(ctx context.Context) error {
	l, err := c.login(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.up(l)
	defer c.away()
	go c.greet(ctx, l)
	return l.serve(ctx)
}

func (c *Client) login(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	security, err := tlsConfig(c.cfg)
	if err != nil {
		return nil, at(StageSecrets, err)
	}
	t, err := dialServer(ctx, c.cfg, security)
	if err != nil {
		return nil, err
	}
	session, in, told, err := negotiate(ctx, c.cfg, security, t)
	if err != nil {
		return nil, err
	}
	l := newLink(session, in, t.conn, c.router, c.pace)
	l.terms = told
	return l, nil
}

// greet sends presence, with what we can do (XEP-0115), then starts what waits for a session.
func (c *Client) greet(ctx context.Context, l *link) {
	presence := NewElement(nsClient, "presence").Add(
		NewElement("", "priority").WithText(fmt.Sprint(c.cfg.Priority)), c.disco.capabilities())
	l.answer(ctx, presence)
	for _, f := range c.onLogin {
		go f(ctx)
	}
}

func (c *Client) up(l *link) {
	full := l.session.LocalAddr()
	c.cfg.Log.Info("federation up", "jid", full.String(), "login", l.terms.mechanism)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tied && !l.terms.tied() {
		c.cfg.Log.Warn("this login is not tied to the connection as an earlier one was: the server has changed, or somebody stands in between")
	}
	c.tied = l.terms.tied()
	c.link = l
	c.state = State{Up: true, JID: full, Since: time.Now()}
}

func (c *Client) away() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = nil
	c.state.Up, c.state.Since = false, time.Now()
}

// down notes why there is no session and says whether it is another reason than the time before.
func (c *Client) down(err error, wait time.Duration) (news bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	news = c.state.Err == nil || c.state.Err.Error() != err.Error()
	c.state.Err, c.state.Retry = err, time.Now().Add(wait)
	return news
}

func (c *Client) current() (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil {
		return nil, ErrAway
	}
	return c.link, nil
}

// Query sends a request of type get or set and waits for the payload of its answer, which is nil when empty.
// An error answer is a *StanzaError. Give ctx a deadline.
func (c *Client) Query(ctx context.Context, typ string, to JID, payload *Element) (*Element, error) {
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	return l.query(ctx, IQ{Type: typ, To: to, Payload: payload})
}

// Post sends a message at the pace of bulk data and returns the wait for its fate. With receipt it asks the
// recipient's client to acknowledge (XEP-0184).
func (c *Client) Post(ctx context.Context, to JID, payload *Element, receipt bool) (*Receipt, error) {
	m := Message{ID: newID(), To: to, Children: []*Element{payload}}
	if receipt {
		m.Children = append(m.Children, NewElement(NSReceipts, "request"), NewElement(nsHints, "no-store"))
	}
	text, err := encode(m.element())
	if err != nil {
		return nil, err
	}
	if len(text) > MaxStanza {
		return nil, ErrTooBig
	}
	if err := c.pace(ctx, len(text)); err != nil {
		return nil, err
	}
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	if len(text) > l.terms.stanza() {
		return nil, ErrTooBig
	}
	wait := c.router.receipts.expect(m.ID, to, l.confirm)
	if err := l.write(ctx, text); err != nil {
		wait.Forget()
		return nil, err
	}
	return wait, nil
}

// pace waits until n more bytes fit under the server's traffic shaper, so that answers and pings are never queued
// behind minutes of data.
func (c *Client) pace(ctx context.Context, n int) error {
	for n > 0 {
		part := min(n, bulkBurst)
		if err := c.bulk.WaitN(ctx, part); err != nil {
			return err
		}
		n -= part
	}
	return nil
}
