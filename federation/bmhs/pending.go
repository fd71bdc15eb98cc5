package bmhs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptrace"
	"sync/atomic"

	"releve/federation"
)

// progress is how far a server is with a device.
type progress struct {
	Sent    float64           `json:"sent"` // time of the last message that was acknowledged, or let go; 0 before the first
	Over    bool              `json:"over"` // whether that one warned of an overrun
	Indexes map[string]uint64 `json:"indexes"`
}

// pending is a message that may be on its way, and the progress once the server has it. It is durable before it goes and
// until there is an answer: what was made anew after a kill could say something else of the same period, and the server
// would have both.
type pending struct {
	progress
	Message string `json:"message"` // JSON, letter by letter
	unsent  bool   // for sure: no request with it has had a connection since it was made
}

// pend makes a message of the device ready to go.
func (d *device) pend(at float64, m message) (*pending, error) {
	text, err := plain(m)
	if err != nil {
		return nil, fmt.Errorf("write a message: %w", err)
	}
	return &pending{progress: d.after(at, m), Message: string(text), unsent: true}, nil
}

// after is the progress once the server has a message of that time.
func (d *device) after(at float64, m message) progress {
	p := progress{Sent: at, Over: m.Metavalues.get("adps") != "0", Indexes: maps.Clone(d.Indexes)}
	for _, pair := range indexPairs {
		if n, ok := index(m.Metavalues.get(pair.index)); ok {
			p.Indexes[pair.index] = n
		}
	}
	return p
}

// settled is the progress from which to go on when what is pending must not go any more. Whether the server has it is not
// known once it may have left; then it counts, or its energy would be there twice. If the server has not, the indexes of
// later messages have that energy, and no period.
func (d *device) settled() progress {
	if d.Pending == nil || d.Pending.unsent {
		return d.progress
	}
	return d.Pending.progress
}

// letGo notes that a message is done with which the server will never take: the energy in it is in the next one.
func (d *device) letGo(p progress) { d.Sent, d.Over = p.Sent, p.Over }

func (p *pending) isWhole() bool { return p.Indexes != nil && json.Valid([]byte(p.Message)) }

// deliver sends the message that is pending, as often as it takes, and notes what became of it.
func (r *Recipient) deliver(ctx context.Context, mac string, d *device) error {
	if err := r.granted(); err != nil {
		return err
	}
	p := d.Pending
	var left atomic.Bool
	err := r.Account.deliver(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { left.Store(true) },
	}), r.Client, p.Message)
	p.unsent = p.unsent && !left.Load()
	if errors.Is(err, errUnknown) {
		err = r.stuck.again(mac, p.Sent, err)
	}
	switch {
	case errors.Is(err, federation.ErrRefused):
		r.letGo("message", err)
		d.letGo(p.progress)
	case err != nil:
		return err
	default:
		d.progress = p.progress
		r.count(1, 0)
	}
	d.Pending = nil
	return r.memory.keep(mac, d)
}
