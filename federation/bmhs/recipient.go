package bmhs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"releve/federation"
	"releve/senml"
)

// Options says how to reach a server, and what it is told.
type Options struct {
	Name    string
	Account Account        // nothing in it: rows only
	Data    Data           // nothing in it: messages only
	Scope   func() string  // as that of the gate; nil when all is granted
	Zone    *time.Location // the server's
	Every   time.Duration  // between two messages of a device
	File    string         // NAME.json, where it is kept what the server has; the folder NAME beside it is its journal's
	Client  *http.Client   // must follow no redirect
	Now     func() time.Time
	Log     *slog.Logger
}

// Recipient sends what a gate lets through to a BMHS server. With an account each device is a meter, whose state goes as a
// message at a rhythm, and days that are over go as rows where there is access to the data API. Without an account every
// record is a row. Use Open, and Close.
type Recipient struct {
	Options

	// Only Send, which is never called twice at once, uses what follows.
	granted func() error
	scope   string // of what is granted
	memory  *memory
	batch   batch
	stuck   stuck
	done    map[string]bool // calls of a Send that did not come to its end

	mu    sync.Mutex // guards everything below
	stats Stats
}

var _ federation.Gradual = (*Recipient)(nil)

// Stats is what a recipient has done since it was opened.
type Stats struct {
	Messages, Rows uint64 // stored by the server
	Refused        uint64 // messages and calls it will never take, let go
	Why            error  // the last was refused
}

// Open returns a recipient that goes on where the last one ended. What cannot be read of the state was set aside: the
// error says so beside the recipient, whose messages then begin anew.
func Open(o Options) (*Recipient, error) {
	m, err := recall(o.File)
	if m == nil {
		return nil, err
	}
	return &Recipient{Options: o, memory: m, done: map[string]bool{}}, err
}

// Close ends the use of a recipient that sends no more.
func (r *Recipient) Close() error { return r.memory.close() }

// String names the recipient.
func (r *Recipient) String() string { return r.Name }

// Stats returns what has been done so far.
func (r *Recipient) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// Send returns nil once the server has every message that is due by what p says, or will never take it.
func (r *Recipient) Send(ctx context.Context, p senml.Pack) error {
	return r.SendWhile(ctx, p, func() error { return nil })
}

// SendWhile is Send, and asks before each request whether all of p may still go.
func (r *Recipient) SendWhile(ctx context.Context, p senml.Pack, granted func() error) error {
	if r.Scope != nil {
		r.scope = r.Scope()
	}
	r.granted = granted
	if err := granted(); err != nil { // p is of another scope
		return err
	}
	send := r.sendStates
	if r.Account.URL == "" {
		send = r.sendRows
	}
	err := send(ctx, p)
	if err == nil {
		clear(r.done)
	}
	return err
}

// sendStates takes what was said of meters, and sends what is due by it.
func (r *Recipient) sendStates(ctx context.Context, p senml.Pack) error {
	rest, err := r.sendRouted(ctx, p)
	if err != nil {
		return err
	}
	changed := map[string]bool{}
	for _, g := range groups(rest) {
		lasting, err := r.step(ctx, g)
		if err != nil {
			r.abandon()
			return err
		}
		changed[g.device] = changed[g.device] || lasting
	}
	if err := r.flush(ctx); err != nil {
		r.abandon()
		return err
	}
	for mac, lasting := range changed {
		if lasting {
			err = errors.Join(err, r.memory.keep(mac, r.memory.devices[mac]))
		}
	}
	return err
}

// group is what was said of one device at one time: a frame.
type group struct {
	device  string
	at      float64
	records senml.Pack // their names are paths
}

// groups sorts what a pack says by time, and by device.
func groups(p senml.Pack) []group {
	type frame struct {
		at     float64
		device string
	}
	frames := map[frame]senml.Pack{}
	for _, record := range p {
		device, place := placeOf(record.Name)
		record.Name = place.Path
		of := frame{record.Time, device}
		frames[of] = append(frames[of], record)
	}
	var all []group
	for of, records := range frames {
		all = append(all, group{of.device, of.at, records})
	}
	slices.SortFunc(all, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.device, b.device))
	})
	return all
}

// placeOf is where a series is kept on the server: the name of the device, which a route gives, or else is the part of the URN
// that names it.
func placeOf(name string) (device string, p federation.Place) {
	p = federation.PlaceOf(name)
	return cmp.Or(p.Device, p.URN[strings.LastIndexByte(p.URN, ':')+1:]), p
}

