package quoalise

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"releve/federation/xmpp"
	"releve/senml"
)

const (
	device  = "urn:dev:prm:01234567890123" // invented
	current = device + "_current/1"
	voltage = device + "_voltage/1"
)

var (
	conseil = jid.MustParse("conseil@breizh-sen2.example/desk")
	quiet   = slog.New(slog.NewTextHandler(io.Discard, nil))
)

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func describe(path string) Measurement {
	if path == "current/1" {
		return Measurement{Name: "current-1", Quantity: "current", Type: "electrical", Unit: "A", Title: "Current, phase 1"}
	}
	return Measurement{Name: path, Type: "electrical", Title: path}
}

// archive holds records in memory, by local name.
type archive struct {
	mu      sync.Mutex // guards everything below
	series  map[string]senml.Pack
	periods map[Resolution][]Period // of every series
	err     error
}

func (a *archive) put(local string, records ...senml.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.series[local] = append(a.series[local], records...)
}

func (a *archive) Series() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for name := range a.series {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (a *archive) History(_ context.Context, local string, from, to time.Time, limit int) (senml.Pack, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var found senml.Pack
	for _, r := range a.series[local] {
		if at := time.UnixMicro(int64(r.Time*1e6 + 0.5)); !at.Before(from) && at.Before(to) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(x, y senml.Record) int { return cmp.Compare(x.Time, y.Time) })
	return found[:min(limit, len(found))], len(found) > limit, a.err
}

func (a *archive) Periods(_ context.Context, _ string, r Resolution, from, to time.Time, limit int) ([]Period, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var found []Period
	for _, p := range a.periods[r] {
		if !p.Begin.Before(from) && p.Begin.Before(to) {
			found = append(found, p)
		}
	}
	return found[:min(limit, len(found))], len(found) > limit, a.err
}

// book grants one bare address what it says: name by local name.
type book map[string]map[string]string

func (b book) Knows(recipient string) bool { return len(b[recipient]) > 0 }

func (b book) Local(recipient, name string, all []string) string {
	for _, local := range all {
		if granted := b[recipient][local]; granted != "" && granted == name {
			return local
		}
	}
	return ""
}

func (b book) Finest(recipient, local string) string {
	if finest := b[recipient]["finest "+local]; finest != "" {
		return finest
	}
	return live
}

func (b book) Terms(string, string) []string { return nil }

func (b book) Answered(string, string, senml.Pack) error { return nil }

func (b book) Granted(recipient string, all []string) []string {
	var names []string
	for _, local := range all {
		if name := b[recipient][local]; name != "" {
			names = append(names, name)
		}
	}
	return names
}

// session is an XMPP session in memory.
type session struct {
	poster
	commands map[string]xmpp.Command
	lists    map[string]xmpp.Items
	announce []string
	features func(ctx context.Context, of xmpp.JID) ([]string, error)
}

func newSession() *session {
	return &session{commands: map[string]xmpp.Command{}, lists: map[string]xmpp.Items{}, features: withReceipts}
}

func withReceipts(context.Context, xmpp.JID) ([]string, error) {
	return []string{NS, xmpp.NSReceipts}, nil
}

func (s *session) Offer(list ...xmpp.Command) {
	for _, command := range list {
		s.commands[command.Node] = command
	}
}

func (s *session) HandleItems(node string, items xmpp.Items) { s.lists[node] = items }

func (s *session) Announce(features ...string) { s.announce = append(s.announce, features...) }

func (s *session) Features(ctx context.Context, of xmpp.JID) ([]string, error) {
	return s.features(ctx, of)
}

// run does one step of a command as the peer with that address.
func (s *session) run(from xmpp.JID, node string, form *xmpp.Form) (xmpp.Outcome, error) {
	return s.commands[node].Run(context.Background(), xmpp.Step{From: from, Action: "execute", Form: form})
}

// submit fills in a form with name, value pairs.
func submit(pairs ...string) *xmpp.Form {
	form := &xmpp.Form{Type: "submit"}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Fields = append(form.Fields, xmpp.Field{Var: pairs[i], Type: "text-single", Values: []string{pairs[i+1]}})
	}
	return form
}

// poster notes what is posted. fate says what becomes of the n-th message: nil is an acknowledgement.
type poster struct {
	refuse func(payload *xmpp.Element) error // by Post itself
	fate   func(n int) error
	// confirm says whether our own server took what was posted; nil is yes.
	confirm func(ctx context.Context) error

	mu      sync.Mutex // guards everything below
	posted  []posted
	waiting []*bool
}

// posted is one message.
type posted struct {
	to      xmpp.JID
	payload *xmpp.Element
	receipt bool
}

// errStays marks a message of which nothing is heard again.
var errStays = errors.New("nothing is heard")

func (p *poster) Post(_ context.Context, to xmpp.JID, payload *xmpp.Element, receipt bool) (*xmpp.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, err := payload.Bytes()
	switch {
	case err != nil:
		return nil, err
	case len(text) > xmpp.MaxStanza:
		return nil, xmpp.ErrTooBig
	case p.refuse != nil:
		if err := p.refuse(payload); err != nil {
			return nil, err
		}
	}
	p.posted = append(p.posted, posted{to, payload, receipt})
	var fate error
	if p.fate != nil {
		fate = p.fate(len(p.posted))
	}
	open := new(bool)
	*open = true
	p.waiting = append(p.waiting, open)
	return newReceipt(fate, func() { *open = false }, p.confirm), nil
}

// stillOpen counts the messages whose fate somebody still waits for.
func (p *poster) stillOpen() (n int) {
	for _, open := range p.waiting {
		if *open {
			n++
		}
	}
	return n
}

// newReceipt returns the wait for a message of that fate.
func newReceipt(fate error, forget func(), confirm func(context.Context) error) *xmpp.Receipt {
	r := xmpp.NewReceipt(forget, confirm)
	if fate != errStays { //nolint:errorlint // the mark itself
		r.Settle(fate)
	}
	return r
}

// house is a provider with one meter, linky, and the session and archive behind it.
type house struct {
	*Provider
	session *session
	archive *archive
}

// newHouse returns a provider of current/1 and voltage/1, both granted to conseil, and tariff/label, which is not.
func newHouse(t *testing.T) house {
	t.Helper()
	subscriptions, err := OpenSubscriptions(filepath.Join(t.TempDir(), "subscriptions.json"))
	if err != nil {
		t.Fatal(err)
	}
	h := house{session: newSession(), archive: &archive{series: map[string]senml.Pack{}}}
	for _, path := range []string{"current/1", "voltage/1", "tariff/label"} {
		h.archive.put("linky/"+path, record("linky/"+path, 1, 1_700_000_000))
	}
	h.Provider = &Provider{
		Session: h.session, Archive: h.archive, Subscriptions: subscriptions, Describe: describe, Log: quiet,
		Consent: book{conseil.Bare().String(): {"linky/current/1": current, "linky/voltage/1": voltage}},
	}
	h.Offer()
	return h
}

func record(name string, v, at float64) senml.Record {
	unit := "V"
	if strings.Contains(name, "current") {
		unit = "A"
	}
	return senml.Record{Name: name, Unit: unit, Value: senml.NumberValue(v), Time: at}
}

// wire is an element as the peer reads it: written and parsed again.
func wire(t testing.TB, e *xmpp.Element) *xmpp.Element {
	t.Helper()
	text, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	read, err := xmpp.ParseElement(text)
	if err != nil {
		t.Fatal(err)
	}
	return read
}
