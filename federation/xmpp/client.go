// Package xmpp keeps one session with an XMPP server: it dials, logs in, announces itself, answers requests, and does
// it all again when the link dies. It is the only importer of mellium.im/xmpp and knows nothing of meters or SenML.
//
// In: stanzas for registered handlers. Out: stanzas, answers, receipts. A stanza of any peer, however wrong, is
// answered with an error or dropped and counted; none ends the session or the process.
//
// What a session holds is bounded: 1 MiB of data waits to be written (maxQueued), and what peers may ask at once
// (maxRequests, maxRefusals) beside it; 256 KiB are written and not acknowledged (maxFlight); 256 messages, or
// 1 MiB of them, wait for their handler (maxMessages, maxHeld), 256 requests of ours for their answer (maxWaiting), 1 MiB
// is the largest element read.
package xmpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// MaxStanza is the largest stanza we send, in bytes of XML. A larger one could pass our own server and then take
// down the server-to-server link of both domains when the other side's limit is smaller.
const MaxStanza = 60_000

const connectTimeout = 45 * time.Second

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
	Pace      Pace          // of data
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

	Resumed bool          // the session goes on over another connection than the one it began with
	Pace    int           // bytes of data a second; 0 when it is not limited
	Queued  int           // bytes that wait to be sent, at most 1 MiB and what is urgent
	Unsure  int           // bytes sent that our server has not acknowledged, at most 256 KiB; 0 when it does not count
	Lag     time.Duration // how long our server has owed an answer
}

// Client holds one session. Register handlers before Run.
type Client struct {
	cfg      Config // set once
	router   *router
	disco    *disco
	commands *commands
	onLogin  []func(ctx context.Context)
	onFail   []func(err error)
	pacer    *pacer
	room     Room  // of our own server
	rooms    rooms // of those we send to

	mu    sync.Mutex // guards everything below
	link  *link      // nil while away
	wire  *wire      // of link
	kept  *link      // away, until it is resumed or cannot be any more
	until time.Time  // when that is
	place string     // where our server wants to be reached next, or ""
	tied  bool       // whether the last login was tied to its connection
	ends  int        // of connections in a row on a long stanza that was not taken
	state State
}

// New returns a client that answers questions about itself: disco, ping, version, uptime, time. It does not dial: Run does.
func New(cfg Config) *Client {
	c := &Client{
		cfg:      cfg,
		router:   newRouter(cfg.Log),
		disco:    newDisco(cfg.Identity),
		commands: newCommands(time.Now),
		pacer:    newPacer(cfg.Pace),
		state:    State{Since: time.Now()},
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
	c.TakeMessage(space, local, h.take)
}

// TakeMessage registers who takes messages that have a child with that name, and settles them later.
func (c *Client) TakeMessage(space, local string, t MessageTaker) {
	c.router.messages[xml.Name{Space: space, Local: local}] = t
}

// OnLogin registers what to do each time a session is up. ctx ends with that session.
func (c *Client) OnLogin(f func(ctx context.Context)) { c.onLogin = append(c.onLogin, f) }

// OnFailure registers what to do each time a session ends or cannot be had, with the reason.
func (c *Client) OnFailure(f func(err error)) { c.onFail = append(c.onFail, f) }

// State returns what the session does now.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.state
	state.Pace = c.pacer.now()
	if c.link != nil {
		state.Queued = c.link.queue.waiting()
		_, state.Unsure = c.link.tally.counting()
		state.Lag, _ = c.wire.gauge.lag()
	}
	return state
}

// Refused returns how many stanzas were dropped or answered with an error before any handler saw them.
func (c *Client) Refused() uint64 { return c.router.refusals.Load() }

// String names the task.
func (c *Client) String() string { return "federation " + c.cfg.JID.String() }

