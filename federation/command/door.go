package command

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"releve/federation/xmpp"
)

// Command is one thing that may be done from afar.
type Command struct {
	Node  string // stable, for programs
	Title Text
	Least Role // who may; Nobody for everybody
	Begin func(ctx context.Context, c Caller) (Turn, error)
}

// Stats counts what was asked since the start.
type Stats struct {
	Done      uint64 // steps that were answered
	Forbidden uint64 // steps of who may not
	Limited   uint64 // steps that came too fast
}

// Door lets in who has a role, at a pace.
type Door struct {
	Roles func(of xmpp.JID) Role // by bare address; set once, as is the next
	Log   *slog.Logger

	mu       sync.Mutex // guards everything below
	stats    Stats
	visitors map[string]*visitor // by bare address
}

// Pace of one account, and how many accounts are remembered.
const (
	knownPace, knownBurst       = rate.Limit(1), 40
	strangerPace, strangerBurst = rate.Limit(0.1), 6
	maxVisitors                 = 256
)

type visitor struct {
	limit *rate.Limiter
	last  time.Time
	known bool
}

// Offer makes commands of them for a session.
func (d *Door) Offer(session interface{ Offer(list ...xmpp.Command) }, list ...Command) {
	for _, one := range list {
		offered := xmpp.Command{Node: one.Node, Name: one.Title.In(english), Run: d.run(one)}
		offered.Title = func(lang string) string { return one.Title.In(language(lang)) }
		if one.Least > Nobody {
			offered.For = func(from xmpp.JID) bool { return d.Roles(from.Bare()) >= one.Least }
		}
		session.Offer(offered)
	}
}

// Stats returns what was counted.
func (d *Door) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// run asks for the role at each step: who loses it in the middle goes no further.
func (d *Door) run(command Command) func(ctx context.Context, s xmpp.Step) (xmpp.Outcome, error) {
	return func(ctx context.Context, s xmpp.Step) (xmpp.Outcome, error) {
		c := Caller{JID: s.From, Lang: language(s.Lang), Role: d.Roles(s.From.Bare())}
		if err := d.admit(c, command, time.Now()); err != nil {
			return xmpp.Outcome{}, err
		}
		said, _ := s.State.(dialogue)
		o, err := said.step(ctx, command.Begin, c, s)
		if err == nil && o.Done {
			d.Log.Info("command", "node", command.Node, "by", c.Bare(), "role", c.Role.String())
		}
		return o, err
	}
}

// admit says who has no role, or comes too often, that it is so.
func (d *Door) admit(c Caller, command Command, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	may := c.Role >= command.Least
	slow := !d.visitor(c, now).limit.AllowN(now, 1)
	switch {
	case !may:
		d.stats.Forbidden++
	case slow:
		d.stats.Limited++
	default:
		d.stats.Done++
	}
	switch {
	case slow:
		return &xmpp.StanzaError{Type: "wait", Condition: "resource-constraint", Text: c.Say(words{"trop de demandes ; réessayez dans une minute", "too many requests; try again in a minute"})}
	case !may:
		d.Log.Warn("command forbidden", "node", command.Node, "to", c.Bare(), "role", c.Role.String())
		return xmpp.Forbidden(c.Say(sayf("%s n'a pas le droit de faire cela ici", "%s may not do this here", c.Bare())))
	}
	return nil
}

// visitor is what is remembered of an account. It is begun anew with another pace when it gets or loses its role.
func (d *Door) visitor(c Caller, now time.Time) *visitor {
	v, found := d.visitors[c.Bare()]
	if known := c.Role > Nobody; !found || v.known != known {
		v = &visitor{limit: rate.NewLimiter(strangerPace, strangerBurst), known: known}
		if known {
			v.limit = rate.NewLimiter(knownPace, knownBurst)
		}
		d.remember(c.Bare(), v)
	}
	v.last = now
	return v
}

// remember forgets the one who has not come for longest when there are too many; strangers before others.
func (d *Door) remember(who string, v *visitor) {
	if d.visitors == nil {
		d.visitors = map[string]*visitor{}
	}
	if len(d.visitors) >= maxVisitors {
		oldest := ""
		for one, other := range d.visitors {
			first := d.visitors[oldest]
			if first == nil || first.known && !other.known || first.known == other.known && other.last.Before(first.last) {
				oldest = one
			}
		}
		delete(d.visitors, oldest)
	}
	d.visitors[who] = v
}