// step takes what was said at one time, and sends what is due then. It can be repeated: what is older than the newest frame
// changes nothing and sends nothing.
func (r *Recipient) step(ctx context.Context, g group) (lasting bool, err error) {
	d := r.memory.device(g.device, r.scope)
	isFrame := g.at >= d.Tick && slices.ContainsFunc(g.records, func(r senml.Record) bool { return isTick(r.Name) })
	if isFrame && d.endsDay(g.at, r.Zone) {
		if err := r.emit(ctx, g.device, d, d.Tick); err != nil {
			return false, err
		}
	}
	for _, record := range g.records {
		lasting = d.take(record.Name, record) || lasting
	}
	if !isFrame {
		return lasting, nil
	}
	d.tick(g.at)
	if g.at > d.Sent && d.due(g.at, r.Every, r.Zone) {
		return lasting, r.emit(ctx, g.device, d, g.at)
	}
	return lasting || r.nearMidnight(g.at), nil
}

// nearMidnight tells the last period of a day, whose last frame is sent once the day is over: a restart must not lose it.
func (r *Recipient) nearMidnight(at float64) bool {
	t := instant(at)
	return day(t, r.Zone) != day(t.Add(r.Every), r.Zone)
}

// emit sends the state of a device at a time: as a message, or in a batch of rows when that day is over. A message whose
// answer never came goes first, again.
func (r *Recipient) emit(ctx context.Context, mac string, d *device, at float64) error {
	if d.Pending != nil {
		if err := r.deliver(ctx, mac, d); err != nil || at <= d.Sent {
			return err
		}
	}
	values := d.metavalues()
	if values == nil {
		return nil
	}
	m := r.message(mac, values, at)
	if r.Data.Token != nil && d.Sent > 0 && day(instant(at), r.Zone) < day(r.Now(), r.Zone) {
		return r.gather(ctx, mac, d, at, m)
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	p, err := d.pend(at, m)
	if err != nil {
		return err
	}
	d.Pending = p
	if err := r.memory.keep(mac, d); err != nil {
		d.Pending = nil
		return err
	}
	return r.deliver(ctx, mac, d)
}

// message is the state of a device as the server takes it. What is late neither alerts nor starts anything there.
func (r *Recipient) message(mac string, values metavalues, at float64) message {
	m := message{
		Header: headerValue, ImplClass: implClass, MAC: mac, Value: values.get("iinst"), Metavalues: values,
		Offline: r.Now().Sub(instant(at)) > r.Every,
	}
	m.DateValue, m.Offset = Date(instant(at), r.Zone)
	return m
}

// letGo counts what the server will never take. It holds up nothing that comes after it.
func (r *Recipient) letGo(what string, err error) {
	r.mu.Lock()
	r.stats.Refused, r.stats.Why = r.stats.Refused+1, err
	r.mu.Unlock()
	r.Log.Warn(what+" refused for good", "recipient", r.Name, "error", err)
}

func (r *Recipient) count(messages, rows int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Messages, r.stats.Rows = r.stats.Messages+uint64(messages), r.stats.Rows+uint64(rows)
}

// stuck is the message that the server answers with what no table lists, and how often it did.
type stuck struct {
	mac   string
	at    float64
	times int
}

// mostTries is how often such a message is sent: some hours at the pace of a delivery.
const mostTries = 50

func (s *stuck) again(mac string, at float64, err error) error {
	if s.mac != mac || s.at != at {
		*s = stuck{mac: mac, at: at}
	}
	if s.times++; s.times < mostTries {
		return err
	}
	return fmt.Errorf("%w: the same for the %dth time: %w", federation.ErrRefused, s.times, err)
}

// states are the messages of a trace: what meters say now, without anything that was sent before.
func (r *Recipient) states(live senml.Pack) []message {
	devices := map[string]*device{}
	var order []string
	for _, record := range live {
		mac, place := placeOf(record.Name)
		if devices[mac] == nil {
			devices[mac] = newDevice()
			order = append(order, mac)
		}
		devices[mac].take(place.Path, record)
		devices[mac].tick(max(devices[mac].Tick, record.Time))
	}
	var all []message
	for _, mac := range order {
		if values := devices[mac].metavalues(); values != nil {
			m := r.message(mac, values, devices[mac].Tick)
			m.Header, m.Offline = headerTrace, false
			all = append(all, m)
		}
	}
	return all
}
