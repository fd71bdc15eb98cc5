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

	"releve/buffer/statefile"
	"releve/federation"
	"releve/senml"
)

// Options says how to reach a server, and what it is told.
type Options struct {
	Name    string
	Account Account        // nothing in it: rows only
	Data    Data           // nothing in it: messages only
	Zone    *time.Location // the server's
	Every   time.Duration  // between two messages of a device
	File    string         // where what was acknowledged is kept
	Client  *http.Client   // must follow no redirect
	Now     func() time.Time
	Log     *slog.Logger
}

// Recipient sends what a gate lets through to a BMHS server. With an account each device is a meter, whose state goes as a
// message at a rhythm, and days that are over go as rows where there is access to the data API. Without an account every
// record is a row. Use Open.
type Recipient struct {
	Options

	// Only Send, which is never called twice at once, uses what follows.
	granted func() error
	devices map[string]*device
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
	devices, err := statefile.Read(o.File, checkDevices)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read what the BMHS server has: %w", err)
	}
	if devices == nil {
		devices = map[string]*device{}
	}
	return &Recipient{Options: o, devices: devices, done: map[string]bool{}}, err
}

func checkDevices(devices map[string]*device) error {
	for _, d := range devices {
		if d == nil || d.Values == nil || d.Indexes == nil {
			return errors.New("a device in it has no state")
		}
	}
	return nil
}

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
	r.granted = granted
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
	lasting := false
	for _, g := range groups(rest) {
		changed, err := r.step(ctx, g)
		if err != nil {
			r.abandon()
			return err
		}
		lasting = lasting || changed
	}
	if err := r.flush(ctx); err != nil {
		r.abandon()
		return err
	}
	if lasting {
		return r.save()
	}
	return nil
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
	d := r.devices[g.device]
	if d == nil {
		d = newDevice()
		r.devices[g.device] = d
	}
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

// emit sends the state of a device at a time: as a message, or in a batch of rows when that day is over.
func (r *Recipient) emit(ctx context.Context, mac string, d *device, at float64) error {
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
	if err := r.granted(); err != nil {
		return err
	}
	err := r.Account.deliver(ctx, r.Client, m)
	if errors.Is(err, errUnknown) {
		err = r.stuck.again(mac, at, err)
	}
	switch {
	case errors.Is(err, federation.ErrRefused):
		r.letGo("message", err)
		d.letGo(at, m)
	case err != nil:
		return err
	default:
		d.acknowledged(at, m)
		r.count(1, 0)
	}
	return r.save()
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

// save writes down what the server has.
func (r *Recipient) save() error {
	if err := statefile.Write(r.File, r.devices); err != nil {
		return fmt.Errorf("write down what the BMHS server has: %w", err)
	}
	return nil
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