// Run keeps the session up until ctx ends, then says goodbye and returns nil.
func (c *Client) Run(ctx context.Context) error {
	defer c.drop()
	var pause retry
	for ctx.Err() == nil {
		began := time.Now()
		err := c.connect(ctx)
		if ctx.Err() != nil {
			break
		}
		wait := pause.after(err, time.Since(began), c.isKept())
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

// connect holds one connection from dialling to its end, and returns why it ended. The link goes on, or begins, with it;
// it is kept when it may be resumed.
func (c *Client) connect(ctx context.Context) error {
	w, err := c.login(ctx)
	if err != nil {
		return err
	}
	l := c.take(w)
	alive, cancel := context.WithCancel(ctx)
	defer cancel()
	c.up(l, w)
	defer c.away()
	go c.greet(alive, l, w)
	if err = l.serve(ctx, w); ctx.Err() == nil {
		err = c.learn(l, w, err)
	}
	if ctx.Err() != nil || !c.keep(l, err) {
		l.end()
	}
	return err
}

// login opens a connection that either resumes the kept link or begins one.
func (c *Client) login(ctx context.Context) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	security, err := tlsConfig(c.cfg)
	if err != nil {
		return nil, at(StageSecrets, err)
	}
	t, err := c.dial(ctx, security)
	if err != nil {
		return nil, err
	}
	b := &binding{resource: c.cfg.JID.Resourcepart(), tally: c.resumable()}
	session, told, err := negotiate(ctx, c.cfg, security, t, b)
	if err != nil {
		c.redirect(err)
		return nil, err
	}
	return newWire(session, t.conn, told, *b), nil
}

// dial goes where our server wants to be reached, once, and then where it is known to be.
func (c *Client) dial(ctx context.Context, security *tls.Config) (*transport, error) {
	c.mu.Lock()
	cfg := c.cfg
	place := c.place
	c.place = ""
	c.mu.Unlock()
	if place != "" {
		cfg.Address = place
		if t, err := dialServer(ctx, cfg, security); err == nil {
			return t, nil
		}
	}
	return dialServer(ctx, c.cfg, security)
}

// greet sends presence, with what we can do (XEP-0115), when the session is new; then it starts what waits for one.
func (c *Client) greet(ctx context.Context, l *link, w *wire) {
	if !w.bound.resumed {
		l.answer(NewElement(nsClient, "presence").Add(
			NewElement("", "priority").WithText(fmt.Sprint(c.cfg.Priority)), c.disco.capabilities()))
	}
	for _, f := range c.onLogin {
		go f(ctx)
	}
}

func (c *Client) up(l *link, w *wire) {
	c.cfg.Log.Info("federation up", "jid", l.self.String(), "login", w.terms.mechanism, "resumed", w.bound.resumed)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tied && !w.terms.tied() {
		c.cfg.Log.Warn("this login is not tied to the connection as an earlier one was: the server has changed, or somebody stands in between")
	}
	c.tied = w.terms.tied()
	c.link, c.wire = l, w
	c.state = State{Up: true, JID: l.self, Since: time.Now(), Resumed: w.bound.resumed}
}

func (c *Client) away() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link, c.wire = nil, nil
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
	return l.query(ctx, IQ{Type: typ, To: to, Payload: payload}, urgent)
}

// Post sends a message at the pace of bulk data, in turn with those to others, and returns the wait for its fate once it
// has left. With receipt it asks the recipient's client to acknowledge (XEP-0184). ErrNoRoom says that fewer bytes may be
// taken now.
func (c *Client) Post(ctx context.Context, to JID, payload *Element, receipt bool) (*Receipt, error) {
	m := Message{ID: newID(), To: to, Children: []*Element{payload}}
	if receipt {
		m.Children = append(m.Children, NewElement(NSReceipts, "request"), NewElement(nsHints, "no-store"))
	}
	return c.post(ctx, m)
}

// PostChat is Post of a chat message: some programs listen to no others, and their servers keep those alone.
func (c *Client) PostChat(ctx context.Context, to JID, payload *Element) (*Receipt, error) {
	return c.post(ctx, Message{ID: newID(), Type: "chat", To: to, Children: []*Element{payload}})
}

func (c *Client) post(ctx context.Context, m Message) (*Receipt, error) {
	to := m.To
	text, err := encodeWithin(m.element(), MaxStanza)
	if err != nil {
		return nil, err
	}
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	room := c.rooms.room(to)
	if err := l.fits(len(text), room); err != nil {
		return nil, err
	}
	wait := c.router.receipts.expect(m.ID, to, l.confirm)
	wait.Size, wait.Room = len(text), room
	if err := l.send(ctx, to, text, bulk, wait.Settle); err != nil {
		wait.Forget()
		return nil, err
	}
	return wait, nil
}
