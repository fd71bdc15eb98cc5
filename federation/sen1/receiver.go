package sen1

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

// Receiver takes the messages of one proxy of the proof of concept.
//
// The proxies say in each message who it is from; that is believed only of who the configuration says may: the proof of
// concept never looked. As nobody is told whether a message arrived, one that cannot be stored now is held until it can.
type Receiver struct {
	From      xmpp.JID // bare: what others send is left to others
	Source    string   // the application that From may speak for
	Usernames []string // whose data it may send; none: everybody's
	Location  *time.Location
	Take      func(ctx context.Context, p senml.Pack) error // returns once what is in a pack is durable
	Aside     func(e *xmpp.Element, why error) error        // keeps a message that can never be taken
	Log       *slog.Logger

	came chan senml.Pack

	mu    sync.Mutex // guards everything below
	stats ReceiverStats
}

// ReceiverStats is what came since the start.
type ReceiverStats struct {
	Messages uint64    // taken
	Poison   uint64    // that can never be taken: set aside as far as there is room
	Dropped  uint64    // for which there was no room in memory
	Newest   time.Time // of all that was taken
	Why      error     // of the last poison
	Err      error     // why what is held cannot be stored
}

// most is how many messages are held while they cannot be stored.
const most = 1000

// Prepare readies the receiver. Call it before the session starts.
func (r *Receiver) Prepare() { r.came = make(chan senml.Pack, most) }

// Stats returns what came so far.
func (r *Receiver) Stats() ReceiverStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

func (r *Receiver) note(add func(s *ReceiverStats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	add(&r.stats)
}

// Register has the session give the messages of each proxy to its receiver. A bounce never gets here: it repeats what we
// have sent.
func Register(session *xmpp.Client, all []*Receiver) {
	session.HandleMessage(NS, "Sen1Message", func(_ context.Context, m xmpp.Message) error {
		i := slices.IndexFunc(all, func(r *Receiver) bool { return r.From.Equal(m.From.Bare()) })
		if i < 0 {
			return xmpp.ErrNotOurs
		}
		all[i].receive(m)
		return nil
	})
}

// receive holds what a message says until Run has stored it.
func (r *Receiver) receive(m xmpp.Message) {
	e := m.Child(NS, "Sen1Message")
	message, err := r.read(e)
	if err != nil {
		r.poison(e, err)
		return
	}
	select {
	case r.came <- message.pack():
	default:
		r.note(func(s *ReceiverStats) { s.Dropped++ })
	}
}

var (
	errForeignSource = errors.New("it says to be of another application than its sender may speak for")
	errForeignUser   = errors.New("it is of a user whose data its sender may not send")
)

func (r *Receiver) read(e *xmpp.Element) (Message, error) {
	m, err := ParseMessage(e, r.Location)
	switch {
	case err != nil:
		return m, err
	case m.Source != r.Source:
		return m, errForeignSource
	case len(r.Usernames) > 0 && !slices.Contains(r.Usernames, m.Username):
		return m, errForeignUser
	}
	return m, nil
}

func (r *Receiver) poison(e *xmpp.Element, why error) {
	first := false
	r.note(func(s *ReceiverStats) { first = s.Poison == 0; s.Poison++; s.Why = why })
	if err := r.Aside(e, why); err != nil {
		r.Log.Warn("message of a source could not be set aside", "from", r.From.String(), "error", err)
	}
	if first { // once; the page counts
		r.Log.Warn("message of a source set aside", "from", r.From.String(), "error", why)
	}
}

// pack is the records of a message, under the names of a source outside the federation: the device is
// USERNAME/NAME, the item METANAME, with what METAVALUE narrows it to.
func (m Message) pack() senml.Pack {
	item := m.Metaname
	if m.Metavalue != "" {
		item += "[" + m.Metavalue + "]"
	}
	name := federation.Outside(m.Username+"/"+m.Name, item)
	var p senml.Pack
	for _, d := range m.Data {
		p = append(p, senml.Record{Name: name, Unit: m.Unit, Value: d.Value, Time: float64(d.Time.UnixMilli()) / 1000})
	}
	return p
}

// String names the task.
func (r *Receiver) String() string { return "messages of " + r.From.String() }

// Run stores what comes until ctx ends, and then what is held.
func (r *Receiver) Run(ctx context.Context) error {
	for {
		select {
		case p := <-r.came:
			p, n := r.gathered(p)
			r.store(ctx, p, n)
		case <-ctx.Done():
			r.drain()
			return nil
		}
	}
}

// gathered joins what has come meanwhile: it is written once.
func (r *Receiver) gathered(p senml.Pack) (senml.Pack, uint64) {
	messages := uint64(1)
	for len(p) < maxData {
		select {
		case more := <-r.came:
			p, messages = append(p, more...), messages+1
		default:
			return p, messages
		}
	}
	return p, messages
}

// store tries until it can, or ctx ends: then for the last time, for nobody sends it again.
func (r *Receiver) store(ctx context.Context, p senml.Pack, messages uint64) {
	wait := backoff.NewExponentialBackOff()
	wait.MaxInterval = time.Minute
	for {
		last := ctx.Err() != nil
		err := r.Take(context.WithoutCancel(ctx), p)
		r.note(func(s *ReceiverStats) { s.Err = err })
		switch {
		case err == nil:
			r.note(func(s *ReceiverStats) { s.took(p, messages) })
			return
		case last:
			r.note(func(s *ReceiverStats) { s.Dropped += messages })
			r.Log.Error("messages lost: they could not be stored before the end", "from", r.From.String(), "messages", messages, "error", err)
			return
		}
		select {
		case <-time.After(wait.NextBackOff()):
		case <-ctx.Done():
		}
	}
}

func (s *ReceiverStats) took(p senml.Pack, messages uint64) {
	s.Messages += messages
	for _, one := range p {
		if at := time.UnixMilli(int64(one.Time * 1000)); at.After(s.Newest) {
			s.Newest = at
		}
	}
}

func (r *Receiver) drain() {
	for {
		select {
		case p := <-r.came:
			ended, end := context.WithCancel(context.Background())
			end()
			p, n := r.gathered(p)
			r.store(ended, p, n)
		default:
			return
		}
	}
}
