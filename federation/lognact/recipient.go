package lognact

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"releve/federation"
	"releve/senml"
)

// Options say what a recipient is made of.
type Options struct {
	Name   string
	Way    Way
	API    *API // nil without a token: nothing can be confirmed then
	Names  Names
	Gate   federation.Gate // as the delivery's, and of the recipient's own: what was sent is read again through it
	Cursor Cursor
	Pace   float64       // values a second of one host; 0 for no bound
	Grace  time.Duration // without an API, how long what was sent may have to be sent again
	File   string        // of what is parked
	Now    func() time.Time
	Log    *slog.Logger
}

// How long after sending it is asked whether values are stored, how often they are sent again before their item is parked,
// and how often a parked item is tried.
const (
	confirmAfter = 30 * time.Second
	mostTries    = 3
	retryParked  = 10 * time.Minute
)

// Recipient is a Zabbix. It is the recipient of a delivery, and Front that delivery's cursor; Run confirms what was sent.
type Recipient struct {
	Options

	line    line
	behind  behind
	trail   *trail
	parking *parking
	items   *catalogue // nil without an API
	began   time.Time
	retry   time.Duration

	mu       sync.Mutex // guards everything below
	standing Standing
	broken   bool      // something went wrong since all that lies between cursor and front was last known to be there
	rest     time.Time // until when nothing is confirmed: what was sent again needs its time
	tries    int       // how often the same has been sent again
}

// Standing is how it stands with a recipient.
type Standing struct {
	Confirms    bool   // whether it is asked what is stored
	Sent        uint64 // number of the last pack that was sent
	Confirmed   uint64 // the same of what is stored
	Resent      uint64 // values that were sent again, because they were not stored or might not be
	Misfits     uint64 // records that no item can hold
	Misfit      error  // why the last one
	Unseen      uint64 // values that the token does not let us look for
	Parked      []Parked
	Err         error // of the last attempt to confirm
	Unconfirmed uint64
}

var _ federation.Gradual = (*Recipient)(nil)

// New returns a recipient. With an error that is no *statefile.Damaged there is none.
func New(o Options) (*Recipient, error) {
	parked, err := openParking(o.File)
	if parked == nil || err != nil && len(parked.all) > 0 {
		return nil, err
	}
	wait := o.Grace
	if o.API != nil {
		wait = confirmAfter
	}
	r := &Recipient{
		Options: o, parking: parked, trail: newTrail(o.Cursor, o.Now, wait), began: o.Now(), retry: retryParked,
		behind: behind{gate: o.Gate},
		line:   line{way: o.Way, pace: rate.Limit(o.Pace), limits: map[string]*rate.Limiter{}},
	}
	if o.API != nil {
		r.items = &catalogue{api: o.API, now: o.Now}
	}
	return r, err
}

// String names it.
func (r *Recipient) String() string { return r.Name }

// Front returns the cursor of the delivery.
func (r *Recipient) Front() federation.Cursor { return r.trail }

// Standing returns how it stands.
func (r *Recipient) Standing() Standing {
	sent, confirmed := r.trail.sent(), r.Cursor.Acked()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.standing
	s.Confirms, s.Sent, s.Confirmed, s.Unconfirmed = r.API != nil, sent, confirmed, sent-min(sent, confirmed)
	s.Parked = r.parking.list()
	return s
}

// Send hands a pack over. It returns nil once every value was processed, or its item parked.
func (r *Recipient) Send(ctx context.Context, p senml.Pack) error {
	return r.SendWhile(ctx, p, always)
}

// SendWhile is Send, asking before each batch whether what is left may still go.
func (r *Recipient) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	r.line.Lock()
	defer r.line.Unlock()
	if err := r.mend(ctx); err != nil {
		return err
	}
	from := r.trail.read()
	values, err := r.values(ctx, from, p)
	if err != nil {
		return err
	}
	if err := r.hand(ctx, from, r.notStored(ctx, values), granted); err != nil {
		return err
	}
	r.line.handed = from
	return nil
}

// hand delivers values of packs that begin with number from, and parks what refuses them. The caller holds the line.
func (r *Recipient) hand(ctx context.Context, from uint64, values []Value, granted func() error) error {
	refused, err := r.line.deliver(ctx, values, granted)
	if errPark := r.park(from, refused); errPark != nil {
		return errPark
	}
	if err != nil && !errors.Is(err, federation.ErrWithdrawn) {
		r.note(func() { r.broken = true })
	}
	return err
}

// park notes items that have refused a value.
func (r *Recipient) park(from uint64, refused map[item]string) error {
	var list []Parked
	for i, why := range refused {
		if r.items != nil {
			if k, found := r.items.find(i); found && k.why() != "" {
				why = k.why()
			}
			r.items.forget(i.host)
		}
		list = append(list, Parked{Host: i.host, Key: i.key, Reason: why, Since: from, Again: r.Now().Add(r.retry)})
		r.Log.Warn("an item refuses values", "recipient", r.Name, "host", i.host, "key", i.key, "error", why)
	}
	return r.parking.park(list...)
}

func (r *Recipient) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}
